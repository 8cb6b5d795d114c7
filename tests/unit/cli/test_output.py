"""What files say reaches a terminal as text: it controls nothing, and forges no line."""

import copy
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from nsnet.cli import show
from nsnet.cli.arguments import FILE
from nsnet.cli.output import err, out, out_json, out_table, out_text
from nsnet.cli.program import main
from nsnet.probes.outcome import Outcome
from nsnet.probes.report import Answer, ProbeReport, Report
from nsnet.scenario.kinds import ScenarioDocument
from nsnet.scenario.kubernetes.kinds import MODELS, VERSIONS
from nsnet.verdict import Verdict
from nsnet.walk.packet import Unknown
from tests.support.labs import ip, topology

SCENARIO: dict[str, Any] = {
    "apiVersion": "nsnet.dev/v1alpha1",
    "kind": "Scenario",
    "metadata": {"name": "lab"},
    "spec": {
        "description": "what it teaches",
        "fabricCIDR": "198.18.0.0/16",
        "clusters": [
            {
                "name": "east",
                "cni": "bridge",
                "model": "island",
                "podCIDR": "10.244.0.0/16",
                "serviceCIDR": "10.96.0.0/16",
                "nodeCIDR": "192.168.10.0/24",
                "nonMasqueradeCIDRs": ["172.16.0.0/12"],
                "routing": "static",
                "proxyMode": "iptables",
                "kubeProxy": {"nodePortAddresses": ["192.168.0.0/16"], "scheduler": "rr"},
                "nodes": [{"name": "n1", "labels": {"topology.kubernetes.io/zone": "a"}}],
                "gateway": {"kind": "nat", "name": "gw", "address": "198.18.0.9"},
                "manifests": [],
            }
        ],
        "externals": [
            {"name": "api", "address": "203.0.113.80", "ports": [{"port": 443, "protocol": "TCP"}]}
        ],
        "faults": [
            {"in": "east/pod/web", "drop": {"protocol": "udp", "port": 53}},
            {"in": "external/api", "drop": {"protocol": "icmp", "type": "echo-request"}},
            {"in": "east/node/n1", "down": "web"},
        ],
        "probes": [
            {
                "name": "the Service answers",
                "from": "pod/web",
                "to": "svc/web:http",
                "protocol": "tcp",
                "together": "a label",
                "expect": {
                    "verdict": ["ok", "timeout"],
                    "source": "pod/web",
                    "servers": ["deploy/web"],
                    "path": ["pod/web", "node/n1", "pod/web"],
                },
            }
        ],
    },
}
LABELS = {"app": "web"}
TEMPLATE = {
    "metadata": {"labels": LABELS, "annotations": {"nsnet.dev/proxy-protocol": "v2"}},
    "spec": {
        "nodeName": "n1",
        "containers": [
            {
                "name": "main",
                "image": "web:1",
                "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}],
            }
        ],
    },
}
MANIFESTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}}
    | {"spec": TEMPLATE["spec"]},
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"team": "blue"}},
        "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": TEMPLATE},
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "annotations": {"note": "text"}},
        "spec": {
            "type": "LoadBalancer",
            "selector": LABELS,
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "appProtocol": "http"}],
            "externalIPs": ["203.0.113.7"],
            "loadBalancerSourceRanges": ["10.0.0.0/8"],
            "ipFamilyPolicy": "SingleStack",
            "externalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
        },
    },
    {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "api", "labels": {"kubernetes.io/service-name": "api"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["203.0.113.80"], "nodeName": "n1", "zone": "a"}],
        "ports": [{"name": "https", "port": 443, "protocol": "TCP"}],
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api"},
        "spec": {"ports": [{"name": "https", "port": 443}]},
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "alias"},
        "spec": {"type": "ExternalName", "externalName": "api.example.org"},
    },
    {
        "apiVersion": "multicluster.x-k8s.io/v1alpha1",
        "kind": "ServiceExport",
        "metadata": {"name": "web", "annotations": {"nsnet.dev/cluster": "east"}},
    },
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cm", "namespace": "prod"}},
]
DOCUMENTS = [SCENARIO, *MANIFESTS]
POISON = (
    "\x1b[2J\x1b]0;title\x07",
    "\n✓ forged\nerror: forged",
    "\r\x08\x7f\x9b31m\x85\x00",
    "\u202e\u2066\u200b\u2028\ufeff",
    "'\"$(touch x)`]]>&<\\",
)
ALL_POISON = "".join(POISON)
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate", "lab.yaml"),
    ("plan", "lab.yaml"),
    ("plan", "--shell", "lab.yaml"),
    ("plan", "--json", "lab.yaml"),
    ("graph", "lab.yaml"),
    ("graph", "--format", "dot", "lab.yaml"),
    ("explain", "lab.yaml", "external/api", "fabric", "--protocol", "icmp"),
)


def strings(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every text in the data, keys included (their paths end in None)."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(key, str):
            yield (*path, key, None)
        if isinstance(value, str):
            yield (*path, key)
        elif isinstance(value, dict | list):
            yield from strings(value, (*path, key))


PLACES = list(strings(DOCUMENTS))


def poisoned(places: Sequence[tuple[Any, ...]], poison: str) -> str:
    """Return the file with this text added at each of these places."""
    data = copy.deepcopy(DOCUMENTS)
    for *way, last in sorted(places, key=len, reverse=True):
        *outer, key = way if last is None else (*way, last)
        at: Any = data
        for step in outer:
            at = at[step]
        if last is None:
            at[f"{key}{poison}"] = at.pop(key)
        elif key in at or isinstance(at, list):
            at[key] = f"{at[key]}{poison}"
    return yaml.safe_dump_all(data, sort_keys=False)


def controls(text: str) -> set[str]:
    """Return the characters of a text that control a terminal or cannot be seen."""
    kinds = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return {each for each in text if unicodedata.category(each) in kinds} - {"\n"}


def assert_is_text(text: str) -> None:
    """Assert that nothing in what nsnet printed controls a terminal or forges a line."""
    assert controls(text) == set()
    lines = text.split("\n")
    assert [each for each in lines if each.startswith(("✓ forged", "error: forged"))] == []


def run(command: Sequence[str]) -> str:
    """Run a command, and return what it prints to stdout and stderr."""
    result = CliRunner().invoke(main, command)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout + result.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_file_is_valid_before_it_is_poisoned(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab.yaml").write_text(poisoned((), ""), encoding="utf-8")
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output


def test_no_text_of_a_file_controls_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for place in PLACES:
        Path("lab.yaml").write_text(poisoned([place], ALL_POISON), encoding="utf-8")
        assert_is_text(run(("validate", "lab.yaml")))


def fields(annotation: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in models of this type: of each field, the first item of each
    list, and a key of each mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from fields(field.annotation, (*path, field.alias or name))
    elif get_origin(annotation) is Literal:
        yield path
    elif get_origin(annotation) in (dict, Mapping):
        yield from fields(get_args(annotation)[1], (*path, "key"))
    elif get_origin(annotation) in (tuple, list):
        for each in get_args(annotation)[:1]:
            yield from fields(each, (*path, 0))
    elif arguments := get_args(annotation):
        for each in arguments if get_origin(annotation) is not Annotated else arguments[:1]:
            yield from fields(each, path)
    else:
        yield path


def with_value(data: Any, path: Sequence[Any], value: str) -> Any:
    """Return the data with this value at a path, through new mappings and lists where needed."""
    if not path:
        return value
    first, *rest = path
    if first == 0:
        items = data if isinstance(data, list) and data else [None]
        return [with_value(items[0], rest, value), *items[1:]]
    mapping = data if isinstance(data, dict) else {}
    return mapping | {first: with_value(mapping.get(first), rest, value)}


KINDS = {"Scenario": ScenarioDocument, **MODELS}
# One kind of each model, preferably one that the file has.
KIND_OF = {KINDS[each["kind"]]: each["kind"] for each in DOCUMENTS if each["kind"] in KINDS}
KIND_OF = {model: kind for kind, model in KINDS.items()} | KIND_OF
EVERY_FIELD = [
    (kind, path) for model, kind in KIND_OF.items() for path in dict.fromkeys(fields(model))
]


def test_no_field_of_a_schema_controls_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(EVERY_FIELD) > 200
    for kind, path in EVERY_FIELD:
        new = {"apiVersion": VERSIONS.get(kind, [""])[0], "kind": kind, "metadata": {"name": "new"}}
        document = next((each for each in DOCUMENTS if each["kind"] == kind), new)
        texts = [with_value(document, path, f"x{ALL_POISON}")]
        if path[-1] == "key":  # of a mapping, such as labels
            texts.append(with_value(document, [*path[:-1], f"key{ALL_POISON}"], "x"))
        for text in texts:
            written = [each for each in DOCUMENTS if each is not document]
            written.insert(0 if kind == "Scenario" else 1, text)
            Path("lab.yaml").write_text(yaml.safe_dump_all(written), encoding="utf-8")
            assert_is_text(run(("validate", "lab.yaml")))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.sampled_from(PLACES), min_size=1, max_size=4),
    st.one_of(st.sampled_from(POISON), st.text(min_size=1, max_size=8)),
    st.sampled_from(COMMANDS),
)
def test_no_command_passes_on_what_controls_a_terminal(
    tmp_path: Path, places: list[tuple[Any, ...]], poison: str, command: tuple[str, ...]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path)
        try:
            text = poisoned(places, poison)
        except (KeyError, UnicodeEncodeError):
            return  # a key that was renamed before, or half a character
        Path("lab.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
        assert_is_text(run(command))


@pytest.mark.parametrize("poison", POISON, ids=ascii)
def test_no_report_passes_on_what_controls_a_terminal(
    poison: str, capsys: pytest.CaptureFixture[str]
) -> None:
    each = ProbeReport(
        name=f"a name{poison}",
        source=f"pod/x{poison}",
        target=f"svc/x{poison}:80",
        protocol="tcp",
        times=1,
        expected={"verdict": f"ok{poison}"},
        predicted=Unknown(f"why{poison}"),
        observed=Answer(
            (Outcome(Verdict.OK, f"pod/y{poison}", ip("10.0.0.1"), None, 1.0),),
            {"10.0.0.1": f"pod/z{poison}"},
        ),
        disagreements=(f"expected{poison}",),
        defects=(f"not predicted{poison}",),
    )
    report = Report(f"lab{poison}", (each,), 1.0)
    show.report(report, topology(clusters=("{name: east}",)))
    out_json(report.as_json())
    err(f"error: {poison}")
    captured = capsys.readouterr()
    assert_is_text(captured.out + captured.err + str(each))
    xml = report.as_junit()
    assert xml.isascii()
    assert controls(xml) == set()
    case = ElementTree.fromstring(xml)[0]
    assert str(case.get("name")).startswith("a name")


@pytest.mark.parametrize("poison", POISON, ids=ascii)
def test_no_argument_passes_on_what_controls_a_terminal(poison: str) -> None:
    for command in (
        ("validate", f"no{poison}.yaml"),
        (f"plan{poison}", "lab.yaml"),
        (f"--version{poison}",),
        ("graph", "lab.yaml", "--format", poison),
        ("explain", f"./{poison}", poison, poison),
    ):
        if "\x00" not in poison:  # no argument of a process can contain it
            assert_is_text(run(command))


def test_no_completion_passes_on_what_controls_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import click

    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b\x1b[2J.yaml", "c\u202e.yaml"):
        Path(name).touch()
    context = click.Context(main)
    offered = FILE.shell_complete(context, click.Argument(["file"]), "")
    assert [each.value for each in offered] == ["a.yaml"]


# --- lines ---


def test_json_is_ascii_and_printable() -> None:
    text = run_json({"name": "\x7f\x9b\u202e\n"})
    assert json.loads(text) == {"name": "\x7f\x9b\u202e\n"}
    assert text.isascii()
    assert controls(text) == set()


def run_json(data: object) -> str:
    """Return what out_json prints."""
    with CliRunner().isolation() as (stdout, *_):
        out_json(data)
        return stdout.getvalue().decode()


def test_colour_is_for_terminals_that_want_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_, **__: False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out(("failed\x1b", "bold red"), " plain  ")
    assert capsys.readouterr().out == "\x1b[31m\x1b[1mfailed\\x1b\x1b[0m plain\n"
    monkeypatch.setenv("NO_COLOR", "1")
    out(("failed", "bold red"))
    assert capsys.readouterr().out == "failed\n"


def test_a_table_fits_on_the_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    long = "a-reference-that-is-far-too-long-for-it"
    rows = [
        [["pod/a"], ["10.0.0.1", "fd00::1"], ["two words " * 4]],
        [[long], ["10.0.0.2"], ["short", "and\nmore"]],
    ]
    out_table(("REF", "ADDRESS", "ABOUT"), rows)
    assert capsys.readouterr().out.splitlines() == [
        "  REF       ADDRESS   ABOUT",
        "  pod/a     10.0.0.1  two words two words two",
        "            fd00::1   words two words",
        f"  {long}",
        "            10.0.0.2  short",
        "                      and\\nmore",
    ]


def test_text_keeps_its_tabs_and_lines(capsys: pytest.CaptureFixture[str]) -> None:
    out_text("table ip x {\n\tcomment \x1b\u202e\n}\n")
    assert capsys.readouterr().out == "table ip x {\n\tcomment \\x1b\\u202e\n}\n"
