"""How something is said to people."""

import pytest

from nsnet.text import did_you_mean, nearest, number_of, printable, quoted


def test_one_thing_is_not_many() -> None:
    assert [number_of(things, "pod") for things in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]


def test_a_value_is_shown_short() -> None:
    assert (quoted("web"), quoted(7)) == ("'web'", "7")
    assert len(quoted("x" * 5000)) == 60


@pytest.mark.parametrize(
    ("written", "shown"), [("web", "web"), ("", "''"), ("\x1b[31m", r"'\x1b[31m'")]
)
def test_what_would_garble_the_terminal_is_shown_in_quotes(written: str, shown: str) -> None:
    assert printable(written) == shown


@pytest.mark.parametrize(
    ("word", "known", "advice"),
    [
        ("PROXYMODE", ["proxyMode", "nodes"], "did you mean proxyMode?"),
        ("wset", ["east", "west"], "did you mean west?"),
        ("north", ["east", "west"], "there are: east, west"),
        ("north", [], "there are none"),
        ("x", [f"n{number:02}" for number in range(21)], None),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest_or_with_all(
    word: str, known: list[str], advice: str | None
) -> None:
    expected = advice or f"there are: {', '.join(known[:20])}, …"
    assert did_you_mean(word, known) == expected


def test_how_alike_the_nearest_word_must_be_can_be_asked_for() -> None:
    assert nearest("notes.yaml", ["nodes.yaml"], likeness=0.8) == "nodes.yaml"
    assert nearest("notes.yaml", ["pods.yaml"], likeness=0.8) == ""
