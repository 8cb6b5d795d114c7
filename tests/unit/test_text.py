"""Wording that all messages share."""

import pytest

from nsnet.text import amount, did_you_mean, escaped, natural, nearest, number_of, printable, quoted


def test_a_number_with_its_noun() -> None:
    assert [number_of(things, "pod") for things in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]
    assert number_of(1, "address") == "1 address"
    assert number_of(1581, "address") == "1,581 addresses"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (-1581, "-1,581"),
        (10**12 - 1, "999,999,999,999"),
        (2**64, "2^64"),
        (2**64 - 110, "about 2^64"),
        (-(2**64) - 1, "about -2^64"),
    ],
)
def test_an_amount_of_more_than_twelve_digits_is_a_power_of_two(number: int, shown: str) -> None:
    assert amount(number) == shown


def test_long_values_are_shortened() -> None:
    assert (quoted("web"), quoted(7)) == ("'web'", "7")
    assert len(quoted("x" * 5000)) == 60


def test_numbers_in_names_are_sorted_by_value() -> None:
    assert sorted(["n10", "n2", "a", "n", "n2-1"], key=natural) == ["a", "n", "n2", "n2-1", "n10"]


@pytest.mark.parametrize(
    ("written", "shown"), [("web", "web"), ("", "''"), ("\x1b[31m", r"'\x1b[31m'")]
)
def test_empty_text_and_control_characters_are_quoted(written: str, shown: str) -> None:
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
def test_the_advice_for_an_unknown_word(word: str, known: list[str], advice: str | None) -> None:
    expected = advice or f"there are: {', '.join(known[:20])}, …"
    assert did_you_mean(word, known) == expected


def test_the_least_similarity_of_the_nearest_word() -> None:
    assert nearest("notes.yaml", ["nodes.yaml"], likeness=0.8) == "nodes.yaml"
    assert nearest("notes.yaml", ["pods.yaml"], likeness=0.8) == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("east/pod/wéb → 10.0.0.1 …", "east/pod/wéb → 10.0.0.1 …"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("one\ntwo\rthree\t", "one\\ntwo\\rthree\\t"),
        ("\x7f\x9b31m\x85", "\\x7f\\x9b31m\\x85"),  # DEL, and controls of 8 bits
        ("a\u202eb\u2066c\u200b\ufeff", "a\\u202eb\\u2066c\\u200b\\ufeff"),  # bidi, zero width
        ("\u2028\xa0\U000e0041", "\\u2028\\xa0\\U000e0041"),
        ("caf\udce9", "caf\\udce9"),  # a file name that is not UTF-8
        ("", ""),
    ],
)
def test_text_that_could_control_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown
