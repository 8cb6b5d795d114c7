"""The command line on labs that are up: what it prints, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from nsnet.lab import registry as labs
from nsnet.text import printable
from tests.support.machine import NEEDS_ROOT, NSNET, ROOT, Completed, Machine, machine, renamed

pytestmark = NEEDS_ROOT

CLUSTERIP = ROOT / "scenarios" / "clusterip.yaml"
EGRESS = ROOT / "scenarios" / "egress.yaml"
TWO_NODES = ROOT / "scenarios" / "two-nodes.yaml"


# As nsnet/cli/README.md lists them, in order.
REPORT = ["schema", "lab", "passed", "failed", "unjudged", "defects", "probes"]
PROBE = [
    "name", "from", "to", "protocol", "times", "size", "held", "idle", "keepalive", "http",
    "expected", "predicted", "observed", "passed", "judged", "defect", "container", "lookup",
]  # fmt: skip
ANSWER = [
    "verdict", "verdicts", "servers", "sources", "statuses", "locations", "certificates", "path",
    "ms", "container",
]  # fmt: skip

FAILING = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: failing}
spec:
  clusters:
  - {name: east}
  probes:
  - name: what is true
    from: pod/client
    to: pod/web:80
    expect: {verdict: ok}
  - name: what is false
    from: pod/client
    to: pod/web:80
    expect: {verdict: refused}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  containers: [{name: main, image: netexec}]
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: main, image: netexec, ports: [{containerPort: 80}]}]
"""


@pytest.fixture(scope="module")
def where() -> Iterator[Machine]:
    """Yield a machine with two labs up."""
    with machine() as made:
        made.up(CLUSTERIP)
        made.up(TWO_NODES)
        yield made


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    file = tmp_path / "failing.yaml"
    file.write_text(FAILING)
    return file


def parsed(done: Completed) -> dict[str, Any]:
    """Return what --json printed, and check that stderr is empty."""
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# run


def test_run_reports_and_ends_with_0(where: Machine) -> None:
    done = where.nsnet("run", TWO_NODES)
    assert done.returncode == 0
    description, empty, first, *_, last = done.stdout.splitlines()
    assert description.startswith("Pods of two nodes reach each other by routes")
    assert (empty, first) == ("", "each probe: expected / predicted / observed")
    assert last.startswith("two-nodes: 9 probes, 9 passed, 0 failed, 0 defects, in ")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["building", "probing"]


@pytest.mark.parametrize(
    ("redirection", "status", "says"),
    [
        (">/dev/full", 3, "error: No space left on device"),
        (">&-", 2, "error: standard output is closed"),
    ],
)
def test_a_report_that_cannot_be_printed_is_one_line(
    where: Machine, redirection: str, status: int, says: str
) -> None:
    done = where.run("sh", "-c", f"{NSNET} run {TWO_NODES} {redirection}")
    assert done.returncode == status
    assert [each for each in done.stderr.splitlines() if each.startswith("error")] == [says]
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_run_leaves_a_lab_of_the_same_name_alone(where: Machine) -> None:
    before = where.contents()
    assert where.nsnet("run", TWO_NODES).returncode == 0
    assert where.contents() == before


def test_run_ends_with_1_where_a_probe_disagrees(where: Machine, failing: Path) -> None:
    done = where.nsnet("run", failing)
    assert done.returncode == 1
    assert "✗ what is false" in done.stdout
    assert "    ✗ expected refused, got ok by pod/web, seen as 10.244.0.2" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(
        "failing: 2 probes, 1 passed, 1 failed, 0 defects, in "
    )


@pytest.mark.parametrize("command", ["run", "up"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "error: FILE: "),
        ("", "error: FILE: "),
        (FAILING.replace("metadata: {name: failing}", "metadata: {nam: x}"), "error: FILE:3: "),
        (FAILING.replace("to: pod/web:80", "to: pod/wib:80", 1), "error: FILE:10: "),
    ],
    ids=["no file", "an empty one", "an unknown key", "an unknown pod"],
)
def test_a_wrong_file_ends_with_2_and_builds_nothing(
    where: Machine, tmp_path: Path, command: str, text: str | None, says: str
) -> None:
    file = tmp_path / "wrong.yaml"
    if text is not None:
        file.write_text(text)
    before = where.contents()
    done = where.nsnet(command, file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says.replace("FILE", str(file)))
    assert where.contents() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", "--nosuch", "FILE"),
        ("nosuch",),
        ("down",),
        ("probe", "two-nodes", "--to", "pod/far"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(where: Machine, arguments: tuple[str, ...]) -> None:
    done = where.nsnet(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")


# --json, --junit


def test_the_json_report_is_as_the_readme_says(where: Machine, failing: Path) -> None:
    done = where.nsnet("run", failing, "--json")
    report = parsed(done)
    assert done.returncode == 1
    assert list(report) == REPORT
    assert {key: report[key] for key in REPORT[:-1]} == {
        "schema": "nsnet.dev/report/v1",
        "lab": "failing",
        "passed": 1,
        "failed": 1,
        "unjudged": 0,
        "defects": 0,
    }
    good, bad = report["probes"]
    assert list(good) == list(bad) == PROBE
    assert list(good["predicted"]) == list(good["observed"]) == ANSWER
    ms = good["observed"].pop("ms")
    assert 0 < ms < 1000
    unused: dict[str, object] = {"statuses": {}, "locations": [], "certificates": []}
    unused |= {"path": None, "container": None}
    assert good == {
        "name": "what is true",
        "from": "pod/client",
        "to": "pod/web:80",
        "protocol": "tcp",
        "times": 1,
        "size": 0,
        "held": False,
        "idle": 0.0,
        "keepalive": 0,
        "http": None,
        "expected": {"verdict": "ok"},
        "predicted": {
            "verdict": "ok",
            "verdicts": {"ok": 1},
            "servers": ["east/pod/web"],
            "sources": [{"address": "10.244.0.2", "ref": "east/pod/client"}],
            **unused,
            "ms": None,
        },
        "observed": {
            "verdict": "ok",
            "verdicts": {"ok": 1},
            "servers": ["east/pod/web"],
            "sources": [{"address": "10.244.0.2", "ref": "east/pod/client"}],
            **unused,
        },
        "passed": True,
        "judged": True,
        "defect": False,
        "container": None,
        "lookup": None,
    }
    assert (bad["expected"], bad["passed"], bad["defect"]) == ({"verdict": "refused"}, False, False)


def test_json_has_the_path_where_it_is_expected(where: Machine) -> None:
    report = parsed(where.nsnet("probe", "two-nodes", "--json"))
    with_path = {each["name"]: each for each in report["probes"] if "path" in each["expected"]}
    assert len(with_path) == 2
    for each in with_path.values():
        wanted = [f"east/{place}" if "/" in place else place for place in each["expected"]["path"]]
        assert each["observed"]["path"] == each["predicted"]["path"] == wanted


def test_json_counts_every_attempt(where: Machine) -> None:
    done = where.nsnet(
        "probe",
        "clusterip",
        "--json",
        "--from",
        "pod/client",
        "--to",
        "svc/web:80",
        "--times",
        "60",
    )
    (only,) = parsed(done)["probes"]
    assert (done.returncode, only["times"]) == (0, 60)
    assert only["observed"]["verdicts"] == {"ok": 60}
    assert only["observed"]["servers"] == [f"east/pod/web-{number}" for number in range(3)]
    assert only["predicted"]["servers"] == only["observed"]["servers"]


@pytest.mark.parametrize("folder", ["tmp", "run"])
def test_the_junit_file_names_what_failed(
    where: Machine, failing: Path, tmp_path: Path, folder: str
) -> None:
    file = tmp_path / "report.xml" if folder == "tmp" else Path("/run/report.xml")
    done = where.nsnet("run", failing, "--json", "--junit", file)
    there = where.path(str(file)) if folder == "run" else file
    suite = ElementTree.parse(there).getroot()
    assert (done.returncode, parsed(done)["failed"]) == (1, 1)
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors")} == {
        "name": "failing",
        "tests": "2",
        "failures": "1",
        "errors": "0",
    }
    good, bad = suite.findall("testcase")
    assert (good.get("name"), bad.get("name")) == ("what is true", "what is false")
    assert good.find("failure") is None
    failure = bad.find("failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("expected refused, got ok by east/pod/web")
    if folder == "run":
        there.unlink()


# up, down, ls


def test_a_lab_is_built_listed_and_removed(where: Machine, failing: Path) -> None:
    before = where.contents()
    done = where.nsnet("up", failing)
    assert (done.returncode, done.stdout) == (
        0,
        "failing is up: 1 cluster, 1 node, 3 pods, 1 Service, 2 probes, 6 network namespaces\n",
    )
    assert where.nsnet_output("ls").split() == ["clusterip", "failing", "two-nodes"]
    assert json.loads(where.nsnet_output("ls", "--json")) == [
        {"lab": name, "complete": True} for name in ("clusterip", "failing", "two-nodes")
    ]
    assert where.nsnet("probe", "failing").returncode == 1
    assert where.nsnet_output("down", "failing", "nosuch") == (
        "failing is down\n"
        "nosuch: nothing to remove: there is no lab of this name; there are: clusterip, two-nodes\n"
    )
    assert where.contents() == before


def test_half_a_lab_is_listed_as_such(where: Machine) -> None:
    where.output("ip", "netns", "add", "nsnet.half.fabric")
    (line,) = (each for each in where.nsnet_output("ls").splitlines() if "half" in each)
    assert line.startswith("half  (half-built; ")
    assert line.endswith("to remove it: nsnet down half)")
    done = where.nsnet("probe", "half")
    assert done.returncode == 2
    error, hint = done.stderr.splitlines()
    assert error == "error: half is half-built"
    assert hint == "hint: to build it again: nsnet up FILE; to remove it: nsnet down half"
    assert where.nsnet_output("down", "half") == "half is down\n"


@pytest.mark.parametrize(
    "command", [("status",), ("probe",), ("exec", "pod/client", "true"), ("shell", "pod/client")]
)
def test_a_lab_that_is_not_up_ends_with_2(where: Machine, command: tuple[str, ...]) -> None:
    name, *rest = command
    done = where.nsnet(name, "nosuch", *rest)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: no lab nosuch is up; there are: clusterip, two-nodes\n"


# status, drift


def test_status_lists_every_member_with_its_addresses(where: Machine) -> None:
    text = where.nsnet_output("status", "clusterip")
    assert [line.split() for line in text.splitlines() if "pod/web-" in line] == [
        ["pod/web-0", "10.244.0.4", "on", "n1", "8080/tcp"],
        ["pod/web-1", "10.244.1.2", "on", "n2", "8080/tcp"],
        ["pod/web-2", "10.244.0.5", "on", "n1", "8080/tcp"],
    ]
    assert text.splitlines()[-1] == "no drift: the kernel holds what the file asks for"
    found = parsed(where.nsnet("status", "clusterip", "--json"))
    assert list(found) == ["schema", "lab", "drift", "members"]
    assert (found["schema"], found["drift"]) == ("nsnet.dev/status/v1", [])
    web = {
        "ref": "east/svc/web",
        "addresses": ["10.96.0.2"],
        "about": "ClusterIP 80/tcp to 3 endpoints",
    }
    assert web in found["members"]


@pytest.mark.parametrize(
    ("scenario", "command", "drift"),
    [
        (
            TWO_NODES,
            "ip route del 10.244.1.0/24",
            ["east/node/n1: route 10.244.1.0/24 via 192.168.10.3 dev eth0 is missing"],
        ),
        (
            EGRESS,
            "iptables-legacy -t nat -F IP-MASQ-AGENT",
            ["east/node/n1: nat IP-MASQ-AGENT: all 4 rules are missing"],
        ),
    ],
    ids=["a route", "a chain"],
)
def test_what_was_changed_by_hand_is_drift_and_no_prediction_holds(
    where: Machine, tmp_path: Path, scenario: Path, command: str, drift: list[str]
) -> None:
    where.up(renamed(scenario, "touched", tmp_path / "touched.yaml"))
    try:
        where.nsnet_output("exec", "touched", "node/n1", "--", *command.split())
        lines = where.nsnet_output("status", "touched").splitlines()
        shown = [f"drift: {each.removeprefix('east/')}" for each in drift]
        assert [line for line in lines if "drift" in line] == shown
        assert parsed(where.nsnet("status", "touched", "--json"))["drift"] == drift
        done = where.nsnet("probe", "touched", "--json")
        report = parsed(done)
        assert (done.returncode, report["defects"]) == (1, 0)
        failed = [each for each in report["probes"] if not each["passed"]]
        assert failed
        for each in failed:
            assert list(each["predicted"]) == ["verdict", "unknown"]
            assert each["predicted"]["verdict"] is None
            assert "the lab is not as its file says" in each["predicted"]["unknown"]
        done = where.nsnet("probe", "touched")
        assert done.returncode == 1
        assert "? no prediction: the lab is not as its file says" in done.stdout
        assert "DEFECT" not in done.stdout
    finally:
        where.inside(lambda: labs.down("touched"))


@pytest.fixture
def touched(where: Machine, tmp_path: Path) -> Iterator[str]:
    """Yield the name of a lab that is used by one test only."""
    where.up(renamed(TWO_NODES, "touched", tmp_path / "touched.yaml"))
    yield "touched"
    where.inside(lambda: labs.down("touched"))


def test_a_server_that_was_killed_is_drift_and_no_defect(where: Machine, touched: str) -> None:
    servers = "for p in $(ip netns pids nsnet.touched.servers); do kill -9 $p; done"
    where.output("sh", "-c", servers)
    assert parsed(where.nsnet("status", touched, "--json"))["drift"] == [
        "servers: the lab's server does not run"
    ]
    done = where.nsnet("probe", touched)
    assert done.returncode == 1
    assert "(1 difference: nsnet status touched)" in " ".join(done.stdout.split())
    assert "DEFECT" not in done.stdout


@pytest.mark.parametrize("damage", ["ip netns del", "umount -l /run/netns/"])
def test_a_namespace_that_was_deleted_is_named(where: Machine, touched: str, damage: str) -> None:
    name = "nsnet.touched.east.pod.default.client"
    where.output("sh", "-c", f"{damage}{'' if damage.endswith('/') else ' '}{name}")
    without_path = ["--from", "pod/client", "--to", "pod/far:80"]
    for command in (["probe"], ["probe", *without_path], ["exec", "pod/client", "--", "true"]):
        done = where.nsnet(command[0], touched, *command[1:])
        assert (done.returncode, done.stdout) == (3, "")
        error, hint = done.stderr.splitlines()[-2:]
        assert error == f"error: east/pod/client: namespace {name} is gone"
        assert hint.startswith("hint: what else differs: nsnet status touched; ")


def test_a_lab_of_another_version_must_be_removed_first(where: Machine, touched: str) -> None:
    record = where.path(f"/run/nsnet/{touched}/lab.json")
    record.write_text(record.read_text().replace("nsnet.dev/lab/v1", "nsnet.dev/lab/v9"))
    done = where.nsnet("probe", touched)
    assert done.returncode == 2
    assert done.stderr == (
        "error: touched was built by another nsnet, whose records this one cannot read"
        " (nsnet.dev/lab/v9, not nsnet.dev/lab/v1)\n"
        "hint: remove it, then build it again: nsnet down touched; nsnet up FILE\n"
    )


def test_probe_ends_with_0_where_all_is_as_expected(where: Machine) -> None:
    done = where.nsnet("probe", "two-nodes")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("two-nodes: 9 probes, 9 passed, ")


def test_a_probe_of_ones_own_reports_both_ends(where: Machine) -> None:
    done = where.nsnet("probe", "two-nodes", "--from", "pod/client", "--to", "pod/far:80")
    assert done.returncode == 0
    assert "— / ok / ok  by pod/far, seen as 10.244.0.2 (pod/client)" in done.stdout


@pytest.mark.parametrize(
    ("source", "to", "says"),
    [
        ("pod/clint", "pod/far:80", "did you mean client?"),
        ("pod/client", "pod/far", "tcp needs a port"),
        ("pod/client", "pod/far:http", "no port is named http"),
    ],
)
def test_a_probe_to_an_unknown_reference_ends_with_2(
    where: Machine, source: str, to: str, says: str
) -> None:
    done = where.nsnet("probe", "two-nodes", "--from", source, "--to", to)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


# exec, shell, doctor


@pytest.mark.parametrize(
    ("place", "name", "address"),
    [
        ("pod/client", "client", "10.244.0.2/24"),
        ("east/node/n2", "n2", "192.168.10.3/24"),
        ("fabric", "fabric", "198.18.0.1/16"),
    ],
)
def test_a_command_runs_in_its_place(where: Machine, place: str, name: str, address: str) -> None:
    done = where.nsnet("exec", "two-nodes", place, "--", "sh", "-c", "hostname; ip -o addr")
    first, *rest = done.stdout.splitlines()
    assert first == name
    assert address in " ".join(rest).split()


def test_a_command_in_a_pod_has_an_environment_of_its_own(where: Machine) -> None:
    def environment(*command: str) -> dict[str, str]:
        done = where.run(NSNET, "exec", *command, "env", env={"HOST_ONLY": "x", "TERM": "linux"})
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    found = environment("two-nodes", "pod/client")
    assert found["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert (found["HOSTNAME"], found["TERM"], found["HOME"]) == ("client", "linux", "/root")
    assert "/usr/sbin" in found["PATH"].split(":")
    assert "HOST_ONLY" not in found
    kept = environment("--keep-env", "two-nodes", "pod/client")
    assert (kept["HOST_ONLY"], kept["HOSTNAME"]) == ("x", "client")
    assert environment("two-nodes", "node/n1")["HOST_ONLY"] == "x"


CONTAINERS = """
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: containers}
spec: {clusters: [{name: east, dns: false}]}
---
{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {A: marker}}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: one, envFrom: [{secretRef: {name: s}}], env: [{name: LD_PRELOAD, value: /tmp/x}]}
  - {name: large, env: [{name: A, value: "VALUE"}]}
"""


def test_each_container_has_variables_of_its_own(where: Machine, tmp_path: Path) -> None:
    file = tmp_path / "containers.yaml"
    file.write_text(CONTAINERS.replace("VALUE", "x" * 140_000))
    where.nsnet_output("up", str(file))
    left_out = "LD_PRELOAD: left out, because programs would not start, or use other files"
    too_large = (
        "error: sh: Argument list too long\n"
        "hint: give the pod fewer variables: enableServiceLinks: false\n"
    )
    for options, status, output, errors in (
        ((), 0, "marker\n", f"note: {left_out}\n"),
        (("-c", "one"), 0, "marker\n", f"note: {left_out}\n"),
        (("-c", "large"), 126, "", too_large),
        (("-c", "no"), 2, "", "error: web has no container 'no'; there are: one, large\n"),
    ):
        command = ("sh", "-c", "echo $A$LD_PRELOAD")
        done = where.nsnet("exec", *options, "containers", "pod/web", "--", *command)
        assert (done.returncode, done.stdout, done.stderr) == (status, output, errors)
    done = where.nsnet("exec", "-c", "one", "containers", "node/n1", "--", "true")
    assert (done.returncode, done.stderr) == (
        2,
        "error: n1 is no pod: it has no containers\n",
    )
    for option in ("--json", "--check"):
        assert "marker" not in where.nsnet_output("status", "containers", option)
    where.nsnet_output("down", "containers")


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9)])
def test_exec_returns_the_exit_code_of_its_command(
    where: Machine, script: str, status: int
) -> None:
    done = where.nsnet("exec", "two-nodes", "pod/client", "--", "sh", "-c", script)
    assert (done.returncode, done.stderr) == (status, "")


def test_a_command_keeps_its_input_and_both_outputs(where: Machine) -> None:
    argv = (NSNET, "exec", "two-nodes", "pod/client", "sh", "-c", "tr a-z A-Z; echo no >&2")
    done = where.run(*argv, text="yes\n")
    assert (done.stdout, done.stderr) == ("YES\n", "no\n")


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("/no/such", 127, "there is no such command on this host"),
        ("nosuch", 127, "there is no such command on this host"),
        ("", 127, "there is no such command on this host"),
        ("/etc/passwd", 126, "Permission denied"),
    ],
)
def test_a_command_that_cannot_be_run_ends_as_in_a_shell(
    where: Machine, command: str, status: int, message: str
) -> None:
    done = where.nsnet("exec", "two-nodes", "pod/client", "--", command)
    assert (done.returncode, done.stderr) == (status, f"error: {printable(command)}: {message}\n")


def test_a_probe_of_ones_own_can_expect_a_verdict(where: Machine) -> None:
    ends = ("--from", "pod/client", "--to", "pod/far:80")
    for expected, status, mark in (((), 0, "·"), (("ok",), 0, "✓"), (("refused",), 1, "✗")):
        options = ("--expect", *expected) if expected else ()
        done = where.nsnet("probe", "two-nodes", *ends, *options)
        assert done.returncode == status
        assert f"\n{mark} pod/client → pod/far:80 tcp\n" in done.stdout


def test_the_host_keeps_its_name_while_a_command_runs_in_a_pod(where: Machine) -> None:
    before = where.output("hostname")
    where.nsnet_output("exec", "two-nodes", "pod/client", "hostname", "other")
    assert where.output("hostname") == before


@pytest.mark.parametrize("program", ["/bin/sh", "/bin/bash"])
def test_a_shell_reads_what_is_piped_into_it(where: Machine, program: str) -> None:
    done = where.run(
        NSNET,
        "shell",
        "two-nodes",
        "pod/far",
        text="hostname\nls /sys/class/net\nexit 4\n",
        env={"SHELL": program},
    )
    assert (done.returncode, done.stdout.split()) == (4, ["far", "eth0", "lo"])


def test_doctor_finds_what_the_tests_need(where: Machine) -> None:
    done = where.nsnet("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓  veth" in done.stdout
    found = json.loads(where.nsnet_output("doctor", "--json"))
    assert [list(each) for each in found] == [
        ["name", "present", "why", "remedy", "needed"] for _ in found
    ]
    assert {each["name"] for each in found if each["needed"] and not each["present"]} == set()


@pytest.mark.parametrize(
    "command", [("run", str(TWO_NODES)), ("doctor",)], ids=lambda each: each[0]
)
def test_on_a_host_without_iptables_an_error_says_so(
    where: Machine, command: tuple[str, ...]
) -> None:
    hide = 'mount -n -t tmpfs none /usr/sbin && mount -n -t tmpfs none /sbin && exec "$@"'
    done = where.run("unshare", "-m", "sh", "-c", hide, "sh", NSNET, *command)
    assert done.returncode == 3
    if command[0] == "run":
        assert done.stderr == (
            "error: this host has no iptables\n"
            "hint: apt install iptables; modprobe ip_tables, or nf_tables\n"
        )
    else:
        needed = "needed: apt install iptables; modprobe ip_tables, or nf_tables"
        assert needed in " ".join(done.stdout.split())


# completion


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["status", ""], ["clusterip", "two-nodes"]),
        (["exec", "two-nodes", "pod/f"], ["pod/far"]),
        (["probe", "two-nodes", "--from", "pod/client", "--to", "pod/far", ":"], ["80", "53"]),
    ],
    ids=" ".join,
)
def test_a_shell_completes_labs_that_are_up(
    where: Machine, words: list[str], offered: list[str]
) -> None:
    environment = {
        "_NSNET_COMPLETE": "bash_complete",
        "COMP_WORDS": "\n".join(("nsnet", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = where.run(NSNET, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [f"plain,{each}" for each in offered]


def test_a_lab_can_have_another_name_than_its_file(where: Machine) -> None:
    file = str(ROOT / "scenarios" / "one-node.yaml")
    assert where.nsnet_output("up", file, "--name", "other").startswith("other is up: ")
    try:
        assert where.nsnet_output("up", file, "--name", "other") == (
            "other is up already; nothing to do\n"
        )
        assert json.loads(where.nsnet_output("status", "other", "--json"))["lab"] == "other"
        assert where.nsnet("probe", "other").returncode == 0
        assert where.nsnet_output("apply", "other", file) == "other: nothing to change\n"
        done = where.nsnet("apply", "other", str(ROOT / "scenarios" / "egress.yaml"))
        assert (done.returncode, "describes egress, not other" in done.stderr) == (2, True)
        done = where.nsnet("up", str(ROOT / "scenarios" / "two-nodes.yaml"), "--name", "other")
        assert done.returncode == 2
        assert f"nsnet apply other {ROOT}/scenarios/two-nodes.yaml;" in done.stderr
    finally:
        assert where.nsnet_output("down", "other") == "other is down\n"
