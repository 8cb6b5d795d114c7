"""All addresses of Services on the kernel: which endpoints reply, and which source they see, by
policy and client. Every connection is compared with what walk predicts."""

import sys

import pytest

from nsnet.lab.lab import Lab
from nsnet.probes.report import Answer
from tests.support import out_of_window
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("tests/kernel/services.yaml"),
]

PLACES = {
    **{name: f"pod/{name}" for name in ("client", "other")},
    **{name: f"node/{name}" for name in ("n1", "n2")},
    "laptop": "external/laptop",
}
CLIENT, OTHER, LAPTOP = "10.244.0.2", "10.244.1.2", "203.0.113.10"
# What n1 masquerades with, out of its bridge and out of its eth0; and n2's eth0.
BRIDGE, ETH0, N2 = "10.244.0.1", "192.168.10.2", "192.168.10.3"
BY_N1 = {f"here {BRIDGE}", f"there {ETH0}"}
TIMES = 20  # one of two endpoints is never chosen once in half a million


def outcomes(
    lab: Lab,
    source: str,
    to: str,
    times: int = TIMES,
    protocol: str = "tcp",
    timeout: float = patience("ok"),
) -> set[str]:
    """Each outcome there was: "SERVER SOURCE" of those that succeeded, else the verdict."""
    seen = lab.connect(PLACES[source], to, protocol, times=times, timeout=timeout).report.observed
    assert isinstance(seen, Answer)
    return {
        f"{(each.server or '').rpartition('/')[2]} {each.source}"
        if each.verdict == "ok"
        else str(each.verdict)
        for each in seen.attempts
    }


def routed(lab: Lab, address: str) -> str:
    """The address, which the fabric now sends to n1."""
    done = lab.exec("fabric", "ip", "route", "replace", address, "via", ETH0)
    assert done.returncode == 0, done.stderr
    return address


def balanced(lab: Lab, name: str) -> str:
    """The address that the load balancer gives this Service."""
    (cluster,) = lab.topology.clusters
    (found,) = (each for each in cluster.services if each.name == name)
    return str(found.load_balancer_ips[0])


@pytest.mark.parametrize(
    ("source", "to", "expected"),
    [
        # Cluster: whoever asks is masqueraded by the node that is asked.
        ("laptop", f"{ETH0}:30080", BY_N1),
        ("laptop", f"{N2}:30080", {f"here {N2}", "there 10.244.1.1"}),
        ("client", f"{ETH0}:30080", BY_N1),
        ("other", f"{ETH0}:30080", BY_N1),
        ("n1", f"{ETH0}:30080", BY_N1),
        ("n2", f"{ETH0}:30080", BY_N1),
        ("n1", "127.0.0.1:30080", BY_N1),
        ("n1", f"{BRIDGE}:30080", BY_N1),
        ("client", "127.0.0.1:30080", {"refused"}),
        ("client", "198.51.100.7:80", BY_N1),
        ("n1", "198.51.100.7:80", BY_N1),
        ("n2", "198.51.100.7:80", {f"here {N2}", "there 10.244.1.1"}),
        # Local: others get the node's own endpoints, which see who asks.
        ("laptop", f"{ETH0}:30081", {f"here {LAPTOP}"}),
        ("laptop", f"{N2}:30081", {f"there {LAPTOP}"}),
        ("n2", f"{ETH0}:30081", {f"here {N2}"}),
        ("client", f"{ETH0}:30081", {f"here {CLIENT}", f"there {CLIENT}"}),
        ("client", "198.51.100.8:80", {f"here {CLIENT}", f"there {CLIENT}"}),
        ("n1", f"{ETH0}:30081", BY_N1),
        # Local, and none on n1.
        ("laptop", f"{ETH0}:30082", {"timeout"}),
        ("n2", f"{ETH0}:30082", {"timeout"}),
        ("client", f"{ETH0}:30082", {f"there {CLIENT}"}),
        ("client", "198.51.100.9:80", {f"there {CLIENT}"}),
        ("n1", f"{ETH0}:30082", {f"there {ETH0}"}),
        ("n1", "127.0.0.1:30082", {f"there {ETH0}"}),
        # By way of n1 to a pod of its own node, which answers at once and in its own name.
        ("other", f"{ETH0}:30082", {"timeout"}),
        # None at all.
        ("laptop", f"{ETH0}:30083", {"refused"}),
        ("client", f"{ETH0}:30083", {"refused"}),
        ("n1", "127.0.0.1:30083", {"refused"}),
        ("client", "198.51.100.10:80", {"refused"}),
        # internalTrafficPolicy: Local.
        ("client", "svc/inside:80", {f"here {CLIENT}"}),
        ("other", "svc/inside:80", {f"there {OTHER}"}),
        ("n1", "svc/inside:80", {f"here {BRIDGE}"}),
        ("client", "svc/inside-away:80", {"timeout"}),
        ("n1", "svc/inside-away:80", {"timeout"}),
        ("other", "svc/inside-away:80", {f"there {OTHER}"}),
        # A NodePort is open to those who may not use the load balancer.
        ("laptop", f"{ETH0}:30084", BY_N1),
    ],
)
def test_which_endpoint_replies_and_which_source_it_sees(
    lab: Lab, source: str, to: str, expected: set[str]
) -> None:
    times = 2 if expected == {"timeout"} else TIMES
    assert outcomes(lab, source, to, times, timeout=patience(*expected)) == expected


@pytest.mark.parametrize("to", [f"{ETH0}:30080", "127.0.0.1:30080", "198.51.100.7:80"])
def test_udp_takes_the_same_paths(lab: Lab, to: str) -> None:
    assert outcomes(lab, "n1", to, protocol="udp") == BY_N1


@pytest.mark.parametrize(
    ("source", "expected"), [("client", "timeout"), ("n1", "ok"), ("n2", "ok"), ("other", "ok")]
)
def test_source_ranges_let_pods_and_nodes_of_theirs_in(
    lab: Lab, source: str, expected: str
) -> None:
    seen = lab.connect(PLACES[source], f"{balanced(lab, 'fenced')}:80", timeout=patience(expected))
    assert seen.verdict == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("198.51.100.7", BY_N1),
        ("198.51.100.8", {f"here {LAPTOP}"}),
        ("198.51.100.9", {"timeout"}),
        ("198.51.100.10", {"refused"}),
    ],
)
def test_an_external_address_is_served_by_the_node_that_gets_its_packets(
    lab: Lab, address: str, expected: set[str]
) -> None:
    # The model knows of no such route, and where there is none attempts are a second apart.
    seen = outcomes(lab, "laptop", f"{routed(lab, address)}:80", 2, timeout=patience(*expected))
    assert seen <= expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", BY_N1),
        ("local", {f"here {LAPTOP}"}),
        ("away", {"timeout"}),
        ("fenced", {"timeout"}),
    ],
)
def test_a_load_balancers_address_is_served_where_it_is_sent(
    lab: Lab, name: str, expected: set[str]
) -> None:
    times = 2 if expected == {"timeout"} else TIMES
    to = f"{routed(lab, balanced(lab, name))}:80"
    assert outcomes(lab, "laptop", to, times, timeout=patience(*expected)) == expected


# --- affinity ---


def stamps(lab: Lab, name: str) -> dict[str, int]:
    """The number of recent sources of each of the Service's endpoints, by its chain."""
    (netns,) = (each for each in lab.state.netns if each.reference == "east/node/n1")
    rules = [rule for chain in netns.chains for rule in chain.rules]
    lists = {
        rule.match.recent.name
        for rule in rules
        if rule.match.recent is not None and rule.match.comment.startswith(f"default/{name} -> ")
    }
    found = {}
    for each in sorted(lists):
        text = lab.exec("node/n1", "cat", f"/proc/net/xt_recent/{each}").stdout
        # src=10.244.0.2 ttl: 64 last_seen: 4295 oldest_pkt: 2 4294, 4295
        found[each] = text.count(",") + 1 if text else 0
    return found


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("source", "to"),
    [("client", "svc/sticky:80"), ("n1", "svc/sticky:80"), ("laptop", f"{ETH0}:30085")],
)
def test_a_client_stays_with_the_endpoint_it_had_first(
    lab: Lab, source: str, to: str, protocol: str
) -> None:
    assert len(outcomes(lab, source, to, protocol=protocol)) == 1


def test_clients_are_remembered_one_by_one(lab: Lab) -> None:
    first = outcomes(lab, "client", "svc/sticky:80", 1)
    second = outcomes(lab, "client", f"{ETH0}:30085", 1)
    server = {each.split()[0] for each in first | second}
    assert len(server) == 1  # by whatever address it comes


def test_affinity_expires_after_its_timeout(lab: Lab) -> None:
    outcomes(lab, "client", "svc/brief:80", 1)
    assert sorted(stamps(lab, "brief").values()) == [0, 1]
    # Longer than the second for which it is remembered.
    done = lab.exec("node/n1", "sleep", "1.1")
    assert done.returncode == 0
    outcomes(lab, "client", "svc/brief:80", 1)
    # Whoever answered now, it is the first time; a client that had stayed would have been there
    # twice.
    assert sorted(stamps(lab, "brief").values()) == [0, 1]


# --- INVALID ---


def strangers(lab: Lab) -> list[str]:
    """The sources of such segments that the client received while it was connected to a Service."""
    (cluster,) = lab.topology.clusters
    (plain,) = (each for each in cluster.services if each.name == "plain")
    servers = [f"{each.reference}={each.netns}={each.addresses[0]}" for each in cluster.pods]
    script = out_of_window.__file__
    client = lab["pod/client"].netns
    done = lab.exec("node/n1", sys.executable, script, client, str(plain.addresses[0]), *servers)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_a_segment_out_of_the_window_does_not_reach_the_client(lab: Lab) -> None:
    assert strangers(lab) == []


def test_without_the_drop_rule_it_reaches_the_client_with_the_pods_source(
    lab: Lab,
) -> None:
    rule = "KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"
    for node in ("node/n1", "node/n2"):
        assert lab.exec(node, lab.tool, "-D", *rule.split()).returncode == 0
    (stranger,) = strangers(lab)
    assert stranger in {str(pod.addresses[0]) for pod in lab.topology.clusters[0].pods}
