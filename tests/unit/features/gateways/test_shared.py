"""A gateway that two clusters share, whose pods have the same addresses: the paths of packets in
the model."""

from dataclasses import replace
from itertools import permutations

import pytest

from nsnet.errors import CompileError
from nsnet.features.merge import merge
from nsnet.plan.ops import Op, PolicyRuleAdd, PolicyRuleDelete, RouteAdd, RouteDelete
from nsnet.plan.order import changes
from nsnet.probes.model import Model
from nsnet.probes.question import explain, probe_spec
from nsnet.state.model import Netns, PolicyRule, Route, State
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from nsnet.walk.packet import Packet
from nsnet.walk.routing import Routes
from tests.support.labs import exported, in_clusters, ip, lab, net, pod, service, shipped
from tests.support.wiring import nodes

SHARED = shipped("shared-gateway")
HUB = "nsnet.shared-gateway.gateway.hub"


def without(*tables: str) -> State:
    """Return the same lab without the gateway's rules in these tables."""
    hub = SHARED.state[HUB]
    bare = replace(hub, chains=tuple(each for each in hub.chains if each.table not in tables))
    return replaced(bare)


def replaced(hub: Netns) -> State:
    netns = tuple(hub if each.name == HUB else each for each in SHARED.state.netns)
    return replace(SHARED.state, netns=netns)


# --- routes of several tables ---

RULES = (
    PolicyRule(102, 0x200, 0xFF00, 102, iif="lo"),
    PolicyRule(201, 0x1, 0xFF, 101),
    PolicyRule(202, 0x2, 0xFF, 102),
    PolicyRule(203, 0x3, 0xFF, 103),
    PolicyRule(204, 0x4, 0xFF, 104, family=6),
)
TABLES = Routes(
    Netns(
        "hub",
        "hub",
        policy_rules=RULES,
        routes=(
            Route(net("0.0.0.0/0"), ip("198.18.0.1"), "eth1"),
            Route(net("10.0.0.0/24"), ip("192.168.10.2"), "eth0", table=101),
            Route(net("10.0.0.0/24"), ip("192.168.20.2"), "eth2", table=102),
            Route(net("10.0.0.9/32"), blackhole=True, table=102),
            Route(net("10.0.0.0/24"), ip("192.168.40.2"), "eth4", table=104),
        ),
    )
)


@pytest.mark.parametrize(
    ("to", "mark", "iif", "hops"),
    [
        ("10.0.0.5", 0x0, "eth0", ["eth1 198.18.0.1"]),  # no rule matches: the main table
        ("10.0.0.5", 0x1, "eth0", ["eth0 192.168.10.2"]),
        ("10.0.0.5", 0x102, "eth0", ["eth2 192.168.20.2"]),  # bits beside the mask do not count
        (
            "10.0.0.5",
            0x201,
            "eth0",
            ["eth0 192.168.10.2"],
        ),  # a forwarded packet: by its destination
        ("10.0.0.5", 0x201, "lo", ["eth2 192.168.20.2"]),  # one's own: the lower priority first
        ("10.0.0.9", 0x2, "eth0", []),  # a black hole ends the search
        ("192.0.2.1", 0x2, "eth0", ["eth1 198.18.0.1"]),  # a table without a route: the next one
        ("10.0.0.5", 0x3, "eth0", ["eth1 198.18.0.1"]),  # a table that is not there
        ("10.0.0.5", 0x4, "eth0", ["eth1 198.18.0.1"]),  # a rule for IPv6
    ],
)
def test_a_mark_selects_the_routing_table(to: str, mark: int, iif: str, hops: list[str]) -> None:
    found = TABLES.find(ip(to), mark, iif)
    assert [f"{hop.dev} {hop.neighbour}" for hop in found or ()] == hops
    assert found is not None


def test_two_tables_may_have_one_destination_but_two_rules_not_one_priority() -> None:
    one, other = (Route(net("10.0.0.0/8"), ip(f"192.0.2.{n}"), table=n) for n in (1, 2))
    merged = merge("lab", nodes(["a"]), [("somebody", [("a", one), ("a", other), ("a", RULES[0])])])
    assert merged["a"].routes == (one, other)
    assert merged["a"].policy_rules == RULES[:1]
    twice = [("a", RULES[0]), ("a", replace(RULES[0], table=7))]
    with pytest.raises(CompileError, match="contradict"):
        merge("lab", nodes(["a"]), [("somebody", twice)])


ROUTE = Route(net("10.0.0.0/24"), blackhole=True, table=101)
RULE = PolicyRule(201, 0x1, 0xFF, 101)
OTHER = replace(RULE, table=102)
FOREIGN = PolicyRule(201, 0, 0, 102, foreign=True)


@pytest.mark.parametrize(
    ("old", "new", "steps"),
    [
        (Netns("a", "a"), Netns("a", "a", routes=(ROUTE,)), [RouteAdd("a", ROUTE)]),
        (Netns("a", "a", routes=(ROUTE,)), Netns("a", "a"), [RouteDelete("a", ROUTE)]),
        (
            Netns("a", "a", routes=(replace(ROUTE, table=None),)),
            Netns("a", "a", routes=(ROUTE,)),
            [RouteDelete("a", replace(ROUTE, table=None)), RouteAdd("a", ROUTE)],
        ),
        (Netns("a", "a"), Netns("a", "a", policy_rules=(RULE,)), [PolicyRuleAdd("a", RULE)]),
        (Netns("a", "a", policy_rules=(RULE,)), Netns("a", "a"), [PolicyRuleDelete("a", RULE)]),
        (
            Netns("a", "a", policy_rules=(OTHER,)),
            Netns("a", "a", policy_rules=(RULE,)),
            [PolicyRuleAdd("a", RULE), PolicyRuleDelete("a", OTHER)],  # there is always one
        ),
        (
            Netns("a", "a", policy_rules=(RULE, FOREIGN)),
            Netns("a", "a", policy_rules=(RULE,)),
            [PolicyRuleDelete("a", RULE), PolicyRuleDelete("a", FOREIGN), PolicyRuleAdd("a", RULE)],
        ),
    ],
)
def test_each_difference_is_one_step(old: Netns, new: Netns, steps: list[Op]) -> None:
    lo = Route(net("192.0.2.0/24"), blackhole=True)  # something that stays
    old, new = (replace(each, routes=(*each.routes, lo)) for each in (old, new))
    found = changes(State("lab", (old,)), State("lab", (new,)))
    assert [each for each in found if "LinkUp" not in type(each).__name__] == steps


# --- a walk through the gateway ---


@pytest.mark.parametrize(
    ("source", "to", "protocol", "verdict", "seen", "by"),
    [
        ("east/pod/client", "west/svc/solo:80", "tcp", "ok", "198.18.0.2", "west/pod/solo"),
        ("west/pod/client", "west/svc/solo:80", "tcp", "ok", "10.244.0.2", "west/pod/solo"),
        ("external/laptop", "west/svc/solo:80", "tcp", "ok", "203.0.113.10", "west/pod/solo"),
        ("east/pod/client", "external/api:443", "tcp", "ok", "198.18.0.2", "external/api"),
        ("west/pod/client", "external/api:53", "udp", "ok", "198.18.0.2", "external/api"),
        ("west/pod/client", "external/api:54", "udp", "refused", "None", "None"),
        ("west/pod/client", "east/svc/web:81", "tcp", "refused", "None", "None"),
        ("east/pod/client", "west/node/n1", "icmp", "net-unreachable", "None", "None"),
        ("west/pod/client", "10.99.0.1", "icmp", "net-unreachable", "None", "None"),
        ("west/pod/client", "198.18.0.2", "icmp", "ok", "10.244.0.2", "east,west/gateway"),
        # An address of the gateway itself: the local table comes before those of marks.
        ("east/gateway", "10.244.0.2", "icmp", "net-unreachable", "None", "None"),
    ],
)
def test_which_address_the_server_sees(
    source: str, to: str, protocol: str, verdict: str, seen: str, by: str
) -> None:
    found = explain(SHARED.model, probe_spec(source, to, protocol)).paths
    assert {(each.verdict, str(each.source), str(each.server)) for each in found} == {
        (verdict, seen, by)
    }


def test_without_marks_answers_reach_no_cluster() -> None:
    spec = probe_spec("west/pod/client", "external/api:443")
    (path,) = explain(Model(SHARED.topology, without("mangle")), spec).paths
    assert path.verdict != "ok"


def test_an_icmp_error_of_the_gateway_reflects_the_mark_of_its_cause() -> None:
    """A node of west is down: the error reaches east's pod, not west's pod of that address."""
    hub = SHARED.state[HUB]
    spec = probe_spec("east/pod/client", "west/svc/web:81")
    (path,) = explain(SHARED.model, spec).paths
    assert (path.verdict, path.reply[-1].reference) == ("refused", "east/pod/client")
    silent = tuple(each for each in hub.sysctls if "fwmark_reflect" not in each.key)
    model = Model(SHARED.topology, replaced(replace(hub, sysctls=silent)))
    (untold,) = explain(model, spec).paths
    assert untold.verdict == "timeout"


def test_a_mark_does_not_leave_its_machine() -> None:
    packet = Packet("tcp", ip("10.0.0.1"), ip("10.0.0.2"), mark=3, connection_mark=4)  # type: ignore[arg-type]
    assert (packet.unmarked.mark, packet.unmarked.connection_mark) == (0, 0)
    assert (packet.answering(7).mark, packet.answering(7).connection_mark) == (7, 0)


# --- the file ---


def test_a_name_that_only_one_cluster_uses_only_names_the_namespace() -> None:
    plain, named = (
        lab(clusters=(f"{{name: east, gateway: {{kind: nat{name}}}}}",))
        for name in ("", ", name: hub")
    )
    one = next(each for each in plain.state.netns if each.reference == "east/gateway")
    other = next(each for each in named.state.netns if each.reference == "east/gateway")
    assert (one.name, other.name) == ("nsnet.lab.east.gateway", "nsnet.lab.gateway.hub")
    assert one.chains == other.chains
    assert one.routes == other.routes
    assert other.policy_rules == ()


@pytest.mark.parametrize("reference", ["east,west/gateway", "east/gateway", "west/gateway"])
def test_three_references_name_one_shared_gateway(reference: str) -> None:
    place = locate(SHARED.topology, reference)
    assert (place.netns, place.reference, place.cluster) == (HUB, "east,west/gateway", "")
    held = list(map(str, place.addresses))
    assert held[:3] == ["192.168.10.1", "192.168.20.1", "198.18.0.2"]
    assert set(held) == set(map(str, SHARED.state[HUB].addresses))


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("east/pod/client", "192.168.10.1"),  # its own side of it, whatever it is called
        ("west/pod/client", "192.168.20.1"),
        ("external/laptop", "198.18.0.2"),
    ],
)
def test_clients_address_the_gateway_on_their_own_side(source: str, address: str) -> None:
    place = locate(SHARED.topology, source)
    for reference in ("east/gateway", "east,west/gateway"):
        found = find_destination(SHARED.topology, f"{reference}:9", place)
        assert (str(found.address), found.servers) == (address, frozenset({"east,west/gateway"}))


ALL = in_clusters("east,own,west,south")
FOUR = lab(
    pod("client", meta=ALL),
    pod("web", labels="app: web", meta=ALL),
    service("web", spec="type: LoadBalancer", meta=ALL),
    exported("web", meta=ALL),
    clusters=tuple(
        f"{{name: {name}, nonMasqueradeCIDRs: [0.0.0.0/0], gateway: {{kind: nat{shared}}}}}"
        for name, shared in (
            ("east", ", name: hub"),
            ("own", ""),
            ("west", ", name: hub"),
            ("south", ", name: hub"),
        )
    ),
)


@pytest.mark.parametrize("to", ["svc", "lb"])
@pytest.mark.parametrize(("one", "other"), [*permutations(("east", "own", "west", "south"), 2)])
def test_three_share_a_gateway_and_a_fourth_has_its_own(one: str, other: str, to: str) -> None:
    spec = probe_spec(f"{one}/pod/client", f"{other}/{to}/web:80")
    paths = explain(FOUR.model, spec).paths
    assert {each.server for each in paths} == {f"{other}/pod/web"}
    if to == "svc":
        (seen,) = FOUR.topology.clusters[1 if one == "own" else 0].gateways
        assert {each.source for each in paths} == {end.ip for end in seen.outside}


@pytest.mark.parametrize(
    ("families", "verdicts"),
    [
        # The gateway restores the node's address as the destination of the node's own ICMP error,
        # which is from this address, too: IPv4 drops it as a martian.
        ("[IPv4]", {"west/node/n1": "timeout", "west/node/n2": "refused"}),
        ("[IPv6]", {"west/node/n1": "refused", "west/node/n2": "refused"}),
    ],
)
def test_a_node_that_refuses_its_own_packet_from_the_gateway(
    families: str, verdicts: dict[str, str]
) -> None:
    ranges = (
        "podCIDR: '10.245.0.0/16,fd00:245::/48', nodeCIDR: '192.168.20.0/24,fd01:20::/64',"
        " serviceCIDR: '10.97.0.0/16,fd00:97::/112'"
    )
    found = lab(
        service(
            "web",
            app="none",
            spec=f"type: LoadBalancer, ipFamilies: {families}",
            meta=in_clusters("west"),
        ),
        clusters=(
            "{name: east, gateway: {kind: nat, name: hub}}",
            f"{{name: west, nodes: 2, {ranges}, gateway: {{kind: nat, name: hub}}}}",
        ),
        spec="fabricCIDR: '198.18.0.0/16,fd98::/64'",
    )
    paths = explain(found.model, probe_spec("west/node/n1", "west/lb/web:80")).paths
    assert {each.path[-1]: each.verdict for each in paths} == verdicts
