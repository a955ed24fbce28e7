"""The map of who leads: its break-even line lies where the bloc that leads more often changes."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Annotation

from experiments.figures import load_run
from experiments.figures.draw import draw
from experiments.figures.phase import break_even
from tests.figures.synthetic import artists, rows_of, write_run

EDGES = [np.array([0.0, 1.0, 2.0]), np.array([10.0, 20.0, 30.0])]


def test_the_line_lies_between_cells_of_unlike_leads() -> None:
    difference = np.array([[0.4, -0.2], [0.6, 0.1]])
    expected = {((1.0, 1.0), (10.0, 20.0)), ((1.0, 2.0), (20.0, 20.0))}
    assert set(break_even(difference, EDGES)) == expected
    assert set(break_even(-difference, EDGES)) == expected, "the mirror has the same line"


def test_there_is_no_line_where_nothing_changes_or_is_known() -> None:
    assert not list(break_even(np.full((2, 2), -0.3), EDGES))
    assert not list(break_even(np.array([[0.4, np.nan], [np.nan, -0.4]]), EDGES))


def test_a_map_has_the_line_and_hatches_what_is_close(tmp_path: Path) -> None:
    worlds = 240
    # The ratio rises with the world. The US lead the lowest quarter of worlds and 11 in 20 of the next, China
    # those above likewise.
    place, turn = np.linspace(0.0, 1.0, worlds), np.arange(worlds) % 20 < 11
    ours = (place < 0.25) | ((place < 0.5) & turn) | ((place > 0.5) & (place < 0.75) & ~turn)
    leader = np.where(ours, "us", "cn").astype(object)
    outcomes = {"leader.w1.2028": leader}
    write_run(tmp_path / "run", worlds=worlds, months=36, outcomes=outcomes,
              variants=(("passive", "none", 1.0),))  # fmt: skip
    drawing = draw("map", load_run(tmp_path / "run"), series=("efficiency_ratio", "held_gw.us"))
    found = artists(drawing)
    assert found["break-even"]
    assert found["close"]
    assert "Hatched: close" in drawing.footer
    assert "break-even" in drawing.footer
    across = {tuple(line.get_xdata()) for line in found["break-even"]}
    # 0.6 to 2.5 over the worlds: the change lies at the middle.
    assert any(low == high and 1.5 < low < 1.6 for low, high in across)


RESISTING = (("passive", "none", 1.0), ("us_resists", "grid", 3.0), ("us_resists", "all", 1.5))
AXES = ("held_gw.us", "powered_gw.cn")


def moved(drawing) -> set[str]:
    """Return the marks of the arrows that are drawn."""
    return {one.get_gid() for one in drawing.figure.findobj(Annotation) if one.get_gid()}


def test_an_arrow_leads_to_the_same_worlds_where_a_bloc_resists(tmp_path: Path) -> None:
    series = write_run(tmp_path / "run", worlds=60, months=60, variants=RESISTING)
    drawing = draw("map", load_run(tmp_path / "run"), series=AXES)
    assert moved(drawing) == {"move/us"}, "the run has no response in which China resists"
    for statistic, times in (("median passive", 1.0), ("median resisting", 1.5)):
        ends = rows_of(drawing, "moves", "us_resists/all", statistic)
        assert [row.at for row in ends] == list(AXES)
        assert [row.worlds for row in ends] == [60, 60]
        expected = [times * np.median(series[name][-1]) for name in AXES]
        assert [row.value for row in ends] == pytest.approx(expected, rel=1e-6)
    assert "Arrows: from the medians where nobody reacts" in drawing.footer
    assert "(budget all)" in drawing.footer
    assert "Where US + allies resist, the medians move" in drawing.alt


def test_an_arrow_too_short_to_see_is_told_and_not_drawn(tmp_path: Path) -> None:
    variants = (("passive", "none", 1.0), ("cn_resists", "all", 1.001))
    write_run(tmp_path / "run", worlds=60, months=60, variants=variants)
    drawing = draw("map", load_run(tmp_path / "run"), series=AXES)
    assert not moved(drawing)
    assert "both medians hardly move" in drawing.footer
    assert "Where China resists, the medians move" in drawing.alt


def test_there_is_no_arrow_from_a_response_in_which_a_bloc_resists(tmp_path: Path) -> None:
    write_run(tmp_path / "run", worlds=60, months=60, variants=RESISTING)
    drawing = draw("map", load_run(tmp_path / "run", "us_resists", "grid"), series=AXES)
    assert not moved(drawing)
    assert not [row for row in drawing.rows if row.panel == "moves"]
    assert "resist" not in drawing.alt + drawing.footer.replace("response us_resists", "")
