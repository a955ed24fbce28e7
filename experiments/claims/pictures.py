"""A small picture of a card: as SVG for pages, as one line of characters for text."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

import numpy as np

from experiments.claims.verdict import FAILS_TO, HOLDS_FROM, OUTSIDE, Measured, Verdict, number
from experiments.figures.style import GREY, INK, MUTED

WIDTH, ROW, LEFT, RIGHT = 330, 34, 10, 10
_CELLS: Final = 25
_PADDING: Final = 0.08
"""Share of a number line left free at either end."""


def svg(verdict: Verdict) -> str:
    """Return a card's picture: a share of worlds with its range, or figures beside what is claimed."""
    if verdict.word == OUTSIDE:
        return ""
    if verdict.measured:
        rows = [number_line(one, ROW * at) for at, one in enumerate(verdict.measured)]
    else:
        rows = [shares(verdict)]
    height = ROW * len(rows) + 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(alternative(verdict), quote=True)}" '
        f'font-family="Lato, DejaVu Sans, sans-serif" font-size="10" fill="{INK}">{"".join(rows)}</svg>'
    )


def alternative(verdict: Verdict) -> str:
    """Return in words what the picture shows."""
    if verdict.measured:
        told = [
            f"{number(one.value)} ({number(one.low)} to {number(one.high)}), claimed {one.part.rule} "
            f"{number(one.part.threshold)}"
            for one in verdict.measured
        ]
        return "; ".join(told)
    low, high = verdict.range
    headline = f"holds in {verdict.share:.0%} of {verdict.worlds} worlds"
    return f"{headline}; {low:.0%} to {high:.0%} over all ways to ask"


def shares(verdict: Verdict) -> str:
    """Return shares of worlds on a line from 0 to 100 %: all ways to ask, the headline with its error."""
    x = scale(0.0, 1.0)
    low, high = verdict.range
    middle, close = 12, x(HOLDS_FROM) - x(FAILS_TO)
    marks = [
        f'<rect x="{x(FAILS_TO):.1f}" y="3" width="{close:.1f}" height="18" fill="{GREY}"/>',
        line(x(0.0), x(1.0), middle, MUTED, 1),
        line(x(low), x(high), middle, MUTED, 4),
    ]
    marks += [
        f'<circle cx="{x(one.answers.share):.1f}" cy="{middle}" r="2" fill="#fff" stroke="{MUTED}"/>'
        for one in verdict.variants
        if one.answers.worlds
    ]
    marks += [
        line(x(verdict.low_95), x(verdict.high_95), middle, INK, 1.5),
        f'<circle cx="{x(verdict.share):.1f}" cy="{middle}" r="4.5" fill="{INK}"/>',
    ]
    ends = ((0.0, "0 %", "start"), (0.5, "close", "middle"), (1.0, "100 % of worlds", "end"))
    return "".join(marks) + "".join(label(x(at), 32, text, anchor, MUTED) for at, text, anchor in ends)


def number_line(one: Measured, top: int) -> str:
    """Return a quoted figure with its range, and the threshold of what is claimed."""
    x = scale(*span(one))
    middle = top + 12
    threshold = x(one.part.threshold)
    sign = {"above": "≥ ", "below": "≤ ", "near": "near "}[one.part.rule]
    return "".join(
        (
            line(x(span(one)[0]), x(span(one)[1]), middle, GREY, 1),
            line(x(one.low), x(one.high), middle, MUTED, 4),
            f'<path d="M{threshold:.1f} {top + 3}v18" stroke="{INK}" stroke-width="2"/>',
            f'<circle cx="{x(one.value):.1f}" cy="{middle}" r="4.5" fill="{INK}"/>',
            label(LEFT, top + 32, f"claimed {sign}{number(one.part.threshold)}", "start", MUTED),
            label(
                WIDTH - RIGHT,
                top + 32,
                f"{number(one.value)} ({number(one.low)}–{number(one.high)})",
                "end",
                MUTED,
            ),
        )
    )


def span(one: Measured) -> tuple[float, float]:
    """Return the ends of a figure's number line."""
    ends = (one.low, one.high, one.value, one.part.threshold)
    wide = max(ends) - min(ends) or abs(max(ends)) or 1.0
    return min(ends) - _PADDING * wide, max(ends) + _PADDING * wide


def scale(low: float, high: float) -> Callable[[float], float]:
    """Return what turns a number into a place across the picture."""
    per = (WIDTH - LEFT - RIGHT) / (high - low)
    return lambda value: LEFT + (value - low) * per


def line(x1: float, x2: float, y: float, colour: str, width: float) -> str:
    """Return a level line."""
    return f'<path d="M{x1:.1f} {y}H{x2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def label(x: float, y: float, text: str, anchor: str, colour: str) -> str:
    """Return a piece of text."""
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def strip(verdict: Verdict) -> str:
    """Return a card's picture as a line of characters, one for each part of a fact.

    Of shares: the range as ─, what is close as ░, the headline as ●. Of figures: what is claimed as │.
    """
    if verdict.word == OUTSIDE:
        return ""
    if verdict.measured:
        return " ".join(_figure(one) for one in verdict.measured)
    low, high = verdict.range
    cells = _cells(
        ((FAILS_TO, HOLDS_FROM, "░"), (low, high, "─"), (verdict.share, verdict.share, "●")), 0.0, 1.0
    )
    return f"0{cells}100"


def _figure(one: Measured) -> str:
    threshold = one.part.threshold
    marks = ((one.low, one.high, "─"), (threshold, threshold, "│"), (one.value, one.value, "●"))
    return _cells(marks, *span(one))


def _cells(marks: Sequence[tuple[float, float, str]], low: float, high: float) -> str:
    cells = ["·"] * _CELLS
    for start, end, sign in marks:
        if np.isfinite(start):
            first, last = (round((at - low) / (high - low) * (_CELLS - 1)) for at in (start, end))
            cells[first : last + 1] = sign * (last + 1 - first)
    return "".join(cells)
