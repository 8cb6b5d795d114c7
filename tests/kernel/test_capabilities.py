"""What this host can do is found by trying, and trying changes nothing."""

import errno
import os
import time
from dataclasses import replace
from pathlib import Path
from subprocess import run

import pytest

from nsnet.errors import UnsupportedError
from nsnet.kernel import capabilities, netns, uapi
from nsnet.kernel.child import in_child
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.scenario.load import load
from tests.support.labs import lab
from tests.support.machine import ROOT, machine

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def _links() -> str:
    done = run(["ip", "-o", "link"], capture_output=True, text=True, check=True)
    return "".join(line.split(": ")[1] for line in done.stdout.splitlines())


def test_every_capability_says_what_it_is_for_and_how_to_get_it() -> None:
    found = capabilities.of_host()
    assert all(each.name and each.why and each.remedy for each in found)
    assert len({each.name for each in found}) == len(found)
    assert [each.name for each in found if each.needed] == [
        "network namespaces",
        "veth",
        "bridge",
        "bridge netfilter",
        "iptables",
    ]


def test_trying_changes_neither_the_host_nor_the_caller() -> None:
    before = (os.stat(netns.HERE).st_ino, _links(), netns.names())
    capabilities.of_host()
    assert (os.stat(netns.HERE).st_ino, _links(), netns.names()) == before


def test_what_up_requires_is_tried_within_milliseconds() -> None:
    capabilities.require()
    start = time.perf_counter()
    capabilities.require()
    assert time.perf_counter() - start < 0.1  # 2 ms; a busy machine takes longer


def test_what_is_missing_is_one_line_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = list(capabilities._needed())
    unknown = capabilities._link("nosuch", "nothing", "NOSUCH", needed=True)
    monkeypatch.setattr(capabilities, "_needed", lambda: [*known, unknown])
    with pytest.raises(UnsupportedError) as raised:
        capabilities.require()
    assert str(raised.value) == "this host has no nosuch"
    assert raised.value.hint == "modprobe nosuch (a kernel with CONFIG_NOSUCH)"
    assert raised.value.exit_code == 3


MODES = {
    "iptables": None,
    "nftables": "this host has no nft",
    "ipvs": "this host has no ipset, no dummy, no IPVS",
}


@pytest.mark.parametrize(("mode", "words"), MODES.items())
def test_only_what_a_proxy_mode_needs_is_required(
    monkeypatch: pytest.MonkeyPatch, mode: str, words: str | None
) -> None:
    lacking_all(monkeypatch)
    state = lab(clusters=(f"{{name: east, proxyMode: {mode}}}",)).state
    if words is None:
        capabilities.require_for(state)
        return
    with pytest.raises(UnsupportedError) as raised:
        capabilities.require_for(state)
    assert (str(raised.value), raised.value.exit_code) == (words, 3)


def lacking_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every capability that only some labs need missing."""

    def attempt() -> None:
        raise OSError(errno.ENOENT, "not there")

    absent = [replace(trial, attempt=attempt) for trial in capabilities._wanted()]
    monkeypatch.setattr(capabilities, "_wanted", lambda: absent)


def test_what_ipvs_lacks_is_reported_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking_all(monkeypatch)
    with pytest.raises(UnsupportedError) as raised:
        capabilities.require_for(lab(clusters=("{name: east, proxyMode: ipvs}",)).state)
    assert raised.value.hint == (
        "apt install ipset; modprobe ip_set; modprobe dummy (a kernel with CONFIG_DUMMY);"
        " modprobe ip_vs (a kernel with CONFIG_IP_VS);"
        " or, in nsnet's source: make vm, a shell in a VM that has all of it"
    )


def test_a_lab_that_this_host_cannot_run_is_not_begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lacking_all(monkeypatch)
    file = tmp_path / "clusterip.yaml"
    text = (ROOT / "scenarios" / "clusterip.yaml").read_text()
    file.write_text(text.replace("nodes: 2}", "nodes: 2, proxyMode: ipvs}"))

    def refused() -> tuple[str, str, list[str]]:
        with pytest.raises(UnsupportedError) as up:
            labs.up(compiled(load(file)))
        left = labs.names()
        labs.up(compiled(load(ROOT / "scenarios" / "clusterip.yaml")))
        with pytest.raises(UnsupportedError) as applied:
            labs.apply("clusterip", load(file))
        assert labs.attach("clusterip").drift() == []  # it is unchanged
        return str(up.value), str(applied.value), left

    with machine() as made:
        words = "this host has no ipset, no dummy, no IPVS"
        assert made.inside(refused) == (words, words, [])


def test_an_unknown_kind_of_link_is_missing() -> None:
    trial = capabilities._link("nosuch", "nothing", "NOSUCH")

    def attempt() -> capabilities.Capability:
        netns.unshare(uapi.CLONE_NEWNET)
        return trial.tried()

    found = in_child(attempt, what="test")
    assert found == capabilities.Capability(
        "nosuch",
        False,
        "nothing: Unknown device type",
        "modprobe nosuch (a kernel with CONFIG_NOSUCH)",
    )


def test_an_ordinary_user_is_told_to_use_root() -> None:
    def attempt() -> str:
        os.setresuid(65534, 65534, 65534)
        with pytest.raises(UnsupportedError) as raised:
            capabilities.require()
        return f"{raised.value}; {raised.value.hint}"

    assert in_child(attempt, what="test") == (
        "network namespaces: Operation not permitted; run nsnet as root: sudo nsnet …"
    )


def test_a_child_works_in_its_own_namespace() -> None:
    def elsewhere() -> int:
        netns.unshare(uapi.CLONE_NEWNET)
        return os.stat(netns.HERE).st_ino

    assert in_child(elsewhere, what="test") != os.stat(netns.HERE).st_ino
