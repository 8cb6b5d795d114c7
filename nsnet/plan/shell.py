"""The shell command that is equivalent to each Op.

To build a lab with these commands, run `nsnet plan FILE --shell | sudo sh`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import assert_never

from nsnet.ip import endpoint
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
from nsnet.plan.virtual_servers import Action, steps
from nsnet.state import nftables_text as nft
from nsnet.state.daemons import Daemon, argv, configuration, path_of, reload_signal, stem
from nsnet.state.haproxy import Haproxy, certificate_lists
from nsnet.state.http import Certificate
from nsnet.state.ipsets import destroy_input, fill_input
from nsnet.state.iptables_text import restore
from nsnet.state.model import (
    FdbEntry,
    Interface,
    Listens,
    NameServer,
    PolicyRule,
    Route,
    VirtualServer,
)

HEAD = """\
#!/bin/sh
# Builds the lab {lab} without its server. To remove it again: nsnet down {lab}
set -eu
IPT=${{IPT:-iptables-legacy}}       # or iptables-nft
IP6T=${{IP6T:-ip6$(echo "$IPT" | cut -c3-)}}
"""

_IPVSADM = {Action.ADD: "A", Action.EDIT: "E", Action.DELETE: "D"}


def script(lab: str, ops: Iterable[Op]) -> str:
    """Return a shell script that does what these Ops do."""
    return "\n".join([HEAD.format(lab=lab), *map(render, ops), ""])


def render(op: Op) -> str:
    """Return the shell command for an Op, or a comment if there is no such command."""
    match op:
        case NetnsAdd(netns):
            return f"ip netns add {netns}"
        case NetnsDelete(netns):
            return f"ip netns del {netns}"
        case SysctlSet(netns, sysctl):
            # sysctl -e ignores a key that this kernel does not have.
            flags = "-qe" if sysctl.if_present else "-q"
            return f"ip netns exec {netns} sysctl {flags} -w {sysctl.key}={sysctl.value}"
        case BridgeAdd(netns, interface):
            return _bridge(netns, interface)
        case DummyAdd(netns, interface):
            return f"ip -n {netns} link add {interface.name} address {interface.mac} type dummy"
        case VxlanAdd(netns, interface):
            return _vxlan(netns, interface)
        case VethAdd():
            return "\n".join(_veth(op))
        case LinkDelete(netns, name):
            return f"ip -n {netns} link del {name}"
        case LinkUp(netns, name):
            return f"ip -n {netns} link set {name} up"
        case LinkDown(netns, name):
            return f"ip -n {netns} link set {name} down"
        case MtuSet(netns, dev, mtu):
            return f"ip -n {netns} link set {dev} mtu {mtu}"
        case AddressAdd(netns, dev, address, deprecated):
            lifetime = " preferred_lft 0" if deprecated else ""
            return f"ip -n {netns} addr add {address} dev {dev}{lifetime}"
        case AddressDelete(netns, dev, address):
            return f"ip -n {netns} addr del {address} dev {dev}"
        case RouteAdd(netns, route):
            return f"ip -n {netns} route add {_route(route)}"
        case RouteReplace(netns, route):
            return f"ip -n {netns} route replace {_route(route)}"
        case RouteDelete(netns, route):
            return f"ip -n {netns} route del {_route(route)}"
        case PolicyRuleAdd(netns, rule):
            return f"ip -n {netns} -{rule.family} rule add {_policy_rule(rule)}"
        case PolicyRuleDelete(netns, rule):
            return f"ip -n {netns} -{rule.family} rule del priority {rule.priority}"
        case NeighbourAdd(netns, neighbour):
            entry = f"{neighbour.address} lladdr {neighbour.mac} dev {neighbour.dev}"
            return f"ip -n {netns} neigh replace {entry} nud permanent"
        case NeighbourDelete(netns, neighbour):
            return f"ip -n {netns} neigh del {neighbour.address} dev {neighbour.dev}"
        case NeighbourFlush(netns, dev, address):
            return f"ip -n {netns} neigh flush to {address} dev {dev}"
        case FdbSet(netns, entry):
            return f"bridge -n {netns} fdb replace {_fdb_entry(entry)} permanent"
        case FdbDelete(netns, entry):
            return f"bridge -n {netns} fdb del {_fdb_entry(entry)}"
        case RulesLoad(netns, family, chains, deleted):
            tool = "$IPT" if family == 4 else "$IP6T"
            return _with_input(netns, f"{tool}-restore --noflush", restore(chains, deleted))
        case SetsLoad(netns, sets):
            return _with_input(netns, "ipset restore -exist", fill_input(sets))
        case SetsDelete(netns, names):
            return _with_input(netns, "ipset restore", destroy_input(names))
        case VirtualServersLoad(netns, old, new):
            lines = "".join(f"{line}\n" for line in _ipvsadm_lines(old, new))
            return _with_input(netns, "ipvsadm --restore", lines)
        case ConntrackDelete():
            return f"ip netns exec {op.netns} {_conntrack(op)}"
        case Drain(netns, endpoints):
            addresses = ", ".join(map(str, endpoints))
            until = f"until no connection to {addresses} is half open"
            return f"# {netns}: {until}: conntrack -L --state SYN_SENT"
        case TableLoad(netns, family, old, new, whole):
            texts = (*nft.load(family, old, new, whole=whole), nft.delete(family, old, new))
            return "\n".join(_with_input(netns, "nft -f -", text) for text in texts if text)
        case DaemonStart(netns, daemon):
            return _start_daemon(netns, daemon)
        case DaemonReload(netns, daemon):
            signalled = f"kill -{reload_signal(daemon)} $(cat {_daemon_files(netns, daemon)}.pid)"
            return f"{_write_configuration(netns, daemon)}\n{signalled}"
        case DaemonStop(netns, daemon):
            return f"kill $(cat {_daemon_files(netns, daemon)}.pid)"
        case RoutesAwait(netns, routes):
            return "\n".join(_wait_for_routes(netns, routes))
        case ServersStart(netns):
            return f"# {netns}: nsnet starts its server here; it answers for every pod"
        case Listen(netns, listener):
            return f"# {netns}: {listener.reference} {_answers(listener)}"
        case ListenerReplace(netns, listener):
            return f"# {netns}: from now on {listener.reference} {_answers(listener)}"
        case Unlisten(netns, listener):
            return f"# {netns}: nothing answers on {listener.port}/{listener.protocol} any more"
        case _:
            assert_never(op)


def _answers(listener: Listens) -> str:
    queries = " DNS queries" if isinstance(listener, NameServer) else ""
    return f"answers{queries} on {listener.port}/{listener.protocol}"


def _bridge(netns: str, interface: Interface) -> str:
    return (
        f"ip -n {netns} link add {interface.name} address {interface.mac} type bridge"
        " forward_delay 0 stp_state 0 mcast_snooping 0\n"
        f"ip -n {netns} link set {interface.name} up"
    )


def _conntrack(op: ConntrackDelete) -> str:
    """Return a command that deletes these flows with conntrack(8), with its options in kube-proxy's
    order. conntrack exits with 1 if there is no such flow; the command ignores that."""
    translated = f" --dst-nat {op.endpoint}" if op.endpoint is not None else ""
    if op.destination is None:
        flows = f"-p udp --dport {op.dport}{translated}"
    else:
        flows = f"--orig-dst {op.destination}{translated} -p udp"
    family = " -f ipv6" if op.family == 6 else ""
    return f"conntrack -D {flows}{family} || [ $? = 1 ]  # 1: none"


def _wait_for_routes(netns: str, routes: Iterable[Route]) -> Iterator[str]:
    for each in routes:
        shown = f"ip -o -n {netns} route show {_destination(each)} proto bird"
        gateways = "".join(f" | grep -F 'via {one} '" for one in each.gateways)
        yield f'while [ -z "$({shown}{gateways})" ]; do sleep 0.1; done'


def _daemon_files(netns: str, daemon: Daemon) -> Path:
    _, lab, _ = netns.split(".", 2)
    return stem(path_of(lab), netns, daemon)


def _write_configuration(netns: str, daemon: Daemon) -> str:
    files = _daemon_files(netns, daemon)
    texts = {f"{files}.conf": configuration(daemon)}
    lines = [f"mkdir -p {files.parent}"]
    if isinstance(daemon, Haproxy):
        lists = certificate_lists(daemon)
        texts |= {f"{files.parent / name}": text for name, text in lists.items()}
        lines += (_new_certificate(files.parent, each) for each in daemon.certificates)
    return "\n".join((*lines, *(f"cat >{path} <<'EOF'\n{text}EOF" for path, text in texts.items())))


def _new_certificate(folder: Path, certificate: Certificate) -> str:
    """Return commands that generate a certificate of these names. A script does not contain the
    private keys of Secrets."""
    path = folder / certificate.file
    names = [f"DNS:{each}" for each in certificate.names]
    extra = f" -addext subjectAltName={','.join(names)}" if names else ""
    new = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650"
    command = f"{new} -subj /CN=nsnet{extra} -keyout {path} -out {path}.crt 2>/dev/null"
    return f"{command}\ncat {path}.crt >>{path}"


def _start_daemon(netns: str, daemon: Daemon) -> str:
    files = _daemon_files(netns, daemon)
    command = " ".join(argv(daemon, files, background=True))
    started = f"ip netns exec {netns} {command} >{files}.log 2>&1"
    return f"{_write_configuration(netns, daemon)}\n{started}"


def _with_input(netns: str, command: str, text: str) -> str:
    return f"ip netns exec {netns} {command} <<'EOF'\n{text}EOF"


def _ipvsadm_lines(old: Iterable[VirtualServer], new: Iterable[VirtualServer]) -> Iterator[str]:
    """Yield lines for `ipvsadm --restore`, in the format that `ipvsadm --save -n` prints. -A, -E
    and -D add, edit and delete a virtual server; -a, -e and -d do the same with one of its real
    servers.

    -d ends the connections to the real server. To let them finish first, set its weight to 0
    (`-e … -w 0`), and use -d later.
    """
    for action, server, real in steps(old, new):
        flag = _IPVSADM[action]
        address = f"-{server.protocol[0]} {endpoint(server.address, server.port)}"
        if real is not None:
            weight = f" -m -w {real.weight}" if action is not Action.DELETE else ""
            yield f"-{flag.lower()} {address} -r {endpoint(real.address, real.port)}{weight}"
        elif action is Action.DELETE:
            yield f"-{flag} {address}"
        else:
            ports = " -b mh-port" if server.scheduler == "mh" else ""
            kept = f" -p {server.persistent}" if server.persistent is not None else ""
            yield f"-{flag} {address} -s {server.scheduler}{ports}{kept}"


def _veth(op: VethAdd) -> Iterator[str]:
    near, far = op.interface, op.peer
    yield (
        f"ip -n {op.netns} link add {near.name} address {near.mac} type veth"
        f" peer name {far.name} address {far.mac} netns {op.peer_netns}"
    )
    if near.master is not None:
        yield f"ip -n {op.netns} link set {near.name} master {near.master} up"
    if near.hairpin:
        yield f"bridge -n {op.netns} link set dev {near.name} hairpin on"


def _destination(route: Route) -> str:
    return "default" if route.destination.prefixlen == 0 else str(route.destination)


def _vxlan(netns: str, interface: Interface) -> str:
    tunnel = interface.vxlan
    assert tunnel is not None
    return (
        f"ip -n {netns} link add {interface.name} address {interface.mac} type vxlan"
        f" id {tunnel.vni} dev {tunnel.dev} local {tunnel.local} dstport {tunnel.port} nolearning\n"
        f"ip -n {netns} link set {interface.name} up"
    )


def _route(route: Route) -> str:
    to = _destination(route)
    if route.table is not None:
        to += f" table {route.table}"
    if route.blackhole:
        return f"blackhole {to}"
    mtu = f" mtu {route.mtu}" if route.mtu is not None else ""
    out = (f" dev {route.dev}" if route.dev else "") + (" onlink" if route.onlink else "")
    if route.nexthops:
        return to + mtu + "".join(f" nexthop via {each}{out}" for each in route.nexthops)
    return to + (f" via {route.via}" if route.via else "") + out + mtu


def _fdb_entry(entry: FdbEntry) -> str:
    return f"{entry.mac} dev {entry.dev} dst {entry.dst} self"


def _policy_rule(rule: PolicyRule) -> str:
    iif = f" iif {rule.iif}" if rule.iif else ""
    mark = f" fwmark {rule.mark:#x}/{rule.mask:#x}" if rule.mask else ""
    return f"priority {rule.priority}{iif}{mark} lookup {rule.table}"
