"""Files that are damaged at random: nsnet either compiles them, or says what is wrong.

20,000 files in `make soak`, 100 in `make check`. A failure names its seed and keeps the text.
"""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nsnet.cli.output import err
from nsnet.errors import NsnetError
from nsnet.lab.compiled import compiled
from nsnet.lab.environment import process_environment
from nsnet.scenario.load import load, reload
from nsnet.scenario.model import Scenario
from nsnet.sizing.growth import grow
from nsnet.topology.interior import interior
from nsnet.topology.sizes import sizes_of
from tests.support.labs import SCENARIOS, SHIPPED

PER_SEED = 100
VALUES = (
    "null", "-1", "0", "99999999999999999999", "1.5", "true", "[]", "{}", '""', "x" * 300, "~",
    "[a, b]", "{a: b}", '"\\e[2J"', '"\\u202e"', "10.0.0.0/33", "::", "0x50", "east/pod/a:99999",
    "!!binary aaa", "&a x", "*a", "'", "2147483648",
)  # fmt: skip


def lines_swapped(text: str, luck: random.Random) -> str:
    """Two lines change places."""
    lines = text.split("\n")
    first, second = luck.randrange(len(lines)), luck.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return "\n".join(lines)


def line_repeated(text: str, luck: random.Random) -> str:
    """A line stands twice, the second time with another indentation."""
    lines = text.split("\n")
    at = luck.randrange(len(lines))
    lines.insert(at, " " * luck.randrange(5) + lines[at])
    return "\n".join(lines)


def line_lost(text: str, luck: random.Random) -> str:
    """A line is missing."""
    lines = text.split("\n")
    del lines[luck.randrange(len(lines))]
    return "\n".join(lines)


def cut_off(text: str, luck: random.Random) -> str:
    """The end is missing."""
    return text[: luck.randrange(len(text))]


def letter_changed(text: str, luck: random.Random) -> str:
    """A character is another one."""
    at = luck.randrange(len(text))
    return text[:at] + luck.choice("{}[]:,-&*!|>'\"%@`#\n\t 0aZ/.é") + text[at + 1 :]


def value_changed(text: str, luck: random.Random) -> str:
    """A value is of another type or size."""
    found = luck.choice(list(re.finditer(r"(?<=: )[^\s,{}\[\]]+|$", text)))
    return text[: found.start()] + luck.choice(VALUES) + text[found.end() :]


def key_changed(text: str, luck: random.Random) -> str:
    """A key is misspelt, or that of another field."""
    keys = list(re.finditer(r"\b[a-zA-Z]+(?=:)|$", text))
    found = luck.choice(keys)
    return text[: found.start()] + luck.choice(keys)[0] + text[found.end() :]


def sized(scenario: Scenario) -> None:
    """Compute the size of each cluster, also if it grows."""
    for each in sizes_of(scenario):
        each.as_json()
        list(grow(each, [("nodes", each.pool.nodes + 2), ("maxPods", each.pool.max_pods + 2)]))


def entered(scenario: Scenario) -> None:
    """Compute what a process would find in each pod. No text of the file controls a line of it."""
    found = compiled(scenario)
    for pod in (each for cluster in found.topology.clusters for each in cluster.pods):
        inside = interior(found.topology, pod.reference)
        for text in inside.files.values():
            assert re.sub("[\n\t]", "", text).isprintable()
        for container in inside.containers:
            for name, value in process_environment(inside, container.name, {}).items():
                assert name
                assert not {"\0", "="} & {*name}
                assert "\0" not in value


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    lines_swapped, line_repeated, line_lost, cut_off, letter_changed, key_changed, key_changed,
    *(value_changed,) * 6,
)  # fmt: skip


@pytest.mark.parametrize(
    "seed",
    [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 200))],
)
def test_a_damaged_file_is_built_or_refused_with_a_reason(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    luck = random.Random(seed)
    for number in range(PER_SEED):
        main = str(SCENARIOS / f"{luck.choice(SHIPPED)}.yaml")
        sources = dict(load(Path(main)).sources)
        name = luck.choice(sorted(sources))
        text = re.sub("(?m)^ *#.*\n", "", sources[name])  # a damaged comment is no damage
        for _ in range(luck.choice((1, 1, 2, 3))):
            text = luck.choice(MUTATIONS)(text, luck) or " "
        for use in (entered, sized):
            try:
                use(reload(main, {**sources, name: text}))
            except NsnetError as error:
                for line in error.lines():
                    err(line)
                said = capsys.readouterr().err
                assert said.strip(), f"seed {seed}, file {number}"
                assert all(each.isprintable() for each in said.split("\n")), (seed, number, said)
            except Exception as error:
                raise AssertionError(f"seed {seed}, file {number}, of {name}:\n{text}") from error
