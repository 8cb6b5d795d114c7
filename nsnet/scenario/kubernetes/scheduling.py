"""What a pod requires of its node, and what a node repels: affinity, taints, topology spread.

nsnet reads what the scheduler's filters read. Preferences and resources are ignored.

Source: kubernetes/pkg/apis/core/validation/validation.go, v1.30.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from nsnet.scenario.field_errors import invalid, required
from nsnet.scenario.fields import Number, TaintEffect
from nsnet.scenario.kubernetes.fields import Lenient
from nsnet.scenario.kubernetes.selectors import LabelSelector, check_values, meets

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError(required("can not be empty"))
    return value


def _positive(value: int) -> int:
    if value < 1:
        raise ValueError(invalid(value, "must be greater than zero"))
    return value


TopologyKey = Annotated[str, AfterValidator(_not_empty)]
Positive = Annotated[Number, AfterValidator(_positive)]


class NodeRequirement(Lenient):
    """What a term requires of one label of a node, or of its name."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_its_values(self) -> Self:
        check_values(self.operator, self.values)
        if self.operator in ("Gt", "Lt") and len(self.values) != 1:
            raise ValueError(
                "values must be specified single value when `operator` is 'Lt' or 'Gt'"
            )
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether a node with these labels meets the requirement."""
        value = labels.get(self.key)
        if self.operator not in ("Gt", "Lt"):
            return meets(value, self.operator, self.values)
        try:
            there, here = int(value or ""), int(self.values[0])
        except ValueError:
            return False
        return there > here if self.operator == "Gt" else there < here


class FieldRequirement(NodeRequirement):
    """What a term requires of a field of a node. The only field is its name."""

    key: Literal["metadata.name"]
    operator: Literal["In", "NotIn"]

    @model_validator(mode="after")
    def _has_one_value(self) -> Self:
        if len(self.values) != 1:
            raise ValueError(
                "values must be only one value when `operator` is 'In' or 'NotIn' for node field"
                " selector"
            )
        return self


class NodeSelectorTerm(Lenient):
    """Requirements, all of which a node must meet. A term without requirements matches no node."""

    match_expressions: tuple[NodeRequirement, ...] = ()
    match_fields: tuple[FieldRequirement, ...] = ()

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Return whether a node of this name and these labels meets all requirements."""
        return (
            bool(self.match_expressions or self.match_fields)
            and all(each.matches(labels) for each in self.match_expressions)
            and all(each.matches({"metadata.name": name}) for each in self.match_fields)
        )


class NodeSelector(Lenient):
    """Terms, one of which a node must match."""

    node_selector_terms: tuple[NodeSelectorTerm, ...]

    @model_validator(mode="after")
    def _has_a_term(self) -> Self:
        if not self.node_selector_terms:
            raise ValueError("must have at least one node selector term")
        return self


class NodeAffinity(Lenient):
    """The nodes on which a pod can run."""

    required: Annotated[NodeSelector | None, Field(alias=REQUIRED)] = None


class PodAffinityTerm(Lenient):
    """A set of pods, and the label of nodes whose values are the domains of the term.

    Without namespaces and a namespaceSelector, they are pods of the same namespace.
    """

    label_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] = ()
    namespace_selector: LabelSelector | None = None
    topology_key: TopologyKey
    match_label_keys: tuple[str, ...] = ()
    mismatch_label_keys: tuple[str, ...] = ()


class PodAffinity(Lenient):
    """The pods near which a pod must run, or must not (podAntiAffinity)."""

    required: Annotated[tuple[PodAffinityTerm, ...], Field(alias=REQUIRED)] = ()


class Affinity(Lenient):
    """Where a pod can run, as seen from nodes and from other pods."""

    node_affinity: NodeAffinity = NodeAffinity()
    pod_affinity: PodAffinity = PodAffinity()
    pod_anti_affinity: PodAffinity = PodAffinity()


class Taint(Lenient):
    """What keeps pods away from a node that do not tolerate it."""

    key: TopologyKey
    value: str = ""
    effect: TaintEffect


class Toleration(Lenient):
    """The taints that a pod tolerates. An empty key or effect stands for any."""

    key: str = ""
    operator: Literal["", "Equal", "Exists"] = "Equal"
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    toleration_seconds: Number | None = None

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not self.key and self.operator != "Exists":
            everything = '"match all values and all keys"'
            raise ValueError(
                f"operator must be Exists when `key` is empty, which means {everything}"
            )
        if self.operator == "Exists" and self.value:
            raise ValueError("value must be empty when `operator` is 'Exists'")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise ValueError("effect must be 'NoExecute' when `tolerationSeconds` is set")
        return self

    def tolerates(self, key: str, value: str, effect: str) -> bool:
        """Return whether it tolerates a taint of this key, value and effect."""
        return (
            self.effect in ("", effect)
            and self.key in ("", key)
            and (self.operator == "Exists" or self.value == value)
        )


class TopologySpreadConstraint(Lenient):
    """How uneven the numbers of pods in the domains of a topology may be."""

    max_skew: Positive
    topology_key: TopologyKey
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    label_selector: LabelSelector | None = None
    min_domains: Positive | None = None
    node_affinity_policy: Literal["Honor", "Ignore"] = "Honor"
    node_taints_policy: Literal["Honor", "Ignore"] = "Ignore"
    match_label_keys: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.min_domains is not None and self.when_unsatisfiable != "DoNotSchedule":
            raise ValueError(
                "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway"
            )
        return self
