"""Pictures for the docs come from a page, and measures say what they miss."""

import shutil

import pytest

from experiments.kit.command import BROWSERS
from experiments.pages.measured import table
from experiments.teach import measure, pictures
from experiments.teach.measure import client, moved


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


def test_a_client_counts_its_answers_and_what_is_refused(address, monkeypatch):
    monkeypatch.setattr(measure, "CLASS_SECONDS", 0.5)
    monkeypatch.setattr(measure, "PAUSE_SECONDS", 0.0)
    seconds, faults = [], []
    client(address, 3, seconds, faults)
    assert seconds
    assert faults == []
    monkeypatch.setattr(measure, "spans", lambda: dict.fromkeys(measure.words()["main"], (1e9, 2e9)))
    client(address, 3, seconds, faults)
    assert set(faults) == {"refused: 422"}
