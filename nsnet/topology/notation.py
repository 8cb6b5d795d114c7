"""The notation of references, which scenarios/README.md explains under "References".

[CLUSTER/](pod|svc|lb|deploy|statefulset)/NAME[.NAMESPACE][:PORT] | [CLUSTER/]node/NAME[:PORT]
    | clusterset/svc/NAME[.NAMESPACE][:PORT] | CLUSTER[,CLUSTER]/gateway[/N] | fabric
    | external/NAME[:PORT] | vm/NAME[:PORT] | vnet/NAME | firewall/NAME | ADDRESS[:PORT]
    | localhost[:PORT]
"""

import re
from ipaddress import ip_address
from typing import Final, NamedTuple

from nsnet.errors import UsageError
from nsnet.text import nearest
from nsnet.topology.model import CLUSTERSET, FABRIC, Topology

LOCALHOST = "localhost"
IN_CLUSTER = ("pod", "svc", "lb", "deploy", "statefulset", "node")
OUTSIDE = ("external", "vm", "vnet", "firewall")  # of every cluster
# Kinds of controllers that messages name. Users cannot: no command takes them.
CONTROLLERS = ("replicaset", "daemonset", "replicationcontroller", "job")
# What kubectl calls these kinds, without the plural's "s".
KUBECTL = {
    "po": "pod",
    "pod": "pod",
    "service": "svc",
    "svc": "svc",
    "deployment": "deploy",
    "deploy": "deploy",
    "st": "statefulset",
    "statefulset": "statefulset",
    "no": "node",
    "node": "node",
}
# The name of an object, with or without a port.
_NAME: Final = re.compile(r"(?=[^:]*[a-z])[a-z0-9-]+(:[a-z0-9-]+)?\Z")

_DNS_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,999}")
_NUMERIC: Final = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)(\.(0[xX][0-9a-fA-F]*|[0-9]+)){0,3}\.?")


class UnknownReferenceError(UsageError):
    """A reference that names nothing in this lab, or is not allowed in this place."""


class Parts(NamedTuple):
    """The parts of a reference."""

    cluster: str  # "" if it is left out
    kind: str
    name: str
    port: str


def split(reference: str) -> Parts:
    """Return the parts of a reference. Raises UnknownReferenceError if it has no known form."""
    if reference == FABRIC:
        return Parts("", FABRIC, "", "")
    body, _, port = reference.partition(":")
    if body == LOCALHOST:
        return Parts("", LOCALHOST, "", port)
    if "/" not in reference:
        return _address_parts(reference)
    match body.split("/"):
        case [kind, name] if kind in OUTSIDE:
            return Parts("", kind, name, port)
        case [cluster, "gateway"]:
            return Parts(cluster, "gateway", "", port)
        case [cluster, "gateway", number] if number.isdecimal():
            return Parts(cluster, "gateway", number, port)
        case [cluster, kind, name] if cluster == CLUSTERSET and kind != "svc":
            near = f"{CLUSTERSET}/svc/{name}"
            message = "clusters have only Services in common"
            raise UnknownReferenceError(f"{reference}: {message}; did you mean {near}?")
        case [kind, name] if kind in IN_CLUSTER:
            return Parts("", kind, name, port)
        case [cluster, kind, name] if kind in IN_CLUSTER:
            return Parts(cluster, kind, name, port)
        case [*cluster, kind, name] if len(cluster) <= 1 and (meant := _kind_meant(kind)):
            near = "/".join((*cluster, meant, name))
            raise UnknownReferenceError(f"{reference}: not a reference; did you mean {near}?")
        case _:
            known = ", ".join(f"CLUSTER/{kind}/NAME" for kind in IN_CLUSTER)
            raise UnknownReferenceError(
                f"{reference}: not a reference; references look like {known}, CLUSTER/gateway,"
                " external/NAME, vm/NAME, vnet/NAME, firewall/NAME, fabric, ADDRESS"
            )


class DnsName(NamedTuple):
    """A name that the resolver of the client finds the address of, and a port."""

    name: str
    port: str


def dns_name(reference: str) -> DnsName | None:
    """Return the DNS name that a destination is; None if it is a reference or an address.

    What the C library would read as an address, such as 10.1, is no name.
    """
    name, _, port = reference.partition(":")
    reserved = (*KUBECTL, *IN_CLUSTER, *OUTSIDE, "gateway", FABRIC, LOCALHOST)
    if name in reserved or _NUMERIC.fullmatch(name) or not _DNS_NAME.fullmatch(name):
        return None
    return DnsName(name, port) if ":" not in port else None


def _kind_meant(kind: str) -> str:
    """Return the kind of references that a kind means to kubectl, or that is spelled nearly so, or
    "" if there is none."""
    word = kind.lower()
    return KUBECTL.get(word.removesuffix("s")) or nearest(word, IN_CLUSTER, likeness=0.7)


def without_only_cluster(text: str, topology: Topology) -> str:
    """Return the text with shorter references if the lab has only one cluster.

    They lose the name of the cluster, which authors may leave out, too: east/pod/web → pod/web.
    """
    if len(topology.clusters) != 1:
        return text
    name, kinds = re.escape(topology.clusters[0].name), "|".join((*IN_CLUSTER, *CONTROLLERS))
    return re.sub(rf"(?<![\w./,-]){name}/(?=(?:{kinds})/)", "", text)


def _address_parts(reference: str) -> Parts:
    written = re.fullmatch(r"\[(.+)\](?::(.+))?|([^:]+)(?::([^:]+))?|(.*)", reference)
    assert written is not None
    address = written[1] or written[3] or written[5]
    try:
        ip_address(address)
    except ValueError:
        is_name = _NAME.match(reference) and reference not in (*KUBECTL, *OUTSIDE, "gateway")
        example = f"pod/{reference}" if is_name else "east/pod/web-0"
        raise UnknownReferenceError(
            f"{reference}: neither a reference such as {example} nor an IP address"
        ) from None
    return Parts("", "address", address, written[2] or written[4] or "")
