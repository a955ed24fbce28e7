"""The least change that changes the leader: where closed forms have it, and nowhere without an effect."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis.flip import Answer, Lever, Question, Way, combinations
from experiments.analysis.flip_search import find_flips
from experiments.analysis.flipping import plan_to, summary, told, write
from experiments.cli.main import BAD_CONFIGURATION, OK, main

WORLDS = 6
NONE = np.zeros(WORLDS)
SCAN = (0.25, 0.5, 0.75, 1.0)


def test_a_threshold_is_found_in_every_world() -> None:
    thresholds = np.linspace(0.1, 1.1, WORLDS)
    found = find_flips(lambda way, world, place: place >= thresholds[world] - way, NONE, 1, SCAN, 10)
    inside = thresholds <= 1.0
    assert (found.flipped[0] == inside).all()
    assert found.place[0, inside] == pytest.approx(thresholds[inside], abs=0.25 / 2**10)
    assert (found.place[0, inside] >= thresholds[inside]).all()
    assert np.isinf(found.place[0, ~inside]).all()
    assert not found.back.any()
    assert found.share_by(0, 0.5) == np.mean(thresholds <= 0.5)


def test_what_changes_and_changes_back_is_shown() -> None:
    found = find_flips(lambda way, world, place: (place > 0.3) & (place < 0.6), NONE, 1, SCAN, 8)
    assert found.back.all()
    assert found.place == pytest.approx(0.3, abs=0.002)
    assert found.scanned[0, :, 0].tolist() == [0.0, 1.0, 0.0, 0.0]


def test_what_lies_between_two_places_is_seen_by_more_of_them() -> None:
    def narrow(way: np.ndarray, world: np.ndarray, place: np.ndarray) -> np.ndarray:
        return 1.0 * ((place > 0.3) & (place < 0.4))

    assert not find_flips(narrow, NONE, 1, SCAN, 8).flipped.any()
    finer = find_flips(narrow, NONE, 1, np.arange(1, 33) / 32.0, 8)
    assert finer.flipped.all()
    assert finer.place == pytest.approx(0.3, abs=0.002)


def test_a_way_without_effect_has_no_flip() -> None:
    found = find_flips(lambda way, world, place: 0.0 * place, NONE, 3, SCAN, 5)
    assert not found.flipped.any()
    assert np.isnan(found.leader).all()


def test_one_new_leader_may_be_asked_for() -> None:
    def ask(way, world, place):
        return np.where(place > 0.8, 2.0, np.where(place > 0.4, 1.0, 0.0))

    assert find_flips(ask, NONE, 1, SCAN, 8).place == pytest.approx(0.4, abs=0.002)
    found = find_flips(ask, NONE, 1, SCAN, 8, towards=2.0)
    assert found.place == pytest.approx(0.8, abs=0.002)
    assert (found.leader == 2.0).all()


def test_no_answer_is_no_change() -> None:
    found = find_flips(lambda way, world, place: np.where(place > 0.5, np.nan, 0.0), NONE, 1, SCAN, 4)
    assert not found.flipped.any()
    assert found.no_answer.all()


# ---- ways and changes ----------------------------------------------------------------------------------

DELAY = Lever("power.lead_time_us", 6.0, 84.0, "plain", "months", 1.0)
CEILING = Lever("chips.node_ceiling_x_max", 4.0, 240.0, "factor", "x", 1.0)
GRID = Lever("power.permitting_speed_us", 0.25, 4.0, "gw_us", "GW a year", 17.1)


def test_a_lever_moves_from_a_worlds_own_value_to_its_limit() -> None:
    before, place = np.array([38.0, 50.0, 90.0]), np.array([0.5, 1.0, 1.0])
    assert Way((DELAY,), (False,)).moved(DELAY, before, place).tolist() == [22.0, 6.0, 6.0]
    # A world that lies beyond a limit is left where it is.
    assert Way((DELAY,), (True,)).moved(DELAY, before, place).tolist() == [61.0, 84.0, 90.0]
    moved = Way((CEILING,), (True,)).moved(CEILING, np.array([60.0]), np.array([0.5]))
    assert moved == pytest.approx(120.0)
    assert CEILING.change(np.array([60.0]), moved) == pytest.approx(2.0)
    assert GRID.change(np.array([1.0]), np.array([2.0])) == pytest.approx(17.1)
    assert Way((GRID,), (True,)).moved(DELAY, before, place) is before


def test_the_strongest_ways_towards_either_bloc_are_combined() -> None:
    singles = [Way((lever,), (up,)) for lever in (DELAY, CEILING, GRID) for up in (False, True)]
    found = combinations(singles, np.array([0.3, 0.1, 0.2, -0.2, -0.1, 0.0]))
    assert [way.name for way in found] == [
        "power.lead_time_us down and chips.node_ceiling_x_max down",
        "chips.node_ceiling_x_max up and power.permitting_speed_us down",
    ]


def invented(threshold: float) -> Answer:
    ways = (Way((DELAY,), (False,)), Way((GRID,), (True,)), Way((DELAY, GRID), (False, True)))

    def ask(way, world, place):
        return np.where((way != 1) & (place > threshold + 0.02 * world), 1.0, 0.0)

    found = find_flips(ask, NONE, 3, SCAN, 6)
    before = {DELAY.key: np.full(WORLDS, 38.0), GRID.key: np.ones(WORLDS)}
    return Answer(Question("w1", "2035", "passive"), NONE, ways, found, before)


def test_an_answer_is_told_and_written_in_both_languages(tmp_path: Path) -> None:
    question = Question("w1", "2035", "passive")
    plan = plan_to(question, ["worlds=6"], None, "uncontested flip")
    answer = invented(0.3)
    best, none = summary(answer)[0], summary(answer)[-1]
    assert best["flipped"] == 6
    assert best["half_share_of_way"] == pytest.approx(0.34, abs=0.01)
    assert best["half"] == "-11 months (38 to 27)"
    assert (none["way"], none["flipped"], none["first"]) == ("power.permitting_speed_us up", 0, "")
    said = "\n".join(told(answer, plan))
    assert "power.lead_time_us down: 6 of 6 worlds (to: China 6)" in said
    assert "No world changes its leader by power.permitting_speed_us up." in said
    assert "changes back between two of these places is not seen; --steps" in said
    for language in ("en", "de"):
        paths = write(answer, plan, tmp_path / language, language)
        assert all(path.stat().st_size for path in paths)
    stored = json.loads((tmp_path / "en" / "flip.json").read_text())
    assert stored["ways"][0]["flipped"] == 6
    with (tmp_path / "en" / "changes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(row["flipped"] == "True" for row in rows if row["levers"] == "1") == 6
    title = (tmp_path / "en" / "flip.txt").read_text().partition("\n")[0]
    assert "half of the sampled worlds" in title
    write(invented(2.0), plan, tmp_path / "none", "en")
    assert "No lever alone" in (tmp_path / "none" / "flip.txt").read_text()


# ---- the model ------------------------------------------------------------------------------------------


def test_a_lever_without_an_effect_flips_no_world(tmp_path: Path) -> None:
    """Where nobody reacts, how late or how hard a bloc would react moves no bit: same worlds, same luck."""
    levers = "policy.decision_lag,policy.reaction_budget,robots.efficiency_ratio"
    out = tmp_path / "out"
    asked = ["worlds=3", "workers=1", "--by", "2030", "--definition", "w4", "--steps", "1"]
    assert main(["flip", *asked, "--levers", levers, "--out", str(out)]) == OK
    with (out / "changes.csv").open() as file:
        rows = list(csv.DictReader(file))
    idle = [row for row in rows if row["levers"] == "1" and row["lever"].startswith("policy.")]
    assert len(idle) == 2 * 2 * 3
    assert not any(row["flipped"] == "True" or row["no_answer"] == "True" for row in idle)
    stored = json.loads((out / "flip.json").read_text())
    ways = [way for way in stored["ways"] if way["levers"] == 1 and way["way"].startswith("policy.")]
    assert [way["flipped"] for way in ways] == [0] * 4
    # They move no mean share either, so that they are never among the strongest.
    assert not any("policy." in way["way"] for way in stored["ways"] if way["levers"] > 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--by", "2031"], "2030, 2035, 2040"),
        (["--definition", "w11"], "w1"),
        (["--to", "china"], "cn"),
        (["--levers", "power.lead_tim_us"], "power.lead_time_us"),
        (["--levers", "chips.wafer_growth"], "chips.wafer_growth.us"),
        (["--steps", "0"], "1..64"),
        (["months=60", "--by", "2035"], "the run ends before 2035"),
        (["--hebel", "x"], "--levers"),
    ],
)
def test_errors_name_what_is_valid(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["flip", *arguments, "--out", str(tmp_path / "out")]) == BAD_CONFIGURATION
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
