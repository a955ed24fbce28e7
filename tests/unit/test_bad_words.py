"""No word that a command is given shows a traceback, and a wrong configuration leaves nothing behind.

What would simulate or fit stops before it computes: it is the words that are tried here.
"""

import contextlib
import io
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiments.cli.main import main
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import RunError
from experiments.runs import command as running
from experiments.trust import calibration, validate

COMMANDS = ("calibrate", "validate", "sweep", "query", "status", "export")
WORDS = st.one_of(
    st.sampled_from(
        [
            *("--worlds", "--draws", "--seed", "--recoveries", "--observations", "--uncertainty", "--output"),
            *("--of", "--csv", "--parquet", "--plan", "--config-dir", "--install", "--docs", "--help", "-h"),
            *("--draws=many", "--worlds=7", "--worlds=9", "--seed=-1", "--output=", "--csv=1", "--nothing"),
            *(
                "one",
                "latest",
                "nowhere",
                "posterior",
                "select 1",
                "select * from nowhere",
                "drop table worlds",
            ),
            *("study=baseline_worlds", "study=mien", "study.replications=0", "executor=slrum", "worlds=3"),
            *("months=12", "study.factors.a=1", "executor.workers=x", "sweep_dir=one.csv", "retry_failed=7"),
            *("one.csv", "one.csv/in", ".", "..", "", "-", "--", "=", "a" * 300, "+a=1", "²"),
        ]
    ),
    st.text(max_size=8).filter(lambda text: "\0" not in text),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small run and a file."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "one.csv").write_text("series,date,value,source\n", encoding="utf-8")
    words = ["worlds=2", "months=3", "consumers=cohort", "responses=[passive]", "workers=1", "name=one"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        running.execute(plan_from_config(compose_run([*words, "output.figures=false"])), quiet=True)
    return folder


@pytest.fixture(autouse=True)
def _computes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise RunError("it would compute now")

    monkeypatch.chdir(home)
    monkeypatch.setattr(calibration, "calibrate", stop)
    monkeypatch.setattr(validate, "simulate_many", stop)


def files(folder: Path) -> set[str]:
    return {
        os.path.join(place, name) for place, folders, names in os.walk(folder) for name in folders + names
    }


@settings(max_examples=120)
@given(st.sampled_from(COMMANDS), st.lists(WORDS, max_size=4))
@example("export", ["one", "--csv", "--output=one.csv/in"])
@example("validate", ["--observations", "one.csv"])
@example("validate", ["--worlds", "²"])
@example("calibrate", ["--output", "one.csv/in"])
@example("sweep", ["study=baseline_worlds", "sweep_dir=one.csv"])
def test_no_word_shows_a_traceback_or_leaves_anything(home: Path, command: str, words: list[str]) -> None:
    if command == "sweep":
        words = [*words, "--plan"]
    before = files(home)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = main([command, *words])
    assert status in (0, 1, 2)
    if status == 2:
        assert said.getvalue().count("\n") == 1
    if command != "export" or status != 0:
        assert files(home) == before
    else:
        left = files(home) - before
        assert all("exports" in one or "--output" in "".join(words) for one in left)
        for one in sorted(left, key=len, reverse=True):
            path = Path(one)
            path.rmdir() if path.is_dir() else path.unlink()
