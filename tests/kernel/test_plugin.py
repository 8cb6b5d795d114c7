"""Labs as fixtures: the examples of README.md, and what else the plugin promises."""

import os
import random
import signal
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

from nsnet import Verdict
from nsnet.errors import ScenarioError, UsageError
from nsnet.kernel.processes import until
from nsnet.lab import agent
from nsnet.lab.lab import Lab
from nsnet.scenario.load import load
from nsnet.topology.notation import UnknownReferenceError
from nsnet.walk.packet import Unknown
from tests.support.machine import ROOT, ROOTLESS_UNABLE, SECONDS

pytest_plugins = ["pytester"]
pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("scenarios/island-nat.yaml"),
]

ISLANDS = ROOT / "scenarios" / "island-nat.yaml"
CLUSTERIP = ROOT / "scenarios" / "clusterip.yaml"


# The examples of README.md, unchanged.


def test_a_service_spreads_over_its_endpoints(lab: Lab) -> None:
    seen = lab.connect("east/pod/client", "east/svc/web:80", times=40)
    assert seen.servers == lab.endpoints("east/svc/web")


def test_an_island_pod_is_seen_as_its_gateway(lab: Lab) -> None:
    seen = lab.connect("east/pod/client", "external/api:443", path=True)
    assert seen.source in lab["east/gateway"].addresses
    assert seen.path == lab.explain("east/pod/client", "external/api:443").path


def test_a_service_without_endpoints_refuses(lab: Lab) -> None:
    lab.scale("east/deploy/web", 0)
    assert lab.connect("east/pod/client", "east/svc/web:80").verdict is Verdict.REFUSED


# What a test changes is undone before the next.


def test_the_next_test_finds_the_lab_as_its_file_says(lab: Lab) -> None:
    assert lab.endpoints("east/svc/web") == {"east/pod/web-0", "east/pod/web-1"}
    assert lab.drift() == []
    assert lab.connect("east/pod/client", "east/svc/web:80").verdict is Verdict.OK


def test_a_failing_test_changes_nothing_for_the_next(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        pytestmark = pytest.mark.lab({str(CLUSTERIP)!r})

        def test_fails(lab):
            lab.scale("deploy/web", 1)
            raise ValueError("in the middle")

        def test_finds_all(lab):
            assert len(lab.endpoints("svc/web")) == 3
            assert lab.drift() == []
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(failed=1, passed=1)


def test_what_was_changed_by_hand_is_undone_before_the_next(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        pytestmark = pytest.mark.lab({str(CLUSTERIP)!r})
        before = {{}}

        def test_remembers(lab):
            before.update((each.name, each) for each in lab.state.netns)
            lab.exec("node/n1", "ip", "route", "del", "default")
            lab.exec("node/n1", "ip", "link", "del", "cbr0")
            lab.scale("deploy/web", 1)

        def test_finds_all(lab):
            assert lab.drift() == []
            assert {{each.name: each for each in lab.state.netns}} == before
            assert lab.connect("pod/client", "svc/web:80").verdict == "ok"
            with pytest.raises(Exception, match="fail"):
                lab.exec("node/n1", "ip", "link", "del", "cbr0")
                lab.scale("deploy/web", 0)
                raise ValueError("fail")

        def test_finds_all_again(lab):
            assert lab.drift() == []
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_a_restart_and_another_file_are_undone_before_the_next(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    more = tmp_path / "more.yaml"
    more.write_text(CLUSTERIP.read_text().replace("replicas: 3", "replicas: 5"))
    pytester.makepyfile(
        f"""
        import pytest
        pytestmark = pytest.mark.lab({str(CLUSTERIP)!r})
        before = {{}}

        def test_restarts(lab):
            before.update((each.name, each) for each in lab.state.netns)
            assert len(lab.restart("deploy/web")) == 3
            assert {{each.name: each for each in lab.state.netns}} != before
            assert lab.connect("pod/client", "svc/web:80").verdict == "ok"

        def test_finds_the_same(lab):
            assert {{each.name: each for each in lab.state.netns}} == before
            assert lab.drift() == []

        def test_applies(lab):
            assert lab.apply({str(more)!r}) > 0
            assert len(lab.endpoints("svc/web")) == 5
            lab.exec("node/n1", "iptables-legacy", "-t", "nat", "-F")
            assert lab.apply({str(more)!r}) > 0
            assert lab.drift() == []

        def test_finds_the_same_again(lab):
            assert {{each.name: each for each in lab.state.netns}} == before
            assert lab.drift() == []
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=4)


def test_a_traceback_shows_the_test_and_not_the_plugin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest
        pytestmark = pytest.mark.lab({str(CLUSTERIP)!r})

        def test_it(lab):
            lab.connect("pod/nobody", "pod/dns", "icmp")
        """
    )
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["lab = <lab of *clusterip.yaml>", "E  *no pod nobody*"])
    result.stdout.no_fnmatch_line("*agent.py*")


def test_an_error_that_cannot_be_pickled_keeps_its_message() -> None:
    class OddError(ValueError):
        def __init__(self, *, number: int) -> None:
            super().__init__(f"the number was {number}")

    assert "the number was 7" in str(agent._portable(OddError(number=7)))


def test_ctrl_c_is_handled_by_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_long.py").write_text(
        "import pytest\n"
        f"@pytest.mark.lab({str(CLUSTERIP)!r})\n"
        "def test_long(lab):\n"
        f"    open({str(tmp_path / 'there')!r}, 'w').close()\n"
        "    lab.exec('pod/client', 'sleep', '1000', timeout=1000)\n"
    )
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    with subprocess.Popen(
        [*argv, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        process_group=0,
    ) as process:
        try:
            until((tmp_path / "there").exists, what="no test", seconds=SECONDS)
            os.killpg(process.pid, signal.SIGINT)
            output, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert process.returncode == 2, output
    assert "KeyboardInterrupt" in output
    assert output.splitlines()[-1].strip("= ").startswith("no tests ran in ")
    assert "ConnectionResetError" not in output


# Scaling.


@pytest.mark.parametrize("replicas", [1, 3, 5, 0, 2])
def test_a_scaled_workload_answers_with_so_many_pods(lab: Lab, replicas: int) -> None:
    lab.scale("west/deploy/web", replicas)
    pods = {f"west/pod/web-{number}" for number in range(replicas)}
    assert lab.endpoints("west/svc/web") == pods
    for client in ("west/pod/client", "east/pod/client"):
        seen = lab.connect(client, "west/svc/web:80", times=20 * max(replicas, 1))
        assert seen.servers == pods
        assert seen.verdict is (Verdict.OK if replicas else Verdict.REFUSED)
    assert lab.drift() == []


def addresses(lab: Lab) -> dict[str, frozenset[str]]:
    """Return the addresses of every namespace by reference."""
    return {
        each.reference: frozenset(map(str, each.addresses))
        for each in lab.state.netns
        if each.reference != "servers"
    }


def test_scaling_keeps_the_addresses_of_all_others(lab: Lab) -> None:
    before = addresses(lab)
    lab.scale("east/deploy/web", 4)
    more = addresses(lab)
    assert set(more) - set(before) == {"east/pod/web-2", "east/pod/web-3"}
    nodes = {"east/node/n1", "east/node/n2"}
    assert {key: more[key] for key in before} == before
    lab.scale("east/deploy/web", 1)
    fewer = addresses(lab)
    assert set(before) - set(fewer) == {"east/pod/web-1"}
    assert {key: before[key] for key in fewer} == fewer
    assert nodes <= set(fewer)


def test_every_step_of_a_random_walk_reads_back_as_its_state(lab: Lab) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)
    sizes = {"east": 2, "west": 3}
    before = addresses(lab)
    for _ in range(15):
        cluster = chance.choice(["east", "west"])
        sizes[cluster] = chance.randrange(7)
        lab.scale(f"{cluster}/deploy/web", sizes[cluster])
        assert lab.drift() == [], sizes
        now = addresses(lab)
        assert {key: now[key] for key in before if key in now} == {
            key: before[key] for key in before if key in now
        }
        before = now
        for other, pods in sizes.items():
            seen = lab.connect(f"{other}/pod/client", f"{other}/svc/web:80")
            assert seen.verdict is (Verdict.OK if pods else Verdict.REFUSED), sizes
    for cluster, pods in sizes.items():  # the probes name pods that may be missing at the end
        lab.scale(f"{cluster}/deploy/web", max(pods, 1))
    assert lab.probe(specs=lab.scenario.spec.probes[-4:]).defects == 0


# Places and commands.


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("east/pod/client", "10.244.0.2"),
        ("east/node/n1", "192.168.10.2"),  # of its eth0
        ("east/node/n1", "10.244.0.1"),  # of its bridge
        ("external/api", "203.0.113.80"),
    ],
)
def test_a_place_has_these_addresses(lab: Lab, reference: str, address: str) -> None:
    assert ip_address(address) in lab[reference].addresses
    assert address in lab.exec(reference, "ip", "-o", "addr").stdout


def test_a_command_runs_in_its_place(lab: Lab) -> None:
    done = lab.exec(
        "west/pod/web-1", "sh", "-c", "hostname; ls /sys/class/net; echo no >&2; exit 3"
    )
    assert done.stdout.split() == ["web-1", "eth0", "lo"]
    assert (done.stderr, done.returncode) == ("no\n", 3)


def test_a_lab_has_the_commands_of_the_host_but_not_its_network(lab: Lab) -> None:
    assert lab.exec("fabric", "ip", "route", "get", "1.1.1.1").returncode != 0


# Errors arrive as the exceptions that were raised.


def test_the_wrong_name_of_a_pod_is_an_unknown_reference(lab: Lab) -> None:
    with pytest.raises(UnknownReferenceError, match="did you mean web-0"):
        lab.connect("east/pod/client", "east/pod/web-00:80")
    with pytest.raises(UnknownReferenceError, match="there is no cluster north"):
        lab["north/pod/client"]


def test_what_cannot_be_scaled_is_a_usage_error(lab: Lab) -> None:
    with pytest.raises(UsageError, match="there is no such Deployment"):
        lab.scale("east/deploy/nothing", 2)
    with pytest.raises(UsageError, match="only deploy and statefulset can be scaled"):
        lab.scale("east/pod/client", 2)
    assert lab.drift() == []


def test_a_probe_that_makes_no_sense_is_a_usage_error(lab: Lab) -> None:
    with pytest.raises(UsageError, match="times"):
        lab.connect("east/pod/client", "east/svc/web:80", times=0)


def test_mixed_verdicts_are_no_single_verdict(lab: Lab) -> None:
    seen = lab.connect("east/pod/client", "west/svc/web:80", times=30)
    with pytest.raises(ValueError, match="there are 3 paths"):
        lab.explain("east/pod/client", "west/svc/web:80").path  # noqa: B018
    assert seen.verdicts == {Verdict.OK: 30}


def test_a_command_that_takes_too_long_is_a_timeout(lab: Lab) -> None:
    with pytest.raises(TimeoutError, match=r"not done after 0\.2 s"):
        lab.exec("east/pod/client", "sleep", "60", timeout=0.2)


def test_an_attribute_that_no_lab_has_is_an_attribute_error(lab: Lab) -> None:
    with pytest.raises(AttributeError, match="conect"):
        lab.conect  # type: ignore[attr-defined]  # noqa: B018


def test_the_lab_goes_on_after_an_error(lab: Lab) -> None:
    with pytest.raises(UnknownReferenceError):
        lab["nobody"]
    assert lab.connect("east/pod/client", "east/svc/web:80").verdict is Verdict.OK


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            "def test_it(lab): pass",
            "*uses the fixture lab: name its file by @pytest.mark.lab(FILE)*",
        ),
        (
            "import pytest\n@pytest.mark.lab('nowhere.yaml')\ndef test_it(lab): pass",
            "error: *nowhere.yaml: does not exist*",
        ),
        (
            "import pytest\n@pytest.mark.lab('wrong.yaml')\ndef test_it(lab): pass",
            "error: *wrong.yaml:4: metadata.nam: unknown key; did you mean name?*",
        ),
    ],
    ids=["no marker", "no file", "a wrong file"],
)
def test_an_error_says_why_a_test_has_no_lab(
    pytester: pytest.Pytester, body: str, says: str
) -> None:
    pytester.makefile(
        ".yaml", wrong="apiVersion: nsnet.dev/v1alpha1\nkind: Scenario\nmetadata:\n  nam: x\n"
    )
    pytester.makepyfile(body)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])
    assert "Traceback" not in str(result.stdout)
    assert "agent.py" not in str(result.stdout)


def test_building_a_wrong_file_raises_what_loading_it_raises(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as here:
        load(tmp_path)
    with pytest.raises(ScenarioError) as there, agent.Agent(tmp_path):
        pass
    assert there.value.lines() == here.value.lines()


# A wrong prediction is a warning, unless the lab was changed by hand.


def test_what_the_model_did_not_predict_is_a_warning(
    pytester: pytest.Pytester,
) -> None:
    """The State does not have this sysctl: it is no drift, and the model does not know it."""
    pytester.makepyfile(
        test_it=f"""
        import pytest
        pytestmark = pytest.mark.lab({str(CLUSTERIP)!r})

        def test_ping(lab):
            lab.exec("pod/dns", "sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1")
            assert lab.drift() == []
            assert lab.connect("pod/client", "pod/dns", "icmp", timeout=0.3).verdict == "timeout"

        @pytest.mark.filterwarnings("error")
        def test_again(lab):
            lab.connect("pod/client", "pod/dns", "icmp", timeout=0.3)
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, failed=1, warnings=1)
    words = "DefectWarning: pod/client → pod/dns: not predicted: timeout"
    result.stdout.fnmatch_lines(
        [
            f"E  *{words}",
            f"*test_it.py:7: {words}",
            "FAILED test_it.py::test_again - *DefectWarning*",
        ]
    )


@pytest.mark.lab(str(CLUSTERIP))
def test_what_differs_from_a_lab_that_was_changed_by_hand_is_no_defect(lab: Lab) -> None:
    lab.exec("node/n1", "iptables-legacy", "-t", "nat", "-F", "KUBE-SERVICES")
    seen = lab.connect("pod/client", "svc/web:80")
    assert (seen.verdict, seen.report.defects) == (Verdict.NET_UNREACHABLE, ())
    assert isinstance(seen.report.predicted, Unknown)
    assert "the lab is not as its file says" in seen.report.predicted.why
    (line,) = lab.drift()
    assert line == "east/node/n1: nat KUBE-SERVICES: all 5 rules are missing"
