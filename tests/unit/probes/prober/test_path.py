"""The path of a request, derived from the interfaces at which it was seen."""

import pytest

from nsnet.probes.prober.path import HOST, OTHER_HOST, OUTGOING, Sighting, answered, passed, relayed

KINDS = {"in": HOST, "other": OTHER_HOST, "out": OUTGOING}
CABLES = {
    "client": frozenset({"node"}),
    "node": frozenset({"client", "router"}),
    "router": frozenset({"node", "server"}),
    "server": frozenset({"router"}),
}


def sightings(text: str) -> list[Sighting]:
    """`client out 64, router in 64`: one sighting after the other, a microsecond apart."""
    words = [each.split() for each in text.split(",") if each]
    return [
        Sighting(netns, KINDS[kind], int(ttl), time, netns.encode())
        for time, (netns, kind, ttl) in enumerate(words)
    ]


@pytest.mark.parametrize(
    ("seen", "path"),
    [
        ("", "client"),  # it never left
        ("client out 64", "client"),
        ("client out 64, router in 64", "client router"),
        ("client out 64, router in 64, router out 63, server in 63", "client router server"),
        # A bridge: a port receives the frame for another host, then the bridge itself does.
        (
            "client out 64, node other 64, node in 64, node out 63, server in 63",
            "client node server",
        ),
        # A hairpin: out and in again.
        (
            "client out 64, node other 64, node in 64, node out 63, client in 63",
            "client node client",
        ),
        # Flooded: pod a drops what is not its own, and the client what it sent itself.
        (
            "client out 64, node other 64, node out 64, a other 64, client other 64, b in 64",
            "client node b",
        ),
        # Dropped at the bridge's port.
        ("client out 64, node other 64", "client node"),
        # Flooded, and for no host that was reached.
        ("client out 64, node other 64, node out 64, a other 64, b other 64", "client node"),
        # Two clocks that disagree: routers decrement the TTL.
        ("server in 63, client out 64, router in 64, router out 63", "client router server"),
    ],
)
def test_a_path_lists_the_namespaces_that_received_the_request(seen: str, path: str) -> None:
    assert " ".join(passed("client", sightings(seen), {})) == path


def test_veth_pairs_order_simultaneous_sightings() -> None:
    seen = sightings("server in 64, router in 64, router out 64, node in 64, node out 64")
    assert passed("client", seen, CABLES) == ("client", "node", "router", "server")


LEGS = {
    "client": frozenset({"proxy"}),
    "proxy": frozenset({"client", "router"}),
    "router": frozenset({"proxy", "server"}),
    "server": frozenset({"router"}),
}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("", "client proxy"),  # connected, and silent
        ("client out 64", "client proxy"),
        ("client out 64, proxy in 64", "client proxy"),  # it is no proxy, or does not relay
        (
            "client out 64, proxy in 64, proxy out 64, router in 64, router out 63, server in 63",
            "client proxy router server",
        ),
        ("client out 64, proxy in 64, proxy out 64, router in 64", "client proxy router"),
        # Back the way it came: the server is where the client is.
        ("client out 64, proxy in 64, proxy out 64, client in 64", "client proxy client"),
        # Sent twice, for the first was lost.
        (
            "client out 64, client out 64, proxy in 64, proxy out 64, proxy out 64, router in 64",
            "client proxy router",
        ),
        # Its request was not seen.
        ("proxy out 64, proxy out 64, router in 64", "client proxy"),
        # What it sends before the request belongs to another connection.
        ("proxy out 64, router in 64, client out 64, proxy in 64", "client proxy"),
    ],
)
def test_a_proxy_relays_a_request_in_a_connection_of_its_own(said: str, path: str) -> None:
    assert " ".join(relayed(("client", "proxy"), sightings(said), LEGS)) == path


def test_the_path_ends_at_a_server_that_relays_nothing() -> None:
    said = sightings("client out 64, proxy in 64, proxy out 63, server in 63")
    assert relayed(("client", "proxy", "server"), said, LEGS) == ("client", "proxy", "server")


def test_inside_tls_only_the_connection_of_the_proxy_is_seen() -> None:
    said = sightings("proxy out 64, router in 64, router out 63, server in 63")
    path = relayed(("client", "proxy"), said, LEGS, hidden=True)
    assert path == ("client", "proxy", "router", "server")
    assert relayed(("client", "proxy"), said, LEGS) == ("client", "proxy")


def test_the_first_to_send_a_reply_has_answered() -> None:
    requests = sightings("client out 64, node in 64, server in 63")
    replies = sightings("server out 64, node in 64, node out 63, client in 63")
    assert answered(requests, replies) == ("server", b"server")
    assert answered(requests, []) == (None, None)
