"""Manifests without a Scenario, on the kernel: every Service port is probed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.labs import pod, service, workload
from tests.support.machine import NEEDS_ROOT, Machine, machine

pytestmark = NEEDS_ROOT

APP = (
    workload("Deployment", "web", 3),
    pod("client"),
    service("web", spec="type: LoadBalancer"),
    service("web-direct", app="web", spec="clusterIP: None"),
    service("idle"),
)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A file of plain manifests."""
    file = tmp_path / "app.yaml"
    file.write_text("\n---\n".join(APP))
    return file


@pytest.fixture(scope="module")
def where() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("model", ["flat", "island"])
def test_every_service_port_does_what_the_model_predicts(
    where: Machine, app: Path, mode: str, model: str
) -> None:
    settings = ("--model", model, "--proxy-mode", mode)
    done = where.nsnet("run", str(app), *settings, "--json")
    report = json.loads(done.stdout)
    asked = {(each["from"], each["to"]): each["observed"]["verdict"] for each in report["probes"]}
    assert asked == {
        ("pod/client", "svc/web:80"): "ok",
        ("node/n1", "svc/web:80"): "ok",
        ("external/outside", "svc/web:80"): "ok",
        ("external/outside", "node/n1:30000"): "ok",
        ("pod/client", "pod/web-1:80"): "ok",
        ("node/n1", "pod/web-1:80"): "ok",
        ("pod/client", "svc/idle:80"): "refused",
        ("node/n1", "svc/idle:80"): "refused",
        ("pod/client", "svc/kube-dns.kube-system:53"): "ok",  # over UDP and TCP
        ("node/n1", "svc/kube-dns.kube-system:53"): "ok",
    }
    assert (report["passed"], report["defects"], done.returncode) == (12, 0, 0)


def test_a_lab_of_plain_manifests_keeps_its_settings_when_a_file_is_applied(
    where: Machine, app: Path
) -> None:
    where.nsnet("up", str(app), "--nodes", "3")
    changed = app.with_name("changed.yaml")
    changed.write_text("\n---\n".join((*APP, pod("another"))))
    assert "changed.yaml: " in where.nsnet("apply", "app", str(changed)).stdout
    status = json.loads(where.nsnet("status", "app", "--json").stdout)
    places = [each["ref"] for each in status["members"]]
    assert "cluster/pod/another" in places
    assert [each for each in places if "/node/" in each] == [
        f"cluster/node/n{number}" for number in (1, 2, 3)
    ]
    report = json.loads(where.nsnet("probe", "app", "--json").stdout)
    assert (report["passed"], report["defects"]) == (12, 0)
    where.nsnet("down", "app")
