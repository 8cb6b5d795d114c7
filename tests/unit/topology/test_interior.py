"""The inside of pods and other machines: hostname, resolver, hosts file and environment."""

import re

import pytest

from nsnet.errors import UsageError
from nsnet.topology.environment import expanded
from nsnet.topology.interior import Interior, interior
from nsnet.topology.model import Topology
from tests.support.labs import pod, service, topology

DNS = ("{name: east, dns: true}",)
OUTSIDE = "externals: [{name: ns, address: 203.0.113.53, zone: {example.com: 203.0.113.80}}]"
SEARCH = "search default.svc.cluster.local svc.cluster.local cluster.local\n"
CLUSTER_FIRST = f"{SEARCH}nameserver 10.96.0.10\noptions ndots:5\n"
DEFAULT = "nameserver 203.0.113.53\n"


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("east/pod/web.prod", "web"),
        ("east/pod/gateway", "gateway"),  # by its role, not by what it is called
        ("east/node/n1", "n1"),
        ("fabric", "fabric"),
        ("external/ns", "ns"),
        ("east/gateway", "east-gateway"),
    ],
)
def test_a_host_name_is_the_last_part_of_a_reference(reference: str, name: str) -> None:
    found = topology(
        pod("web", namespace="prod"),
        pod("gateway"),
        clusters=("{name: east, gateway: {kind: nat}}",),
        spec=OUTSIDE,
    )
    assert interior(found, reference).hostname == name


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("hostname: h", "h"),
        ("hostname: h, subdomain: s", "h"),
        ("hostname: h, subdomain: s, setHostnameAsFQDN: true", "h.s.default.svc.cluster.local"),
        ("setHostnameAsFQDN: true", "web"),
        ("hostNetwork: true", "n1"),
    ],
)
def test_the_hostname_of_a_pod(spec: str, name: str) -> None:
    assert of(topology(pod("web", spec=spec), clusters=DNS)).hostname == name


@pytest.mark.parametrize(("length", "is_cut"), [(19, False), (20, True)])
def test_a_full_name_of_over_64_characters_is_no_hostname(length: int, is_cut: bool) -> None:
    name = "h" * length  # 45 characters follow
    spec = f"hostname: {name}, subdomain: {'s' * 18}, setHostnameAsFQDN: true"
    found = topology(pod("web", spec=spec), clusters=DNS)
    assert (of(found).hostname == name) is is_cut
    assert len(found.warnings) == is_cut
    if not is_cut:
        assert len(of(found).hostname) == 64


def test_the_hostname_of_a_pod_of_an_indexed_job_ends_in_its_index() -> None:
    spec = "containers: [{name: c}], restartPolicy: Never, subdomain: workers, hostname: other"
    job = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {completionMode: Indexed,"
        f" completions: 2, parallelism: 2, template: {{spec: {{{spec}}}}}}}"
    )
    assert of(topology(job), "j-1").hostname == "j-1"
    assert "j-1.workers.default.svc.cluster.local\tj-1\n" in of(topology(job), "j-1").hosts


def test_a_long_name_is_cut() -> None:
    found = topology(pod("a" * 62 + "-" + "b" * 30), clusters=DNS)
    assert of(found, "a" * 62 + "-" + "b" * 30).hostname == "a" * 62


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("", CLUSTER_FIRST),
        ("dnsPolicy: Default", DEFAULT),
        ("hostNetwork: true", DEFAULT),
        ("hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet", CLUSTER_FIRST),
        (
            "dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.1], searches: [a.example]}",
            "search a.example\nnameserver 192.0.2.1\n",
        ),
        (
            "dnsConfig: {nameservers: [10.96.0.10, 192.0.2.1], searches: [a.example,"
            " svc.cluster.local], options: [{name: ndots, value: '1'}, {name: edns0}]}",
            f"{SEARCH[:-1]} a.example\nnameserver 10.96.0.10\nnameserver 192.0.2.1\n"
            "options ndots:1 edns0\n",
        ),
    ],
)
def test_resolv_conf_follows_the_policy_and_the_configuration(spec: str, text: str) -> None:
    found = topology(pod("web", spec=spec), clusters=DNS, spec=OUTSIDE)
    assert of(found).resolv_conf == text


@pytest.mark.parametrize(
    ("searches", "kept"),
    [
        ([f"s{number}" for number in range(29)], 29),
        ([f"s{number}" for number in range(30)], 29),  # 32 with those of the cluster
        ([f"s{number:02}.{'x' * 60}.{'y' * 60}" for number in range(16)], 15),
    ],
)
def test_a_search_list_that_is_too_long_is_cut(searches: list[str], kept: int) -> None:
    spec = f"dnsConfig: {{searches: [{', '.join(searches)}]}}"
    first, *_ = of(topology(pod("web", spec=spec), clusters=DNS)).resolv_conf.splitlines()
    assert first.split()[4:] == searches[:kept]
    assert len(first.removeprefix("search ")) <= 2048


def test_without_cluster_dns_a_pod_has_the_resolver_of_its_node() -> None:
    found = topology(pod("web"), clusters=("{name: east, dns: false}",), spec=OUTSIDE)
    assert of(found).resolv_conf == DEFAULT == interior(found, "east/node/n1").resolv_conf
    assert of(topology(pod("web"))).resolv_conf == ""


def test_the_hosts_file_has_the_pod_and_its_aliases() -> None:
    spec = "hostname: h, subdomain: s, hostAliases: [{ip: 192.0.2.1, hostnames: [a.example, b]}]"
    *_, own, empty, comment, alias = of(topology(pod("web", spec=spec))).hosts.splitlines()
    assert own == "10.244.0.2\th.s.default.svc.cluster.local\th"
    assert (empty, alias) == ("", "192.0.2.1\ta.example\tb")
    assert comment.startswith("#")


def test_a_pod_on_the_host_network_has_the_hosts_of_its_node() -> None:
    spec = "hostNetwork: true, hostname: h, subdomain: s"
    hosts = of(topology(pod("web", spec=spec))).hosts
    assert hosts.startswith(
        "# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n"
    )
    assert hosts.endswith("192.168.10.2\tn1\n")
    spec = f"{spec}, hostAliases: [{{ip: '2001:db8::1', hostnames: [a]}}]"
    assert of(topology(pod("web", spec=spec))).hosts == (
        f"{hosts}\n# Entries added by HostAliases.\n2001:db8::1\ta\n"
    )


def test_the_hosts_file_of_a_pod_is_that_of_the_kubelet() -> None:
    ranges = "{name: east, dns: {domain: corp.example}, podCIDR: '10.244.0.0/16,fd00:1::/56',"
    ranges += " nodeCIDR: '192.168.10.0/24,fd00:2::/64', serviceCIDR: '10.96.0.0/16,fd00:3::/112'}"
    found = topology(pod("web", namespace="prod", spec="subdomain: s"), clusters=(ranges,))
    assert of(found, "web.prod").hosts == (
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n"
        "10.244.0.2\tweb.s.prod.svc.corp.example\tweb\n"
        "fd00:1::2\tweb.s.prod.svc.corp.example\tweb\n"
    )
    assert of(found, "web.prod").resolv_conf == (
        "search prod.svc.corp.example svc.corp.example corp.example\n"
        "nameserver 10.96.0.10\nnameserver fd00:3::a\noptions ndots:5\n"
    )


# --- the environment ---

KUBERNETES = {
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
    "KUBERNETES_SERVICE_PORT": "443",
    "KUBERNETES_SERVICE_PORT_HTTPS": "443",
    "KUBERNETES_PORT": "tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP": "tcp://10.96.0.1:443",
    "KUBERNETES_PORT_443_TCP_PROTO": "tcp",
    "KUBERNETES_PORT_443_TCP_PORT": "443",
    "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1",
}


def test_a_pod_finds_the_services_that_are_older_than_it() -> None:
    old, new = service("my-db", ports="{name: pg-1, port: 5432}"), service("new")
    found = topology(service("far", namespace="prod"), old, pod("web"), new)
    assert variables(found) == {
        **KUBERNETES,
        "MY_DB_SERVICE_HOST": "10.96.0.3",
        "MY_DB_SERVICE_PORT": "5432",
        "MY_DB_SERVICE_PORT_PG_1": "5432",
        "MY_DB_PORT": "tcp://10.96.0.3:5432",
        "MY_DB_PORT_5432_TCP": "tcp://10.96.0.3:5432",
        "MY_DB_PORT_5432_TCP_PROTO": "tcp",
        "MY_DB_PORT_5432_TCP_PORT": "5432",
        "MY_DB_PORT_5432_TCP_ADDR": "10.96.0.3",
    }


@pytest.mark.parametrize("spec", ["enableServiceLinks: false", "hostNetwork: true"])
def test_without_service_links_only_the_api_server_is_found(spec: str) -> None:
    found = variables(topology(service("db"), pod("web", spec=spec)))
    assert (found == KUBERNETES) is ("Links" in spec)


def test_an_apply_leaves_the_environment_of_running_pods_and_a_restart_changes_it() -> None:
    first = topology(service("old"), pod("web"))
    kept = first.assignment()
    second = topology(service("new"), pod("web"), pod("young"), keep=kept)
    assert "OLD_SERVICE_HOST" in variables(second)  # although the Service is deleted
    assert "NEW_SERVICE_HOST" not in variables(second)
    young = variables(second, "young")
    assert ("OLD_SERVICE_HOST" in young, "NEW_SERVICE_HOST" in young) == (False, True)
    restarted = second.assignment().release("east/pod/web")
    third = variables(topology(service("new"), pod("web"), pod("young"), keep=restarted))
    assert ("OLD_SERVICE_HOST" in third, "NEW_SERVICE_HOST" in third) == (False, True)


SOURCES = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: one, 2.c: two}",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {p: bWFya2Vy}\nstringData: {q: text}",
)


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("env: [{name: A, value: b}]", {"A": "b"}),
        ("env: [{name: A}]", {"A": ""}),
        (
            "env: [{name: A, value: b}, {name: B, value: '$(A) $(C) $$(A) $'}]",
            {"A": "b", "B": "b $(C) $(A) $"},
        ),
        ("env: [{name: H, value: 'http://$(DB_SERVICE_HOST)'}]", {"H": "http://10.96.0.2"}),
        ("env: [{name: DB_SERVICE_HOST, value: mine}]", {"DB_SERVICE_HOST": "mine"}),
        ("envFrom: [{configMapRef: {name: c}, prefix: P_}]", {"P_a": "one", "P_2.c": "two"}),
        ("envFrom: [{configMapRef: {name: c}}]", {"a": "one", "2.c": "two"}),
        ("envFrom: [{secretRef: {name: s}}]", {"p": "marker", "q": "text"}),
        (
            "envFrom: [{configMapRef: {name: c}}, {secretRef: {name: s}, prefix: a}],"
            " env: [{name: a, value: '$(a)$(ap)'}, {name: b, value: $(a)}]",
            {"a": "onemarker", "b": "onemarker", "2.c": "two", "ap": "marker", "aq": "text"},
        ),
        ("env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: a}}}]", {"A": "one"}),
        ("env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: p}}}]", {"A": "marker"}),
        ("env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]", {"A": "10.244.0.2"}),
        ("env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]", {"A": "n1"}),
        (
            "env: [{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['app']\"}}}]",
            {"A": "web"},
        ),
        ("env: [{name: A, valueFrom: {secretKeyRef: {name: nope, key: p, optional: true}}}]", {}),
    ],
)
def test_the_variables_of_a_container(container: str, expected: dict[str, str]) -> None:
    spec = f"containers: [{{name: c, {container}}}]"
    found = topology(*SOURCES, service("db"), pod("web", labels="app: web", spec=spec))
    assert variables(found).items() >= expected.items()
    assert not [each for each in found.warnings if "left out" in each]
    assert len(variables(found)) == len(variables(topology(service("db"), pod("web")))) + sum(
        name != "DB_SERVICE_HOST" for name in expected
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "a"),
        ("x$(A)y$(B)", "xayb"),
        ("$(C)", "$(C)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$a"),
        ("$$$$(A)", "$$(A)"),
        ("$A $ $", "$A $ $"),
        ("$(A", "$(A"),
        ("$((A))", "$((A))"),
        ("$(C$(A))", "$(C$(A))"),  # the name ends at the first ")"
        ("$(EMPTY)$()", "$()"),
        ("$(C)$(A)", "$(C)a"),
        ("$\n(A)", "$\n(A)"),
    ],
)
def test_references_to_variables_are_expanded(text: str, expected: str) -> None:
    assert expanded(text, {"A": "a", "B": "b", "EMPTY": ""}) == expected


def test_a_command_may_refer_to_variables() -> None:
    spec = "containers: [{command: [a, $(A)], args: ['$$(A) $(B)'], env: [{name: A, value: x y}]}]"
    (container,) = of(topology(pod("web", spec=spec))).containers
    assert container.command == ("a", "x y", "$(A) $(B)")


def test_the_api_server_of_the_default_namespace_is_found_everywhere() -> None:
    ranges = "{name: east, dns: false, podCIDR: '10.244.0.0/16,fd00:1::/56',"
    ranges += " nodeCIDR: '192.168.10.0/24,fd00:2::/64', serviceCIDR: '10.96.0.0/16,fd00:3::/112'}"
    assert variables(topology(pod("web"), clusters=(ranges,))) == KUBERNETES
    moved = service("kubernetes", ports="{port: 6443}", spec="clusterIP: 10.96.0.1")
    other = service("kubernetes", namespace="prod", ports="{port: 1}")
    for links, port in (("true", "1"), ("false", "6443")):
        web = pod("web", namespace="prod", spec=f"enableServiceLinks: {links}")
        found = topology(moved, other, web)
        assert variables(found, "web.prod")["KUBERNETES_SERVICE_PORT"] == port


def test_ports_of_sctp_are_found_too() -> None:
    ports = "{name: a, port: 1, protocol: SCTP}, {name: b, port: 2, protocol: UDP}"
    found = variables(topology(service("db", ports=ports), pod("web")))
    assert found["DB_PORT"] == found["DB_PORT_1_SCTP"] == "sctp://10.96.0.2:1"
    assert found["DB_PORT_2_UDP"] == "udp://10.96.0.2:2"
    assert found["DB_SERVICE_PORT"] == "1"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("metadata.name", "web"),
        ("metadata.namespace", "prod"),
        ("metadata.labels['app']", "web"),
        ("metadata.labels['nope']", ""),
        ("metadata.annotations['a.b/c']", "d"),
        ("spec.nodeName", "n1"),
        ("spec.serviceAccountName", "robot"),
        ("status.hostIP", "192.168.10.2"),
        ("status.hostIPs", "192.168.10.2"),
        ("status.podIP", "10.244.0.2"),
        ("status.podIPs", "10.244.0.2"),
    ],
)
def test_a_variable_may_be_a_field_of_the_pod(path: str, expected: str) -> None:
    field = f'{{name: A, valueFrom: {{fieldRef: {{fieldPath: "{path}"}}}}}}'
    spec = f"serviceAccount: robot, containers: [{{env: [{field}]}}]"
    web = pod("web", namespace="prod", labels="app: web", spec=spec, meta="annotations: {a.b/c: d}")
    assert variables(topology(web), "web.prod")["A"] == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("resource: limits.cpu", "2"),  # rounded up
        ("resource: limits.cpu, divisor: 1m", "1500"),
        ("resource: limits.cpu, divisor: '0'", "2"),
        ("resource: limits.memory", "536870912"),
        ("resource: limits.memory, divisor: 1Mi", "512"),
        ("resource: requests.cpu, divisor: 1m", "250"),
        ("resource: requests.memory, divisor: 1Mi", "512"),  # those of the limits
        ("resource: requests.ephemeral-storage", "0"),
        ("resource: limits.cpu, containerName: other", "7"),
        ("resource: limits.ephemeral-storage", None),  # the size of the node
        ("resource: limits.cpu, containerName: nope", None),
    ],
)
def test_a_variable_may_be_a_resource_of_a_container(reference: str, expected: str | None) -> None:
    spec = (
        "containers: [{name: c, resources: {limits: {cpu: 1.5, memory: 512Mi},"
        f" requests: {{cpu: 250m}}}}, env: [{{name: A, valueFrom: {{resourceFieldRef: {{{reference}"
        "}}}]}, {name: other, resources: {limits: {cpu: 7}}}]"
    )
    found = topology(pod("web", spec=spec))
    assert variables(found).get("A") == expected
    assert len(found.warnings) == (expected is None)


def test_a_restarted_pod_has_another_uid() -> None:
    field = "valueFrom: {fieldRef: {fieldPath: metadata.uid}}"
    web = pod("web", spec=f"containers: [{{env: [{{name: UID, {field}}}]}}]")
    first = topology(web)
    restarted = topology(web, keep=first.assignment().release("east/pod/web"))
    one, same, other = (variables(each)["UID"] for each in (first, topology(web), restarted))
    assert one == same != other
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one)


def test_what_a_variable_lacks_is_a_warning() -> None:
    spec = (
        "containers: [{envFrom: [{configMapRef: {name: nope}}],"
        " env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: nope}}}]}]"
    )
    (warning,) = topology(*SOURCES, pod("web", spec=spec)).warnings
    assert "ConfigMap nope" in warning
    assert "key nope of Secret s" in warning


def test_no_value_of_a_secret_is_in_a_repr() -> None:
    spec = "containers: [{env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: p}}}]}]"
    found = topology(*SOURCES, pod("web", spec=spec))
    for each in (found, of(found)):
        assert "marker" not in repr(each)
        assert "bWFya2Vy" not in repr(each)


def test_containers_are_found_by_name_and_the_default_one_first() -> None:
    spec = "containers: [{name: a}, {name: b}], initContainers: [{name: c, restartPolicy: Always}]"
    meta = "annotations: {kubectl.kubernetes.io/default-container: b}"
    found = of(topology(pod("web", spec=spec, meta=meta)))
    assert [each.name for each in found.containers] == ["b", "a", "c"]
    assert found.container("c").name == "c"
    with pytest.raises(UsageError, match="has no container 'd'; there are: b, a, c"):
        found.container("d")


def of(found: Topology, name: str = "web") -> Interior:
    """The inside of a pod."""
    return interior(found, f"east/pod/{name}")


def variables(found: Topology, name: str = "web") -> dict[str, str]:
    """The environment of a pod's first container."""
    return dict(of(found, name).containers[0].environment)
