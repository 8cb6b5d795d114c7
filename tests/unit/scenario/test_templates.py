"""How files that are templates say how to render them."""

import pytest

from nsnet.scenario.documents import parse
from nsnet.scenario.templates import render_hint


@pytest.mark.parametrize(
    ("file", "text", "hint"),
    [
        ("web.yaml", "name: web", ""),
        ("web.yaml", "{{ .Values.name }}", "render it first: helm template NAME CHART > FILE"),
        (
            "charts/web/templates/web.yaml",
            "{{ .Values.name }}",
            "render it first: helm template NAME charts/web > FILE",
        ),
        ("templates/a.yaml", "{{ .x }}", "render it first: helm template NAME . > FILE"),
        ("web.yaml", "${PORT}", "render it first: envsubst < TEMPLATE > FILE"),
        ("web.yaml", "<%= port %>", "render it first: erb TEMPLATE > FILE"),
    ],
)
def test_a_placeholder_says_how_to_render_the_file(file: str, text: str, hint: str) -> None:
    assert render_hint(file, text) == hint


@pytest.mark.parametrize(
    "text",
    [
        "kind: Service\nmetadata:\n  name: {{ .Values.name }}\n",
        "kind: Service\n{{- if .Values.on }}\nspec: {}\n{{- end }}\n",
        "{{- range .Values.services }}\nkind: Service\n{{- end }}\n",
        'kind: Service\nmetadata:\n  labels:\n    {{- include "labels" . | nindent 4 }}\n',
        "{% for each in services %}\nkind: {{ each }}\n{% endfor %}\n",
    ],
)
def test_a_template_that_is_not_yaml_says_how_to_render_it(text: str) -> None:
    (problem,) = parse("web/templates/service.yaml", text)[1]
    assert problem.message.endswith("; render it first: helm template NAME web > FILE")
