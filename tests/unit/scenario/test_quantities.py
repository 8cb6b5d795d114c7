"""Quantities, as the API server reads them."""

from fractions import Fraction

import pytest

from nsnet.scenario.kubernetes.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        (1, 1),
        (0.5, Fraction(1, 2)),
        ("500m", Fraction(1, 2)),
        ("100u", Fraction(1, 10_000)),
        ("1n", Fraction(1, 10**9)),
        ("1.5Gi", 3 * 2**29),
        ("2k", 2000),
        ("1M", 10**6),
        ("3Ei", 3 * 2**60),
        ("3E", 3 * 10**18),
        ("3e3", 3000),
        ("12E-1", Fraction(12, 10)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("-1", -1),
        ("+1", 1),
    ],
)
def test_a_quantity_is_a_number(text: object, number: Fraction) -> None:
    assert parse_quantity(text) == number


@pytest.mark.parametrize(
    "text", ["", "a", "1K", "1 Gi", "1.2.3", "1e", ".", True, None, [], "1e9999"]
)
def test_other_values_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="quantities must match"):
        parse_quantity(text)
