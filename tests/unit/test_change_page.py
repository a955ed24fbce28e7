"""docs/change.md is followed word by word: its files are written, its commands run, its test passes."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import load
from experiments.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "change.md").read_text(encoding="utf-8")
FILE = re.compile(r"as `([\w/.]+)`[^`]*(?:`[^`]*`[^`]*)?:\n\n```(?:yaml|python)\n(.*?)```", re.DOTALL)
COMMANDS = re.compile(r"^uncontested .*$", re.MULTILINE)
FASTER = ("months=16", "consumers=cohort", "workers=1", "responses=[passive]", "output.figures=false")
"""Only how long it takes: nothing that the page shows depends on it."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page's files and give its commands, in the page's order."""
    folder = tmp_path_factory.mktemp("home")
    files = dict(FILE.findall(PAGE))
    assert set(files) == {"mine/firm/europa.yaml", "mine.py", "test_mine.py"}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    commands = COMMANDS.findall(PAGE)
    assert len(commands) == 7
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in commands:
            words = shlex.split(line)[1:]
            if words[0] == "run":
                words = [word.replace("worlds=16", "worlds=2") for word in words] + [*FASTER]
            if words[0] == "compare":
                # No horizon lies in so short a run, and the command says so.
                assert main(words) == 2
            else:
                assert main(words) == 0, line
    return folder


@pytest.fixture(autouse=True)
def _inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def test_the_firm_enters_and_gains_users() -> None:
    series = load("with").series
    users = series.groupby("month")["active_users_million.europa"].max()
    assert users["2026-12"] == 0.0
    assert users.iloc[-1] > 0.0
    assert "active_users_million.europa" not in load("without").series


def test_the_firm_takes_one_file_and_no_code(home: Path) -> None:
    before = load("without").manifest["sources_hash"]
    assert load("with").manifest["sources_hash"] == before
    assert [path.name for path in (home / "mine").rglob("*.*")] == ["europa.yaml"]


def test_the_rule_moves_its_price_first() -> None:
    one, other = load("without").series, load("rule").series
    name = "subscription_price_usd_per_month.openai"
    assert not np.array_equal(one[name], other[name])
    assert load("rule").manifest["configuration"]["rules"]["file"] == "mine.py"
    assert load("rule").manifest["configuration_hash"] != load("without").manifest["configuration_hash"]


def test_the_test_of_the_page_passes(home: Path) -> None:
    namespace: dict[str, object] = {}
    exec(compile((home / "test_mine.py").read_text(), "test_mine.py", "exec"), namespace)
    tests = [one for name, one in namespace.items() if name.startswith("test_") and callable(one)]
    assert len(tests) == 1
    tests[0]()


def test_tables_are_data_frames_with_the_columns_of_the_code_book() -> None:
    run = load("without")
    assert isinstance(run.worlds, pd.DataFrame)
    book = run.columns.groupby("file")["column"].agg(list)
    assert list(run.worlds.columns) == book["worlds.parquet"]
    assert list(run.series.columns) == book["series.parquet"]


def test_xarray_has_an_axis_of_worlds() -> None:
    assert load("without").xarray("powered_gw.us")["powered_gw.us"].dims[1] == "world"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", "it has no MINDS"),
        (
            "MINDS = {'opnai': __import__('agents.ai_lab', fromlist=['x']).AiLab}\n",
            "Nearest valid name: openai",
        ),
        ("MINDS = {'openai': int}\n", "expected a class of agents"),
        ("x = 1 / 0\n", "line 1: ZeroDivisionError"),
        ("def f(:\n", "line 1: SyntaxError"),
        (
            "from agents.ai_lab import AiLab\nclass A(AiLab):\n    def price(self, view):\n"
            "        return view.nothing\nMINDS = {'labs': A}\n",
            "line 4: AttributeError",
        ),
    ],
)
def test_a_broken_rule_is_refused_in_one_line(
    text: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.py").write_text(text)
    arguments = ["run", f"rules={tmp_path / 'bad.py'}", "worlds=1", "months=1", *FASTER[1:], "name=bad"]
    assert main(arguments) in (1, 2)
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error
    assert not list(Path("outputs/run").glob("*_bad"))
