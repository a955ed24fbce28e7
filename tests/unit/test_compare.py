"""Two runs are compared world by world, a world is explained, a run is cited; nonsense is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.cli.main import COMMANDS, main
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.reading.citing import AUTHORS, TITLE
from experiments.reading.pairing import compare_runs, differing, shift
from experiments.runs import command as running

SMALL = (
    "worlds=3",
    "months=60",
    "consumers=cohort",
    "responses=[passive]",
    "workers=1",
    "output.figures=false",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run, the same again with another value, and one of another seed."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for more in (
            ("name=one",),
            ("name=two", "power.permitting_speed_us=2", "worlds=4"),
            ("name=other", "seed=2"),
        ):
            running.execute(plan_from_config(compose_run([*SMALL, *more]), "uncontested run"), quiet=True)
    return folder


@pytest.fixture(autouse=True)
def _inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def test_the_same_worlds_are_paired_and_the_key_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = compare_runs("one", "two")
    assert found.paired
    assert found.worlds == 3
    assert found.code == ""
    assert {key for key, _, _ in found.keys} == {"power.permitting_speed_us", "worlds"}
    for year, changes in found.changes.items():
        assert sum(changes.values()) == 3
        for s in found.shifts[year].values():
            assert s.low <= s.difference <= s.high
    assert main(["compare", "one", "two"]) == 0
    assert "worlds change who leads" in capsys.readouterr().out


def test_a_run_compared_with_itself_has_no_difference() -> None:
    found = compare_runs("one", "one")
    assert not found.keys
    assert all(a == b for changes in found.changes.values() for a, b in changes)
    assert all(s.difference == 0.0 for shifts in found.shifts.values() for s in shifts.values())


def test_other_seeds_are_two_samples() -> None:
    found = compare_runs("one", "other")
    assert not found.paired
    assert not found.changes


names = st.lists(st.sampled_from(["us", "mixed", "cn"]), min_size=1, max_size=40)


@given(names, st.randoms(use_true_random=False))
def test_a_pair_turned_round_changes_the_sign(first: list[str], order: object) -> None:
    before = np.asarray(first, object)
    after = np.roll(before, 1)
    for paired in (True, False):
        one, other = shift("us", before, after, paired=paired), shift("us", after, before, paired=paired)
        # Rounding of a few operations on numbers below 1.
        assert abs(one.difference + other.difference) < 1e-12
        assert abs(one.low + other.high) < 1e-12
        assert one.low <= one.difference <= one.high


def test_differing_keys_are_found_at_any_depth() -> None:
    one = {"a": {"b": 1, "c": [1]}, "name": "x"}
    assert differing(one, {"a": {"b": 2, "c": [1]}, "name": "y"}) == [("a.b", "1", "2")]


def test_a_world_is_explained_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "one", "--world", "2"]) == 0
    out = capsys.readouterr().out
    assert "What bound US + allies:" in out
    assert "What bound China:" in out
    assert Path(out.split()[-3]).is_file()
    assert main(["explain", "one"]) == 0


def test_a_run_is_cited_as_the_citation_file_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "one"]) == 0
    out = capsys.readouterr().out
    text = (Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{TITLE}"' in text
    assert f'name: "{AUTHORS}"' in text
    assert TITLE in out
    assert "seed 1" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("compare one tow", "Nearest valid name: two."),
        ("compare one", "B: missing"),
        ("compare one two --respons x", "Nearest valid name: --response."),
        ("compare one two --response us_resists", "no worlds with this response"),
        ("explain one --world 77", "the run has worlds 0 to 2"),
        ("explain one --world x", "expected the number of a world"),
        ("explain one --response us_resists", "us_resists"),
        ("cite on", "Nearest valid name: one."),
        ("cite", "run: missing"),
    ],
)
def test_typos_are_answered_in_one_line(
    words: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1


READING = ("run", "list", "params", "plot", "reproduce", "compare", "explain", "cite")
"""Commands that answer at once; those that simulate or fit have tests of their own."""
WORDS = st.one_of(
    st.sampled_from(
        [
            *COMMANDS,
            *("one", "two", "fan", "map", "adoption", "share.d1", "cash_usd", "us,cn", "2030", "de"),
            *("--series", "--firms", "--region", "--from", "--lang", "--world", "--world=1", "--run"),
            *("--help", "-h", "--", "-", "=", "scenarios", "series", "--cfg", "--config-dir"),
            *("worlds=x", "+a=1", "~b", "a@b=1"),
            "",
        ]
    ),
    st.text(max_size=8).filter(lambda text: "\0" not in text),
)


@settings(max_examples=150)
@given(st.sampled_from(READING), st.lists(WORDS, max_size=4))
def test_no_argument_shows_a_traceback(command: str, words: list[str]) -> None:
    """A run is only ever planned here: `--cfg job` stops before anything is computed."""
    if command == "run":
        words = [*words, "--cfg", "job"]
    assert main([command, *words]) in (0, 1, 2)
