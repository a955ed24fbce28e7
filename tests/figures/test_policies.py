"""The strip of policies tells when a government's controls move, and is left out where none does."""

from pathlib import Path

import numpy as np
import pytest

from experiments.figures import load_run
from experiments.figures.draw import draw
from experiments.figures.manner import manner
from tests.figures.synthetic import (
    artists,
    assert_texts_are_apart,
    make_series,
    months_from,
    rows_of,
    write_run,
)

MONTHS, WORLDS = 36, 9


def with_controls(folder: Path, us: np.ndarray, cn: np.ndarray):
    """Return a run in which the median of the controls takes these paths."""
    series = make_series(WORLDS, MONTHS, 3)
    spread = np.linspace(-0.04, 0.04, WORLDS)
    series["stringency.us"], series["stringency.cn"] = us[:, None] + spread, cn[:, None] + spread
    only = (("passive", "none", 1.0),)
    write_run(folder, worlds=WORLDS, months=MONTHS, series=series, variants=only)
    return load_run(folder)


OVER_TIME = ("adoption", "compute", "power_queue", "prices_runway", "robots", "work", "fan")


@pytest.mark.parametrize("name", OVER_TIME)
def test_what_moves_is_marked_with_its_dates(tmp_path: Path, name: str) -> None:
    months = np.arange(MONTHS)
    # Eased over the second year with a halt of two months, tightened at once in month 30.
    eased = 0.8 - 0.05 * (np.clip(months - 11, 0, 5) + np.clip(months - 18, 0, 5))
    tightened = np.where(months < 30, 0.2, 0.5)
    run = with_controls(tmp_path / "run", eased, tightened)
    drawing = draw(name, run, series=("held_gw.us",) if name == "fan" else ())
    named = months_from("2026-01", MONTHS)
    for bloc, first, last, before, after in (("us", 12, 23, 0.8, 0.3), ("cn", 30, 30, 0.2, 0.5)):
        (start,), (end,) = (rows_of(drawing, "policies", bloc, one) for one in ("before", "after"))
        assert (start.at, end.at) == (named[first], named[last])
        # The tables hold single precision.
        assert (start.value, end.value) == pytest.approx((before, after), abs=1e-6)
        assert f"policy/{bloc}/{named[first]}" in artists(drawing)
    assert "easier: 80 % to 30 %" in drawing.alt
    assert "tighter: 20 % to 50 %" in drawing.alt
    assert "Strip: where the median" in drawing.footer
    assert_texts_are_apart(drawing)


def test_where_no_government_moves_there_is_no_strip(tmp_path: Path) -> None:
    still = np.full(MONTHS, 0.8)
    run = with_controls(tmp_path / "run", still, still + 0.001 * np.arange(MONTHS))
    drawing = draw("work", run)
    assert not [row for row in drawing.rows if row.panel == "policies"]
    assert "controls" not in drawing.alt + drawing.footer


def test_the_strip_speaks_german(tmp_path: Path) -> None:
    run = with_controls(tmp_path / "run", np.linspace(0.2, 0.9, MONTHS), np.full(MONTHS, 0.2))
    with manner("de"):
        for name in OVER_TIME:
            drawing = draw(name, run, series=("held_gw.us",) if name == "fan" else ())
            assert_texts_are_apart(drawing)
    assert "schärfer: 20\u202f% auf 90\u202f%".replace("\u202f", " ") in drawing.alt
