"""What the API server refuses inside pods, and in ConfigMaps and Secrets, in its words."""

import pytest

from nsnet.errors import ScenarioError
from tests.support.labs import pod, refused, topology

ONE = "containers: [{name: c, env: [{name: A, valueFrom: "
LONG = ", ".join(f"a{number}.{'b' * 60}.example" for number in range(32))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("dnsPolicy: None", "dnsConfig.nameservers: Required value: must provide at least one"),
        ("dnsPolicy: Never", 'dnsPolicy: Unsupported value: "Never": supported values'),
        ("dnsConfig: {nameservers: [a]}", "nameservers[0]: Invalid value"),
        ("dnsConfig: {nameservers: [192.0.2.1, 192.0.2.2, 192.0.2.3, '::1']}", "more than 3"),
        ("dnsConfig: {searches: ['a\\nb']}", "subdomain"),
        (f"dnsConfig: {{searches: [{LONG}]}}", "more than 2048 characters"),
        (f"dnsConfig: {{searches: [{'a, ' * 33}]}}", "more than 32 search paths"),
        ("dnsConfig: {searches: [..]}", "subdomain"),
        ("dnsConfig: {options: [{value: a}]}", "options[0]: Required value: must not be empty"),
        ('dnsConfig: {options: [{name: "a\\nnameserver 192.0.2.1"}]}', "one word"),
        ("hostname: a.b", "hostname: Invalid value"),
        ("subdomain: A", "subdomain: Invalid value"),
        ("hostAliases: [{ip: a, hostnames: [b]}]", "hostAliases[0].ip: Invalid value"),
        ("hostAliases: [{ip: 192.0.2.1, hostnames: [a, 'a b']}]", "hostAliases[0].hostnames[1]"),
        ("containers: [{env: [{value: a}]}]", "env[0].name: Required value"),
        ("containers: [{env: [{name: a=b}]}]", "printable ASCII characters other than '='"),
        ('containers: [{env: [{name: "a\\nb"}]}]', "printable ASCII characters other than '='"),
        ("containers: [{env: [{name: a, value: 5}]}]", "expected text, got the number 5"),
        (f"{ONE}{{}}}}]}}]", 'env[0].valueFrom: Invalid value: "": must specify one of: `fieldR'),
        (
            ONE.replace("A,", "A, value: x,") + "{fieldRef: {fieldPath: metadata.name}}}]}]",
            "may not be specified when `value` is not empty",
        ),
        (
            f"{ONE}{{fieldRef: {{fieldPath: metadata.name}},"
            " secretKeyRef: {name: s, key: k}}}]}]",
            'valueFrom: Invalid value: "": may not have more than one field specified at a time',
        ),
        (f"{ONE}{{fieldRef: {{}}}}}}]}}]", "fieldRef.fieldPath: Required value"),
        (
            f"{ONE}{{fieldRef: {{fieldPath: spec.nope}}}}}}]}}]",
            "error converting fieldPath: field label not supported: spec.nope",
        ),
        (
            f"{ONE}{{fieldRef: {{fieldPath: status.phase}}}}}}]}}]",
            'Unsupported value: "status.phase": supported values: "metadata.name"',
        ),
        (f"{ONE}{{fieldRef: {{fieldPath: metadata.labels}}}}}}]}}]", "Unsupported value"),
        (
            f"{ONE}{{fieldRef: {{fieldPath: \"spec.x['y']\"}}}}}}]}}]",
            "does not support subscript",
        ),
        (f"{ONE}{{resourceFieldRef: {{}}}}}}]}}]", "resourceFieldRef.resource: Required value"),
        (
            f"{ONE}{{resourceFieldRef: {{resource: cpu}}}}}}]}}]",
            'Unsupported value: "cpu": supported values: "limits.cpu"',
        ),
        (
            f"{ONE}{{resourceFieldRef: {{resource: limits.cpu, divisor: 1x}}}}}}]}}]",
            "quantities must match the regular expression",
        ),
        ("containers: [{resources: {limits: {cpu: a}}}]", "quantities must match"),
        (f"{ONE}{{configMapKeyRef: {{name: c}}}}}}]}}]", "configMapKeyRef.key: Required value"),
        (f"{ONE}{{configMapKeyRef: {{name: C, key: k}}}}}}]}}]", "configMapKeyRef.name: Invalid"),
        (f"{ONE}{{secretKeyRef: {{name: c, key: 'a b'}}}}}}]}}]", "a valid config key must"),
        ("containers: [{envFrom: [{}]}]", 'envFrom[0]: Invalid value: "": must specify one of'),
        (
            "containers: [{envFrom: [{configMapRef: {name: c}, secretRef: {name: s}}]}]",
            "may not have more than one field specified at a time",
        ),
        ("containers: [{envFrom: [{prefix: '=', secretRef: {name: s}}]}]", "envFrom[0].prefix"),
        ("containers: [{envFrom: [{secretRef: {name: S}}]}]", "secretRef.name: Invalid value"),
        ("containers: [{}], initContainers: [{env: [{}]}]", "initContainers[0].env[0].name"),
    ],
)
def test_fields_of_a_pod(spec: str, message: str) -> None:
    assert message in refused(pod("web", spec=spec))


@pytest.mark.parametrize(
    "spec",
    [
        "dnsConfig: {searches: [., a.example., _sip._tcp.example]}",
        "dnsConfig: {}",
        "dnsPolicy: ''",
        "containers: [{env: [{name: 'a b'}, {name: 0.-_}]}]",
        f"{ONE}{{secretKeyRef: {{name: a.b, key: .k, optional: true}}}}}}]}}]",
        f"{ONE}{{resourceFieldRef: {{resource: limits.cpu}}}}}}],"
        " resources: {limits: {cpu: 1}}}]",
        "containers: [{resources: {requests: {cpu: .5, memory: 1e3}}}]",
    ],
)
def test_what_is_accepted(spec: str) -> None:
    assert topology(pod("web", spec=spec)).warnings == ()


def test_the_service_of_a_stateful_set_is_a_subdomain() -> None:
    text = (
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\n"
        'spec: {serviceName: "a\\n192.0.2.1\\tb", template: {metadata: {labels: {app: db}}}}'
    )
    assert "spec.serviceName: Invalid value" in refused(text)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("ConfigMap", "data: {'a b': c}", 'data: Invalid value: "a b": a valid config key must'),
        ("ConfigMap", "data: {..a: c}", "must not start with '..'"),
        ("ConfigMap", "data: {.: c}", "must not be '.'"),
        ("ConfigMap", "data: {a: 5}", "data.a: expected text, got the number 5"),
        ("ConfigMap", "data: {a: b}, binaryData: {a: Yg==}", "duplicate of key present in binary"),
        ("ConfigMap", "binaryData: {a: '*'}", "binaryData: a: illegal base64 data"),
        ("ConfigMap", f"data: {{a: {'x' * 1048577}}}", "may not be more than 1048576 bytes"),
        ("Secret", "data: {a: marker!}", "data: a: illegal base64 data"),
        ("Secret", "data: {a: 'bWFya2V'}", "data: a: illegal base64 data"),
        ("Secret", "data: {a: 4711}", "data: a: expected text; put it in quotes"),
        ("Secret", "stringData: {a: 4711}", "stringData: a: expected text; put it in quotes"),
        ("Secret", "stringData: {a: [marker]}", "stringData: a: expected text"),
        ("Secret", "stringData: [marker]", "stringData: expected a mapping"),
        ("Secret", "stringData: marker", "stringData: expected a mapping"),
        ("Secret", "stringData: {'a b': marker}", "a valid config key must"),
        ("Secret", "type: kubernetes.io/tls, data: {tls.crt: ''}", "data: [tls.key]: Required"),
        ("Secret", "type: kubernetes.io/basic-auth", "data: [username]: Required value"),
        ("Secret", "type: kubernetes.io/ssh-auth", "data: [ssh-privatekey]: Required value"),
    ],
)
def test_fields_of_configurations(kind: str, fields: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        topology(f"{{apiVersion: v1, kind: {kind}, metadata: {{name: c}}, {fields}}}")
    assert message in str(caught.value)
    assert "marker" not in str(caught.value)
    assert "4711" not in str(caught.value)
