"""Names in a pod, as the stock tools getent and dig see them, over both kinds of Service rules.

The numbers are those of facts that upstream's conformance tests assert: DNS1 to DNS13 and SVC23.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsnet.kernel import enter
from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

FILE = Path(__file__).parent / "names.yaml"
CLIENT = "pod/client"
HOST_FILES = ("resolv.conf", "hosts", "hostname", "nsswitch.conf")


@pytest.fixture(scope="module", params=["iptables", "nftables"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the lab in one proxy mode."""
    written = tmp_path_factory.mktemp("names") / "names.yaml"
    written.write_text(FILE.read_text().replace("iptables", str(request.param)))
    return written


@pytest.fixture(scope="module")
def agent(file: Path) -> Iterator[Agent]:
    with Agent(file) as agent:
        yield agent


@pytest.fixture
def lab(agent: Agent) -> Lab:
    return agent.lab


def output(lab: Lab, place: str, *command: str) -> list[str]:
    """The lines that a command prints."""
    done = lab.exec(place, *command)
    assert not done.stderr
    return done.stdout.splitlines()


def resolved(lab: Lab, name: str, place: str = CLIENT, database: str = "ahostsv4") -> list[str]:
    """The addresses of a name, sorted, as any program of the pod gets them."""
    return sorted({line.split()[0] for line in output(lab, place, "getent", database, name)})


def dug(lab: Lab, *question: str, place: str = CLIENT) -> list[str]:
    """The answers to a question, as dig prints them in short."""
    return sorted(output(lab, place, "dig", "+short", "+search", *question))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kubernetes.default", ["10.96.0.1"]),  # DNS1
        ("web", ["10.96.0.2"]),  # DNS2; DNS6: partial names through the search list
        ("web.default", ["10.96.0.2"]),
        ("web.default.svc", ["10.96.0.2"]),
        ("web.default.svc.cluster.local", ["10.96.0.2"]),
        ("web.default.svc.cluster.local.", ["10.96.0.2"]),
        ("late", ["10.96.0.3"]),
        ("sub", ["10.244.1.3"]),  # DNS3
        ("host.sub", ["10.244.1.3"]),  # DNS4
        ("10-244-1-2.default.pod", ["10.244.1.2"]),
        ("changing", ["203.0.113.80"]),  # DNS5
        ("www.example.com", ["203.0.113.80"]),  # DNS12
        ("a.wild.example.com", ["203.0.113.81", "203.0.113.82"]),
        ("intra.corp", ["203.0.113.90"]),
        ("web.prod", []),
        ("nope.example.com", []),
    ],
)
def test_a_name_has_its_addresses(lab: Lab, name: str, expected: list[str]) -> None:
    assert resolved(lab, name) == expected


def test_a_service_of_two_families_has_an_address_of_each(lab: Lab) -> None:
    assert resolved(lab, "web", database="ahostsv6") == ["fd00:10:96::2"]
    assert dug(lab, "web", "AAAA") == ["fd00:10:96::2"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (("_http._tcp.web", "SRV"), ["0 50 80 web.default.svc.cluster.local."]),  # DNS2
        (("_http._tcp.sub", "SRV"), ["0 100 80 host.sub.default.svc.cluster.local."]),
        (("changing",), ["203.0.113.80", "www.example.com."]),
        (("-x", "10.96.0.2"), ["web.default.svc.cluster.local."]),
        (("-x", "10.244.1.3"), ["host.sub.default.svc.cluster.local."]),
        (("-x", "203.0.113.80"), ["www.example.com."]),  # DNS12: forwarded
        (("+tcp", "www.example.com"), ["203.0.113.80"]),
        (("@fd00:10:96::a", "web.default.svc.cluster.local"), ["10.96.0.2"]),
    ],
)
def test_a_question_has_its_answers(
    lab: Lab, question: tuple[str, ...], expected: list[str]
) -> None:
    assert dug(lab, *question) == expected


def test_the_hosts_file_has_the_pod_and_its_aliases(lab: Lab) -> None:  # DNS7
    assert resolved(lab, "host", "pod/web") == ["10.244.1.3"]
    assert resolved(lab, "host.sub.default.svc.cluster.local", "pod/web") == ["10.244.1.3"]
    assert resolved(lab, "alias.example", "pod/web") == ["192.0.2.7"]
    assert output(lab, "pod/web", "hostname") == ["host"]
    assert resolved(lab, "alias.example") == []


def test_a_pod_may_have_a_resolver_of_its_own(lab: Lab) -> None:  # DNS8
    assert resolved(lab, "www", "pod/none") == ["203.0.113.80"]
    assert resolved(lab, "web", "pod/none") == []


def test_a_search_list_may_be_long(lab: Lab) -> None:  # DNS9, DNS10
    first, *others = output(lab, "pod/many", "cat", "/etc/resolv.conf")
    assert len(first.split()) == 10
    assert len(first) > 256
    assert others == ["nameserver 10.96.0.10", "nameserver fd00:10:96::a", "options ndots:2"]
    assert resolved(lab, "anything", "pod/many") == ["203.0.113.81", "203.0.113.82"]
    assert resolved(lab, "web", "pod/many") == ["10.96.0.2"]


def test_a_pod_on_the_host_network_asks_the_cluster_only_if_it_says_so(lab: Lab) -> None:  # DNS11
    assert resolved(lab, "web", "pod/on-host") == ["10.96.0.2"]
    assert resolved(lab, "web", "pod/as-host") == []
    for place in ("pod/as-host", "node/n1"):
        assert resolved(lab, "www.example.com", place) == ["203.0.113.80"]


def test_a_pod_has_variables_for_services_that_are_older(lab: Lab) -> None:  # DNS13
    found = dict(line.split("=", 1) for line in output(lab, CLIENT, "env"))
    assert found["WEB_SERVICE_HOST"] == "10.96.0.2"
    assert found["WEB_SERVICE_PORT_HTTP"] == found["WEB_SERVICE_PORT"] == "80"
    assert found["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert "LATE_SERVICE_HOST" not in found
    assert "SUB_SERVICE_HOST" not in found
    assert found.keys() <= {"PATH", "HOME", "LANG", "LC_ALL", "TERM", "COLORTERM", "HOSTNAME"} | {
        each for each in found if each.startswith(("WEB_", "KUBERNETES_"))
    }


def test_no_file_of_the_host_changes(lab: Lab) -> None:
    files = [Path("/etc") / each for each in HOST_FILES]
    before = [_digest(each) for each in files]
    assert output(lab, CLIENT, "cat", "/etc/hostname") == ["client"]
    assert output(lab, CLIENT, "sh", "-c", "echo x >/etc/hosts; cat /etc/hosts") == ["x"]
    assert "10.244.0.2\tclient" in output(lab, CLIENT, "cat", "/etc/hosts")
    assert [_digest(each) for each in files] == before


ETC_WITH_GAPS = """
mount -t tmpfs nsnet /etc
echo text >/etc/file
mkdir /etc/folder
echo nested >/etc/folder/file
ln -s ../proc/version /etc/relative
ln -s /nowhere/resolv.conf /etc/resolv.conf
"$@"
ls -A /etc
"""


def test_files_of_etc_may_be_missing_or_lead_nowhere(lab: Lab) -> None:
    files = {"resolv.conf": "nameserver 192.0.2.1\n", "hosts": "192.0.2.2 a\n"}
    shown = "/etc/resolv.conf /etc/hosts /etc/file /etc/folder/file /etc/relative"
    inside = enter.command(
        lab[CLIENT].netns, "other", files, ["sh", "-c", f"cat {shown}; hostname"]
    )
    found = output(lab, CLIENT, "unshare", "-m", "sh", "-c", ETC_WITH_GAPS, "sh", *inside)
    version = Path("/proc/version").read_text().strip()
    expected = ["nameserver 192.0.2.1", "192.0.2.2 a", "text", "nested", version, "other"]
    assert found == [*expected, "file", "folder", "relative", "resolv.conf"]


def test_files_of_etc_may_be_long(lab: Lab) -> None:
    files = {"hosts": "".join(f"192.0.2.2 host-{number}\n" for number in range(20_000))}
    inside = enter.command(lab[CLIENT].netns, "other", files, ["sha256sum", "/etc/hosts"])
    digest = hashlib.sha256(files["hosts"].encode()).hexdigest()
    assert output(lab, CLIENT, *inside) == [f"{digest}  /etc/hosts"]


OTHER = """
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: other}
spec: {clusters: [{name: east}]}
---
{apiVersion: v1, kind: Pod, metadata: {name: client}, spec: {containers: [{name: main}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: elsewhere}, spec: {ports: [{port: 80}]}}
"""


def test_a_name_of_one_lab_does_not_resolve_in_another(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(OTHER)
    with Agent(tmp_path / "other.yaml") as other:
        assert resolved(other.lab, "elsewhere") == ["10.96.0.2"]
        assert resolved(lab, "elsewhere") == resolved(other.lab, "late") == []


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "none"


def test_names_follow_an_apply_at_once(agent: Agent, lab: Lab, file: Path, tmp_path: Path) -> None:
    """DNS5 and SVC23: a Service changes its type and its target."""
    text = file.read_text()
    external = "type: ExternalName, externalName: www.example.com"
    selecting = "selector: {app: web}, ports: [{name: http, port: 80}]"
    changed = tmp_path / "names.yaml"
    for spec, expected in (
        ("type: ExternalName, externalName: a.wild.example.com", ["203.0.113.81", "203.0.113.82"]),
        (selecting, ["10.96.0.4"]),
        (f"type: NodePort, {selecting}", ["10.96.0.4"]),
        (external, ["203.0.113.80"]),
    ):
        changed.write_text(text.replace(external, spec))
        lab.apply(changed)
        assert resolved(lab, "changing") == expected
        assert lab.drift() == []


def test_a_restart_gives_a_pod_the_variables_of_new_services(
    agent: Agent, lab: Lab, file: Path, tmp_path: Path
) -> None:
    added = "{apiVersion: v1, kind: Service, metadata: {name: added}, spec: {ports: [{port: 80}]}}"
    changed = tmp_path / "names.yaml"
    changed.write_text(f"{file.read_text()}\n---\n{added}\n")
    lab.apply(changed)
    assert resolved(lab, "added") == resolved(lab, "added", "pod/many")
    assert not [each for each in output(lab, "pod/many", "env") if each.startswith("ADDED_")]
    lab.restart("pod/many")
    assert [each for each in output(lab, "pod/many", "env") if each.startswith("ADDED_SERVICE")]
    lab.apply(file)
    assert resolved(lab, "added") == []
    assert [each for each in output(lab, "pod/many", "env") if each.startswith("ADDED_SERVICE")]
