"""The costs of a comparison as a chart: a bar with its interval for each variant and measure."""

from io import BytesIO

import matplotlib
from matplotlib.figure import Figure

from nsnet.compare.comparison import Comparison, Measure
from nsnet.compare.statistics import Ratio


def svg(found: Comparison, path: str) -> bytes:
    """Return the chart of a path's costs, as SVG. The same comparison gives the same bytes."""
    shown = [each for each in found.variants if path in each.costs]
    figure = Figure(figsize=(8, 1.5 + 0.3 * len(Measure) * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    height = 0.8 / len(shown)
    for number, variant in enumerate(shown):
        places = [at + number * height for at in range(len(Measure))]
        ratios = [found.ratio(variant, path, each) or Ratio(1.0, 1.0, 1.0) for each in Measure]
        sizes = [each.value for each in ratios]
        below = [each.value - each.low for each in ratios]
        above = [each.high - each.value for each in ratios]
        axes.barh(places, sizes, height * 0.9, xerr=(below, above), label=variant.name, capsize=3)
    axes.axvline(1, color="black", linewidth=0.8)
    middle = height * (len(shown) - 1) / 2
    axes.set_yticks([at + middle for at in range(len(Measure))], [each.value for each in Measure])
    axes.invert_yaxis()
    axes.set_title(f"{path}: ratio to {found.base}")
    axes.set_xlabel("median and 95 % interval; of latency and connect, less is better")
    figure.legend(loc="outside lower center", ncols=4)
    written = BytesIO()
    # Text stays text, and nothing depends on the moment.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "nsnet"}):
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
