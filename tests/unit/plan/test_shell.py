"""Every Op as the shell command that a person would type."""

import re
import subprocess
from dataclasses import replace
from ipaddress import IPv4Address
from typing import get_args

import pytest

from nsnet.ip import Protocol
from nsnet.names.zones import Names
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    BridgeAdd,
    ConntrackDelete,
    DaemonReload,
    DaemonStart,
    DaemonStop,
    Drain,
    DummyAdd,
    FdbDelete,
    FdbSet,
    LinkDelete,
    LinkDown,
    LinkUp,
    Listen,
    ListenerReplace,
    MtuSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourFlush,
    NetnsAdd,
    NetnsDelete,
    Op,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    RoutesAwait,
    RulesLoad,
    ServersStart,
    SetsDelete,
    SetsLoad,
    SysctlSet,
    TableLoad,
    Unlisten,
    VethAdd,
    VirtualServersLoad,
    VxlanAdd,
)
from nsnet.plan.order import plan
from nsnet.plan.shell import render, script
from nsnet.state.bird import Bird
from nsnet.state.daemons import configuration
from nsnet.state.haproxy import Frontend, Haproxy
from nsnet.state.http import Server
from nsnet.state.ipsets import IpSet, Member, SetType
from nsnet.state.model import (
    FdbEntry,
    HealthCheck,
    Interface,
    Kind,
    Listener,
    NameServer,
    Neighbour,
    PolicyRule,
    RealServer,
    Route,
    Sysctl,
    VirtualServer,
    Vxlan,
)
from nsnet.state.rules import Base, Chain, Match, Return, Rule
from tests.support.labs import SHIPPED, held, ip, net, shipped

BRIDGE = Interface("cbr0", Kind.BRIDGE, mac="02:00:0a:f4:00:01")
PORT = Interface("web", master="cbr0", mac="06:00:00:00:00:01", hairpin=True)
POD = Interface("eth0", mac="02:00:0a:f4:00:02")
DEFAULT = Route(net("0.0.0.0/0"), ip("10.244.0.1"), "eth0")
ONLINK = Route(net("::/0"), ip("fd98::1"), "eth0", onlink=True)
DIRECT = Route(net("203.0.113.80/32"), dev="br-fabric")
BOTH = Route(net("172.18.0.1/32"), dev="br-east", nexthops=(ip("192.168.10.2"), ip("192.168.10.3")))
BOTH6 = Route(net("fd18::1/128"), dev="br-east", nexthops=(ip("fd00::2"), ip("fd00::3")))
BLACKHOLE = Route(net("172.18.0.1/32"), blackhole=True)
ELSEWHERE = Route(net("0.0.0.0/0"), ip("198.18.0.1"), "eth1", table=101)
BLACKHOLE_OF_TABLE = Route(net("172.18.0.1/32"), blackhole=True, table=101)
PASSING = PolicyRule(201, 0x1, 0xFF, 101)
OWN6 = PolicyRule(101, 0x100, 0xFF00, 101, family=6, iif="lo")
NARROW = Route(net("203.0.113.80/32"), dev="br-fabric", mtu=1400)
TUNNEL = Interface(
    "flannel.1",
    Kind.VXLAN,
    mac="02:00:0a:f4:00:00",
    mtu=1450,
    vxlan=Vxlan(1, ip("192.168.10.2"), "eth0", 8472),
)
FAR = FdbEntry("02:00:0a:f4:01:00", ip("192.168.10.3"), "flannel.1")
NEIGHBOUR = Neighbour(ip("10.244.0.2"), "02:00:0a:f4:00:02", "cbr0")
WEB = Listener(Protocol.TCP, 80, "east/pod/web")
DNS = NameServer(Protocol.UDP, 53, "east/pod/coredns-0", Names())
HEALTH = HealthCheck(32000, "default", "web", 2)
PREROUTING = Chain("kube-proxy", "nat-prerouting", base=Base("nat", "prerouting", -100))
OLD = Chain("nat", "KUBE-SVC-OLD")
SERVICES = Chain("nat", "KUBE-SERVICES", (Rule(Match(comment="none yet"), Return()),))

CLUSTER_IPS = IpSet(
    "KUBE-CLUSTER-IP", SetType.ADDRESS_PORT, (Member(ip("10.96.0.2"), Protocol.TCP, 80),)
)
NODE_PORTS = IpSet("KUBE-NODE-PORT-TCP", SetType.PORT, (Member(port=30080),))


def served(
    scheduler: str = "rr", *hosts: int, port: int = 80, persistent: int | None = None
) -> VirtualServer:
    """Return a virtual server at 10.96.0.2, with these hosts of 10.244.0.0/24 as real servers."""
    behind = tuple(RealServer(ip("10.244.0.0") + host, 80) for host in hosts)
    return VirtualServer(ip("10.96.0.2"), Protocol.TCP, port, scheduler, behind, persistent)


def weighted(weight: int) -> VirtualServer:
    """Return it with one real server, of this weight."""
    one = served("rr", 2)
    return replace(one, servers=(replace(one.servers[0], weight=weight),))


PROXY = Haproxy((Frontend(ip("198.18.0.4"), 80, (Server(ip("10.244.0.2"), 80),), "east/svc/web"),))
ROUTER = Bird(IPv4Address("198.18.0.1"), 64512, ("br-east",), ())
COMMANDS: list[tuple[Op, str]] = [
    (
        VxlanAdd("n1", TUNNEL),
        "ip -n n1 link add flannel.1 address 02:00:0a:f4:00:00 type vxlan"
        " id 1 dev eth0 local 192.168.10.2 dstport 8472 nolearning\n"
        "ip -n n1 link set flannel.1 up",
    ),
    (LinkDown("n1", "eth0"), "ip -n n1 link set eth0 down"),
    (MtuSet("n1", "cbr0", 1450), "ip -n n1 link set cbr0 mtu 1450"),
    (
        FdbSet("n1", FAR),
        "bridge -n n1 fdb replace 02:00:0a:f4:01:00 dev flannel.1 dst 192.168.10.3 self permanent",
    ),
    (
        FdbDelete("n1", FAR),
        "bridge -n n1 fdb del 02:00:0a:f4:01:00 dev flannel.1 dst 192.168.10.3 self",
    ),
    (
        RouteAdd("fabric", NARROW),
        "ip -n fabric route add 203.0.113.80/32 dev br-fabric mtu 1400",
    ),
    (NetnsAdd("n1"), "ip netns add n1"),
    (NetnsDelete("n1"), "ip netns del n1"),
    (
        SysctlSet("n1", Sysctl("net.ipv4.ip_forward", "1")),
        "ip netns exec n1 sysctl -q -w net.ipv4.ip_forward=1",
    ),
    (
        SysctlSet("n1", Sysctl("net.ipv4.icmp_msgs_burst", "100000", if_present=True)),
        "ip netns exec n1 sysctl -qe -w net.ipv4.icmp_msgs_burst=100000",
    ),
    (
        BridgeAdd("n1", BRIDGE),
        "ip -n n1 link add cbr0 address 02:00:0a:f4:00:01 type bridge"
        " forward_delay 0 stp_state 0 mcast_snooping 0\n"
        "ip -n n1 link set cbr0 up",
    ),
    (
        VethAdd("n1", PORT, "web", POD),
        "ip -n n1 link add web address 06:00:00:00:00:01 type veth"
        " peer name eth0 address 02:00:0a:f4:00:02 netns web\n"
        "ip -n n1 link set web master cbr0 up\n"
        "bridge -n n1 link set dev web hairpin on",
    ),
    (
        VethAdd("n1", POD, "n2", POD),
        "ip -n n1 link add eth0 address 02:00:0a:f4:00:02 type veth"
        " peer name eth0 address 02:00:0a:f4:00:02 netns n2",
    ),
    (LinkDelete("n1", "web"), "ip -n n1 link del web"),
    (LinkUp("web", "lo"), "ip -n web link set lo up"),
    (AddressAdd("web", "eth0", held("10.244.0.2/24")), "ip -n web addr add 10.244.0.2/24 dev eth0"),
    (
        AddressAdd("gw", "eth1", held("fd98::5/128"), deprecated=True),
        "ip -n gw addr add fd98::5/128 dev eth1 preferred_lft 0",
    ),
    (AddressDelete("web", "eth0", held("fd00::2/64")), "ip -n web addr del fd00::2/64 dev eth0"),
    (RouteAdd("web", DEFAULT), "ip -n web route add default via 10.244.0.1 dev eth0"),
    (RouteAdd("hub", ELSEWHERE), "ip -n hub route add default table 101 via 198.18.0.1 dev eth1"),
    (RouteAdd("hub", BLACKHOLE_OF_TABLE), "ip -n hub route add blackhole 172.18.0.1/32 table 101"),
    (
        PolicyRuleAdd("hub", PASSING),
        "ip -n hub -4 rule add priority 201 fwmark 0x1/0xff lookup 101",
    ),
    (
        PolicyRuleAdd("hub", OWN6),
        "ip -n hub -6 rule add priority 101 iif lo fwmark 0x100/0xff00 lookup 101",
    ),
    (PolicyRuleDelete("hub", OWN6), "ip -n hub -6 rule del priority 101"),
    (RouteAdd("api", ONLINK), "ip -n api route add default via fd98::1 dev eth0 onlink"),
    (
        RouteAdd("fabric", BOTH),
        "ip -n fabric route add 172.18.0.1/32"
        " nexthop via 192.168.10.2 dev br-east nexthop via 192.168.10.3 dev br-east",
    ),
    (
        RouteReplace("fabric", BOTH6),
        "ip -n fabric route replace fd18::1/128"
        " nexthop via fd00::2 dev br-east nexthop via fd00::3 dev br-east",
    ),
    (RouteReplace("fabric", BLACKHOLE), "ip -n fabric route replace blackhole 172.18.0.1/32"),
    (RouteDelete("fabric", BLACKHOLE), "ip -n fabric route del blackhole 172.18.0.1/32"),
    (RouteDelete("fabric", DIRECT), "ip -n fabric route del 203.0.113.80/32 dev br-fabric"),
    (
        NeighbourAdd("n1", NEIGHBOUR),
        "ip -n n1 neigh replace 10.244.0.2 lladdr 02:00:0a:f4:00:02 dev cbr0 nud permanent",
    ),
    (NeighbourDelete("n1", NEIGHBOUR), "ip -n n1 neigh del 10.244.0.2 dev cbr0"),
    (
        NeighbourFlush("n1", "cbr0", ip("10.244.0.2")),
        "ip -n n1 neigh flush to 10.244.0.2 dev cbr0",
    ),
    (
        RulesLoad("n1", 4, (SERVICES,), (OLD,)),
        "ip netns exec n1 $IPT-restore --noflush <<'EOF'\n"
        "*nat\n"
        ":KUBE-SERVICES - [0:0]\n"
        ":KUBE-SVC-OLD - [0:0]\n"
        '-A KUBE-SERVICES -m comment --comment "none yet" -j RETURN\n'
        "-X KUBE-SVC-OLD\n"
        "COMMIT\n"
        "EOF",
    ),
    (
        RulesLoad("n1", 6, (OLD,)),
        "ip netns exec n1 $IP6T-restore --noflush <<'EOF'\n"
        "*nat\n:KUBE-SVC-OLD - [0:0]\nCOMMIT\nEOF",
    ),
    (
        Drain("n1", (ip("10.244.1.2"), ip("10.244.1.3"))),
        "# n1: until no connection to 10.244.1.2, 10.244.1.3 is half open:"
        " conntrack -L --state SYN_SENT",
    ),
    # conntrack(8) exits with 1 if there is nothing to delete; a script is to continue.
    (
        ConntrackDelete("n1", 4, ip("10.96.0.10"), None, ip("10.244.0.2")),
        "ip netns exec n1 conntrack -D --orig-dst 10.96.0.10 --dst-nat 10.244.0.2 -p udp"
        " || [ $? = 1 ]  # 1: none",
    ),
    (
        ConntrackDelete("n1", 6, None, 30053),
        "ip netns exec n1 conntrack -D -p udp --dport 30053 -f ipv6 || [ $? = 1 ]  # 1: none",
    ),
    (
        TableLoad("n1", 4, (), (PREROUTING,)),
        "ip netns exec n1 nft -f - <<'EOF'\n"
        "table ip kube-proxy {\n"
        '\tcomment "rules for kube-proxy"\n'
        "\tchain nat-prerouting {\n"
        "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
        "\t}\n"
        "}\nEOF",
    ),
    (
        TableLoad("n1", 6, (PREROUTING,), ()),
        "ip netns exec n1 nft -f - <<'EOF'\ndelete table ip6 kube-proxy\nEOF",
    ),
    (
        DummyAdd("n1", Interface("kube-ipvs0", Kind.DUMMY, mac="06:00:00:00:00:02")),
        "ip -n n1 link add kube-ipvs0 address 06:00:00:00:00:02 type dummy",
    ),
    (
        SetsLoad("n1", (CLUSTER_IPS, NODE_PORTS)),
        "ip netns exec n1 ipset restore -exist <<'EOF'\n"
        "create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536\n"
        "create KUBE-CLUSTER-IP.new hash:ip,port family inet hashsize 1024 maxelem 65536\n"
        "flush KUBE-CLUSTER-IP.new\n"
        "add KUBE-CLUSTER-IP.new 10.96.0.2,tcp:80\n"
        "swap KUBE-CLUSTER-IP.new KUBE-CLUSTER-IP\n"
        "destroy KUBE-CLUSTER-IP.new\n"
        "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535\n"
        "create KUBE-NODE-PORT-TCP.new bitmap:port range 0-65535\n"
        "flush KUBE-NODE-PORT-TCP.new\n"
        "add KUBE-NODE-PORT-TCP.new 30080\n"
        "swap KUBE-NODE-PORT-TCP.new KUBE-NODE-PORT-TCP\n"
        "destroy KUBE-NODE-PORT-TCP.new\n"
        "EOF",
    ),
    (
        SetsDelete("n1", ("KUBE-CLUSTER-IP", "KUBE-LOOP-BACK")),
        "ip netns exec n1 ipset restore <<'EOF'\n"
        "destroy KUBE-CLUSTER-IP\n"
        "destroy KUBE-LOOP-BACK\n"
        "EOF",
    ),
    (
        VirtualServersLoad("n1", (), (served("rr", 2, 3), served("mh", port=53, persistent=9))),
        "ip netns exec n1 ipvsadm --restore <<'EOF'\n"
        "-A -t 10.96.0.2:80 -s rr\n"
        "-a -t 10.96.0.2:80 -r 10.244.0.2:80 -m -w 1\n"
        "-a -t 10.96.0.2:80 -r 10.244.0.3:80 -m -w 1\n"
        "-A -t 10.96.0.2:53 -s mh -b mh-port -p 9\n"
        "EOF",
    ),
    (
        VirtualServersLoad("n1", (served("rr", 2, 3), served(port=53)), (served("sh", 3, 4),)),
        "ip netns exec n1 ipvsadm --restore <<'EOF'\n"
        "-E -t 10.96.0.2:80 -s sh\n"
        "-a -t 10.96.0.2:80 -r 10.244.0.4:80 -m -w 1\n"
        "-d -t 10.96.0.2:80 -r 10.244.0.2:80\n"
        "-D -t 10.96.0.2:53\n"
        "EOF",
    ),
    # A virtual server that does not change is not edited.
    (
        VirtualServersLoad("n1", (served("rr", 2),), (weighted(2),)),
        "ip netns exec n1 ipvsadm --restore <<'EOF'\n"
        "-e -t 10.96.0.2:80 -r 10.244.0.2:80 -m -w 2\n"
        "EOF",
    ),
    (
        DaemonStart("nsnet.demo.east.gateway", PROXY),
        "mkdir -p /run/nsnet/demo\n"
        f"cat >/run/nsnet/demo/east.gateway.haproxy.conf <<'EOF'\n{configuration(PROXY)}EOF\n"
        "ip netns exec nsnet.demo.east.gateway haproxy -W -D"
        " -S /run/nsnet/demo/east.gateway.haproxy.ctl"
        " -f /run/nsnet/demo/east.gateway.haproxy.conf -p /run/nsnet/demo/east.gateway.haproxy.pid"
        " >/run/nsnet/demo/east.gateway.haproxy.log 2>&1",
    ),
    (
        DaemonReload("nsnet.demo.east.gateway", PROXY),
        "mkdir -p /run/nsnet/demo\n"
        f"cat >/run/nsnet/demo/east.gateway.haproxy.conf <<'EOF'\n{configuration(PROXY)}EOF\n"
        "kill -USR2 $(cat /run/nsnet/demo/east.gateway.haproxy.pid)",
    ),
    (
        DaemonReload("nsnet.demo.fabric", ROUTER),
        "mkdir -p /run/nsnet/demo\n"
        f"cat >/run/nsnet/demo/fabric.bird.conf <<'EOF'\n{configuration(ROUTER)}EOF\n"
        "kill -HUP $(cat /run/nsnet/demo/fabric.bird.pid)",
    ),
    (
        DaemonStop("nsnet.demo.fabric", ROUTER),
        "kill $(cat /run/nsnet/demo/fabric.bird.pid)",
    ),
    (
        RoutesAwait("n", (Route(net("10.1.0.0/24"), ip("10.0.0.2"), "eth0", learned=True),)),
        'while [ -z "$(ip -o -n n route show 10.1.0.0/24 proto bird'
        " | grep -F 'via 10.0.0.2 ')\" ]; do sleep 0.1; done",
    ),
    # What a shell cannot do is a comment, so that the script can be run.
    (ServersStart("s"), "# s: nsnet starts its server here; it answers for every pod"),
    (Listen("web", WEB), "# web: east/pod/web answers on 80/tcp"),
    (
        Listen("n1", HEALTH),
        "# n1: the health check of default/web (2 here) answers on 32000/tcp",
    ),
    (
        ListenerReplace("n1", HEALTH),
        "# n1: from now on the health check of default/web (2 here) answers on 32000/tcp",
    ),
    (Listen("dns", DNS), "# dns: east/pod/coredns-0 answers DNS queries on 53/udp"),
    (Unlisten("web", WEB), "# web: nothing answers on 80/tcp any more"),
]


@pytest.mark.parametrize(("op", "command"), COMMANDS)
def test_an_op_is_a_command_that_a_person_would_type(op: Op, command: str) -> None:
    assert render(op) == command


def test_the_commands_of_all_ops_are_tested() -> None:
    assert {type(op) for op, _ in COMMANDS} == set(get_args(Op))


def test_a_script_lets_its_user_choose_the_iptables() -> None:
    assert script("demo", [NetnsAdd("nsnet.demo.n1")]) == (
        "#!/bin/sh\n"
        "# Builds the lab demo without its server. To remove it again: nsnet down demo\n"
        "set -eu\n"
        "IPT=${IPT:-iptables-legacy}       # or iptables-nft\n"
        'IP6T=${IP6T:-ip6$(echo "$IPT" | cut -c3-)}\n'
        "\n"
        "ip netns add nsnet.demo.n1\n"
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_a_script_is_valid_shell(name: str) -> None:
    text = script(name, plan(shipped(name).state))
    subprocess.run(["sh", "-n"], input=text, text=True, timeout=10, check=True)


def test_a_script_names_only_namespaces_of_its_lab() -> None:
    text = script("island-nat", plan(shipped("island-nat").state))
    names = re.findall(r"(?:ip -n|ip netns \w+|bridge -n|netns) (\S+)", text)
    assert {name.split(".")[:2] == ["nsnet", "island-nat"] for name in names} == {True}
