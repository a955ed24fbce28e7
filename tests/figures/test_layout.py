"""Layout: no text leaves the canvas, touches another or is cut; ticks and labels."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.figures import (
    FIGURES,
    style,
)
from experiments.figures.fan import last_crossing, nice_ticks
from experiments.figures.labels import spread
from experiments.figures.tables import Fan
from tests.figures.synthetic import CASES, assert_texts_are_apart, boxes


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("case", CASES)
def test_no_text_leaves_the_canvas_or_touches_another(drawings, case, name):
    drawing = drawings[case, name]
    assert_texts_are_apart(drawing)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("case", CASES)
def test_end_labels_stay_out_of_every_panel(drawings, case, name):
    drawing = drawings[case, name]
    with style.house_style():
        labels = [(text, box) for text, box in boxes(drawing) if text.get_gid() == "end label"]
    for text, box in labels:
        for axes in drawing.figure.axes:
            panel = axes.get_window_extent()
            across = min(box.x1, panel.x1) - max(box.x0, panel.x0)
            up = min(box.y1, panel.y1) - max(box.y0, panel.y0)
            assert across <= 1.0 or up <= 1.0, text.get_text()


@pytest.mark.parametrize("weight", style.FONT_FILES)
def test_measured_width_is_an_upper_bound(drawings, weight):
    renderer = drawings["many", "adoption"].figure.canvas.get_renderer()
    with style.house_style():
        figure = style.Page("T", "s", "f", 1.0).figure
        for size in (style.FOOTER_PT, style.LABEL_PT, style.TEXT_PT, style.TITLE_PT):
            for words in (
                "In 83\u202f% of sampled worlds US + allies lead",
                "1,100\u2013\u202f3,900 million",
                "illicit VAWA $20",
                "WWWWW",
            ):
                look = (
                    {"fontstyle": "italic"}
                    if weight == "italic"
                    else {"fontweight": "normal" if weight == "regular" else weight}
                )
                drawn = (
                    figure.text(0, 0, words, fontsize=size, **look).get_window_extent(renderer).width
                    / style.DPI
                )
                measured = style.text_width_inches(words, size, weight)
                assert 0.9 * measured <= drawn <= measured + 1.0 / style.DPI


def test_texts_use_lato_and_four_sizes(drawings):
    for drawing in drawings.values():
        sizes = {text.get_fontsize() for text, _ in boxes(drawing)}
        assert sizes <= {style.TITLE_PT, style.TEXT_PT, style.LABEL_PT, style.FOOTER_PT}
        assert {text.get_fontfamily()[0] for text, _ in boxes(drawing)} == {"Lato"}


def test_titles_never_speak_of_winning(drawings):
    for drawing in drawings.values():
        words = f"{drawing.title} {drawing.subtitle}".lower()
        assert not re.search(r"\b(wins?|won|winner|beats?|probability|even odds|chance)\b", words), words
        assert "real-world probabilities" in drawing.footer


@given(
    centres=st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=9),
    height=st.floats(0.05, 0.4),
)
@settings(max_examples=50, deadline=None)
def test_spread_keeps_order_gaps_and_bounds(centres, height):
    heights = [height] * len(centres)
    placed = spread(centres, heights, -2.0, 2.0)
    order = np.argsort(centres, kind="stable")
    # Rounding: nine additions of numbers below 10.
    assert np.all(np.diff(placed[order]) >= height - 1e-12)
    assert placed.min() >= -2.0 + height / 2 - 1e-12
    assert placed.max() <= 2.0 - height / 2 + 1e-12


def test_spread_leaves_labels_that_do_not_touch_and_refuses_the_impossible():
    np.testing.assert_allclose(
        spread([0.0, 1.0, 3.0], [0.5, 0.5, 0.5], -1.0, 4.0), [0.0, 1.0, 3.0], atol=1e-15
    )
    np.testing.assert_allclose(spread([1.0, 1.0], [0.5, 0.5], -1.0, 4.0), [0.75, 1.25], atol=1e-15)
    with pytest.raises(ValueError, match=r"3 labels need 1\.50 and have 1\.00"):
        spread([0.0, 0.0, 0.0], [0.5, 0.5, 0.5], 0.0, 1.0)


def test_a_word_too_wide_is_named():
    with pytest.raises(ValueError, match="extraordinarily"):
        style.wrap("an extraordinarily long word", 0.5, 12.0)


def test_nice_ticks_cover_the_value():
    for high in (0.3, 1.0, 7.0, 59.9, 60.0, 1234.0, 3.2e6):
        ticks = nice_ticks(high)
        assert ticks[0] == 0.0
        assert high <= ticks[-1] * (1 + 1e-9)
        assert ticks[-1] < 2.6 * high
        assert 3 <= len(ticks) <= 6


def test_last_crossing_ignores_equal_lines():
    at = tuple(f"2030-{month:02d}" for month in range(1, 7))
    x = np.arange(6.0)

    def fan(values):
        return Fan(at, x, {"median": np.array(values, dtype=np.float64)}, np.ones(6, dtype=np.int64))

    assert last_crossing(fan([1, 1, 1, 3, 3, 3]), fan([2, 2, 2, 2, 2, 2])) == 3
    assert last_crossing(fan([1] * 6), fan([1] * 6)) is None
    assert last_crossing(fan([1] * 6), fan([1.0 + 1e-13, 1.0 - 1e-13] * 3)) is None
    assert last_crossing(fan([np.nan] * 6), fan([1] * 6)) is None
