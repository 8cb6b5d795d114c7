"""Files that must be rendered before kubectl or nsnet can read them: how to recognise them, and how
to render them."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml")
CHART: Final = "Chart.yaml"
_VALUES: Final = ("values.yaml", "values.yml")


def render_hint(file: str, text: str) -> str:
    """Return how to render a file with this text in it, or "" if the text has no placeholder."""
    if "{{" in text:
        parts = PurePath(file).parts
        chart = PurePath("CHART")
        if "templates" in parts:
            chart = PurePath(*parts[: parts.index("templates")])
        return render_chart(chart)
    if "<%" in text:
        return "render it first: erb TEMPLATE > FILE"
    if "${" in text:
        return "render it first: envsubst < TEMPLATE > FILE"
    return ""


def chart_hint(file: str) -> str:
    """Return how to render the Helm chart that a file belongs to, or "" if its name is not that of
    a chart's own file."""
    path = PurePath(file)
    if path.name in (CHART, *_VALUES):
        return f"belongs to a Helm chart; {render_chart(path.parent)}"
    return ""


def compose_hint(file: str, data: Mapping[str, object]) -> str:
    """Return how to convert a file of Docker Compose, or "" if the data is none."""
    if isinstance(data.get("services"), dict):
        return f"is a Compose file; convert it first: kompose convert -f {file} --stdout > FILE"
    return ""


def render_chart(folder: PurePath) -> str:
    """Return how to render the Helm chart in a folder."""
    return f"render it first: helm template NAME {folder} > FILE"


def kustomize_hint(file: str) -> str:
    """Return how to build the kustomization in a file."""
    return f"kubectl kustomize {PurePath(file).parent} > FILE"
