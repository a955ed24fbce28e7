"""A sweep of one's own study, scenario and firm; sweeps are compared, drawn, exported and asked like runs."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from experiments.cli.main import main
from experiments.reading.pairing import compare_runs, shift
from experiments.reading.plotting import embedded
from experiments.sweeping import folder as sweep_folder

PAGE = Path(__file__).parents[2] / "docs" / "change.md"
SCENARIO = """# @package _global_
scenario: {name: dear_power, title: Dear power, why: To see.}
power: {power_price_us: 0.2}
months: 13
outcome: {horizons: ["2026-12"]}
consumers: cohort
"""
STUDY = """title: "My study"
question: "What does my lab change where power is dear?"
base: {scenario: dear_power, firm: [europa]}
factors:
  power.permitting_speed_us: {values: [1, 2]}
design: {kind: grid, levels: 2}
replications: 2
responses: [passive]
budgets: [all]
record: {outcomes: ["leader.*"], series: ["share.*", "active_users_million.*"]}
headline: {outcome: leader.w1.2026, is: us, response: passive}
"""


def text_of_firm() -> str:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a study of one's own, run once as it is and once without leakage."""
    folder = tmp_path_factory.mktemp("home")
    for name, text in (
        ("firm/europa", text_of_firm()),
        ("scenario/dear_power", SCENARIO),
        ("study/mine", STUDY),
    ):
        file = folder / "mine" / f"{name}.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        own = ["sweep", "study=mine", "--config-dir", "mine", "executor.workers=1"]
        assert main(own) == 0
        assert main([*own, "chips.leakage=0", "sweep_dir=outputs/sweep/tight"]) == 0
    return folder


@pytest.fixture(autouse=True)
def _inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def test_the_study_ran_with_the_scenario_and_the_firm_of_its_folder() -> None:
    plan = sweep_folder.newest_plan(Path("outputs/sweep/mine")).read()
    config = plan["configuration"]
    assert "europa" in config["roster"]["labs"]
    assert config["parameters"]["power.power_price_us"]["set"] == {"*": 0.2}
    assert config["months"] == 13
    assert "--config-dir mine" in plan["command"]


def test_sweeps_are_paired_by_factors_and_world(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = compare_runs("mine", "tight")
    assert found.paired
    assert (found.worlds, found.points) == (4, 2)
    assert [key for key, _, _ in found.keys] == ["chips.leakage"]
    assert all(sum(changes.values()) == 4 for changes in found.changes.values())
    assert main(["compare", "mine", "tight", "--out", str(tmp_path)]) == 0
    assert "a world counts once for chance" in capsys.readouterr().out
    assert {"changes.csv", "compare.png"} <= {file.name for file in tmp_path.iterdir()}


def test_points_that_share_worlds_add_no_certainty() -> None:
    one, other = np.array(["us"] * 6, object), np.array(["us", "cn"] * 3, object)
    alone = shift("cn", one[:2], other[:2], paired=True)
    shared = shift("cn", one, other, (2, 2), paired=True)
    assert (shared.low, shared.high) == (alone.low, alone.high)
    assert shift("cn", one, other, paired=True).high < shared.high


def test_a_sweep_of_another_version_is_compared_and_it_is_said(tmp_path: Path) -> None:
    other = tmp_path / "older"
    shutil.copytree("outputs/sweep/mine", other)
    file = sweep_folder.newest_plan(other).json
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": "0.0.9"}), encoding="utf-8")
    found = compare_runs("mine", str(other))
    assert found.code.endswith("and 0.0.9")
    assert all(s.difference == 0.0 for shifts in found.shifts.values() for s in shifts.values())


def test_a_sweep_is_drawn_and_its_figure_made_again(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["fan", "--series", "active_users_million", "--firms", "europa,openai", "--lang", "de"]
    assert main(["plot", "mine", *asked]) == 0
    picture = next(Path("outputs/sweep/mine/figures").glob("*.png"))
    assert embedded(picture)["Command"].startswith("uncontested sweep study=mine")
    assert main(["reproduce", str(picture)]) == 0
    assert "from the run mine" in capsys.readouterr().out


def test_a_sweep_is_exported_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["export", "mine", "--csv", "--output", str(out)]) == 0
    assert sorted(file.name for file in out.iterdir()) == ["columns.csv", "series.csv", "worlds.csv"]
    counted = duckdb.sql(f"select count(*), count(distinct world) from '{out / 'worlds.csv'}'").fetchall()
    assert counted == [(4, 2)]
    months = duckdb.sql(f"select count(*) from '{out / 'series.csv'}'").fetchall()
    assert months == [(4 * 13,)]
    capsys.readouterr()
    assert main(["query", "select count(*) from worlds", "--of", "mine"]) == 0
    assert capsys.readouterr().out.split() == ["count_star()", "4"]
    assert main(["export", "mine", "--csv", "--output", str(out)]) == 2
    assert "expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("compare mine tihgt", "Nearest valid name: tight."),
        ("plot tihgt fan --series share", "Nearest valid name: tight."),
        ("status tihgt", "Nearest valid name: tight."),
        ("sweep study=mien --config-dir mine", "Nearest valid name: study=mine."),
        ("sweep study=mine --config-dir mine scenario=dear_powr", "Nearest valid name: scenario=dear_power."),
        ("sweep study=mine", "expected one of"),
    ],
)
def test_typos_name_ones_own(words: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
