"""Live namespaces are read back as they were built, and drift names every change by hand."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from subprocess import run

import pytest
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from nsnet.errors import UnsupportedError
from nsnet.kernel import capabilities, netfilter, netns, uapi
from nsnet.kernel import sysctl as settings
from nsnet.kernel.netlink import Socket, encoded
from nsnet.kernel.observe import observe
from nsnet.kernel.uapi import NLM_F_CREATE, NLM_F_EXCL, RTM_GETLINK, RTM_NEWLINK
from nsnet.plan.differences import diff
from nsnet.plan.drift import drift
from nsnet.state.iptables_text import restore
from nsnet.state.model import Interface, Kind, Neighbour, Netns, Peer, Route, State, Sysctl
from nsnet.state.observed import LO, Observed
from nsnet.state.rules import Chain, Jump, Match, Rule


def _unable() -> str:
    try:
        capabilities.require()
    except UnsupportedError as error:
        return str(error)
    return ""


UNABLE = _unable()
pytestmark = pytest.mark.skipif(bool(UNABLE), reason=UNABLE)

LAB = f"nsnet.t{os.getpid()}"
PODS = ("web-0", "web-1")
NODES = (1, 2)


def node(number: int) -> Netns:
    """A bridge with two pods, a veth pair to the other node, and two chains."""
    other = 3 - number
    name = f"{LAB}.n{number}"
    return Netns(
        name,
        f"east/node/n{number}",
        interfaces=(
            Interface(
                "cbr0",
                Kind.BRIDGE,
                addresses=(
                    ip_interface(f"10.244.{number}.1/24"),
                    ip_interface(f"fd00:{number}::1/64"),
                ),
                mac=f"02:00:0a:f4:0{number}:01",
            ),
            *(
                Interface(
                    pod,
                    peer=Peer(f"{LAB}.n{number}.{pod}", "eth0"),
                    master="cbr0",
                    mac=f"06:00:00:00:0{number}:{index:02x}",
                    hairpin=pod == "web-0",
                )
                for index, pod in enumerate(PODS, 1)
            ),
            Interface(
                "eth0",
                peer=Peer(f"{LAB}.n{other}", "eth0"),
                addresses=(ip_interface(f"192.168.0.{number}/24"),),
                mac=f"02:00:c0:a8:00:0{number}",
            ),
        ),
        routes=(
            Route(ip_network(f"10.244.{other}.0/24"), via=ip_address(f"192.168.0.{other}")),
            Route(ip_network("169.254.1.1/32"), dev="cbr0"),
            Route(ip_network("172.16.0.0/12"), ip_address("203.0.113.1"), "eth0", onlink=True),
            Route(ip_network(f"fd00:{other}::/64"), via=ip_address(f"fd00:{number}::2")),
        ),
        neighbours=(Neighbour(ip_address("192.168.0.77"), "02:00:c0:a8:00:4d", "eth0"),),
        sysctls=(
            Sysctl("net.ipv4.ip_forward", "1"),
            Sysctl("net.ipv4.no_kernel_has_this", "1", if_present=True),
        ),
        chains=(
            Chain("nat", "PREROUTING", (Rule(Match(comment="portals"), Jump("KUBE-SERVICES")),)),
            Chain("nat", "KUBE-SERVICES"),
        ),
    )


def pod(number: int, index: int, name: str) -> Netns:
    address = ip_interface(f"10.244.{number}.{index}/24")
    return Netns(
        f"{LAB}.n{number}.{name}",
        f"east/pod/{name}-{number}",
        interfaces=(
            Interface(
                "eth0",
                peer=Peer(f"{LAB}.n{number}", name),
                addresses=(address,),
                mac=f"02:00:0a:f4:0{number}:{index:02x}",
            ),
        ),
        routes=(Route(ip_network("0.0.0.0/0"), via=ip_address(f"10.244.{number}.1")),),
    )


STATE = State(
    "t",
    (
        *(node(number) for number in NODES),
        *(pod(number, index, name) for number in NODES for index, name in enumerate(PODS, 10)),
    ),
)
NAMES = [each.name for each in STATE.netns]
KEYS = {each.name: [sysctl.key for sysctl in each.sysctls] for each in STATE.netns}


def ip(name: str, *lines: str) -> None:
    """Run these lines of `ip -batch` in the namespace."""
    with netns.inside(name):
        run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def build(tool: str, folder: Path) -> None:
    """Build STATE with ip and iptables-restore, not with nsnet."""
    for each in STATE.netns:
        with netns.returning():
            os.close(netns.create(each.name))
        ip(each.name, "link set lo up")
    for each in STATE.netns:
        for link in each.interfaces:
            add_link(each.name, link)
    for each in STATE.netns:
        ip(
            each.name,
            *(f"link set {link.name} up" for link in each.interfaces),
            *(
                f"addr add {address} dev {link.name} {'nodad' if address.version == 6 else ''}"
                for link in each.interfaces
                for address in link.addresses
            ),
            *(
                f"route add {route.destination}"
                + (f" via {route.via}" if route.via else "")
                + (f" dev {route.dev}" if route.dev else "")
                + (" onlink" if route.onlink else "")
                for route in each.routes
            ),
            *(
                f"neigh add {known.address} lladdr {known.mac} nud permanent dev {known.dev}"
                for known in each.neighbours
            ),
        )
        with netns.inside(each.name):
            for sysctl in each.sysctls:
                if not sysctl.if_present:
                    Path(settings.path(sysctl.key)).write_text(sysctl.value)
    rules = {each.name: {4: restore(each.chains)} for each in STATE.netns if each.chains}
    netfilter.load({name: {4: texts[4]} for name, texts in rules.items()}, tool, folder / "lock")


def add_link(name: str, link: Interface) -> None:
    if link.kind is Kind.BRIDGE:
        ip(name, f"link add {link.name} address {link.mac} type bridge")
    elif link.peer is not None and (link.master or link.peer.netns > name):
        far, end = link.peer
        mac = next(each.mac for each in STATE[far].interfaces if each.name == end)
        near = f"{link.name} address {link.mac}"
        ip(name, f"link add {near} type veth peer {end} address {mac} netns {far}")
    if link.master:
        ip(name, f"link set {link.name} master {link.master}")
    if link.hairpin:
        ip(name, f"link set {link.name} type bridge_slave hairpin on")


@pytest.fixture(scope="module", params=netfilter.TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    with netns.returning():
        netns.unshare(uapi.CLONE_NEWNET)
        if not netfilter.works(request.param):
            pytest.skip(f"{request.param} does not work here")
    return str(request.param)


@contextmanager
def running(tool: str, folder: Path) -> Iterator[str]:
    """Build STATE with the rules of this tool for the block, and remove it afterwards."""
    netns.prepare()
    with ExitStack() as stack:
        for name in NAMES:
            stack.callback(netns.delete, name)
        build(tool, folder)
        yield tool


@pytest.fixture
def each_lab(tool: str, tmp_path: Path) -> Iterator[str]:
    """STATE, built with each variant of iptables that works here."""
    with running(tool, tmp_path) as lab:
        yield lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """STATE, built with the variant of iptables that nsnet chooses here."""
    with running(netfilter.choose_tool(), tmp_path) as lab:
        yield lab


def look(tool: str) -> dict[str, Observed]:
    return observe(NAMES, KEYS, tool)


def drifted(tool: str) -> list[str]:
    return drift(STATE, diff(STATE, look(tool)))


def test_a_lab_reads_back_as_its_state(each_lab: str) -> None:
    found = look(each_lab)
    assert diff(STATE, found) == ()
    one = found[f"{LAB}.n1"]
    assert {each.name: each for each in one.interfaces} == {
        each.name: each for each in STATE[f"{LAB}.n1"].interfaces
    }
    assert one.other_links == (LO,)
    assert one.sysctls == (Sysctl("net.ipv4.ip_forward", "1"),)
    assert one.neighbours == STATE[f"{LAB}.n1"].neighbours
    assert {replace(each, dev=None) for each in one.routes} == {
        replace(each, dev=None) for each in STATE[f"{LAB}.n1"].routes
    }
    assert {each.dev for each in one.routes} == {"cbr0", "eth0"}


def test_the_same_lab_built_twice_reads_the_same(lab: str, tmp_path: Path) -> None:
    first = look(lab)
    for name in NAMES:
        netns.delete(name)
    build(lab, tmp_path)
    assert look(lab) == first


@pytest.mark.parametrize(
    ("where", "line", "words"),
    [
        (
            "n1",
            "route del 10.244.2.0/24",
            ["east/node/n1: route 10.244.2.0/24 via 192.168.0.2 is missing"],
        ),
        (
            "n1",
            "route add 10.9.0.0/16 dev eth0 metric 7",
            ["east/node/n1: route 10.9.0.0/16 dev eth0 was added by hand"],
        ),
        (
            "n1",
            "route add 10.9.0.0/16 nexthop via 192.168.0.2 nexthop via 192.168.0.3",
            [
                "east/node/n1: route 10.9.0.0/16 via 192.168.0.2 or 192.168.0.3 dev eth0"
                " was added by hand",
            ],
        ),
        (  # next hops of different weights: no State has such a route
            "n1",
            "route add 10.9.0.0/16 nexthop via 192.168.0.2 weight 2 nexthop via 192.168.0.3",
            [
                "east/node/n1: route 10.9.0.0/16 via 192.168.0.2 dev eth0 was added by hand",
                "east/node/n1: route 10.9.0.0/16 via 192.168.0.3 dev eth0 was added by hand",
            ],
        ),
        (
            "n1",
            "route add 10.9.0.0/16 nexthop via 192.168.0.2 nexthop via 10.244.1.10",
            [
                "east/node/n1: route 10.9.0.0/16 via 10.244.1.10 dev cbr0 was added by hand",
                "east/node/n1: route 10.9.0.0/16 via 192.168.0.2 dev eth0 was added by hand",
            ],
        ),
        (
            "n1",
            "route add fd09::/16 nexthop via fd00:1::9 nexthop via fd00:1::8",
            [
                "east/node/n1: route fd09::/16 via fd00:1::8 or fd00:1::9 dev cbr0"
                " was added by hand",
            ],
        ),
        (
            "n1",
            "route add blackhole 10.9.0.0/16",
            ["east/node/n1: blackhole route 10.9.0.0/16 was added by hand"],
        ),
        (
            "n1",
            "route add blackhole fd09::/16",
            ["east/node/n1: blackhole route fd09::/16 was added by hand"],
        ),
        (
            "n1",
            "route add fd09::/16 via fd00:1::9",
            ["east/node/n1: route fd09::/16 via fd00:1::9 dev cbr0 was added by hand"],
        ),
        (
            "n1",
            "addr add 10.8.0.1/24 dev cbr0",
            ["east/node/n1: address 10.8.0.1/24 on cbr0 was added by hand"],
        ),
        (
            "n1",
            "addr del fd00:1::1/64 dev cbr0",
            [
                "east/node/n1: address fd00:1::1/64 on cbr0 is missing",
            ],
        ),
        (
            "n1",
            "neigh del 192.168.0.77 dev eth0",
            [
                "east/node/n1: neighbour 192.168.0.77 at 02:00:c0:a8:00:4d dev eth0 is missing",
            ],
        ),
        (
            "n1",
            "link set web-0 type bridge_slave hairpin off",
            ["east/node/n1: interface web-0: hairpin is off, should be on"],
        ),
        (
            "n1",
            "link set web-1 nomaster",
            ["east/node/n1: interface web-1: bridge is none, should be cbr0"],
        ),
        ("n1", "link set web-1 down", ["east/node/n1: interface web-1 is down"]),
        ("n1", "link set lo down", ["east/node/n1: interface lo is down"]),
        (
            "n1",
            "link add mine type veth peer yours",
            [
                "east/node/n1: interface mine was added by hand",
                "east/node/n1: interface yours was added by hand",
            ],
        ),
        (
            "n1",
            "link add link eth0 name mine type macvlan",
            ["east/node/n1: interface mine (macvlan) was added by hand"],
        ),
        (
            "n1.web-0",
            "link set eth0 address 02:00:00:00:00:09",
            [
                "east/pod/web-0-1: interface eth0: MAC address is 02:00:00:00:00:09,"
                " should be 02:00:0a:f4:01:0a"
            ],
        ),
        (
            "n1",
            "link set web-1 name web-2",
            [
                "east/node/n1: interface web-1 is missing",
                "east/node/n1: interface web-2 was added by hand",
                f"east/pod/web-1-1: interface eth0: other end is web-2 in {LAB}.n1,"
                f" should be web-1 in {LAB}.n1",
            ],
        ),
    ],
)
def test_drift_names_what_was_changed_by_hand(
    lab: str, where: str, line: str, words: list[str]
) -> None:
    ip(f"{LAB}.{where}", line)
    assert drifted(lab) == words


def test_drift_names_rules_and_sysctls(each_lab: str) -> None:
    name = f"{LAB}.n1"
    with netns.inside(name):
        Path(settings.path("net.ipv4.ip_forward")).write_text("0")
        for rule in ("-A PREROUTING -j ACCEPT", "-N MINE"):
            run([each_lab, "-t", "nat", *rule.split()], check=True)
    assert drifted(each_lab) == [
        "east/node/n1: sysctl net.ipv4.ip_forward is 0, should be 1",
        "east/node/n1: nat PREROUTING: rule added by hand: -A PREROUTING -j ACCEPT",
        "east/node/n1: nat MINE: chain was added by hand",
    ]


def test_a_missing_namespace_is_left_out(lab: str) -> None:
    netns.delete(NAMES[-1])
    netns.unmount(str(netns.RUN / NAMES[-2]))  # the name remains, without a namespace
    found = look(lab)
    assert list(found) == NAMES[:-2]
    assert f"east/pod/web-1-2: namespace {NAMES[-1]} is gone" in drift(STATE, diff(STATE, found))


def test_the_calling_thread_returns_to_its_namespace(lab: str) -> None:
    before = os.stat(netns.HERE).st_ino
    look(lab)
    assert os.stat(netns.HERE).st_ino == before


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/100.rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
    ],
)
def test_a_sysctl_has_the_path_that_sysctl_uses(key: str, path: str) -> None:
    assert settings.path(key) == path


def bridge(name: str) -> bytes:
    message = ifinfmsg()
    kind = {"attrs": [("IFLA_INFO_KIND", "bridge")]}
    message["attrs"] = [("IFLA_IFNAME", name), ("IFLA_LINKINFO", kind)]
    return encoded(message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL)


@pytest.fixture
def link() -> Iterator[Socket]:
    """A netlink socket of an empty namespace without a name."""
    with netns.returning():
        netns.unshare(uapi.CLONE_NEWNET)
        socket = Socket()
    with socket:
        yield socket


def test_one_send_carries_many_requests_and_returns_the_refused_ones(link: Socket) -> None:
    refused = link.send([bridge(name) for name in ("a", "b", "a", "c", "b")])
    assert {at: refusal.errno for at, refusal in refused.items()} == {
        2: errno.EEXIST,
        4: errno.EEXIST,
    }
    names = []
    for data in link.dump(encoded(ifinfmsg(), RTM_GETLINK)):
        message = ifinfmsg(data)
        message.decode()
        names.append(message.get_attr("IFLA_IFNAME"))
    assert names == ["lo", "a", "b", "c"]


def test_no_refusal_is_lost_however_many_there_are(link: Socket) -> None:
    assert list(link.send([bridge("lo")] * 1000)) == list(range(1000))


def test_a_refusal_carries_the_message_of_the_kernel(link: Socket) -> None:
    message = ifinfmsg()
    message["attrs"] = [("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "nosuch")]})]
    refused = link.send([encoded(message, RTM_NEWLINK, NLM_F_CREATE)])
    assert str(refused[0]) == "Unknown device type"


def test_asking_for_a_missing_link_is_an_error(link: Socket) -> None:
    message = ifinfmsg()
    message["index"] = 77
    with pytest.raises(OSError, match="No such device") as raised:
        link.ask(encoded(message, RTM_GETLINK))
    assert raised.value.errno == errno.ENODEV
