"""The figures of analyses: the planted factor in the title, every number in the table, both languages."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis.analyse import Asked, analyse, draw
from experiments.analysis.stored import open_study
from experiments.cli.main import OK, main
from experiments.figures.bars import MOST_ROWS
from sim.units import Array
from tests.unit.analysis_studies import invented

STUDIES = {
    "chip_access_and_ceiling": ("effects", ()),
    "global_sensitivity": ("morris", ("study.design.trajectories=4",)),
    "global_sensitivity_sobol": ("sobol", ("study.design.points=64", "study.factors.seed=[1,2]")),
    "scenario_discovery": ("discovery", ("study.design.points=400",)),
}


def steep(numbers: Array, worlds: Array) -> Array:
    """Rise with the first factor alone, more steeply in the middle; the others do nothing."""
    low, high = numbers[:, 0].min(), numbers[:, 0].max()
    place = (numbers[:, 0] - low) / (high - low)
    return np.where(place > 0.6, 0.9, 0.1) + 0.05 * place + 0.001 * worlds


def rising(numbers: Array, worlds: Array) -> Array:
    """Rise with the first factor alone, whichever runs are computed together."""
    return numbers[:, 0] / (1.0 + numbers[:, 0])


@pytest.mark.parametrize("study", STUDIES)
def test_an_analysis_is_drawn_in_both_languages(study: str, tmp_path: Path) -> None:
    name, more = STUDIES[study]
    invent = rising if study.startswith("global") else steep
    stored = open_study(study, invented(tmp_path / "s", study, invent, *more))
    asked, planted = Asked("share.d1.2035"), stored.names[0]
    found = analyse(stored, asked)
    assert found["rows"][0]["factor"] == planted
    for language in ("en", "de"):
        draw(stored, found, asked, tmp_path / language, "a command", language)
        stem = name if language == "en" else f"{name}-de"
        files = {path.suffix: path for path in (tmp_path / language).glob(f"{stem}.*")}
        assert set(files) == {".png", ".svg", ".csv", ".txt"}
        told = files[".txt"].read_text(encoding="utf-8")
        assert planted in told.partition("\n")[0] or name == "discovery"
        assert all(row["factor"] in told for row in found["rows"][:MOST_ROWS])
    with (tmp_path / "en" / f"{name}.csv").open(encoding="utf-8") as file:
        table = [row for row in csv.DictReader(file) if row["panel"] != "scores"]
    first = [float(row["value"]) for row in table if row["series"] == table[0]["series"]]
    numbers = [value for key, value in found["rows"][0].items() if key not in ("factor", "from", "to")]
    assert sorted(first) == pytest.approx(sorted(numbers))


def test_a_box_is_found_through_the_command(tmp_path: Path) -> None:
    """Source: planted, so that density and coverage are known."""
    words = invented(tmp_path / "s", "scenario_discovery", steep, "study.design.points=400")
    out = tmp_path / "out"
    asked = ["--metric", "share.d1.2035", "--above", "0.5", "--out", str(out)]
    assert main(["analyse", "scenario_discovery", *words, *asked]) == OK
    found = json.loads((out / "analysis.json").read_text(encoding="utf-8"))
    for half in ("found", "held_out"):
        assert found[half]["density"] >= 0.9
        assert found[half]["coverage"] >= 0.8
    assert found["rows"][0]["from"] == pytest.approx(0.75 + 0.6 * 0.25, abs=0.02)
    assert found["tree_right_held_out"] > 0.95


def test_a_factor_that_does_nothing_has_an_index_of_zero(tmp_path: Path) -> None:
    few = ("study.design.points=256", "study.factors.seed=[1,2]")
    words = invented(tmp_path / "s", "global_sensitivity_sobol", rising, *few)
    found = analyse(open_study("global_sensitivity_sobol", words), Asked("share.d1.2035"))
    first, *others = found["rows"]
    assert first["total"] == pytest.approx(1.0, abs=0.2)
    assert all(row["total"] == 0.0 for row in others)
