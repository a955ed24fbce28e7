"""Pictures for the docs come from a page, and measures say what they miss."""

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from experiments.kit.command import BROWSERS
from experiments.pages.measured import table
from experiments.teach import measure, pictures, watch
from experiments.teach.measure import moved, told_of
from experiments.teach.watch import Change, Pupil, change_of


def test_takes_three_pictures_of_a_page(file, tmp_path):
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("needs Chromium on the path: apt-get install --no-install-recommends chromium")
    made = pictures.take(file, tmp_path)
    assert [one.name for one in made] == ["page.png", "quadrants.png", "tunnel.png"]
    assert all(one.read_bytes().startswith(b"\x89PNG") and one.stat().st_size > 20_000 for one in made)


def test_says_what_it_cannot_take(tmp_path, capsys):
    assert pictures.main([str(tmp_path / "none.html")]) == 2
    assert "uncontested teach bake" in capsys.readouterr().err
    assert measure.main(["bakd"]) == 2
    assert "baked" in capsys.readouterr().err


def test_a_row_says_whether_what_was_wanted_is_so():
    fast, slow = moved([10.0, 20.0, 900.0], "here", 50.0), moved([60.0], "here", 50.0)
    assert (fast[0].kept, slow[0].kept) == (True, False)
    assert fast[0].measured == "20 ms (slowest of 3: 900 ms)"
    kept = {
        "live": {"rows": [vars(one) for one in (*fast, *slow)], "machine": "1 core", "date": "2026-01-01"}
    }
    assert table(kept, measure.MEASURES, measure.__name__).count("missed") == 1


def test_a_change_has_what_was_painted_before_the_next():
    painted = [("1", "simulated", 5.0), ("2~", "estimate", 60.0), ("2", "simulated", 950.0)]
    assert change_of(painted, 20.0, 9e9) == Change(40.0, 930.0, False)
    assert change_of(painted, 20.0, 900.0) == Change(40.0, None, False)
    assert change_of(painted, 0.0, 20.0) == Change(5.0, 5.0, True)
    assert change_of(painted, 6.0, 20.0) == Change(None, None, False)


def test_a_class_counts_what_it_sees_and_misses():
    pupils = [
        Pupil([Change(40.0, 900.0, False), Change(30.0, 30.0, True)], refused=1),
        Pupil([Change(50.0, None, False), Change(None, None, False)], mixed=2),
    ]
    first, simulated, late, refused, mixed, replaced = told_of(pupils, 3, "2 clients")
    assert "25 % simulated" in first.what
    assert (first.kept, simulated.kept) == (True, True)
    assert (late.measured, refused.measured, mixed.measured, replaced.measured) == ("2", "1", "2", "3")
    assert [one.kept for one in (late, refused, mixed)] == [False, False, False]
    assert told_of([Pupil([Change(None, None, False)])], 0, "one")[0].measured == "none of 1 changes"


def test_pages_of_a_class_change_things_and_are_answered(estimating, monkeypatch):
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("needs Chromium on the path: apt-get install --no-install-recommends chromium")
    monkeypatch.setattr(watch, "CLIENTS", 2)
    monkeypatch.setattr(watch, "CLASS_SECONDS", 0.1)
    monkeypatch.setattr(watch, "PAUSE_SECONDS", 2.0)
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asyncio.run, watch.seated(estimating)).result()
    assert [len(one.changes) for one in found] == [1, 1]
    assert [(one.refused, one.mixed) for one in found] == [(0, 0), (0, 0)]
    assert all(change.first is not None for one in found for change in one.changes)
