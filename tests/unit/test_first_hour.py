"""The commands of a first hour, word by word as the README has them, and a typo in each."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.cli.main import BAD_CONFIGURATION, OK, main

README = Path(__file__).parents[2] / "README.md"
SMALL = (
    "worlds=18",
    "months=24",
    "consumers=cohort",
    "responses=[passive]",
    "workers=1",
    "outcome.horizons=[2027-12]",
)
"""As many worlds as `--world 17` needs, and a horizon that they reach."""
COMMANDS = (
    "uncontested",
    "uncontested list scenarios",
    "uncontested params optimus",
    "uncontested run scenario=us_grid_doubled name=grid",
    "uncontested compare baseline grid",
    "uncontested plot grid adoption --region row --lang de --svg",
    "uncontested run robots.optimus_unit_cost=20..40",
    "uncontested explain grid --world 17",
    "uncontested export grid --csv",
    "uncontested cite grid",
)


@pytest.fixture(scope="module", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Go where `make run` and the first run of one's own have been."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("home"))
        for command in ("uncontested run output.figures=false", COMMANDS[3]):
            assert main(words_of(command)) == OK
        yield


def words_of(command: str) -> list[str]:
    """Return the words of a command; a run is small."""
    words = shlex.split(command)[1:]
    return [*words, *SMALL] if words[:1] == ["run"] else words


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_first_hour_works_as_documented(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words_of(command)) == OK
    said = capsys.readouterr()
    assert said.out.strip()
    assert "Traceback" not in said.err


def test_the_readme_shows_these_commands() -> None:
    shown = re.findall(r"^uncontested.*", README.read_text(encoding="utf-8"), re.MULTILINE)
    used = {" ".join(line.split("  ")[0].split()[:2]) for line in shown}
    assert {" ".join(command.split()[:2]) for command in COMMANDS} <= used


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("lits scenarios", "list"),
        ("list scenaros", "scenarios"),
        ("list scenarios us_gird", "us_grid_doubled"),
        ("params optimsu", "optimus"),
        ("run scenario=us_grid_dubled", "us_grid_doubled"),
        ("run scenaro=us_grid_doubled", "scenario"),
        ("compare baselin grid", "baseline"),
        ("plot gird adoption", "grid"),
        ("plot grid adopton", "adoption"),
        ("plot grid adoption --region rwo", "row"),
        ("plot grid adoption --lnag de", "--lang"),
        ("run robots.optimus_unit_csot=20..40", "robots.optimus_unit_cost"),
        ("explain grid --wrld 17", "--world"),
        ("explain grid --world 18", "17"),
        ("export gird --csv", "grid"),
        ("export grid --cvs", "--csv"),
        ("cite gird", "grid"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_valid_word(
    typo: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typo.split()) == BAD_CONFIGURATION
    error = capsys.readouterr().err
    assert re.search(rf"Nearest valid name: \S*{re.escape(meant)}", error), error
    assert error.count("\n") == 1
