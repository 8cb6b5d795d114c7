"""What the API server says of wrong names, addresses and numbers in Kubernetes objects."""

import pytest

from tests.support.labs import pod, refused, service, workload

LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'"
SERVICE = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with"
SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"
ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
PORT = "must be between 1 and 65535, inclusive"
PORT_NAME = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"


def container(port: str) -> str:
    """A pod with one container, which has this port."""
    return pod("web", spec=f"containers: [{{ports: [{port}]}}]")


@pytest.mark.parametrize(
    ("text", "path", "value", "reason"),
    [
        (pod("Web"), "metadata.name", '"Web"', SUBDOMAIN),
        (pod("web_1"), "metadata.name", '"web_1"', SUBDOMAIN),
        (pod("web", namespace="Prod"), "metadata.namespace", '"Prod"', LABEL),
        (pod("web", namespace="a.b"), "metadata.namespace", '"a.b"', LABEL),
        (workload("Deployment", "Web"), "metadata.name", '"Web"', SUBDOMAIN),
        (workload("Deployment", "web", replicas=-1), "spec.replicas", "-1", "must be greater than"),
        (service("1web"), "metadata.name", '"1web"', SERVICE),
        (service("web.v1"), "metadata.name", '"web.v1"', SERVICE),
        (
            service("web", "{name: HTTP, port: 80}"),
            "spec.ports[0].name",
            '"HTTP"',
            LABEL,
        ),
        (service("web", spec="externalIPs: [web]"), "spec.externalIPs[0]", '"web"', ADDRESS),
        (
            service("web", spec="externalIPs: [127.0.0.1]"),
            "spec.externalIPs[0]",
            '"127.0.0.1"',
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ),
        (
            service("web", spec="externalIPs: [169.254.0.1]"),
            "spec.externalIPs[0]",
            '"169.254.0.1"',
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ),
        (pod("web", spec="nodeName: N1"), "spec.nodeName", '"N1"', SUBDOMAIN),
        *(
            (
                container(f"{{containerPort: {value}}}"),
                "spec.containers[0].ports[0].containerPort",
                value,
                PORT,
            )
            for value in ("0", "-1", "65536")
        ),
        (
            container("{containerPort: 80, hostPort: 65536}"),
            "spec.containers[0].ports[0].hostPort",
            "65536",
            PORT,
        ),
        (
            container("{containerPort: 80, name: my_port}"),
            "spec.containers[0].ports[0].name",
            '"my_port"',
            PORT_NAME,
        ),
    ],
)
def test_the_message_for_a_wrong_value(text: str, path: str, value: str, reason: str) -> None:
    message = refused(text)
    assert f": {path}: Invalid value: {value}: {reason}" in message
