"""Services of every kind, generated: all combinations of types, policies and endpoints, with
protocols, affinity and source ranges in rotation; then special cases."""

from collections.abc import Iterator
from ipaddress import ip_network
from itertools import product

from tests.support.service_objects import BEHIND, RANGES, THREE_HOURS, Conditions, PortRow, Wanted

INSIDE = ("Cluster", "Local")
# (type, with externalIPs, externalTrafficPolicy)
OUTSIDE = (
    ("ClusterIP", False, "Cluster"),
    ("ClusterIP", True, "Cluster"),
    ("ClusterIP", True, "Local"),
    ("NodePort", False, "Cluster"),
    ("NodePort", False, "Local"),
    ("LoadBalancer", False, "Cluster"),
    ("LoadBalancer", False, "Local"),
)
WEB: tuple[PortRow, ...] = (("web", 80, "TCP", 8080),)
DNS: tuple[PortRow, ...] = (("dns", 53, "UDP", "dns"),)
ONE_NUMBER: tuple[PortRow, ...] = (("web", 80, "TCP", "http"), ("quic", 80, "UDP", 5353))
AFFINITY = (None, None, None, None, THREE_HOURS, None, 100)


def wanted(family: int) -> Iterator[Wanted]:
    """Yield every Service, in the order of their numbers."""
    yield from crossed(family)
    yield from special(family)
    yield from by_hand()


def source_ranges(family: int) -> tuple[tuple[str, ...], ...]:
    """Return the clients that may use a load balancer: all, one external host, the nodes, pods and
    one external host, none."""
    ranges = RANGES[family]
    laptop = str(ip_network(ranges.laptop))
    nobody = {4: "192.0.2.0/24", 6: "2001:db8:2::/64"}[family]
    return ((), (laptop,), (ranges.nodes,), (ranges.pods, laptop), (nobody,))


def crossed(family: int) -> Iterator[Wanted]:
    """Yield every type and policy with every kind of endpoints."""
    ranges = source_ranges(family)
    for turn, ((kind, outside, policy), inside, behind) in enumerate(
        product(OUTSIDE, INSIDE, BEHIND)
    ):
        word = "external" if outside else kind.lower()
        yield Wanted(
            f"{word}-{policy[0].lower()}-{inside[0].lower()}-{behind}",
            behind,
            (WEB, DNS, ONE_NUMBER)[turn % 3],
            type=kind,
            external_policy=policy,
            internal_policy=inside,
            external_ips=1 if outside else 0,
            affinity=AFFINITY[turn % 7],
            ranges=ranges[turn % 5] if kind == "LoadBalancer" else (),
        )


def special(family: int) -> Iterator[Wanted]:
    """Yield special cases."""
    lb, both, ranges = "LoadBalancer", "both-nodes", source_ranges(family)
    three = (("a", 81, "TCP", "http"), ("b", 82, "TCP", "varied"), ("c", 82, "UDP", "dns"))
    yield Wanted("unnamed-port", both, (("", 80, "TCP", 8080),), type="NodePort")
    yield Wanted("three-ports", both, three, type="NodePort")
    yield Wanted("varied", both, (("v", 80, "TCP", "varied"),), type=lb)
    yield Wanted("one-has-it", both, (("s", 80, "TCP", "spare"),), type="NodePort")
    yield Wanted("elsewhere", both, WEB, namespace="prod", type="NodePort")
    for policy, behind in product(INSIDE, ("cold", "mixture", "all-leaving")):
        yield Wanted(
            f"not-ready-{policy.lower()}-{behind}",
            behind,
            WEB,
            type="NodePort",
            external_policy=policy,
            publish_not_ready=True,
        )
    yield Wanted("no-node-ports", both, WEB, type=lb, node_ports=False)
    yield Wanted(
        "no-node-ports-local",
        "only-there",
        WEB,
        type=lb,
        external_policy="Local",
        node_ports=False,
    )
    yield Wanted("two-vips", both, WEB, type=lb, vips=2)
    two = (*ranges[1], *ranges[2])
    yield Wanted("two-vips-and-ranges", both, WEB, type=lb, vips=2, ranges=two)
    yield Wanted("somebody-elses-vip", both, WEB, type=lb, ip_mode="Proxy")
    yield Wanted("both-outside", "mixture", WEB, type=lb, external_ips=2)
    yield Wanted(
        "both-outside-local",
        "only-there",
        ONE_NUMBER,
        type=lb,
        external_ips=1,
        external_policy="Local",
    )
    other = source_ranges(10 - family)[4]
    yield Wanted("ranges-of-the-other-family", both, WEB, type=lb, ranges=other)
    for label in ("service-proxy-name", "headless"):
        labels = (f"service.kubernetes.io/{label}",)
        yield Wanted(f"label-{label}", both, WEB, type="NodePort", labels=labels)
    yield Wanted("headless", both, WEB, headless=True)
    yield Wanted("alias", "nobody", (), type="ExternalName", headless=True)


SERVING: Conditions = {"ready": True, "serving": True, "terminating": False}
LEAVING: Conditions = {"ready": False, "serving": True, "terminating": True}
A, B, A_AND_B = ("zone-a",), ("zone-b",), ("zone-a", "zone-b")
# EndpointSlices written by hand: (name, endpoints, topology mode)
BY_HAND: tuple[tuple[str, tuple[tuple[str, Conditions], ...], str], ...] = (
    ("unsaid", (("web-1", {}), ("web-2", {})), ""),
    ("ready", (("web-1", {"ready": True}), ("web-2", {"ready": False})), ""),
    ("leaving", (("web-1", LEAVING),), ""),
    ("leaving-here-ready-there", (("web-1", LEAVING), ("web-2", SERVING)), ""),
    ("not-serving", (("web-1", {**LEAVING, "serving": False}),), ""),
    ("hints", (("web-1", {"hints": A}), ("web-2", {"hints": B}), ("web-3", {"hints": B})), "Auto"),
    ("hints-disabled", (("web-1", {"hints": A}), ("web-2", {"hints": B})), "Disabled"),
    ("hints-without-annotation", (("web-1", {"hints": A}), ("web-2", {"hints": B})), ""),
    ("one-without-hint", (("web-1", {"hints": A}), ("web-2", {})), "Auto"),
    ("hints-of-one-zone", (("web-2", {"hints": B}), ("web-3", {"hints": B})), "Auto"),
    ("hint-and-unready", (("web-1", {"hints": A}), ("web-2", {"ready": False})), "Auto"),
    ("hints-and-leaving", (("web-1", {**LEAVING, "hints": B}),), "Auto"),
    ("hints-of-both", (("web-1", {"hints": A_AND_B}), ("web-2", {"hints": B})), "auto"),
)


def by_hand() -> Iterator[Wanted]:
    """Yield Services without a selector: conditions, hints, several slices."""
    policies = (("NodePort", "Cluster"), ("LoadBalancer", "Local"))
    for (name, endpoints, mode), (kind, policy) in product(BY_HAND, policies):
        yield Wanted(
            f"slice-{kind[0].lower()}-{name}",
            "",
            WEB,
            type=kind,
            external_policy=policy,
            topology_mode=mode,
            slices=(endpoints,),
        )
    plain: Conditions = {}
    one, two, three = (("web-1", plain), ("web-2", plain), ("web-3", plain))
    yield Wanted("slices-merged", "", WEB, type="NodePort", slices=((one,), (two, three)))
    yield Wanted("slices-twice", "", WEB, type="NodePort", slices=((one, two), (two,)))
