"""The figure of other forecasts: what the model has for their year, over what they say."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.figures.fan import Drawing, alternative
from experiments.figures.forms import DASH, number
from experiments.figures.manner import headline, say, say_known
from experiments.figures.origin import Origin
from experiments.figures.ratios import ratio_axis, ratio_band
from experiments.figures.save import written
from experiments.figures.style import (
    FOOTER_PT,
    GREY,
    LABEL_PT,
    LEFT_INCHES,
    MUTED,
    TEAL,
    Page,
)
from experiments.figures.tables import Row

if TYPE_CHECKING:
    from experiments.trust.forecasts import Comparison, Forecast

NAME: Final = "forecasts"
AXIS_LEFT, AXIS_WIDTH, TOP, STEP, HEAD = 3.1, 3.9, 0.35, 0.3, 0.34
TEXT_LEFT = AXIS_LEFT + AXIS_WIDTH + 0.2
LIMITS = (1.0 / 16.0, 16.0)
VERDICTS: Final = ("inside", "above", "below", "no value")


def draw_forecasts(
    found: Sequence["Comparison"], worlds: int, made: Origin, out: Path, language: str = "en"
) -> list[Path]:
    """Draw the model beside published forecasts and write it; return the files."""
    return written(lambda: beside(found, worlds, made), made, out, language, formats=())


def beside(found: Sequence["Comparison"], worlds: int, made: Origin) -> Drawing:
    """Draw a row a forecast: its own range in grey, the band and median of the worlds, all over its value."""
    counted = {word: sum(one.verdict == word for one in found) for word in VERDICTS}
    title = headline(
        say(
            "{inside} of {all} published forecasts hold the model's median; it is above {above} and below "
            "{below}",
            inside=counted["inside"],
            all=len(found),
            above=counted["above"],
            below=counted["below"],
        ),
        say("The model beside published forecasts"),
    )
    subtitle = say(
        "Model over forecast, for the forecast's own year. Grey: its range; line and dot: 90 % and "
        "median of {worlds} worlds of the baseline.",
        worlds=number(worlds),
    )
    footer = made.footer(
        say("Forecasts as quoted with their sources in conf/forecasts.yaml; none is a target of the fit."),
        say("Where a forecast has one value, it counts as met if the value lies in the 90 % of worlds."),
        say("An arrow at the edge: it goes on beyond."),
    )
    groups = [list(rows) for _, rows in groupby(found, key=lambda one: one.forecast.of.name)]
    total = len(found) * STEP + len(groups) * HEAD
    page = Page(title, subtitle, footer, TOP + total + 0.4)
    axes = page.axes(AXIS_LEFT, TOP, AXIS_WIDTH, total)
    ratio_axis(axes, LIMITS, total)
    page.text(AXIS_LEFT + AXIS_WIDTH / 2.0, TOP + total + 0.28, say("times the forecast"), colour=MUTED,
              ha="center")  # fmt: skip
    page.text(TEXT_LEFT, TOP - 0.22, say("forecast"), colour=MUTED, size=FOOTER_PT)
    page.text(TEXT_LEFT + 1.05, TOP - 0.22, say("model"), colour=MUTED, size=FOOTER_PT)
    rows: list[Row] = []
    sentences = []
    y = 0.0
    for group in groups:
        of = group[0].forecast.of
        page.text(LEFT_INCHES, TOP + y + 0.08, f"{say_known(of.title)}, {say_known(of.unit)}", weight="bold")
        y += HEAD
        for one in group:
            _row(page, axes, one, y + STEP / 2.0)
            rows += tidy_rows(one)
            sentences.append(_sentence(one))
            y += STEP
    alt = alternative(title, subtitle, sentences)
    return Drawing(NAME, page.figure, rows, title, subtitle, footer, alt)


def _row(page: Page, axes: object, one: "Comparison", y: float) -> None:
    """Draw one forecast with the worlds beside it."""
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    said, centre = one.forecast, one.forecast.centre
    gid = f"{said.of.name}/{said.by} {said.year}"
    low, high = (value if np.isfinite(value) else centre for value in (said.low, said.high))
    axes.plot([low / centre, high / centre], [y, y], color=GREY, linewidth=9.0, solid_capstyle="butt",
              gid=f"{gid}/forecast")  # fmt: skip
    band = np.array(one.quantiles) / centre
    if np.isfinite(band).all():
        ratio_band(axes, band.tolist(), y, TEAL, "o", gid)
    page.text(LEFT_INCHES + 0.12, TOP + y, f"{say_known(said.by)}, {said.year}", va="center", size=LABEL_PT)
    page.text(TEXT_LEFT, TOP + y, said_text(said), va="center", size=FOOTER_PT)
    page.text(TEXT_LEFT + 1.05, TOP + y, f"{number(one.quantiles[1])} ({say_known(one.verdict)})",
              va="center", size=FOOTER_PT, weight="bold")  # fmt: skip


def said_text(one: "Forecast") -> str:
    """Return a forecast in numbers: its value, its limits, or both."""
    span = f"{number(one.low)}{DASH}{number(one.high)}"
    both = np.isfinite([one.low, one.high]).all()
    if not np.isfinite(one.value):
        if both:
            return span
        return say("over {value}", value=number(one.low)) if np.isfinite(one.low) else say(
            "under {value}", value=number(one.high)
        )  # fmt: skip
    if both:
        return f"{number(one.value)} ({span})"
    if np.isfinite(one.low):
        return f"{number(one.low)}{DASH}{number(one.value)}"
    if np.isfinite(one.high):
        return f"{number(one.value)}{DASH}{number(one.high)}"
    return number(one.value)


def _sentence(one: "Comparison") -> str:
    low, median, high = one.quantiles
    return say(
        "{title}, {by} for {year}: {said} {unit}; the model's median is {median} (90 % of worlds {low} to "
        "{high}), {verdict}.",
        title=say_known(one.forecast.of.title),
        by=say_known(one.forecast.by),
        year=one.forecast.year,
        said=said_text(one.forecast),
        unit=say_known(one.forecast.of.unit),
        median=number(median),
        low=number(low),
        high=number(high),
        verdict=say_known(one.verdict),
    )


def tidy_rows(one: "Comparison") -> list[Row]:
    """Return every number of a comparison in tidy form."""
    said = one.forecast
    series = f"{said.by} ({said.published})"
    numbers = {
        "forecast": said.value,
        "forecast low": said.low,
        "forecast high": said.high,
        **dict(zip(("q05", "median", "q95"), one.quantiles, strict=True)),
    }
    return [
        Row(said.of.name, series, name, str(said.year), value, said.of.unit, one.worlds)
        for name, value in numbers.items()
        if np.isfinite(value) or name == "median"
    ]
