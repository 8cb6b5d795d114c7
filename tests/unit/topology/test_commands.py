"""Which commands of containers run: those that were allowed, and no others."""

import json
from dataclasses import replace

import pytest

from nsnet.features.compile import compile_state
from nsnet.state.model import Listener, NameServer
from nsnet.topology.assignment import ALLOWED, Assignment
from nsnet.topology.commands import changed_commands, running_commands
from nsnet.topology.model import Topology
from nsnet.topology.resolve import resolve
from tests.support.labs import pod, service, written

ALL = Assignment(all_commands=True)
OWN = 'annotations: {nsnet.dev/run-command: "true"}'
WEB = "command: [httpd, -p], args: ['$(PORT)'], env: [{name: PORT, value: '80'}]"


def own(
    command: str = WEB, *, name: str = "web", meta: str = OWN, more: str = "", node: str = "n1"
) -> str:
    """Return a pod whose container `main` has this command and the port 80."""
    main = f"{{name: main, {command}, ports: [{{containerPort: 80}}]}}"
    return pod(
        name, labels="app: web", meta=meta, spec=f"nodeName: {node}, containers: [{main}{more}]"
    )


def lab(*objects: str, keep: Assignment | None = None) -> Topology:
    return resolve(written(*objects), keep)


def running(found: Topology) -> dict[str, tuple[str, ...]]:
    return {each.owner: each.container.command for each in running_commands(found)}


def test_a_file_alone_starts_no_command() -> None:
    found = lab(own())
    assert running(found) == {}
    assert found.warnings == (
        "the echo server answers in place of the commands of east/pod/web: a file alone starts no"
        " command, but --allow-commands of run, up and apply does",
    )


def test_a_command_has_its_arguments_and_variables() -> None:
    found = lab(own(), keep=ALL)
    assert running(found) == {"east/pod/web main": ("httpd", "-p", "80")}
    assert found.warnings == ()


@pytest.mark.parametrize(
    "meta",
    [
        "",
        'annotations: {nsnet.dev/run-command: "false"}',
        'annotations: {nsnet.dev/run-command: "True"}',
    ],
)
def test_a_pod_has_to_ask_for_its_commands(meta: str) -> None:
    found = lab(own(meta=meta), keep=ALL)
    assert (running(found), found.warnings) == ({}, ())


def test_arguments_of_an_unknown_image_are_no_command() -> None:
    found = lab(own("args: [serve]"), keep=ALL)
    assert running(found) == {}
    assert found.warnings == (
        "east/pod/web: nsnet.dev/run-command is set, but no container has a command (nsnet has no"
        " images, so it does not know theirs)",
    )


def test_sidecars_run_and_init_containers_do_not() -> None:
    init = (
        "initContainers: [{name: i, command: [i]}, {name: s, restartPolicy: Always, command: [s]}]"
    )
    web = pod("web", meta=OWN, spec=f"containers: [{{name: main, command: [m]}}], {init}")
    assert {each.rpartition(" ")[2] for each in running(lab(web, keep=ALL))} == {"main", "s"}


# --- what goes on when the lab is changed without --allow-commands ---


@pytest.mark.parametrize(
    ("objects", "goes_on"),
    [
        ([own()], True),
        ([own(), pod("other"), service("other")], True),
        ([own(more=", {name: log, command: [sh]}")], True),
        ([own(WEB.replace("httpd", "sh"))], False),
        ([own(WEB.replace("'80'", "'81'"))], False),  # of an argument
        ([own(WEB.replace("}]", "}, {name: A, value: b}]"))], False),  # as sh -c 'eval "$A"' has it
        ([own(f"{WEB}, workingDir: /tmp")], False),
        ([own(node="n2")], False),
        ([own(meta="")], False),
        ([own(name="other")], False),
    ],
)
def test_an_allowed_command_goes_on_as_long_as_it_stays_as_it_is(
    objects: list[str], goes_on: bool
) -> None:
    keep = lab(own(), keep=ALL).assignment()
    assert Assignment.from_json(json.loads(json.dumps(keep.to_json()))).commands == keep.commands
    assert ("east/pod/web main" in running(lab(*objects, keep=keep))) is goes_on
    assert "east/pod/web log" not in running(lab(*objects, keep=keep))


def test_a_restarted_pod_keeps_its_commands() -> None:
    address = "{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}"
    web = own(f"command: [a], env: [{address}]")
    before = lab(web, keep=ALL)
    keep = before.assignment().release("east/pod/web")
    assert keep.commands == {"east/pod/web main": ALLOWED}
    after = lab(web, keep=keep)
    assert running(after) == running(before)
    assert changed_commands(before, after) == 1
    assert after.assignment().commands["east/pod/web main"] != ALLOWED  # it is fixed again


def test_a_pod_whose_name_begins_like_anothers_is_not_released() -> None:
    keep = replace(Assignment(), commands={"east/pod/web-1 main": "x"})
    assert keep.release("east/pod/web").commands == keep.commands


# --- the echo server leaves their ports to them ---


def ports(found: Topology) -> set[str]:
    """Return the ports on which servers of nsnet listen in the pod."""
    return {
        f"{each.port}/{each.protocol}"
        for netns in compile_state(found).netns
        if netns.reference == "east/pod/web"
        for each in netns.listeners
        if isinstance(each, Listener | NameServer)
    }


ECHO = ", {name: echo, ports: [{containerPort: 81}]}"
UNDECLARED = service("web", "{port: 82}")


@pytest.mark.parametrize(
    ("objects", "keep", "echoing"),
    [
        ([own(more=ECHO)], None, {"80/tcp", "81/tcp"}),
        ([own(more=ECHO)], ALL, {"81/tcp"}),
        # A Service's port that no container declares may be the command's.
        ([own(more=ECHO), UNDECLARED], None, {"80/tcp", "81/tcp", "82/tcp"}),
        ([own(more=ECHO), UNDECLARED], ALL, {"81/tcp"}),
    ],
)
def test_ports_of_commands_have_no_echo_server(
    objects: list[str], keep: Assignment | None, echoing: set[str]
) -> None:
    assert ports(lab(*objects, keep=keep)) == echoing
