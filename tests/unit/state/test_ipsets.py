"""ipsets as text that ipset(8) reads and prints, and whether a packet is in one."""

import pytest

from nsnet.ip import IPAddress, Protocol
from nsnet.state.ipsets import Index, IpSet, Member, SetType, fill_input, parse_saved
from tests.support.labs import ip, net

TCP, UDP = Protocol.TCP, Protocol.UDP
WEB, WEB6 = ip("10.96.0.2"), ip("fd00:10:96::2")
POD, OTHER = ip("10.244.0.5"), ip("10.244.1.5")

ADDRESSES = IpSet("A", SetType.ADDRESS, (Member(WEB),))
PORTS = IpSet("P", SetType.ADDRESS_PORT, (Member(WEB, TCP, 80), Member(WEB, UDP, 53)))
LOOPS = IpSet("L", SetType.ADDRESS_PORT_ADDRESS, (Member(POD, TCP, 80, POD),))
RANGES = IpSet("R", SetType.ADDRESS_PORT_NETWORK, (Member(WEB, TCP, 80, net("203.0.113.0/24")),))
NODE_PORTS = IpSet("N", SetType.PORT, (Member(port=30080),))
SIX = IpSet("A6", SetType.ADDRESS_PORT, (Member(WEB6, TCP, 80),), family=6)

# What `ipset save` of version 7.17 prints for them.
SAVED = """\
create A hash:ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x34987612
add A 10.96.0.2
create P hash:ip,port family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0xc14f3ddb
add P 10.96.0.2,tcp:80
add P 10.96.0.2,udp:53
create L hash:ip,port,ip family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x2eaf61ee
add L 10.244.0.5,tcp:80,10.244.0.5
create R hash:ip,port,net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x6344e337
add R 10.96.0.2,tcp:80,203.0.113.0/24
create N bitmap:port range 0-65535
add N 30080
create A6 hash:ip,port family inet6 hashsize 1024 maxelem 65536 bucketsize 12 initval 0x2eaf61ee
add A6 fd00:10:96::2,tcp:80
"""
EVERY = (ADDRESSES, PORTS, LOOPS, RANGES, NODE_PORTS, SIX)


def test_saved_sets_are_parsed() -> None:
    assert parse_saved(SAVED) == EVERY


def test_members_are_written_as_ipset_prints_them() -> None:
    written = [
        line.split()[-1] for line in fill_input(EVERY).splitlines() if line.startswith("add ")
    ]
    assert written == [line.split()[2] for line in SAVED.splitlines() if line.startswith("add ")]


def test_a_set_is_swapped_with_a_new_one() -> None:
    kind = "hash:ip family inet hashsize 1024 maxelem 65536"
    assert fill_input([ADDRESSES]).splitlines() == [
        f"create A {kind}",
        f"create A.new {kind}",
        "flush A.new",
        "add A.new 10.96.0.2",
        "swap A.new A",
        "destroy A.new",
    ]


def test_no_name_is_longer_than_the_kernel_allows() -> None:
    longest = IpSet("KUBE-6-LOAD-BALANCER-SOURCE-CID", SetType.ADDRESS)
    names = [line.split()[1] for line in fill_input([longest]).splitlines()]
    assert max(map(len, names)) == 31


def ends(*each: IPAddress, port: int = 80) -> list[tuple[IPAddress, int]]:
    """The packet's ends that a rule names, all with this port."""
    return [(address, port) for address in each]


@pytest.mark.parametrize(
    ("ipset", "protocol", "ends", "found"),
    [
        (ADDRESSES, TCP, ends(WEB), True),
        (ADDRESSES, TCP, ends(POD), False),
        (PORTS, TCP, ends(WEB, WEB), True),
        (PORTS, UDP, ends(WEB, WEB), False),
        (PORTS, UDP, ends(WEB, WEB, port=53), True),
        (PORTS, TCP, ends(POD, WEB), False),
        (PORTS, Protocol.ICMP, ends(WEB, WEB, port=0), False),
        (LOOPS, TCP, ends(POD, POD, POD), True),
        (LOOPS, TCP, ends(POD, POD, OTHER), False),
        (RANGES, TCP, ends(WEB, WEB, ip("203.0.113.9")), True),
        (RANGES, TCP, ends(WEB, WEB, ip("203.0.114.9")), False),
        (RANGES, TCP, ends(WEB, WEB, WEB), False),
        (NODE_PORTS, TCP, ends(WEB, port=30080), True),
        (NODE_PORTS, TCP, ends(WEB, port=30081), False),
        (SIX, TCP, ends(WEB6, WEB6), True),
    ],
)
def test_a_packet_is_in_a_set_or_not(
    ipset: IpSet, protocol: Protocol, ends: list[tuple[IPAddress, int]], found: bool
) -> None:
    assert Index(ipset).has(protocol, ends) is found
