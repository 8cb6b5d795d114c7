"""Ratios with their intervals."""

import pytest

from nsnet.compare.statistics import ratio


@pytest.mark.parametrize(
    ("samples", "base", "value", "conclusive"),
    [
        ([2.0, 4.0, 6.0], [1.0, 2.0, 3.0], 2.0, True),
        ([1.1, 0.9, 1.2, 0.8], [1.0] * 4, 1.0, False),
        ([1.02] * 5, [1.0] * 5, 1.02, False),  # less than what two runs differ by
        ([1.04] * 5, [1.0] * 5, 1.04, True),
        ([0.5], [1.0], 0.5, True),
        # The rounds are compared one by one: a slow moment of the machine slows both.
        ([10.0, 20.0, 30.0, 40.0], [8.0, 16.0, 24.0, 32.0], 1.25, True),
    ],
)
def test_a_ratio_is_conclusive_if_its_interval_excludes_1(
    samples: list[float], base: list[float], value: float, conclusive: bool
) -> None:
    found = ratio(samples, base)
    assert found.value == pytest.approx(value)
    assert found.low <= found.value <= found.high
    assert found.is_conclusive == conclusive


def test_more_scatter_makes_the_interval_wider() -> None:
    calm = ratio([1.5, 1.52, 1.48, 1.5, 1.51], [1.0] * 5)
    wild = ratio([1.5, 1.9, 1.1, 1.3, 1.7], [1.0] * 5)
    assert wild.low < calm.low < calm.high < wild.high


def test_the_same_samples_give_the_same_interval() -> None:
    samples = [1.5, 1.9, 1.1, 1.3, 1.7]
    assert ratio(samples, [1.0] * 5) == ratio(samples, [1.0] * 5)
