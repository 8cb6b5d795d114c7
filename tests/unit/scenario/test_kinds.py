"""The model of the Scenario: its choices and its JSON schema."""

from typing import get_args

from nsnet.features.gateways import GATEWAYS
from nsnet.features.networks import NETWORKS
from nsnet.features.services import PROXIES
from nsnet.scenario.kinds import Cni, GatewayKind, ProxyMode, ScenarioDocument


def test_every_choice_has_a_generator_of_facts() -> None:
    assert set(get_args(Cni)) == set(NETWORKS)
    assert set(get_args(GatewayKind)) == set(GATEWAYS)
    assert set(get_args(ProxyMode)) == set(PROXIES)


def test_the_json_schema_describes_fields_as_they_are_written() -> None:
    schema = ScenarioDocument.model_json_schema(by_alias=True)
    pod_cidr = schema["$defs"]["ClusterSpec"]["properties"]["podCIDR"]
    assert (pod_cidr["type"], pod_cidr["default"]) == ("string", "10.244.0.0/16")
    port = schema["$defs"]["PortSpec"]["properties"]["port"]
    assert (port["type"], port["minimum"], port["maximum"]) == ("integer", 1, 65535)
