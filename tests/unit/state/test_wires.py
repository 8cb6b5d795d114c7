"""Which links receive a frame, and the bridges that it passes."""

from dataclasses import replace

import pytest

from nsnet.state.model import Fact, Interface, Kind, Neighbour, Route, State, Sysctl, veth
from nsnet.state.wires import Crossing, Station, Wires
from tests.support.labs import held, ip, net
from tests.support.wiring import merged

# pod ── node (cbr0) ── pod2, and node eth0 ── far
BRIDGE = Interface("cbr0", Kind.BRIDGE, addresses=(held("10.0.0.1/24"),))


def state(*down: str) -> State:
    """Return a node with two pods on its bridge and another host, with these links down."""
    ends = [
        (("node", "pod", "cbr0", ""), ("pod", "eth0", None, "10.0.0.2/24")),
        (("node", "pod2", "cbr0", ""), ("pod2", "eth0", None, "10.0.0.3/24")),
        (("node", "eth0", None, "10.9.0.1/24"), ("far", "eth0", None, "10.9.0.2/24")),
    ]
    facts: list[Fact] = [("node", BRIDGE)]
    for pair in ends:
        one, other = (
            (
                netns,
                Interface(
                    name,
                    master=master,
                    addresses=(held(address),) if address else (),
                    up=f"{netns} {name}" not in down,
                ),
            )
            for netns, name, master, address in pair
        )
        facts += veth(one, other)
    return merged(facts)


def owner(found: State, netns: str, dev: str, address: str) -> str:
    """Return the namespace that answers an ARP request."""
    station = Wires(found).find(netns, dev, ip(address))
    return station.netns if station is not None else ""


@pytest.mark.parametrize(
    ("netns", "dev", "address", "answers"),
    [
        ("pod", "eth0", "10.0.0.1", "node"),
        ("pod", "eth0", "10.0.0.3", "pod2"),
        ("pod", "eth0", "10.9.0.1", "node"),  # any address of the namespace: arp_ignore=0
        ("pod", "eth0", "10.9.0.2", ""),  # behind a router
        ("node", "cbr0", "10.0.0.2", "pod"),
        ("node", "eth0", "10.9.0.2", "far"),
        ("node", "eth0", "10.0.0.2", ""),
        ("pod", "eth0", "10.0.0.2", ""),  # its own address
    ],
)
def test_which_namespace_answers_an_arp_request(
    netns: str, dev: str, address: str, answers: str
) -> None:
    assert owner(state(), netns, dev, address) == answers


@pytest.mark.parametrize("down", ["pod eth0", "node pod", "pod2 eth0", "node pod2"])
def test_no_frame_passes_a_veth_pair_with_an_end_that_is_down(down: str) -> None:
    assert owner(state(down), "pod", "eth0", "10.0.0.3") == ""


def test_a_frame_passes_a_bridge_from_port_to_port() -> None:
    bridge = Station("node", "cbr0", "pod", ())
    other = Station("pod2", "eth0", "", (Crossing("node", "cbr0", "pod", "pod2"),))
    wires = Wires(state())
    assert list(wires.receivers("pod", "eth0")) == [bridge, other]
    assert wires.first_port("node", "cbr0", Station("pod2", "eth0", "", ())) == "pod2"


def test_a_node_that_proxies_arp_answers_for_what_it_reaches_by_another_link() -> None:
    found = state()
    routes = [Route(net("10.0.0.2/32"), dev="cbr0"), Route(net("10.9.0.7/32"), dev="eth0")]
    proxies = replace(
        found["node"],
        routes=tuple(routes),
        sysctls=(Sysctl("net.ipv4.conf.eth0.proxy_arp", "1", dev="eth0"),),
    )
    other = tuple(proxies if each.name == "node" else each for each in found.netns)
    changed = replace(found, netns=other)
    assert owner(changed, "far", "eth0", "10.0.0.2") == "node"
    assert owner(changed, "far", "eth0", "10.0.0.3") == ""
    assert owner(changed, "far", "eth0", "10.9.0.7") == ""
    assert owner(found, "far", "eth0", "10.0.0.2") == ""


def test_a_permanent_neighbour_entry_takes_the_place_of_arp() -> None:
    found = state()
    (link,) = found["pod2"].interfaces
    entries = (
        Neighbour(ip("169.254.1.1"), link.mac, "eth0"),
        Neighbour(ip("10.0.0.3"), "02:00:00:00:00:00", "eth0"),
    )
    pod = replace(found["pod"], neighbours=entries)
    other = tuple(pod if each.name == "pod" else each for each in found.netns)
    changed = replace(found, netns=other)
    assert owner(changed, "pod", "eth0", "169.254.1.1") == "pod2"
    assert owner(changed, "pod", "eth0", "10.0.0.3") == ""  # no link has this MAC address
