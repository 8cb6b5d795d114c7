"""Capabilities of this kernel and host, found by trying in a scratch namespace.

Whether the kernel has a kind of link or qdisc is found out by a request with invalid parameters: an
Ethernet address of one byte for a link, no parameters for a qdisc. A kernel without the kind
complains about the kind; a kernel with the kind may complain about the parameters. Neither creates
anything.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from nsnet.errors import NsnetError, UnsupportedError
from nsnet.ip import Family
from nsnet.kernel import netfilter, netlink, netns, throwaway, uapi
from nsnet.kernel.child import in_child
from nsnet.kernel.command import find
from nsnet.kernel.ipvs import Ipvs
from nsnet.state.daemons import program
from nsnet.state.model import Kind, State

AS_ROOT: Final = "run nsnet as root: sudo nsnet …"
FETCH: Final = "make setup fetches it; installed by hand it would be a service of this host's"
FILES: Final = 4096

_NOBODY = 65534
_LO = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that a host has or lacks, with its purpose (`why`) and how to get it (`remedy`). If
    a trial has failed, `why` also has the error. `needed` is true if every lab needs it."""

    name: str
    present: bool
    why: str
    remedy: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class _Trial:
    """A capability that has not been tried yet; `attempt` raises OSError or NsnetError if the host
    lacks it."""

    name: str
    why: str
    attempt: Callable[[], object]
    remedy: str
    needed: bool = False

    def tried(self) -> Capability:
        try:
            self.attempt()
        except (OSError, NsnetError) as error:
            words = (error.strerror if isinstance(error, OSError) else None) or str(error)
            return self._outcome(present=False, why=f"{self.why}: {words}")
        return self._outcome(present=True, why=self.why)

    def _outcome(self, *, present: bool, why: str) -> Capability:
        return Capability(
            name=self.name, present=present, why=why, remedy=self.remedy, needed=self.needed
        )


def of_host() -> tuple[Capability, ...]:
    """Return every capability that a lab may need, present or missing. Most are tried in a child
    process."""
    return (_root(), user_namespaces(), *in_child(_all, what="capabilities"), _files(), _ip())


def require() -> None:
    """Raise UnsupportedError, with the remedies, if this host lacks what every lab needs."""
    try:
        with netns.returning():
            pass  # returning needs privileges, too: find out before anything else
        _require(_needed())
    except OSError as error:
        raise UnsupportedError(f"network namespaces: {error.strerror}", hint=AS_ROOT) from error


def require_for(state: State) -> None:
    """Raise UnsupportedError if this host lacks something that this State needs. What every lab
    needs is not tried here, but by `require`."""
    names = set(_names(state))
    trials = [trial for trial in _wanted() if trial.name in names]
    _require(trials, "or, in nsnet's source: make vm, a shell in a VM that has all of it")


def _require(trials: Iterable[_Trial], *otherwise: str) -> None:
    with netns.returning():
        netns.unshare(uapi.CLONE_NEWNET)
        gaps = [found for trial in trials if not (found := trial.tried()).present]
    if gaps:
        raise UnsupportedError(
            f"this host has no {', no '.join(gap.name for gap in gaps)}",
            hint="; ".join([*(gap.remedy for gap in gaps), *otherwise]),
        )


def _names(state: State) -> Iterator[str]:
    """Yield the names of the capabilities that this State needs beyond those that every lab
    needs."""
    for each in state.netns:
        if each.sets:
            yield "nft"
        if each.ipsets:
            yield "ipset"
        yield from map(program, each.daemons)
        if any(link.kind is Kind.DUMMY for link in each.interfaces):
            yield "dummy"
        if any(link.kind is Kind.VXLAN for link in each.interfaces):
            yield "vxlan"
        if any(sysctl.key.startswith("net.ipv4.vs.") for sysctl in each.sysctls):
            yield "IPVS"


def user_namespaces() -> Capability:
    """Return the capability to run throw-away labs as an ordinary user, present or missing."""
    return _Trial(
        "user namespaces",
        "labs without root",
        partial(in_child, _as_nobody, what="user namespaces"),
        _allow_users(),
    ).tried()


def _all() -> list[Capability]:
    """Return the capabilities, tried in a new namespace. The calling process moves into this
    namespace for good, so call this in a child process."""
    namespaces = _Trial(
        name="network namespaces",
        why="every pod is one",
        attempt=_scratch,
        remedy=AS_ROOT,
        needed=True,
    )
    first = namespaces.tried()
    if not first.present:
        return [first]
    return [first, *(trial.tried() for trial in (*_needed(), *_wanted()))]


def _needed() -> Iterator[_Trial]:
    yield _link("veth", "connects a pod to its node", "VETH", needed=True)
    yield _link("bridge", "connects the pods of a node", "BRIDGE", needed=True)
    yield _Trial(
        name="bridge netfilter",
        why="iptables filters bridged packets",
        attempt=partial(os.stat, "/proc/sys/net/bridge/bridge-nf-call-iptables"),
        remedy="modprobe br_netfilter",
        needed=True,
    )
    yield _Trial(
        name="iptables",
        why="Services as iptables rules",
        attempt=partial(_iptables, netfilter.TOOLS, 4),
        remedy="apt install iptables; modprobe ip_tables, or nf_tables",
        needed=True,
    )


def _wanted() -> Iterator[_Trial]:
    for tool, module in ((netfilter.LEGACY, "ip_tables"), (netfilter.NFT, "nf_tables")):
        yield _Trial(
            tool,
            "one of the two variants of iptables",
            partial(_iptables, (tool,), 4),
            f"apt install iptables; modprobe {module}",
        )
    yield _Trial(
        "ip6tables",
        "Services with IPv6 addresses",
        partial(_iptables, netfilter.TOOLS, 6),
        "apt install iptables; modprobe ip6_tables",
    )
    yield _Trial("nft", "Services as nftables", _nft, "apt install nftables; modprobe nf_tables")
    yield _Trial("bird", "routes learned by BGP", partial(_installed, "bird"), FETCH)
    yield _Trial("haproxy", "gateways of kind proxy", partial(_installed, "haproxy"), FETCH)
    for tool in ("iperf3", "sockperf"):
        remedy = f"apt install {tool}"
        yield _Trial(tool, "costs in nsnet compare", partial(_installed, tool), remedy)
    remedy = "apt install ipset; modprobe ip_set"
    yield _Trial("ipset", "sets of addresses in rules", _ipset, remedy)
    yield _link("vxlan", "overlay networks", "VXLAN")
    yield _link("macvlan", "pods on the node's own network", "MACVLAN")
    yield _link("dummy", "addresses of IPVS Services", "DUMMY", changes_host=True)
    yield _link("vrf", "several routing tables on a node", "NET_VRF")
    yield _link("wireguard", "encrypted tunnels between nodes", "WIREGUARD")
    yield _link("ipip", "tunnels between nodes", "NET_IPIP", changes_host=True)
    yield _qdisc("netem", "delay and loss", "NET_SCH_NETEM")
    yield _qdisc("tbf", "limited bandwidth", "NET_SCH_TBF")
    remedy = _module("ip_vs", "IP_VS") + ("" if _is_host_root() else f"; {AS_ROOT}")
    yield _Trial("IPVS", "Services as virtual servers", _ipvs, remedy)


def _link(
    kind: str, why: str, option: str, *, needed: bool = False, changes_host: bool = False
) -> _Trial:
    def attempt() -> None:
        if changes_host:
            _refuse_to_load(kind)
        info = netlink.attribute(uapi.IFLA_INFO_KIND, kind.encode())
        body = b"".join(
            (
                bytes(16),
                netlink.attribute(uapi.IFLA_ADDRESS, b"\0"),
                netlink.attribute(uapi.IFLA_LINKINFO, info),
            )
        )
        _require_kind(errno.EOPNOTSUPP, uapi.RTM_NEWLINK, body)

    remedy = _module(kind, option)
    return _Trial(name=kind, why=why, attempt=attempt, remedy=remedy, needed=needed)


def _qdisc(kind: str, why: str, option: str) -> _Trial:
    def attempt() -> None:
        header = struct.pack("=BxHiIII", 0, 0, _LO, 0, uapi.TC_H_ROOT, 0)
        body = header + netlink.attribute(uapi.TCA_KIND, kind.encode() + b"\0")
        _require_kind(errno.ENOENT, uapi.RTM_NEWQDISC, body)

    return _Trial(kind, why, attempt, _module(f"sch_{kind}", option))


def _require_kind(unknown: int, kind: int, body: bytes) -> None:
    """Raise OSError if the kernel does not have a kind of link or qdisc, or refuses the request
    with EPERM.

    The request has the message type `kind` and this body. `unknown` is the error number with which
    the kernel refuses a kind that it does not have. Any other refusal concerns the parameters, and
    is ignored.
    """
    request = netlink.packed(kind, body, uapi.NLM_F_CREATE | uapi.NLM_F_EXCL)
    with netlink.Socket() as socket:
        for refusal in socket.send([request]).values():
            if refusal.errno in (unknown, errno.EPERM):
                raise OSError(refusal.errno, str(refusal))


def _iptables(tools: tuple[str, ...], family: Family) -> None:
    if not any(netfilter.installed(tool, family) for tool in tools):
        raise OSError(errno.ENOENT, "not installed")
    if not any(netfilter.works(tool, family) for tool in tools):
        raise OSError(errno.EOPNOTSUPP, "not in this kernel")


def _installed(program: str) -> None:
    if find(program) is None:
        raise OSError(errno.ENOENT, "not installed")


def _nft() -> None:
    if find("nft") is None:
        raise OSError(errno.ENOENT, "not installed")
    if not netfilter.has_nf_tables():
        raise OSError(errno.EOPNOTSUPP, "not in this kernel")


def _ipset() -> None:
    if find("ipset") is None:
        raise OSError(errno.ENOENT, "not installed")
    body = netlink.nfgenmsg() + netlink.attribute(
        uapi.IPSET_ATTR_PROTOCOL, bytes([uapi.IPSET_PROTOCOL_MIN])
    )
    with netlink.Socket(uapi.NETLINK_NETFILTER) as socket:
        socket.ask(netlink.packed(uapi.IPSET_CMD_PROTOCOL, body, uapi.NLM_F_ACK))


def _ipvs() -> None:
    _refuse_to_load("ip_vs")
    Ipvs().close()
    if not Path("/proc/sys/net/ipv4/vs").exists():
        raise OSError(errno.EPERM, "only root of the host may use it")  # user namespaces have none


def _refuse_to_load(module: str) -> None:
    """Raise OSError if a trial would make the kernel load this module, which would change the host.

    The module dummy adds a link dummy0 to the host, ipip a link tunl0, and ip_vs a set of sysctls.
    """
    loadable = Path("/proc/modules").exists()  # otherwise everything is built in
    if not loadable or Path("/sys/module", module).exists():
        return
    with suppress(FileNotFoundError):
        built_in = Path("/lib/modules", platform.release(), "modules.builtin")
        if f"/{module}.ko" in built_in.read_text():
            return
    raise OSError(errno.ENOENT, "its module is not loaded, and loading it would change the host")


def _module(name: str, option: str) -> str:
    return f"modprobe {name} (a kernel with CONFIG_{option})"


def _scratch() -> None:
    """Move the calling process into an empty network namespace. An ordinary user also moves into a
    new user namespace."""
    try:
        netns.unshare(uapi.CLONE_NEWNET)
    except PermissionError:
        netns.unshare(uapi.CLONE_NEWUSER | uapi.CLONE_NEWNET)


def _as_nobody() -> None:
    """Become an ordinary user, then take the first steps of a throw-away lab: create its
    namespaces, mount its /run and set lo up. Raises OSError or KernelError."""
    if _is_host_root():
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        # After a change of user, a process may not write its own /proc files, such as uid_map.
        _libc.prctl(uapi.PR_SET_DUMPABLE, 1)
    user, group = os.geteuid(), os.getegid()
    netns.unshare(uapi.CLONE_NEWUSER | uapi.CLONE_NEWNET | uapi.CLONE_NEWNS | uapi.CLONE_NEWPID)
    throwaway.map_to_root(user, group)
    # Only child processes are in the new PID namespace.
    in_child(_first_steps, what="user namespaces")


def _first_steps() -> None:
    netns.mount("", "/", flags=uapi.MS_REC | uapi.MS_PRIVATE)
    netns.mount("tmpfs", "/run", "tmpfs")
    body = struct.pack("=BxHiII", 0, 0, _LO, uapi.IFF_UP, uapi.IFF_UP)
    with netlink.Socket() as socket:
        for refusal in socket.send([netlink.packed(uapi.RTM_NEWLINK, body)]).values():
            raise OSError(refusal.errno, f"lo up: {refusal}")


def _allow_users() -> str:
    """Return the remedy for a host on which ordinary users cannot create user namespaces. It is a
    command that changes the sysctl responsible; if no sysctl is, the remedy is to run nsnet as
    root."""
    for key, off in (
        ("kernel.apparmor_restrict_unprivileged_userns", "1"),
        ("kernel.unprivileged_userns_clone", "0"),
        ("user.max_user_namespaces", "0"),
    ):
        with suppress(OSError):
            if Path("/proc/sys", *key.split(".")).read_text().strip() == off:
                return f"sysctl {key}={'0' if off == '1' else '1' if 'clone' in key else '10000'}"
    return AS_ROOT


def _root() -> Capability:
    is_root = os.geteuid() == 0
    who = "root of a user namespace" if is_root and not _is_host_root() else "root"
    why = f"labs that stay up; you are {who if is_root else 'an ordinary user'}"
    return Capability("root", is_root, why, AS_ROOT)


def _is_host_root() -> bool:
    """Return whether this process is root of the host, not only of a user namespace. For root of a
    user namespace, /proc/self/uid_map does not map all users."""
    users = Path("/proc/self/uid_map").read_text().split()
    return os.geteuid() == 0 and users == ["0", "0", str(2**32 - 1)]


def _files() -> Capability:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    why = f"two for each pod; soft limit {soft}, hard limit {hard}"
    return Capability("open files", hard >= FILES, why, f"ulimit -Hn {FILES}")


def _ip() -> Capability:
    return Capability(
        "ip", find("ip") is not None, "commands to inspect a lab", "apt install iproute2"
    )
