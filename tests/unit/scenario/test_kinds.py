"""Our own kind of document: the names it allows are those that something is built for."""

from typing import get_args

from nsnet.features.gateways import GATEWAYS
from nsnet.features.networks import NETWORKS
from nsnet.features.services import PROXIES
from nsnet.scenario.kinds import Cni, GatewayKind, ProxyMode, ScenarioDocument


def test_every_name_that_is_allowed_has_its_feature() -> None:
    assert set(get_args(Cni)) == set(NETWORKS)
    assert set(get_args(GatewayKind)) == set(GATEWAYS)
    assert set(get_args(ProxyMode)) == set(PROXIES)


def test_the_schema_describes_what_is_written_not_what_it_becomes() -> None:
    schema = ScenarioDocument.model_json_schema(by_alias=True)
    pod_cidr = schema["$defs"]["ClusterSpec"]["properties"]["podCIDR"]
    assert (pod_cidr["type"], pod_cidr["default"]) == ("string", "10.244.0.0/16")
    port = schema["$defs"]["PortSpec"]["properties"]["port"]
    assert (port["type"], port["minimum"], port["maximum"]) == ("integer", 1, 65535)
