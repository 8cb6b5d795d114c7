"""Commands that read a file: data on stdout, everything else on stderr, and the exit code."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner, Result

from nsnet import __version__
from nsnet.cli.program import main
from tests.support.labs import SCENARIOS, SHIPPED

ISLAND = f"{SCENARIOS}/island-nat.yaml"
LAB = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: lab}
spec:
  clusters: [{name: east}]
---
apiVersion: v1
kind: LimitRange
metadata: {name: settings}
"""


def nsnet(*arguments: str) -> Result:
    """Run a command, and check that it prints no traceback."""
    result = CliRunner().invoke(main, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def warned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a file that loads with a warning."""
    monkeypatch.chdir(tmp_path)
    Path("lab.yaml").write_text(LAB, encoding="utf-8")
    return "lab.yaml"


READING = [("plan",), ("plan", "--shell"), ("plan", "--json"), ("validate",), ("graph",)]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((("validate",), name) for name in SHIPPED),
        *((command, "dual-stack") for command in READING),
    ],
)
def test_what_only_reads_a_file_succeeds(command: tuple[str, ...], name: str) -> None:
    result = nsnet(*command, f"{SCENARIOS}/{name}.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_a_warning_is_on_stderr(command: tuple[str, ...], warned: str) -> None:
    result = nsnet(*command, warned)
    assert result.exit_code == 0
    assert result.stderr == "ignored: 1 LimitRange; -v lists them\n"
    assert "LimitRange" not in result.stdout


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_ignored_objects_are_listed_on_demand(option: str, warned: str) -> None:
    result = nsnet("validate", option, warned)
    assert result.exit_code == 0
    assert re.fullmatch(r"ignored: \S+:\d+: LimitRange default/settings\n", result.stderr)


# --- plan ---


def test_a_plan_for_people() -> None:
    text = nsnet("plan", f"{SCENARIOS}/one-node.yaml").stdout
    assert "pod/web nsnet.one-node.east.pod.default.web\n" in text
    assert "  eth0            10.244.0.3/24 ── node/n1\n" in text
    assert "  route 0.0.0.0/0 via 10.244.0.1  (default route: the pod's node)\n" in text
    assert "  listens on 53/udp as pod/web\n" in text
    dns = r"  listens on 53/tcp as pod/coredns-0.kube-system, a DNS server of \d+ names\n"
    assert re.search(dns, text)
    assert "  cbr0            bridge 10.244.0.1/24\n" in text


def test_a_plan_names_what_proxies_offer() -> None:
    text = nsnet("plan", f"{SCENARIOS}/ingress.yaml").stdout
    offered = "6 HTTP routes inside TLS, for svc/ingress.nsnet-ingress"
    assert f"  haproxy at 10.244.1.254:443: {offered}\n" in text
    text = nsnet("plan", f"{SCENARIOS}/island-proxy.yaml").stdout
    assert "  haproxy at 198.18.0.4:80: 3 servers of west/svc/web\n" in text
    assert "  haproxy at 198.18.0.3:443: 2 TLS names, for west/svc/tls-nsnet\n" in text


def test_a_plan_for_a_shell() -> None:
    text = nsnet("plan", "--shell", f"{SCENARIOS}/one-node.yaml").stdout
    assert text.startswith("#!/bin/sh\n")
    assert "IPT=${IPT:-iptables-legacy}" in text
    assert "east/pod/web answers on 53/udp\n" in text
    assert text.endswith("COMMIT\nEOF\n")


def test_a_plan_for_machines() -> None:
    data = json.loads(nsnet("plan", "--json", f"{SCENARIOS}/one-node.yaml").stdout)
    assert (data["schema"], data["lab"]) == ("nsnet.dev/plan/v1", "one-node")
    (pod,) = [each for each in data["netns"] if each["reference"] == "east/pod/web"]
    assert pod["interfaces"][0]["addresses"] == ["10.244.0.3/24"]
    assert pod["routes"][0]["via"] == "10.244.0.1"
    (dns,) = [each for each in data["netns"] if "coredns" in each["reference"]]
    zone = dns["listeners"][0]["names"]["zones"][0]
    (record,) = zone["records"]["kube-dns.kube-system.svc.cluster.local"][:1]
    assert (zone["origin"], record["type"], record["data"]) == ("cluster.local", "A", "10.96.0.10")


# --- explain ---


def test_an_explanation_for_people() -> None:
    result = nsnet("explain", ISLAND, "east/pod/client", "west/svc/web:80")
    text = result.stdout
    assert (result.exit_code, result.stderr) == (0, "")
    assert text.startswith("east/pod/client → west/svc/web:80 tcp\n")
    assert "path 1 of 3: ok by west/pod/web-0, seen as 198.18.0.2\n" in text
    assert "path 3 of 3: ok by west/pod/web-2, seen as 198.18.0.2\n" in text
    assert re.findall(r"^path .* by (\S+),", text, re.M) == [
        f"west/pod/web-{number}" for number in range(3)
    ]
    assert text.count("  as path 1 up to west/gateway, then:\n") == 2
    assert text.count("sends tcp") == 1
    assert "10.244.0.2 → 198.18.0.4:80" in text
    assert "conntrack undoes the SNAT" in text


def test_an_explanation_names_the_rule() -> None:
    text = nsnet("explain", f"{SCENARIOS}/egress.yaml", "pod/client", "external/api:443").stdout
    assert "IP-MASQ-AGENT" in text
    assert "-j MASQUERADE" in text


def test_an_explanation_for_machines() -> None:
    result = nsnet("explain", "--json", ISLAND, "east/pod/client", "west/svc/web:80")
    data = json.loads(result.stdout)
    assert (data["schema"], data["lab"], len(data["paths"])) == (
        "nsnet.dev/explain/v1",
        "island-nat",
        3,
    )
    first = data["paths"][0]
    assert (first["verdict"], first["server"], first["source"]) == (
        "ok",
        "west/pod/web-0",
        "198.18.0.2",
    )
    assert first["there"][0]["packet"]["dst"] == "198.18.0.4"


@pytest.mark.parametrize(
    ("protocol", "target", "outcome"),
    [
        ("tcp", "west/svc/web:80", "ok by west/pod/web-0"),
        ("udp", "west/svc/web:dns", "ok by west/pod/web-0"),
        ("icmp", "external/api", "ok by external/api"),
        ("tcp", "west/svc/web:81", "refused"),
        ("tcp", "192.0.2.1:80", "net-unreachable"),
    ],
)
def test_any_packet_can_be_explained(protocol: str, target: str, outcome: str) -> None:
    result = nsnet("explain", ISLAND, "east/pod/client", target, "--protocol", protocol)
    assert result.exit_code == 0
    assert outcome in result.stdout


def test_an_explanation_of_ipv6_shows_ipv6_rules() -> None:
    file = f"{SCENARIOS}/dual-stack.yaml"
    text = nsnet("explain", file, "pod/client", "[fd00:10:96::2]:80").stdout
    assert text.startswith("pod/client → [fd00:10:96::2]:80 tcp\n")
    assert "fd00:10:244::2 → [fd00:10:96::2]:80" in text
    assert "--to-destination" in text
    assert "[fd00:10:244:1::2]:80" in text


@pytest.mark.parametrize(
    ("file", "target"),
    [("dual-stack", "[fd00:10:96::2]:80"), ("island-proxy", ""), ("vxlan", ""), ("nftables", "")],
)
def test_an_explanation_fits_into_80_columns(file: str, target: str) -> None:
    cluster = "east/" if file.startswith("island") else ""
    source, name = f"{cluster}pod/client", f"{SCENARIOS}/{file}.yaml"
    lines = nsnet("explain", name, source, target or f"{cluster}svc/web:80").stdout.splitlines()
    assert len(lines) > 10
    assert [each for each in lines if len(each) > 80 or each != each.rstrip()] == []


# --- validate, graph, schema ---


def test_a_valid_file_is_counted() -> None:
    counted, *description = nsnet("validate", ISLAND).stdout.splitlines()
    assert counted == (
        f"{ISLAND} is valid: 2 clusters, 4 nodes, 9 pods, 4 Services, 17 probes,"
        " 19 network namespaces"
    )
    written = yaml.safe_load(Path(ISLAND).read_text().partition("\n---\n")[0])["spec"]
    assert " ".join(description) == " ".join(written["description"].split())


def test_plain_manifests_are_counted_without_probes_and_warned_of_without_their_cluster(
    warned: str,
) -> None:
    idle = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
    Path(warned).write_text(idle + "spec: {selector: {app: web}, ports: [{port: 80}]}\n")
    result = nsnet("validate", warned)
    counted = "1 cluster, 2 nodes, 1 pod, 2 Services, 6 network namespaces"
    assert result.stdout == f"{warned} is valid: {counted}\n"
    warning = f"warning: {warned}:4: the selector of svc/web matches no running pod\n"
    assert result.stderr == warning


def test_pods_that_do_not_run_are_counted_apart(warned: str) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {nodeName: n1, containers: []}"
    done = pod.replace("web", "done") + "\nstatus: {phase: Succeeded}"
    Path(warned).write_text("\n---\n".join((LAB, pod, done)))
    assert ", 2 pods and 1 not running, " in nsnet("validate", warned).stdout


@pytest.mark.parametrize(
    ("form", "start"), [("mermaid", "flowchart LR\n"), ("dot", 'graph "island-nat" {\n')]
)
def test_a_graph_has_the_format_that_was_asked_for(form: str, start: str) -> None:
    assert nsnet("graph", "--format", form, ISLAND).stdout.startswith(start)


def test_the_schema_is_valid_json_schema() -> None:
    result = nsnet("schema")
    schema = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert set(schema["required"]) == {"apiVersion", "kind", "metadata", "spec"}
    assert schema["additionalProperties"] is False


# --- help ---


@pytest.mark.parametrize("name", sorted(main.commands))
def test_help_shows_a_real_example(name: str) -> None:
    result = nsnet(name, "--help")
    assert result.exit_code == 0
    assert f"nsnet {name}" in result.stdout.partition("Example: ")[2]


def test_help_names_every_command() -> None:
    result = nsnet("--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [name for name in main.commands if f"\n  {name} " not in result.stdout] == []


def test_the_version() -> None:
    assert nsnet("--version").stdout == f"nsnet, version {__version__}\n"


# --- mistakes ---


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["plan"],
            "error: missing argument 'FILE…'\nhint: main plan [OPTIONS] FILE…; more:",
        ),
        (["pln", ISLAND], "no such command 'pln'"),
        (["plan", "--colour", ISLAND], "no such option"),
        (["graph", ISLAND, "--format", "svg"], "'svg' is not one of 'mermaid', 'dot'"),
        (["explain", ISLAND, "east/pod/client"], "missing argument 'TO'"),
        (["explain", ISLAND, "a", "b", "--protocol", "sctp"], "'sctp' is not one of"),
        (["plan", "nowhere.yaml"], "error: nowhere.yaml: does not exist"),
        (["validate", f"{SCENARIOS}"], "has a Scenario, so it must be the only FILE"),
        (
            ["explain", ISLAND, "east/pod/clint", "west/svc/web:80"],
            "error: east/pod/clint: east has no pod clint; did you mean client?",
        ),
        (
            ["explain", ISLAND, "east/pod/client", "west/svc/web"],
            "error: west/svc/web: tcp needs a port",
        ),
        (["down"], "name a lab, or use --all"),
        (["run"], "missing argument 'FILE…'"),
        (["run", "nowhere.yaml"], "error: nowhere.yaml: does not exist"),  # before the host
        (["probe", "lab", "--from", "east/pod/client"], "--from and --to need each other"),
        (["probe", "lab", "--times", "3"], "--times is for a probe of your own: add --from, --to"),
        (["probe", "lab", "--expect", "ok"], "--expect is for a probe of your own"),
        (["probe", "lab", "--expect", "fine"], "'fine' is not one of 'ok', 'refused'"),
        (["probe", "lab", "--times", "0"], "0 is not in the range"),
    ],
)
def test_a_mistake_of_the_user_ends_with_2_and_says_nothing_on_stdout(
    command: list[str], message: str
) -> None:
    result = nsnet(*command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_the_name_of_a_lab_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsnet.state.daemons.RUN", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir("/")
    for command in ("run", "up", "validate"):
        result = nsnet(command, "demo")
        assert result.exit_code == 2
        assert result.stderr == (
            "error: demo is a lab that is up; this command needs a FILE\n"
            "hint: use the lab: nsnet probe demo; nsnet status demo; nsnet down demo\n"
        )
    assert nsnet("run", "dmo").stderr == (
        "error: dmo: there is no such file or folder\n"
        "hint: FILE is a path such as scenarios/flat.yaml; labs that are up: demo\n"
    )


@pytest.mark.parametrize("command", ["plan", "run"])
def test_mistakes_in_json(command: str, warned: str) -> None:
    Path(warned).write_text(LAB.replace("name: lab", "name: Lab").replace("east", "pod"))
    result = nsnet(command, "--json", warned)
    data = json.loads(result.stdout)
    assert (result.exit_code, list(data)) == (2, ["schema", "errors", "hint"])
    assert data["schema"] == "nsnet.dev/error/v1"
    assert [(each["line"], each["path"]) for each in data["errors"]] == [
        (3, "metadata.name"),
        (5, "spec.clusters[0].name"),
    ]
    assert set(data["errors"][0]) == {"file", "line", "path", "message", "rule"}
    assert result.stderr.count("error: ") == 2
    missing = json.loads(nsnet(command, "--json", "nowhere.yaml").stdout)["errors"]
    assert [(each["file"], each["line"]) for each in missing] == [("nowhere.yaml", 0)]


def test_mistakes_in_junit(warned: str) -> None:
    Path(warned).write_text(LAB.replace("name: lab", "name: Lab"))
    result = nsnet("run", "--junit", "report.xml", warned)
    assert (result.exit_code, result.stdout) == (2, "")
    suite = ElementTree.parse("report.xml").getroot()
    assert (suite.tag, suite.get("errors"), suite.get("failures")) == ("testsuite", "1", "0")
    error = suite.find("testcase/error")
    assert error is not None
    assert f"error: {error.get('message')}" in result.stderr


@pytest.mark.parametrize("name", ["", "Lab", "a.b", "a/b"])
def test_a_lab_cannot_have_every_name(name: str) -> None:
    result = nsnet("run", ISLAND, "--name", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: invalid value for '--name': " in result.stderr


def test_every_mistake_of_a_file_is_a_line(warned: str) -> None:
    Path(warned).write_text(LAB.replace("name: lab", "name: Lab").replace("east", "pod"))
    result = nsnet("plan", warned)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == ["error", "error"]


def test_no_colour_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in nsnet("plan", ISLAND).output
    assert "\x1b" not in nsnet("explain", ISLAND, "east/pod/client", "east/svc/web:80").output


# --- capture ---


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "missing argument 'LAB'"),
        (("lab", "--count", "0"), "0 is not in the range x>=1"),
        (("lab", "--seconds", "0"), "0 is not in the range x>=1"),
        (("lab", "--seconds", "forever"), "'forever' is not a valid integer"),
        (("lab", "--snaplen", "13"), "13 is not in the range 14<=x<=262144"),
        (("lab", "-w", "."), "'.' is a directory"),
    ],
    ids=" ".join,
)
def test_a_capture_without_bounds_or_without_a_file_is_refused(
    arguments: tuple[str, ...], says: str
) -> None:
    result = nsnet("capture", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
