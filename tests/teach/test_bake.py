"""Baking goes on where it was broken off, and its file holds all it needs."""

import re

import pytest

from experiments.cli.main import main
from experiments.teach import bake as baking
from experiments.teach.answers import Question, answer_all
from experiments.teach.bake import Size, one_file, question_of, run_points
from experiments.teach.kept import file_of, keep_of

SIZE = Size(2, 12, small=True)
POINTS = [
    ("baseline", ()),
    ("baseline", (("power.lead_time_us", 66.0),)),
    ("open_race", (("chips.wafer_growth.cn", 1.0),)),
]


def test_runs_only_what_is_missing_and_equals_the_live_page(tmp_path, monkeypatch):
    keep = keep_of(SIZE.worlds, SIZE.months, tmp_path)
    layout, found = run_points(POINTS, SIZE, keep, 1)
    for (scenario, values), vector in found.items():
        live = answer_all([Question(scenario, dict(values), {}, SIZE.worlds, SIZE.months)])[0]
        assert (vector == layout.vector(live)).all()
    file_of(question_of(POINTS[1], SIZE).key(), keep).unlink()
    asked = []
    batches = baking.batches
    monkeypatch.setattr(
        baking, "batches", lambda points, worlds: asked.extend(points) or batches(points, worlds)
    )
    _, again = run_points(POINTS, SIZE, keep, 1)
    assert asked == [POINTS[1]]
    assert all((again[point] == found[point]).all() for point in POINTS)


def test_a_setting_does_not_change_another_in_its_batch():
    values = ({}, {"power.lead_time_us": 66.0}, {"chips.wafer_growth.cn": 1.0})
    questions = [Question("baseline", one, {}, 2, 12) for one in values]
    assert answer_all(questions) == [answer_all([one])[0] for one in questions]


def test_the_file_loads_nothing_and_lets_no_other_script_in():
    text = one_file({"note": "</script><script>alert(1)</script>"})
    assert "</script><script>alert" not in text
    # The name of the SVG language looks like an address, and is none.
    text = text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"<(script|img|iframe)[^>]*\bsrc=|<link[^>]*href=\"(?!data:)|https?://", text)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.count("sha256-") == 1 + text.count("<script>")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "page.txt"], "ends in .html"),
        (["--worlds", "1"], "within 2..1024"),
        (["--worlds", "many"], "whole number"),
        (["--smal"], "--small"),
        (["now"], "one word too many"),
    ],
)
def test_says_what_is_wrong_with_what_is_asked(words, said, capsys):
    assert main(["teach", "bake", *words]) == 2
    assert said in capsys.readouterr().err
