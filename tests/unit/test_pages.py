"""The notebook runs from its first cell to its last; the page of doubts takes its numbers from a run."""

import ast
import json
import re
from pathlib import Path

import pytest

from experiments.cli.main import COMMANDS
from experiments.config.errors import RunError
from experiments.pages import doubt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_cell_of_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    notebook = json.loads((DOCS / "first_hour.ipynb").read_text(encoding="utf-8"))
    namespace: dict[str, object] = {}
    shown = []
    for place, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == [], "clear the outputs before you commit the notebook"
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {place}", "exec"), namespace)
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), f"cell {place}", "eval"), namespace))
    before, after = shown[-2]
    assert before != after, "the rule of the notebook moves no price"
    assert shown[-1][0] == shown[-1][1] + 1


SUMMARY = {
    "worlds": 10,
    "rejected_draws": 3,
    "shares": {
        "passive": {
            "w1": {
                year: {
                    "us": {"share": 0.4},
                    "mixed": {"share": 0.3},
                    "cn": {"share": 0.2},
                    "open": {"share": 0.1},
                }
                for year in ("2035", "2040")
            }
        }
    },
    "without_a_fight": {"2040": {bloc: {"calm": {"share": 0.7}} for bloc in ("us", "cn")}},
    "binding": {"passive": {bloc: {"none": 0.25, "power": 0.75} for bloc in ("us", "cn")}},
}
MANIFEST = {"command": "uncontested run", "seed": 1, "configuration_hash": "a" * 64}


def test_numbers_of_doubt_are_those_of_the_run() -> None:
    text = doubt.numbers(SUMMARY, MANIFEST)
    assert "by 2040, in % of 10 sampled worlds" in text
    assert "| W1 | 40 | 40 | 20 |" in text
    assert "| calm | 70 | 70 |" in text
    assert "| power | 75 | 75 |" in text
    assert "3 draws" in text
    with pytest.raises(RunError, match="no passive response"):
        doubt.numbers({**SUMMARY, "shares": {}}, MANIFEST)


def test_the_page_of_doubts_holds_numbers_and_a_page_without_marks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = doubt.PAGE.read_text(encoding="utf-8")
    block = text.partition(doubt.BEGIN)[2].partition(doubt.END)[0]
    assert re.search(r"\| W1 \| \S+ \| \S+ \| \S+ \|", block)
    assert "Written from `uncontested run" in block
    monkeypatch.setattr(doubt, "find", lambda run: tmp_path)
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(RunError, match="no place for the numbers"):
        doubt.write("latest", tmp_path / "page.md")


@pytest.mark.parametrize("page", ["README.md", "docs/doubt.md", "docs/change.md"])
def test_commands_on_the_pages_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)uncontested ([a-z]+)", text, re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)
