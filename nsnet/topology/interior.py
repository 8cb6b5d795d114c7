"""The inside of the machines of a lab: hostname, /etc/resolv.conf and /etc/hosts, and of a pod also
its containers with their environment.

Source: kubernetes/pkg/kubelet/network/dns/dns.go, kubelet_pods.go (managedHostsFileContent,
GeneratePodHostNameAndDomain), v1.32; containerd/internal/cri (resolv.conf).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nsnet.errors import UsageError
from nsnet.scenario.kubernetes import Container
from nsnet.scenario.kubernetes.interior import DnsOption
from nsnet.state.namespaces import Role
from nsnet.text import did_you_mean, quoted, some_of
from nsnet.topology.environment import environment, expanded
from nsnet.topology.lookup import find_pod
from nsnet.topology.model import Cluster, Pod, Topology
from nsnet.topology.notation import split
from nsnet.topology.references import locate

MOST_SERVERS: Final = 3  # name servers that the kubelet writes; glibc reads no more
MOST_SEARCHES: Final = 32  # likewise domains of the search list
LONGEST_SEARCHES: Final = 2048  # characters of the search list
LONGEST_SEARCH: Final = 253  # characters of a domain in it
LONGEST_FQDN: Final = 64  # characters of a hostname for the kernel
LONGEST_HOSTNAME: Final = 63
DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"  # annotation of a pod
_POD_HOSTS: Final = """\
# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
"""
# Names come from the files and the servers of the pod, not from other services of the host.
_NSSWITCH: Final = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
_NODE_HOSTS: Final = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
"""


class ContainerInterior(NamedTuple):
    """A container of a pod: its environment, and the command that its manifest gives it."""

    name: str
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()  # command and args; empty: the image's, which nsnet does not have
    working_dir: str = ""
    program: str = ""  # the first word of the command as it is written: a Secret may be part of it


@dataclass(frozen=True, slots=True)
class Interior:
    """What a process finds that is started in a machine of the lab, besides its network. A machine
    that is no pod has no containers. A repr shows no environment: it may have Secrets."""

    hostname: str
    resolv_conf: str
    hosts: str
    containers: tuple[ContainerInterior, ...] = field(default=(), repr=False)

    @property
    def is_pod(self) -> bool:
        """Whether it is the inside of a pod."""
        return bool(self.containers)

    @property
    def files(self) -> Mapping[str, str]:
        """The texts of files in /etc, by their names."""
        return {
            "resolv.conf": self.resolv_conf,
            "hosts": self.hosts,
            "hostname": f"{self.hostname}\n",
            "nsswitch.conf": _NSSWITCH,
        }

    def container(self, name: str = "") -> ContainerInterior:
        """Return the container of this name, or the default one. Raises UsageError."""
        for each in self.containers:
            if name in ("", each.name):
                return each
        if not self.is_pod:
            raise UsageError(f"{self.hostname} is no pod: it has no containers")
        known = did_you_mean(name, [each.name for each in self.containers])
        raise UsageError(f"{self.hostname} has no container {quoted(name)}; {known}")


class _Resolver(NamedTuple):
    """The lines of a resolv.conf."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[DnsOption, ...] = ()

    def text(self) -> str:
        searches = _fitting(self.searches)
        lines = [f"search {' '.join(searches)}"] if searches else []
        lines += (f"nameserver {each}" for each in self.servers[:MOST_SERVERS])
        options = [each.name + (f":{each.value}" if each.value else "") for each in self.options]
        lines += [f"options {' '.join(options)}"] if options else []
        return "".join(f"{each}\n" for each in lines)


def _fitting(searches: Sequence[str]) -> list[str]:
    """Return the domains of a search list that fit the kubelet's limits. Those that are too long
    are left out, and then the last ones."""
    found = [each for each in searches[:MOST_SEARCHES] if len(each) <= LONGEST_SEARCH]
    while len(" ".join(found)) > LONGEST_SEARCHES:
        found.pop()
    return found


def interior(topology: Topology, reference: str) -> Interior:
    """Return the inside of the machine that a reference names. Raises UnknownReferenceError."""
    parts = split(reference)
    if parts.kind == "pod" and not parts.port:
        return pod_interior(topology, *find_pod(topology, reference, parts))
    place = locate(topology, reference)
    name = place.reference.rpartition("/")[2]
    if place.role is Role.GATEWAY:
        name = place.reference.replace("/", "-").replace(",", "-")
    own = "".join(f"{each}\t{name}\n" for each in place.addresses)
    return Interior(name, _outside(topology).text(), _NODE_HOSTS + own)


def pod_interior(topology: Topology, cluster: Cluster, pod: Pod) -> Interior:
    """Return the inside of a pod."""
    return Interior(
        hostname=_hostname(cluster, pod),
        resolv_conf=_resolver(topology, cluster, pod).text(),
        hosts=_hosts(cluster, pod),
        containers=tuple(_containers(cluster, pod)),
    )


def _hostname(cluster: Cluster, pod: Pod) -> str:
    if pod.host_network:
        return pod.node
    name = _short_hostname(pod)
    full = _full_hostname(cluster, pod)
    return full if full and len(full) <= LONGEST_FQDN else name


def _full_hostname(cluster: Cluster, pod: Pod) -> str:
    """Return the name with its domain that the pod wants to have as its hostname, or ""."""
    domain = _domain(cluster, pod)
    wanted = pod.spec.set_hostname_as_fqdn and domain and not pod.host_network
    return f"{_short_hostname(pod)}.{domain}" if wanted else ""


def hostname_warnings(cluster: Cluster) -> Iterator[str]:
    """Yield a warning for all pods whose full names are too long for a hostname."""
    long = [
        f"{pod.reference} ({name})"
        for pod in cluster.pods
        if len(name := _full_hostname(cluster, pod)) > LONGEST_FQDN
    ]
    if long:
        those = f"FQDNs of over {LONGEST_FQDN} characters: {some_of(long)}"
        yield f"pods with setHostnameAsFQDN would not start; here they have short names: {those}"


def _short_hostname(pod: Pod) -> str:
    name = pod.hostname or pod.name
    return name if len(name) <= LONGEST_HOSTNAME else name[:LONGEST_HOSTNAME].rstrip("-.")


def _domain(cluster: Cluster, pod: Pod) -> str:
    """Return the domain of the pod's own name; "" if it has none."""
    domain = cluster.dns.domain if cluster.dns is not None else "cluster.local"
    return f"{pod.subdomain}.{pod.namespace}.svc.{domain}" if pod.subdomain else ""


def _resolver(topology: Topology, cluster: Cluster, pod: Pod) -> _Resolver:
    found = _of_policy(topology, cluster, pod)
    extra = pod.spec.dns_config
    options = {each.name: each for each in (*found.options, *extra.options)}
    return _Resolver(
        servers=tuple(dict.fromkeys((*found.servers, *extra.nameservers))),
        searches=tuple(dict.fromkeys((*found.searches, *extra.searches))),
        options=tuple(options.values()),
    )


def _of_policy(topology: Topology, cluster: Cluster, pod: Pod) -> _Resolver:
    """Return what the pod's dnsPolicy gives. Without cluster DNS, ClusterFirst is as Default, and
    so it is on the host network, where it has to be ClusterFirstWithHostNet."""
    policy = pod.spec.dns_policy
    if policy == "None":
        return _Resolver()
    on_host = policy == "ClusterFirst" and pod.host_network
    if policy == "Default" or on_host or cluster.dns is None:
        return _outside(topology)
    domain = cluster.dns.domain
    addresses = next(
        each.addresses for each in cluster.services if each.reference == cluster.dns.service
    )
    return _Resolver(
        servers=tuple(map(str, addresses)),
        searches=(f"{pod.namespace}.svc.{domain}", f"svc.{domain}", domain),
        options=(DnsOption(name="ndots", value="5"),),
    )


def _outside(topology: Topology) -> _Resolver:
    """Return the resolver of a node: the DNS server outside the clusters, if there is one."""
    servers = [str(each.address) for each in topology.externals if each.zone]
    return _Resolver(servers=tuple(servers[:1]))


def _hosts(cluster: Cluster, pod: Pod) -> str:
    name, domain = _short_hostname(pod), _domain(cluster, pod)
    names = f"{name}.{domain}\t{name}" if domain else name
    if pod.host_network:
        node = cluster.node(pod.node)
        own = "".join(f"{each.ip}\t{node.name}\n" for each in node.addresses)
        text = f"# Kubernetes-managed hosts file (host network).\n{_NODE_HOSTS}{own}"
    else:
        text = _POD_HOSTS + "".join(f"{each}\t{names}\n" for each in pod.addresses)
    aliases = ["\t".join((each.ip, *each.hostnames)) for each in pod.spec.host_aliases]
    if aliases:
        text += "\n# Entries added by HostAliases.\n"
    return text + "".join(f"{each}\n" for each in aliases)


def _containers(cluster: Cluster, pod: Pod) -> Iterator[ContainerInterior]:
    """Yield the containers that run, the default one first."""
    default = pod.annotations.get(DEFAULT_CONTAINER, "")
    containers = pod.spec.serving or (Container(),)
    for each in sorted(containers, key=lambda one: one.name != default):
        variables = environment(cluster, pod, each)
        command = tuple(expanded(word, variables) for word in (*each.command, *each.args))
        yield ContainerInterior(
            name=each.name,
            environment=tuple(variables.items()),
            command=command,
            working_dir=each.working_dir,
            program=next(iter(each.command), ""),
        )
