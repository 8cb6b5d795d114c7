"""The fabric's routes to the pods of flat clusters."""

from nsnet.features.compile import compile_state
from tests.support.labs import topology


def routes(*clusters: str, allow: str = "") -> dict[str, str]:
    """Return the fabric's routes to pods: destination → next hop."""
    found = topology(clusters=clusters, spec=f"allow: [{allow}]")
    state = compile_state(found)
    (fabric,) = [each for each in state.netns if each.name == found.fabric_netns]
    return {
        str(each.destination): str(each.via)
        for each in fabric.routes
        if each.why.startswith("pods of")
    }


def test_the_fabric_reaches_each_node_range_of_a_flat_cluster_through_the_node() -> None:
    assert routes(
        "{name: east, model: flat, nodes: 2}",
        "{name: west, model: flat, podCIDR: 10.245.0.0/16}",
        "{name: north}",
    ) == {
        "10.244.0.0/24": "192.168.10.2",
        "10.244.1.0/24": "192.168.10.3",
        "10.245.0.0/24": "192.168.20.2",
    }


def test_of_two_routes_to_one_range_the_fabric_has_the_first() -> None:
    assert routes(
        "{name: east, model: flat}", "{name: west, model: flat, nodes: 2}", allow="flat-overlap"
    ) == {"10.244.0.0/24": "192.168.10.2", "10.244.1.0/24": "192.168.20.3"}
