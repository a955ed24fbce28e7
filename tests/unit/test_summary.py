"""The summary of a run against counts made by hand, and what a person is told of it."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.config.errors import RunError
from experiments.pages import readme_answer
from experiments.runs import summary, terminal
from experiments.runs.manifest import write_json
from sim.axes import CONSTRAINTS

US, CN, MIXED, OPEN = 0.0, 1.0, 2.0, 3.0
RESPONSES = ("passive", "us_resists", "cn_resists")


def outcomes() -> dict[str, np.ndarray]:
    """Return the outcomes of four worlds under three responses."""

    def same(codes: list[float]) -> np.ndarray:
        return np.repeat(np.array(codes, np.float64)[:, None], 3, axis=1)

    unreached = np.full((4, 3), np.nan)
    fights = same([0, 0, 1, 1])
    fights[:, 1] = np.nan
    return {
        "world": same([0, 1, 2, 3]),
        "leader.w10.2030": same([CN, CN, CN, CN]),
        "leader.w1.2030": np.array(
            [[US, US, MIXED], [US, CN, US], [MIXED, MIXED, MIXED], [CN, MIXED, CN]], np.float64
        ),
        "leader.w4.2030": same([OPEN, OPEN, OPEN, US]),
        "leader.w1.2040": unreached,
        "leader_test.w1_60.2030": same([CN, CN, CN, CN]),
        "fight.f1.us.2030": fights,
    }


def senses() -> dict[str, np.ndarray]:
    return {
        f"{sense}.{bloc}.{year}": np.array(values if year == "2030" else [np.nan] * 4)
        for sense, values in {
            "calm": [1.0, 1.0, 0.0, 0.0],
            "survives_resistance": [0.0, 1.0, 0.0, 0.0],
            "undone_by_resistance": [1.0, 0.0, 0.0, 0.0],
            "untested": [0.0, 0.0, 0.0, 1.0],
            "created_by_resistance": [0.0, 0.0, 0.0, 0.0],
        }.items()
        for bloc in ("us", "cn")
        for year in ("2030", "2040")
    }


def summed_up(**changes: Any) -> dict[str, Any]:
    binding = np.zeros((3, 2, len(CONSTRAINTS)), np.int64)
    binding[:, 0, CONSTRAINTS.index("power")] = 30
    binding[:, 0, CONSTRAINTS.index("none")] = 70
    binding[:, 1, CONSTRAINTS.index("chips")] = 100
    given: dict[str, Any] = {
        "scenario": "baseline",
        "title": "Baseline [2026]",
        "why": "Because\n  of this.",
        "responses": RESPONSES,
        "budget": "all",
        "months": ["2026-01", "2030-12"],
        "outcomes": outcomes(),
        "senses": senses(),
        "binding": binding,
        "conservation": {"queue": 2e-12, "money_wages": float("nan")},
        "attempts": np.array([0, 2, 0, 1]),
        "growth_scaled": np.array([1.0, 0.5, 1.0, 1.0]),
        "lead_share": 0.55,
    }
    found = summary.summarise(**{**given, **changes})
    return {**found, "wall_seconds": 12.3}


def test_shares_count_worlds_by_leader() -> None:
    found = summed_up()["shares"]
    passive = found["passive"]["w1"]["2030"]
    assert {leader: passive[leader]["share"] for leader in passive} == {
        "us": 0.5,
        "cn": 0.25,
        "mixed": 0.25,
        "open": 0.0,
    }
    assert found["us_resists"]["w1"]["2030"]["mixed"]["share"] == 0.5
    assert found["cn_resists"]["w1"]["2030"]["us"]["share"] == 0.25
    assert list(found["passive"]) == ["w1", "w4", "w10"], "definitions in their order, tests apart"


def test_sampling_error_is_binomial() -> None:
    one = summed_up()["shares"]["passive"]["w1"]["2030"]["us"]
    assert one["standard_error"] == pytest.approx((0.5 * 0.5 / 4) ** 0.5, rel=1e-15)


@pytest.mark.parametrize(("hits", "worlds"), [(0, 4), (1, 4), (3, 7), (128, 256), (255, 256), (256, 256)])
def test_interval_solves_the_score_equation(hits: int, worlds: int) -> None:
    # Wilson's limits p are where the observed share is 1.96 standard errors, as of p, away from p.
    share = hits / worlds
    low, high = summary.wilson(share, worlds)
    assert 0.0 <= low <= share <= high <= 1.0
    for p in (low, high):
        if p not in (0.0, 1.0):
            # Rounding of p, 2**-53, grows by the slope of the left side, below 2 worlds.
            gap = (share - p) ** 2 * worlds - summary.Z_95**2 * p * (1.0 - p)
            assert abs(gap) < 2.0**-50 * worlds


def test_horizon_that_is_not_reached_is_left_out() -> None:
    found = summed_up()
    assert "2040" not in json.dumps(found)
    assert found["horizons_reached"] == ["2030"]


def test_range_names_the_definitions_at_its_ends() -> None:
    found = summed_up()["range_over_definitions"]["passive"]["2030"]
    assert found["us"] == {"low": 0.0, "low_definition": "w10", "high": 0.5, "high_definition": "w1"}
    assert found["cn"] == {"low": 0.0, "low_definition": "w4", "high": 1.0, "high_definition": "w10"}
    assert found["open"]["high"] == 0.75


def test_senses_add_up_to_the_leads_they_describe() -> None:
    found = summed_up()["without_a_fight"]
    assert list(found) == ["2030"]
    us = {sense: one["share"] for sense, one in found["2030"]["us"].items()}
    assert us == {
        "calm": 0.5,
        "survives_resistance": 0.25,
        "undone_by_resistance": 0.25,
        "untested": 0.25,
        "created_by_resistance": 0.0,
    }


def test_fights_are_counted_where_they_are_known() -> None:
    found = summed_up()["fights"]
    assert found["passive"]["2030"]["us"]["f1"]["share"] == 0.5
    assert found["us_resists"] == {}


def test_definition_that_is_constant_is_named() -> None:
    assert summed_up()["uninformative"]["passive"] == ["leader.w10.2030"]


def test_binding_is_a_share_of_world_months() -> None:
    found = summed_up()["binding"]["passive"]
    assert found["us"]["power"] == 0.3
    assert sum(found["us"].values()) == pytest.approx(1.0, abs=2.0**-50)


def test_residual_that_is_no_number_is_told_as_missing(tmp_path: Path) -> None:
    found = summed_up()
    assert found["conservation"] == {"queue": 2e-12, "money_wages": None}
    write_json(tmp_path / "summary.json", found)
    assert json.loads((tmp_path / "summary.json").read_text()) == found


def test_rejected_draws_are_counted() -> None:
    found = summed_up()
    assert (found["rejected_draws"], found["worlds_drawn_again"], found["worlds_with_growth_scaled"]) == (
        3,
        2,
        1,
    )


# ---- what a person sees


def told(found: dict[str, Any], folder: Path = Path("outputs/run/x"), **more: Any) -> str:
    stream = io.StringIO()
    terminal.report(found, folder, stream=stream, command="uncontested run", **more)
    return stream.getvalue()


def test_report_says_shares_ranges_senses_and_limits() -> None:
    text = told(summed_up())
    lines = text.splitlines()
    assert "Baseline [2026]: 4 sampled worlds, 2026-01 to 2030-12" in lines
    (row,) = [line for line in lines if line.startswith("by 2030")]
    assert row.split()[2:] == [
        "50",
        "±",
        "35",
        "(0–50)",
        "25",
        "±",
        "33",
        "(0–25)",
        "25",
        "±",
        "33",
        "(0–100)",
    ]
    assert [line.split()[:3] for line in lines if line.startswith("untested")] == [["untested", "25", "25"]]
    assert "US + allies by power (in 30 % of world-months), China by chips (in 100 % of" in text
    assert "3 draws of 2 worlds could not continue the observed start and were drawn again." in text
    assert "no forecast" in text
    assert "The run took 12 s." in lines
    assert max(map(len, lines)) <= terminal.WIDTH


def test_report_uses_no_word_of_victory_or_chance() -> None:
    text = told(summed_up()).lower()
    for word in ("win", "won", "victor", "probab", "\x1b"):
        assert word not in text


def test_report_of_a_short_run_says_that_nobody_leads_yet() -> None:
    unreached = {name: np.full((4, 3), np.nan) for name in outcomes() if name != "world"}
    text = told(summed_up(outcomes=unreached, senses={}))
    assert "before the first horizon: nobody leads yet" in text


def test_report_without_the_passive_response_says_which_it_shows() -> None:
    one = {name: values[:, :1] for name, values in outcomes().items()}
    text = told(summed_up(outcomes=one, senses={}, responses=("cn_resists",)))
    assert "response cn_resists" in text
    assert "without a fight" not in text


def test_report_passes_warnings_on() -> None:
    assert "Warning: figure [x] was not drawn" in told(summed_up(), warnings=["figure [x] was not drawn"])


@pytest.mark.parametrize("scenario", ["baseline", "article", "detente"])
def test_next_commands_are_three_and_can_be_run(scenario: str) -> None:
    from experiments.config.build import plan_from_config
    from experiments.config.compose import compose_run

    commands = [text for text, _ in terminal.next_commands(scenario, "uncontested run")]
    assert len(commands) == 3
    for command in commands:
        _, _, *arguments = command.split()
        if arguments != ["--help"]:
            plan = plan_from_config(compose_run(arguments))
            assert plan.scenario != scenario or "scenario" not in command


def test_progress_is_a_line_a_tenth_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with terminal.meter(180, "Simulating", stream) as meter:
        for month in range(181):
            meter.show(month)
        meter.stage("Writing tables")
    tenths = [f"Simulating: {10 * tenth} %" for tenth in range(1, 11)]
    assert stream.getvalue().splitlines() == [*tenths, "Writing tables"]


def test_progress_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with terminal.meter(180, "Simulating", stream) as meter:
        meter.show(90)
        meter.stage("Writing tables")
        meter.show(180)
    assert "Writing tables" in stream.getvalue()
    assert "100%" in stream.getvalue()


# ---- the answer in the README

MANIFEST = {
    "version": "1.2.3",
    "command": "uncontested run",
    "seed": 1,
    "configuration_hash": "0123456789abcdef",
}
PAGE = f"# Title\n\n{readme_answer.BEGIN}\nold\n{readme_answer.END}\n\nThe rest.\n"


def run_folder(tmp_path: Path, found: dict[str, Any], *, figures: bool) -> Path:
    folder = tmp_path / "run"
    (folder / "figures").mkdir(parents=True)
    write_json(folder / "summary.json", found)
    write_json(folder / "manifest.json", MANIFEST)
    if figures:
        (folder / "figures" / "outcome.png").write_bytes(b"picture")
        (folder / "figures" / "outcome.txt").write_text("Who leads.\nMore.\n")
    return folder


def test_answer_replaces_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(PAGE)
    folder = run_folder(tmp_path, summed_up(), figures=True)
    for _ in range(2):
        readme_answer.write(folder, tmp_path)
    page = (tmp_path / "README.md").read_text()
    assert page.startswith(f"# Title\n\n{readme_answer.BEGIN}\n**The answer of version 1.2.3**")
    assert page.endswith(f"\n{readme_answer.END}\n\nThe rest.\n")
    assert "old" not in page
    assert "| by 2030 | 50 ± 35 (0–50) | 25 ± 33 (0–25) | 25 ± 33 (0–100) |" in page
    assert "| untested | 25 | 25 | the other bloc never had cause to resist |" in page
    assert "`uncontested run` (seed 1, configuration `0123456789ab`)" in page
    assert "![Who leads.](docs/outcome.png)" in page
    assert (tmp_path / "docs" / "outcome.png").read_bytes() == b"picture"


def test_answer_without_figures_shows_none(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(PAGE)
    readme_answer.write(run_folder(tmp_path, summed_up(), figures=False), tmp_path)
    assert "![" not in (tmp_path / "README.md").read_text()


def test_answer_that_cannot_be_written_leaves_the_page(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# No place\n")
    folder = run_folder(tmp_path, summed_up(), figures=True)
    with pytest.raises(RunError, match="no place for it"):
        readme_answer.write(folder, tmp_path)
    with pytest.raises(RunError, match=r"summary\.json is missing"):
        readme_answer.write(tmp_path / "nowhere", tmp_path)
    with pytest.raises(RunError, match="no answer to write"):
        readme_answer.answer(summed_up(outcomes={}, senses={}), MANIFEST, None, "")
    assert (tmp_path / "README.md").read_text() == "# No place\n"
    assert not (tmp_path / "docs").exists()


def test_answer_as_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert readme_answer.main([]) == 2
    assert readme_answer.main([str(tmp_path)]) == 1
    assert "is missing" in capsys.readouterr().err
