"""Where a packet goes, who sees it come from where, and how it ends: told from data alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest

from nsnet.judge import disagreements, predicted
from nsnet.packet import Path
from nsnet.questions import explain, question, simple, walked
from nsnet.state import (
    Accept,
    Chain,
    Dnat,
    Drop,
    Fact,
    Interface,
    Jump,
    Kind,
    Listener,
    MarkMatch,
    Masquerade,
    Match,
    Protocol,
    Reject,
    Return,
    Route,
    Rule,
    SetMark,
    State,
    Sysctl,
    Target,
    merge,
    veth,
)
from nsnet.verdict import Verdict
from nsnet.walk import Walker, walk
from tests.unit.labs import SHIPPED, held, ip, lab, net, pod, service, shipped, workload

FORWARDS = {"net.ipv4.ip_forward": "1"}


class Wiring(NamedTuple):
    """Hosts, the cables between them, and what else they hold."""

    cables: Sequence[tuple[str, str]]  # "host link address", at both ends
    routes: Mapping[str, Sequence[str]]  # host → "destination gateway link"
    settings: Mapping[str, Mapping[str, str]] = {}
    chains: Mapping[str, Sequence[Chain]] = {}

    def state(self) -> State:
        """The State that says so. On the server something listens on TCP and UDP port 80."""
        names = dict.fromkeys(end.split()[0] for cable in self.cables for end in cable)
        return merge("lab", {name: name for name in names}, [("the test", list(self._facts()))])

    def _facts(self) -> list[Fact]:
        facts: list[Fact] = []
        for one, other in self.cables:
            facts += veth(_end(one), _end(other))
        for host, routes in self.routes.items():
            for destination, gateway, dev in map(str.split, routes):
                facts.append((host, Route(net(destination), ip(gateway), dev)))
        for host, settings in self.settings.items():
            facts += [(host, Sysctl(key, value)) for key, value in settings.items()]
        for host, chains in self.chains.items():
            facts += [(host, chain) for chain in chains]
        listens = (Protocol.TCP, Protocol.UDP)
        facts += [("server", Listener(each, 80, "server")) for each in listens]
        return facts


def _end(text: str) -> tuple[str, Interface]:
    host, link, address = text.split()
    return host, Interface(link, addresses=(held(address),))


# client ── router ── server
ROUTED = Wiring(
    cables=[
        ("client eth0 10.0.1.2/24", "router eth0 10.0.1.1/24"),
        ("router eth1 10.0.2.1/24", "server eth0 10.0.2.2/24"),
    ],
    routes={"client": ["0.0.0.0/0 10.0.1.1 eth0"], "server": ["0.0.0.0/0 10.0.2.1 eth0"]},
    settings={"router": FORWARDS},
)
# The same with a second way home: the server answers by `back`, the client asks by `there`.
ROUND = Wiring(
    cables=[
        ("client eth0 10.0.1.2/24", "there eth0 10.0.1.1/24"),
        ("there eth1 10.0.2.1/24", "server eth0 10.0.2.2/24"),
        ("server eth1 10.0.4.2/24", "back eth1 10.0.4.1/24"),
        ("back eth0 10.0.3.1/24", "client eth1 10.0.3.2/24"),
    ],
    routes={
        "client": ["10.0.2.0/24 10.0.1.1 eth0"],
        "server": ["10.0.1.0/24 10.0.4.1 eth1"],
        "back": ["10.0.1.0/24 10.0.3.2 eth0"],
    },
    settings={"there": FORWARDS, "back": FORWARDS},
)


def ask(
    wiring: Wiring | State, to: str = "10.0.2.2", port: int = 80, protocol: Protocol = Protocol.TCP
) -> Path:
    """The only path that there is from the client."""
    state = wiring.state() if isinstance(wiring, Wiring) else wiring
    (path,) = walk(state, "client", protocol, ip(to), port)
    return path


def chain(hook: str, *rules: tuple[Match, Target], table: str = "filter") -> Chain:
    """A chain of these rules."""
    return Chain(table, hook, tuple(Rule(*each) for each in rules))


def filtered(host: str, *chains: Chain, wiring: Wiring = ROUTED) -> Wiring:
    """The same hosts, one of them with these chains."""
    return wiring._replace(chains={host: chains})


TO_SERVER = chain(
    "PREROUTING", (Match(dst=net("10.0.1.1/32")), Dnat(ip("10.0.2.2"), 80)), table="nat"
)
BORROW = chain("POSTROUTING", (Match(out_interface="eth1"), Masquerade()), table="nat")


# --- routes, neighbours, sockets ---


@pytest.mark.parametrize(
    ("case", "wiring", "to", "verdict", "path"),
    [
        ("a way there and back", ROUTED, "10.0.2.2", "ok", "client router server"),
        (
            "no route at the client",
            ROUTED._replace(routes={}),
            "10.0.2.2",
            "net-unreachable",
            "client",
        ),
        ("no route at the router", ROUTED, "192.0.2.1", "net-unreachable", "client router"),
        (
            "no route back at the server",
            ROUTED._replace(routes={"client": ROUTED.routes["client"]}),
            "10.0.2.2",
            "timeout",
            "client router server",
        ),
        (
            "the router is none",
            ROUTED._replace(settings={}),
            "10.0.2.2",
            "timeout",
            "client router",
        ),
        ("nobody on the server's link", ROUTED, "10.0.2.9", "host-unreachable", "client router"),
        ("nobody on the client's link", ROUTED, "10.0.1.9", "host-unreachable", "client"),
        ("the router itself", ROUTED, "10.0.2.1", "refused", "client router"),
        ("the client itself", ROUTED, "10.0.1.2", "refused", "client"),
        ("the client at 127.0.0.1", ROUTED, "127.0.0.1", "refused", "client"),
        ("another way back", ROUND, "10.0.2.2", "ok", "client there server"),
    ],
)
def test_how_far_a_packet_gets(case: str, wiring: Wiring, to: str, verdict: str, path: str) -> None:
    found = ask(wiring, to)
    assert (found.verdict, " ".join(found.path)) == (verdict, path), case


@pytest.mark.parametrize(
    ("protocol", "port", "verdict"),
    [
        (Protocol.TCP, 80, "ok"),
        (Protocol.TCP, 81, "refused"),
        (Protocol.UDP, 80, "ok"),
        (Protocol.UDP, 81, "refused"),
        (Protocol.ICMP, 0, "ok"),
    ],
)
def test_who_answers_is_who_listens(protocol: Protocol, port: int, verdict: str) -> None:
    found = ask(ROUTED, port=port, protocol=protocol)
    assert found.verdict == verdict
    assert found.server == ("server" if verdict == "ok" else None)


def test_routers_that_send_a_packet_to_each_other_drop_it_in_the_end() -> None:
    loop = ROUTED._replace(
        routes={**ROUTED.routes, "router": ["192.0.2.0/24 10.0.2.2 eth1"]},
        settings={"router": FORWARDS, "server": FORWARDS},
    )
    found = ask(loop, "192.0.2.1")
    assert (found.verdict, found.there[-1].what) == ("timeout", "its time to live is over")


@pytest.mark.parametrize(
    ("routes", "to", "path"),
    [
        (["0.0.0.0/0 10.0.1.1 eth0", "10.0.2.0/24 10.0.3.1 eth1"], "10.0.2.2", "client back"),
        (["10.0.2.0/24 10.0.3.1 eth1", "10.0.2.2/32 10.0.1.1 eth0"], "10.0.2.2", "client there"),
    ],
)
def test_the_longest_prefix_wins(routes: list[str], to: str, path: str) -> None:
    found = ask(ROUND._replace(routes={"client": routes}), to)
    assert " ".join(found.path[:2]) == path


@pytest.mark.parametrize(
    ("to", "source"),
    [("10.0.2.2", "10.0.1.2"), ("10.0.3.1", "10.0.3.2"), ("127.0.0.9", "127.0.0.9")],
)
def test_a_packet_leaves_with_the_address_of_its_link(to: str, source: str) -> None:
    assert str(ask(ROUND, to).there[0].packet.src) == source


# --- reverse path filtering ---


@pytest.mark.parametrize(
    ("where", "settings", "verdict"),
    [
        # Answers come in by eth1, and questions leave by eth0.
        ("client", "all=0", "ok"),
        ("client", "all=1", "timeout"),  # strict: not the way back
        ("client", "all=2", "ok"),  # loose: there is a way back
        ("client", "eth1=1", "timeout"),
        ("client", "eth0=1", "ok"),  # nothing wrong comes in there
        ("client", "all=0 eth1=1", "timeout"),  # the higher counts,
        ("client", "all=1 eth1=2", "ok"),  # which is not always the stricter
        # `back` has no route at all to where the answers come from.
        ("back", "all=0", "ok"),
        ("back", "all=1", "timeout"),
        ("back", "all=2", "timeout"),
        ("back", "eth1=2", "timeout"),
    ],
)
def test_reverse_path_filtering_drops_what_came_another_way(
    where: str, settings: str, verdict: str
) -> None:
    pairs = (each.split("=") for each in settings.split())
    here = {f"net.ipv4.conf.{dev}.rp_filter": value for dev, value in pairs}
    both = {**ROUND.settings, where: {**ROUND.settings.get(where, {}), **here}}
    assert ask(ROUND._replace(settings=both)).verdict == verdict


# --- filters ---

NEW, ANSWERS = Match(ctstate=("NEW",)), Match(ctstate=("ESTABLISHED",))


@pytest.mark.parametrize(
    ("host", "hook", "match", "target", "verdict"),
    [
        ("client", "OUTPUT", Match(), Drop(), "timeout"),
        ("client", "OUTPUT", Match(), Reject(), "refused"),
        ("client", "INPUT", Match(), Drop(), "timeout"),
        ("router", "FORWARD", Match(), Accept(), "ok"),
        ("router", "FORWARD", Match(), Drop(), "timeout"),
        ("router", "FORWARD", Match(), Reject(), "refused"),
        ("router", "FORWARD", NEW, Reject(), "refused"),
        ("router", "FORWARD", ANSWERS, Drop(), "timeout"),
        ("router", "INPUT", Match(), Drop(), "ok"),  # what is passed on is not for the router
        ("router", "OUTPUT", Match(), Drop(), "ok"),
        ("server", "INPUT", Match(), Drop(), "timeout"),
        ("server", "INPUT", Match(), Reject(), "refused"),
        ("server", "OUTPUT", Match(), Drop(), "timeout"),
        ("server", "INPUT", Match(protocol=Protocol.UDP), Drop(), "ok"),
        ("server", "INPUT", Match(protocol=Protocol.TCP, dport=80), Drop(), "timeout"),
        ("server", "INPUT", Match(protocol=Protocol.TCP, dport=81), Drop(), "ok"),
        ("server", "INPUT", Match(src=net("10.0.1.0/24")), Drop(), "timeout"),
        ("server", "INPUT", Match(not_src=net("10.0.1.0/24")), Drop(), "ok"),
        ("server", "INPUT", Match(dst=net("10.0.1.0/24")), Drop(), "ok"),
        ("server", "INPUT", Match(not_dst=net("10.0.1.0/24")), Drop(), "timeout"),
        ("router", "FORWARD", Match(in_interface="eth0"), Drop(), "timeout"),
        ("router", "FORWARD", Match(in_interface="eth0", out_interface="eth0"), Drop(), "ok"),
        ("router", "FORWARD", Match(out_interface="eth1"), Drop(), "timeout"),
        ("router", "FORWARD", Match(dst_type="LOCAL"), Drop(), "ok"),
        ("router", "FORWARD", Match(not_dst_type="LOCAL"), Drop(), "timeout"),
        ("server", "INPUT", Match(not_ctstate=("NEW",)), Drop(), "ok"),
        ("server", "INPUT", Match(mark=MarkMatch(1, 1)), Drop(), "ok"),
        ("server", "INPUT", Match(mark=MarkMatch(1, 1, negated=True)), Drop(), "timeout"),
    ],
)
def test_what_a_filter_does(
    host: str, hook: str, match: Match, target: Target, verdict: str
) -> None:
    assert ask(filtered(host, chain(hook, (match, target)))).verdict == verdict


ALL = Match()
MARKED = Match(mark=MarkMatch(0x4000, 0x4000))


@pytest.mark.parametrize(
    ("case", "forward", "mine", "verdict"),
    [
        ("the first that decides, decides", [(ALL, Accept()), (ALL, Drop())], [], "ok"),
        ("a jump comes back", [(ALL, Jump("MINE")), (ALL, Drop())], [], "timeout"),
        (
            "by return too",
            [(ALL, Jump("MINE")), (ALL, Drop())],
            [(ALL, Return()), (ALL, Accept())],
            "timeout",
        ),
        ("a verdict does not", [(ALL, Jump("MINE")), (ALL, Drop())], [(ALL, Accept())], "ok"),
        (
            "a mark is seen by the next rule",
            [(ALL, SetMark(0x4000, 0x4000)), (MARKED, Drop())],
            [],
            "timeout",
        ),
        (
            "and after a jump",
            [(ALL, Jump("MINE")), (MARKED, Drop())],
            [(ALL, SetMark(0x4000, 0x4000))],
            "timeout",
        ),
        (
            "what is set twice by exclusive or is not set",
            [
                (ALL, SetMark(0x4000, 0x4000)),
                (ALL, SetMark(0x4000, 0)),
                (MARKED, Drop()),
            ],
            [],
            "ok",
        ),
        (
            "a mark outside the mask is another's",
            [(ALL, SetMark(0x1, 0x1)), (MARKED, Drop())],
            [],
            "ok",
        ),
        ("who falls through is accepted", [(MARKED, Drop())], [], "ok"),
        ("a return from the kernel's chain accepts", [(ALL, Return()), (ALL, Drop())], [], "ok"),
    ],
)
def test_which_rule_decides(
    case: str,
    forward: list[tuple[Match, Target]],
    mine: list[tuple[Match, Target]],
    verdict: str,
) -> None:
    wiring = filtered("router", chain("FORWARD", *forward), chain("MINE", *mine))
    assert ask(wiring).verdict == verdict, case


def test_a_mark_does_not_leave_the_host() -> None:
    wiring = ROUTED._replace(
        chains={
            "router": [chain("FORWARD", (ALL, SetMark(0x4000, 0x4000)))],
            "server": [chain("INPUT", (MARKED, Drop()))],
        }
    )
    assert ask(wiring).verdict == "ok"


@pytest.mark.parametrize(
    ("protocol", "verdict"),
    [
        (Protocol.TCP, "timeout"),  # the SYN-ACK belongs to no connection that `back` knows
        (Protocol.UDP, "ok"),  # an answer looks like a question to who did not see that
    ],
)
def test_who_sees_only_the_answers_may_take_them_for_invalid(
    protocol: Protocol, verdict: str
) -> None:
    strict = chain("FORWARD", (Match(ctstate=("INVALID",)), Drop()))
    assert ask(filtered("back", strict, wiring=ROUND), protocol=protocol).verdict == verdict


# --- translation ---


def test_dnat_is_undone_in_the_answer() -> None:
    path = ask(filtered("router", TO_SERVER), "10.0.1.1", 8080)
    assert (path.verdict, path.server, str(path.source)) == ("ok", "server", "10.0.1.2")
    assert [str(path.there[number].packet) for number in (0, -1)] == [
        "10.0.1.2 → 10.0.1.1:8080",
        "10.0.1.2 → 10.0.2.2:80",
    ]
    assert [str(path.back[number].packet) for number in (0, -1)] == [
        "10.0.2.2:80 → 10.0.1.2",
        "10.0.1.1:8080 → 10.0.1.2",
    ]
    assert [hop.what for hop in path.back if hop.reference == "router"] == [
        "comes in by eth1",
        "conntrack undoes the DNAT",
    ]


def test_masquerade_is_undone_in_the_answer() -> None:
    path = ask(filtered("router", BORROW))
    assert (path.verdict, str(path.source)) == ("ok", "10.0.2.1")
    assert str(path.there[-1].packet) == "10.0.2.1 → 10.0.2.2:80"
    assert str(path.back[-1].packet) == "10.0.2.2:80 → 10.0.1.2"


def test_both_ends_of_a_packet_may_be_translated() -> None:
    path = ask(filtered("router", TO_SERVER, BORROW), "10.0.1.1", 8080)
    assert (path.verdict, str(path.source)) == ("ok", "10.0.2.1")
    assert str(path.there[-1].packet) == "10.0.2.1 → 10.0.2.2:80"
    assert str(path.back[-1].packet) == "10.0.1.1:8080 → 10.0.1.2"


def test_a_translation_names_the_rule_that_did_it() -> None:
    hops = ask(filtered("router", TO_SERVER, BORROW), "10.0.1.1", 8080).there
    named = [(hop.what, hop.rule[:2]) for hop in hops if hop.rule is not None]
    assert named == [("DNAT", ("nat", "PREROUTING")), ("MASQUERADE", ("nat", "POSTROUTING"))]


def test_a_host_translates_what_it_sends_itself() -> None:
    output = replace(TO_SERVER, name="OUTPUT")
    path = ask(filtered("client", output), "10.0.1.1", 8080)
    assert (path.verdict, path.server, str(path.source)) == ("ok", "server", "10.0.1.2")


def test_an_answer_that_bypasses_the_translation_is_for_nobody() -> None:
    path = ask(filtered("there", TO_SERVER, wiring=ROUND), "10.0.1.1", 8080)
    assert (path.verdict, path.path[-1]) == ("timeout", "server")
    assert path.back[-1].what == "no socket of the client waits for this answer"
    assert str(path.back[-1].packet) == "10.0.2.2:80 → 10.0.1.2"


@pytest.mark.parametrize(
    ("case", "chains", "verdict"),
    [
        ("nothing listens behind it", [TO_SERVER], "refused"),
        (
            "it is rejected on its way",
            [TO_SERVER, chain("FORWARD", (Match(dst=net("10.0.2.2/32")), Reject()))],
            "refused",
        ),
        (
            "it leads nowhere",
            [chain("PREROUTING", (ALL, Dnat(ip("192.0.2.1"), 80)), table="nat")],
            "net-unreachable",
        ),
        (
            "nobody has that address",
            [chain("PREROUTING", (ALL, Dnat(ip("10.0.2.9"), 80)), table="nat")],
            "host-unreachable",
        ),
    ],
)
def test_an_error_about_a_translated_packet_reaches_who_sent_it(
    case: str, chains: list[Chain], verdict: str
) -> None:
    state = filtered("router", *chains).state()
    deaf = replace(state, netns=tuple(replace(each, listeners=()) for each in state.netns))
    assert ask(deaf, "10.0.1.1", 8080).verdict == verdict, case


def test_every_random_choice_is_a_path() -> None:
    third, half = Match(probability=1 / 3), Match(probability=1 / 2)
    choice = chain(
        "PREROUTING",
        (third, Dnat(ip("10.0.2.2"), 80)),
        (half, Dnat(ip("10.0.2.2"), 81)),
        (ALL, Dnat(ip("10.0.2.9"), 80)),
        (ALL, Dnat(ip("10.0.2.10"), 80)),  # never reached
        table="nat",
    )
    paths = walk(filtered("router", choice).state(), "client", Protocol.TCP, ip("10.0.1.1"), 80)
    assert [path.verdict for path in paths] == ["ok", "refused", "host-unreachable"]


# --- bridges ---

ONE_NODE = lab(
    pod("own", labels="app: own"),
    pod("other", labels="app: other"),
    service("own"),
    service("other"),
    clusters=("{name: east, nodes: 1}",),
)


def on_the_node(*, netfilter: bool, hairpin: bool) -> State:
    """The lab of one node, its bridge set up like this."""
    node = ONE_NODE.state["nsnet.lab.east.node.n1"]
    sysctls = tuple(
        replace(each, value=str(int(netfilter))) if "bridge-nf-call" in each.key else each
        for each in node.sysctls
    )
    links = tuple(
        replace(each, hairpin=hairpin) if each.master else each for each in node.interfaces
    )
    changed = replace(node, sysctls=sysctls, interfaces=links)
    netns = tuple(changed if each is node else each for each in ONE_NODE.state.netns)
    return replace(ONE_NODE.state, netns=netns)


@pytest.mark.parametrize(
    ("netfilter", "hairpin", "to", "verdict"),
    [
        # bridge-nf-call-iptables=1: frames from port to port pass iptables.
        (True, False, "svc/own:80", "timeout"),  # it would have to leave where it came in
        (True, False, "svc/other:80", "ok"),
        (True, True, "svc/own:80", "ok"),
        (True, True, "svc/other:80", "ok"),
        # =0: the answer of another pod is bridged past the NAT that has to undo its address.
        (False, False, "svc/own:80", "ok"),  # its answer goes to the node, which stepped in between
        (False, False, "svc/other:80", "timeout"),
        (False, True, "svc/own:80", "ok"),
        (False, True, "svc/other:80", "timeout"),
        # Without a Service in between, none of this matters.
        (False, False, "pod/other:80", "ok"),
        (True, False, "pod/other:80", "ok"),
    ],
)
def test_a_pod_reaches_services_on_its_own_bridge(
    netfilter: bool, hairpin: bool, to: str, verdict: str
) -> None:
    state = on_the_node(netfilter=netfilter, hairpin=hairpin)
    (path,) = explain(ONE_NODE.topology, state, simple("pod/own", to)).paths
    assert path.verdict == verdict


def test_a_pod_meets_itself_as_its_node() -> None:
    (path,) = explain(*ONE_NODE[1:], simple("pod/own", "svc/own:80")).paths
    assert (path.server, str(path.source)) == ("east/pod/own", "10.244.0.1")


def test_a_bridge_names_the_ports_a_frame_passes() -> None:
    (path,) = explain(*ONE_NODE[1:], simple("pod/own", "pod/other:80")).paths
    assert [hop.what for hop in path.there if hop.reference == "east/node/n1"] == [
        "cbr0 switches it to other"
    ]


def test_bridges_in_a_ring_are_not_walked_forever() -> None:
    bridges: list[Fact] = [
        (name, Interface("br0", Kind.BRIDGE, addresses=(held(f"10.0.0.{number}/24"),)))
        for number, name in enumerate(("client", "server", "third"), 1)
    ]
    for one, other in (("client", "server"), ("server", "third"), ("third", "client")):
        bridges += veth(
            (one, Interface(f"to-{other}", master="br0")),
            (other, Interface(f"to-{one}", master="br0")),
        )
    names = ("client", "server", "third")
    ring = merge("lab", {name: name for name in names}, [("the test", bridges)])
    (path,) = walk(ring, "client", Protocol.TCP, ip("10.0.0.9"), 80)
    assert path.verdict == "host-unreachable"


# --- whole labs ---


@pytest.mark.parametrize(
    ("scenario", "source", "to", "seen"),
    [
        ("flat", "east/pod/client", "west/pod/web-0:80", {"10.244.0.2"}),  # as itself
        ("flat", "external/laptop", "west/pod/web-0:80", {"203.0.113.10"}),
        ("egress", "pod/client", "external/api:443", {"192.168.10.2"}),  # as its node
        ("egress", "pod/client", "pod/other:80", {"10.244.0.2"}),
        ("clusterip", "pod/client", "svc/web:80", {"10.244.0.2"}),
        # By its bridge to the pods it hosts, by its eth0 to the others.
        ("clusterip", "node/n1", "svc/web:80", {"10.244.0.1", "192.168.10.2"}),
        # As itself, but where it meets itself.
        ("clusterip", "pod/web-0", "svc/web:80", {"10.244.0.1", "10.244.0.4"}),
        ("island-nat", "east/pod/client", "west/svc/web:80", {"198.18.0.2"}),  # as its gateway
        ("island-nat", "east/node/n1", "west/svc/web:80", {"198.18.0.2"}),
        ("island-nat", "external/laptop", "west/svc/web:80", {"203.0.113.10"}),
        ("dual-stack", "pod/client", "[fd00:10:96::2]:80", {"fd00:10:244::2"}),
    ],
)
def test_what_the_server_sees_as_its_client(
    scenario: str, source: str, to: str, seen: set[str]
) -> None:
    found = explain(*shipped(scenario)[1:], simple(source, to))
    assert {str(path.source) for path in found.paths} == seen


@pytest.mark.parametrize("name", SHIPPED)
def test_the_model_agrees_with_the_author_of_every_shipped_probe(name: str) -> None:
    scenario, topology, state = shipped(name)
    walker = Walker(state)
    wrong = {}
    for spec in scenario.spec.probes:
        asked = question(topology, spec)
        attempts = predicted(walked(walker, asked), asked.to, asked.expected)
        if found := disagreements(asked.expected, attempts):
            wrong[spec.name] = found
    assert wrong == {}


def test_every_endpoint_of_a_service_is_a_path() -> None:
    found = explain(*shipped("clusterip")[1:], simple("pod/client", "svc/web:80"))
    assert [path.server for path in found.paths] == [
        "east/pod/web-0",
        "east/pod/web-1",
        "east/pod/web-2",
    ]
    assert {path.verdict for path in found.paths} == {Verdict.OK}


def test_a_host_that_is_its_own_endpoint_meets_itself_at_its_bridge() -> None:
    # Out of `lo` MASQUERADE takes the first address that another link holds.
    found = lab(pod("web", labels="app: web", spec="hostNetwork: true"), service("web"))
    (path,) = explain(*found[1:], simple("node/n1", "svc/web:80")).paths
    assert (path.server, str(path.source)) == ("east/pod/web", "10.244.0.1")


# --- IPv6 ---

SIX = lab(
    pod("client", spec="nodeName: n1"),
    workload("Deployment", "web", 2),
    service("web"),
    service("empty", app=""),
    clusters=(
        "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
        " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
        " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
    ),
    spec=(
        "fabricCIDR: 198.18.0.0/16,fd98::/64\n"
        "externals: [{name: api, address: '2001:db8::80', ports: [{port: 443}]}]"
    ),
)


@pytest.mark.parametrize(
    ("source", "to", "verdict", "seen"),
    [
        ("pod/client", "[fd00:10:244:1::2]:80", "ok", "fd00:10:244::2"),
        ("pod/client", "[fd00:10:96::2]:80", "ok", "fd00:10:244::2"),
        ("node/n1", "[fd00:10:244:1::2]:80", "ok", "fd00:192:168::2"),
        ("pod/client", "external/api:443", "ok", "fd00:192:168::2"),  # masqueraded by its node
        ("pod/client", "[fd00:10:96::3]:80", "refused", "None"),  # no endpoints
        ("pod/client", "[fd00:10:244:1::99]:80", "host-unreachable", "None"),
        ("pod/client", "[2001:db8::99]:80", "net-unreachable", "None"),
        ("external/api", "[fd00:10:244:1::2]:80", "net-unreachable", "None"),
    ],
)
def test_all_that_holds_for_ipv4_holds_for_ipv6(
    source: str, to: str, verdict: str, seen: str
) -> None:
    paths = explain(*SIX[1:], simple(source, to)).paths
    assert {path.verdict.value for path in paths} == {verdict}
    assert {str(path.source) for path in paths} == {seen}
