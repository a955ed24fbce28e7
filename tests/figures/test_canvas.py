"""Fast ways give what slow ones do: the canvas draws Matplotlib's pixels, series in memory a file's rows."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from experiments.figures import FIGURES, draw, observations, opening, style
from experiments.figures.canvas import Canvas
from tests.figures.synthetic import OBSERVED, OPTIONS, open_case


def pixels(canvas):
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


def test_texts_are_drawn_as_matplotlib_draws_them():
    with style.house_style():
        # Sizes in turn, letters that Lato lacks, angles, an outline, hard edges, lines, a formula.
        page = style.Page("Who leads", "In 83\u202f% of worlds", "Footer " * 60, 3.0)
        for place, size in enumerate((style.TITLE_PT, style.LABEL_PT, style.TEXT_PT, style.LABEL_PT)):
            page.text(0.5, 0.4 * place, "AVAWA fi 1,100 \u2207 \u21c4", size=size, weight="bold")
            page.text(4.0, 0.4 * place, "in italics", size=size, style="italic").set_rotation(30.0 * place)
        style.halo(page.text(7.0, 0.5, "over data"))
        page.text(7.0, 1.0, "no grey").set_antialiased(False)
        page.text(7.0, 1.5, "two lines\nof one text")
        page.text(7.0, 2.2, "$x^2$").set_parse_math(True)
        page.axes(1.0, 1.5, 3.0, 1.0).plot([0.0, 1.0], [-1.0, 1.0])
        ours = pixels(page.figure.canvas)
        theirs = pixels(FigureCanvasAgg(page.figure))
    assert (ours < 255).any()
    assert np.array_equal(ours, theirs)


def test_canvas_keeps_its_renderer_until_its_size_changes():
    figure = style.Page("T", "s", "f", 1.0).figure
    canvas = figure.canvas
    assert isinstance(canvas, Canvas)
    first = canvas.get_renderer()
    assert canvas.get_renderer() is first
    figure.set_dpi(2 * style.DPI)
    assert canvas.get_renderer().width == 2 * first.width


@pytest.mark.parametrize("case", ["many", "one world"])
def test_series_held_in_memory_give_the_same_rows(folders, drawings, case, monkeypatch):
    monkeypatch.setattr(opening, "HELD_ROWS", 0)
    from_file = open_case(folders, case)
    kind = "SELECT count(*) FROM duckdb_views() WHERE view_name = 'series'"
    assert from_file.connection.execute(kind).fetchall() == [(1,)]
    for name in FIGURES:
        drawing = draw(name, from_file, observations(OBSERVED), OPTIONS)
        assert repr(drawing.rows) == repr(drawings[case, name].rows)
        assert drawing.alt == drawings[case, name].alt
