"""Mistakes in address ranges: too small, overlapping, of the wrong family."""

import pytest

from tests.support.labs import refused, topology


@pytest.mark.parametrize(
    ("cluster", "spec", "message"),
    [
        ("nodeCIDR: 10.0.0.0/31", "", "nodeCIDR: 10.0.0.0/31 has no room for a router and a host"),
        ("", "fabricCIDR: 198.18.0.0/32", "fabricCIDR: 198.18.0.0/32 has no room for a router"),
        ("nodes: 300, podCIDR: 10.0.0.0/16", "", "10.0.0.0/16 has room for 256 nodes, a /24 each"),
        ("podCIDR: 10.0.0.0/29, nodeCIDRMaskSize: 31", "", "a /31 has no room for pods"),
        ("nodes: 4, nodeCIDR: 10.0.0.0/30", "", "10.0.0.0/30 has no free address left for east/n"),
        (
            "podCIDR: '10.244.0.0/16,fd00:10:244::/56'",
            "",
            "nodeCIDR: has no IPv6 range, but the pods of east have one",
        ),
        (
            "serviceCIDR: '10.96.0.0/16,fd00:10:96::/112'",
            "",
            "serviceCIDR: fd00:10:96::/112 is IPv6, and podCIDR has no IPv6 range",
        ),
        (
            "gateway: {kind: nat}",
            "fabricCIDR: fd98::/64",
            "gateway: fabricCIDR has no IPv4 range, but the pods of east have one",
        ),
        (
            "model: flat, gateway: {kind: nat}",
            "",
            "only a cluster of model island has a gateway; east is flat",
        ),
    ],
)
def test_ranges_that_do_not_fit(cluster: str, spec: str, message: str) -> None:
    assert message in refused(clusters=(f"{{name: east, {cluster}}}",), spec=spec)


@pytest.mark.parametrize(
    ("clusters", "spec", "message"),
    [
        (
            ["podCIDR: 10.0.0.0/8"],
            "",
            "clusters[0].podCIDR: 10.0.0.0/8 overlaps 10.96.0.0/16, the serviceCIDR of east"
            " [service-overlap]",
        ),
        (
            ["serviceCIDR: 192.168.10.0/24"],
            "",
            "serviceCIDR: 192.168.10.0/24 overlaps 192.168.10.0/24, the nodeCIDR of east",
        ),
        (
            ["podCIDR: 198.18.0.0/16"],
            "",
            "podCIDR: 198.18.0.0/16 overlaps 198.18.0.0/16, the fabricCIDR",
        ),
        (
            ["podCIDR: 203.0.0.0/16"],
            "externals: [{name: api, address: 203.0.113.80}]",
            "podCIDR: 203.0.0.0/16 overlaps 203.0.113.80/32, the external api [external-overlap]",
        ),
        (
            [""],
            "externals: [{name: api, address: 198.18.0.9}]",
            "externals[0].address: 198.18.0.9/32 overlaps 198.18.0.0/16, the fabricCIDR",
        ),
        (
            ["", "nodeCIDR: 192.168.10.0/25"],
            "",
            "clusters[1].nodeCIDR: 192.168.10.0/25 overlaps 192.168.10.0/24, the nodeCIDR of c0",
        ),
        (["model: flat", "model: island"], "", ""),  # islands reuse pod ranges
        (
            ["model: flat", "model: flat"],
            "",
            "clusters[1].podCIDR: 10.244.0.0/16 overlaps 10.244.0.0/16, the podCIDR of c0"
            " [flat-overlap]",
        ),
        (
            ["nodeCIDR: 10.244.0.0/24, podCIDR: 10.1.0.0/16", "model: flat"],
            "",
            "clusters[1].podCIDR: 10.244.0.0/16 overlaps 10.244.0.0/24, the nodeCIDR of c0",
        ),
        (
            ["gateway: {kind: vip}", "gateway: {kind: vip, virtualCIDR: 100.64.0.0/16}"],
            "",
            "virtualCIDR: 100.64.0.0/16 overlaps 100.64.0.0/16, the virtualCIDR of c0",
        ),
        (
            ["podCIDR: 224.0.0.0/16"],
            "",
            "podCIDR: 224.0.0.0/16 overlaps 224.0.0.0/4, reserved for multicast",
        ),
    ],
)
def test_ranges_that_overlap(clusters: list[str], spec: str, message: str) -> None:
    names = ["east"] if len(clusters) == 1 else [f"c{index}" for index in range(len(clusters))]
    written = tuple(f"{{name: {name}, {each}}}" for name, each in zip(names, clusters, strict=True))
    if message:
        (line,) = refused(clusters=written, spec=spec).splitlines()
        assert line.endswith(message)
    else:
        topology(clusters=written, spec=spec)


SAME_NODES = "nodeCIDR: 192.168.10.0/24"
RULES = (
    "flat-overlap",
    "node-overlap",
    "service-overlap",
    "external-overlap",
    "reserved-range",
)
OVERLAPS = [
    ("flat-overlap", ("model: flat", "model: flat"), ""),
    ("node-overlap", ("gateway: {kind: nat}", f"gateway: {{kind: nat}}, {SAME_NODES}"), ""),
    ("service-overlap", ("podCIDR: 10.96.0.0/16",), ""),
    ("external-overlap", ("",), "externals: [{name: api, address: 10.96.0.9}]"),
    ("external-overlap", ("",), "externals: [{name: api, address: 10.244.0.9}]"),
    ("reserved-range", ("podCIDR: 240.0.0.0/16",), ""),
    ("reserved-range", ("",), "externals: [{name: api, address: 250.0.0.1}]"),
]


@pytest.mark.parametrize(("rule", "clusters", "spec"), OVERLAPS)
def test_an_allowed_mistake_is_a_warning(rule: str, clusters: tuple[str, ...], spec: str) -> None:
    written = tuple(f"{{name: c{number}, {each}}}" for number, each in enumerate(clusters))
    message = refused(clusters=written, spec=spec)
    assert message.endswith(f" [{rule}]")
    assert topology(clusters=written, spec=f"{spec}\nallow: [{rule}]").warnings == (message,)
    allowed = f"{spec}\nallow: [{', '.join(each for each in RULES if each != rule)}]"
    assert refused(clusters=written, spec=allowed) == message


@pytest.mark.parametrize(
    ("clusters", "spec"),
    [
        (("model: flat, routing: bgp", "model: flat"), ""),  # two equal routes: which one is used?
        (("", "nodeCIDR: 192.168.10.0/24"), ""),  # two links in one subnet
        (("gateway: {kind: nat}", SAME_NODES), ""),
        (("gateway: {kind: nat, name: g}", f"gateway: {{kind: nat, name: g}}, {SAME_NODES}"), ""),
        (("gateway: {kind: nat}", f"gateway: {{kind: nat, replicas: 2}}, {SAME_NODES}"), ""),
        (("podCIDR: 192.168.0.0/16",), ""),
        (("podCIDR: 198.18.0.0/16",), ""),
        (("serviceCIDR: 192.168.10.0/24",), ""),
        (("",), "externals: [{name: api, address: 192.168.10.9}]"),
        (("",), "externals: [{name: api, address: 255.255.255.255}]"),
        (("podCIDR: 127.0.0.0/16",), ""),
    ],
)
def test_a_mistake_without_a_clear_effect_cannot_be_allowed(
    clusters: tuple[str, ...], spec: str
) -> None:
    written = tuple(f"{{name: c{number}, {each}}}" for number, each in enumerate(clusters))
    assert refused(clusters=written, spec=f"{spec}\nallow: [{', '.join(RULES)}]")
