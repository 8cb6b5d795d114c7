"""Ratios of measured samples, with the interval in which the true ratio probably is."""

import random
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

_RESAMPLES: Final = 2000
_SEED: Final = 1  # the same samples always give the same interval
_CONFIDENCE: Final = 0.95
_NOISE: Final = 0.03  # by which ratios of two runs differ: each run has its own layout in memory


class Ratio(NamedTuple):
    """How often as much as the base: the median over the rounds, and its interval."""

    value: float
    low: float
    high: float

    @property
    def is_conclusive(self) -> bool:
        """Whether the interval excludes that there is no difference."""
        return not self.low <= 1 <= self.high


def ratio(samples: Sequence[float], base: Sequence[float]) -> Ratio:
    """Return the ratio of samples to those of the base in the same rounds, with a bootstrap
    interval of 95 %: rounds are drawn with replacement. It includes at least 3 % to both sides, by
    which two runs of the same labs differ."""
    rounds = [one / other for one, other in zip(samples, base, strict=True)]
    chance = random.Random(_SEED)
    medians = sorted(median(chance.choices(rounds, k=len(rounds))) for _ in range(_RESAMPLES))
    cut = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
    value = median(rounds)
    low, high = medians[cut], medians[-cut - 1]
    return Ratio(value, min(low, value * (1 - _NOISE)), max(high, value * (1 + _NOISE)))
