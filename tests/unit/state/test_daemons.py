"""The files and commands of the daemons that a lab runs."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from nsnet.state import bird, haproxy
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon, argv, configuration, path_of, program, reload_signal, stem
from nsnet.state.haproxy import Haproxy

PROXY = Haproxy(())
SPEAKER = Bird(router_id=IPv4Address(1), autonomous_system=1, links=(), sessions=())
LAB = path_of("demo")


@pytest.mark.parametrize(
    ("daemon", "name", "signal", "text"),
    [
        (PROXY, "haproxy", "USR2", haproxy.configuration(PROXY)),
        (SPEAKER, "bird", "HUP", bird.configuration(SPEAKER)),
    ],
)
def test_each_daemon_has_a_program_a_configuration_and_a_reload_signal(
    daemon: Daemon, name: str, signal: str, text: str
) -> None:
    assert (program(daemon), reload_signal(daemon), configuration(daemon)) == (name, signal, text)
    assert argv(daemon, LAB / "x")[0] == name


def test_its_files_are_in_the_labs_folder_by_namespace_and_program() -> None:
    assert stem(LAB, "nsnet.demo.east.gateway", PROXY) == Path(
        "/run/nsnet/demo/east.gateway.haproxy"
    )


def test_a_socket_has_a_path_that_the_kernel_accepts() -> None:
    found = stem(LAB, f"nsnet.demo.{'x' * 200}", SPEAKER)
    assert len(f"{found}.PID.tmp") < 108
    assert found.name.endswith(".bird")
    assert found != stem(LAB, f"nsnet.demo.{'x' * 201}", SPEAKER)
