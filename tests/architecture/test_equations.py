"""Page and code know the same equations, decisions and sections; sim/README.md defines them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.config.compose import base_catalogue

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "sim" / "README.md").read_text(encoding="utf-8")
EQUATIONS = set(re.findall(r"^(?:\*\*|- )(S\d+(?:\.\d+)?)\b", PAGE, re.MULTILINE))
DECISIONS = {int(number) for number in re.findall(r"^(\d+)\. \*\*", PAGE, re.MULTILINE)}
SECTIONS = {int(number) for number in re.findall(r"^## (\d+) ", PAGE, re.MULTILINE)}


def strings() -> Iterator[tuple[str, str]]:
    """Yield every string of sim and agents with its place: docstrings, equations of series and others."""
    for package in ("sim", "agents"):
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node.value


def equations(text: str) -> set[str]:
    """Return the equation ids that a text names, S3.2-S3.4 as three of them.

    >>> sorted(equations("costs (S3.1-S3.3, S4)"))
    ['S3.1', 'S3.2', 'S3.3', 'S4']
    """
    found = set()
    for first, last in re.findall(r"\b(S\d+(?:\.\d+)?)\b(?:-(S\d+(?:\.\d+)?)\b)?", text):
        stem, end = first.rpartition("." if "." in first else "S")[::2]
        stem += "." if "." in first else "S"
        upper = int(last.removeprefix(stem)) if last else int(end)
        found |= {f"{stem}{number}" for number in range(int(end), upper + 1)}
    return found


def numbers(word: str, text: str) -> set[int]:
    """Return the numbers behind a word and its plural: decision 9, decisions 8-11, section 5.

    >>> sorted(numbers("decision", "inverted (decisions 8-10, 12)"))
    [8, 9, 10, 12]
    """
    found = set()
    for listed in re.findall(rf"\b{word}s? (\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*)", text, re.IGNORECASE):
        for part in listed.split(", "):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found


def unknown(text: str) -> set[str]:
    """Return what a text names and the page does not define."""
    return (
        (equations(text) - EQUATIONS)
        | {f"decision {number}" for number in numbers("decision", text) - DECISIONS}
        | {f"section {number}" for number in numbers("section", text) - SECTIONS}
    )


def test_page_numbers_its_decisions_and_sections_in_order() -> None:
    assert sorted(DECISIONS) == list(range(1, len(DECISIONS) + 1))
    assert sorted(SECTIONS) == list(range(1, len(SECTIONS) + 1))
    assert {f"S{number}" for number in range(1, 13)} <= EQUATIONS


def test_code_names_only_what_the_page_defines() -> None:
    assert not [f"{place} names {sorted(unknown(text))}" for place, text in strings() if unknown(text)]


def test_page_on_minds_names_only_what_the_page_defines() -> None:
    assert not unknown((ROOT / "agents" / "README.md").read_text(encoding="utf-8"))


def test_every_equation_of_the_page_is_named_by_code() -> None:
    named = set().union(*(equations(text) for _, text in strings()))
    assert not sorted(
        one for one in EQUATIONS - named if not any(name.startswith(f"{one}.") for name in named)
    )


def test_every_parameter_belongs_to_an_equation_or_a_section() -> None:
    for key, record in base_catalogue().items():
        belongs = equations(record.equation) or numbers("section", record.equation)
        assert belongs, f"{key}: equation {record.equation!r} names none"
        assert not unknown(record.equation), f"{key}: {unknown(record.equation)} is not in sim/README.md"


@pytest.mark.parametrize("text", ["(S13)", "(S1.1-S1.9)", "Source: decision 999.", "as in section 99"])
def test_an_unknown_id_is_caught(text: str) -> None:
    assert unknown(text)
