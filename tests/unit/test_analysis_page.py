"""docs/studies.md says what conf and the stored studies say."""

import re
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis import page
from experiments.analysis.analyse import Asked, analyse
from experiments.analysis.stored import open_study, run_study
from tests.unit.analysis_studies import invented

MOST_HALF_WIDTH = {"share": 0.05, "leader": 0.1}
"""A leader who is another in few runs has little variance to divide."""


def between(begin: str, end: str) -> str:
    return page.PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]


def test_the_table_of_studies_is_that_of_conf() -> None:
    def facts(text: str) -> list[list[str]]:
        # Minutes are an estimate; study, question, design, runs and figure are facts.
        cells = [line.strip("|").split(" | ") for line in text.splitlines()]
        return [[cell.partition(" runs, ")[0] for cell in row] for row in cells]

    assert facts(between(page.BEGIN, page.END)) == facts(page.table()), (
        "run python -m experiments.analysis.page"
    )


def test_the_documented_size_tells_the_strongest_factors() -> None:
    told = between(page.SENSITIVITY_BEGIN, page.SENSITIVITY_END).partition(f"`{page.SIZED}`")[2]
    rows = re.findall(r"^\| `(\S+)` \| (.*) \|$", told, re.MULTILINE)
    assert [metric for metric, _ in rows] == list(page.METRICS)
    for metric, cells in rows:
        halves = [float(half) for half in re.findall(r"± ([\d.]+)", cells)]
        assert len(halves) == page.STRONGEST
        assert max(halves) <= MOST_HALF_WIDTH[metric.partition(".")[0]], metric


def test_what_is_written_of_sensitivity_is_what_the_studies_say(tmp_path: Path) -> None:
    few = ("study.factors.seed=[1,2]", "study.design.points=32")

    def invent(numbers: np.ndarray, worlds: np.ndarray) -> np.ndarray:
        return numbers[:, 0] / (1.0 + numbers[:, 0])

    words = invented(tmp_path / "m", page.SCREENED, invent, "study.design.trajectories=4")
    screened = open_study(page.SCREENED, words)
    sized = open_study(page.SIZED, invented(tmp_path / "s", page.SIZED, invent, *few))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "METRICS", ("share.d1.2035",))
        text = page.sensitivity(screened, sized)
    first = analyse(sized, Asked("share.d1.2035", "us"))["rows"][0]
    assert f"{first['factor']} {first['total']:.3f} ± {first['total_half_width']:.3f}; " in text
    assert f"largest here is {first['total_half_width']:.3f}" in text
    assert f"{screened.names[0]} " in text


def test_only_what_stands_between_the_marks_is_written() -> None:
    assert page.written("a<b>old<e>c", "<b>", "<e>", "new") == "a<b>new<e>c"


@pytest.mark.full
def test_the_strongest_factors_are_known_as_documented() -> None:
    sized = run_study(page.SIZED, [page.SIZE])
    for metric in page.METRICS:
        rows = analyse(sized, Asked(metric, "us"))["rows"][: page.STRONGEST]
        halves = [row["total_half_width"] for row in rows]
        assert max(halves) <= MOST_HALF_WIDTH[metric.partition(".")[0]], metric
