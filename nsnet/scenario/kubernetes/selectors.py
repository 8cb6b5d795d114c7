"""Selectors: which labels an object must have.

Source: kubernetes/staging/src/k8s.io/apimachinery/pkg/labels/selector.go and the validation of
selectors in pkg/apis/core/validation, v1.30.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from nsnet.scenario.kubernetes.fields import Lenient
from nsnet.scenario.kubernetes.labels import Labels


class Requirement(Lenient):
    """What a selector requires of one label."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_its_values(self) -> Self:
        check_values(self.operator, self.values)
        return self

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether an object with these labels meets the requirement."""
        return meets(labels.get(self.key), self.operator, self.values)


class LabelSelector(Lenient):
    """The labels of the objects that are selected; without a requirement, all are."""

    unread = ""

    match_labels: Labels = {}
    match_expressions: tuple[Requirement, ...] = Field(default=())

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """All requirements; those of matchLabels as operator In with one value."""
        equal = (
            Requirement(key=key, operator="In", values=(value,))
            for key, value in self.match_labels.items()
        )
        return (*equal, *self.match_expressions)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether the selector selects an object with these labels."""
        return self.match_labels.items() <= labels.items() and all(
            each.matches(labels) for each in self.match_expressions
        )


def check_values(operator: str, values: tuple[str, ...]) -> None:
    """Raise ValueError if this operator does not take this number of values."""
    if operator in ("In", "NotIn") and not values:
        raise ValueError("values must be specified when `operator` is 'In' or 'NotIn'")
    if operator in ("Exists", "DoesNotExist") and values:
        raise ValueError(
            "values may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        )


def meets(value: str | None, operator: str, values: tuple[str, ...]) -> bool:
    """Return whether a label of this value (None: there is no such label) meets a requirement."""
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None
