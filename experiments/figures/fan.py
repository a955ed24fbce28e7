"""Panels shared by several figures: fans over time, observed points, history, stacked shares of worlds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures.data import Run
from experiments.figures.forms import PLAIN, Form, number, percent
from experiments.figures.labels import EndLabel
from experiments.figures.manner import say
from experiments.figures.style import (
    CN,
    INK,
    LABEL_PT,
    MIXED,
    MUTED,
    PALE,
    TEXT_PT,
    US,
    WHITE,
    Page,
    halo,
    text_width_inches,
)
from experiments.figures.tables import Fan, Observation, Row, date_position
from experiments.figures.titles import wilson

Array = npt.NDArray[np.float64]
Single = tuple[str, tuple[str, ...], Array]

OUTCOME_COLOURS: Final = {"us": US, "mixed": MIXED, "open": WHITE, "cn": CN}
BAR_TEXT_COLOURS: Final = {"us": WHITE, "mixed": INK, "open": INK, "cn": WHITE}


@dataclass(frozen=True)
class Drawing:
    """A drawn figure with every number it shows, its words and its alternative text."""

    name: str
    figure: Figure
    rows: list[Row]
    title: str
    subtitle: str
    footer: str
    alt: str
    observed: tuple[Observation, ...] = field(default=())


def plain(text: str) -> str:
    """Replace typographic spaces, for plain text files and metadata."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def alternative(title: str, subtitle: str, sentences: Iterable[str]) -> str:
    """Write the alternative text: the finding, what is plotted, then the end of every line in words."""
    return plain("\n".join([f"{title}.", subtitle, *sentences])) + "\n"


def end_sentence(panel: str, series: str, fan: Fan, form: Form = PLAIN) -> str:
    """Describe the last value of a fan in words."""
    at = last_index(fan)
    if at is None:
        return say("{panel}, {series}: no value.", panel=panel, series=series)
    low, middle, high = (float(fan.values[name][at]) for name in ("q05", "median", "q95"))
    return say(
        "{panel}, {series}, {at}: median {middle}, 90 % of worlds in {span}.",
        panel=panel,
        series=series,
        at=fan.at[at],
        middle=form.one(middle),
        span=form.span(low, high),
    )


def last_index(fan: Fan) -> int | None:
    """Return the last date at which the fan has a value."""
    finite = np.flatnonzero(np.isfinite(fan.median))
    return int(finite[-1]) if finite.size else None


def end_label(
    fan: Fan,
    name: str,
    colour: str,
    form: Form = PLAIN,
) -> EndLabel:
    """Label a fan's end with its name, the last median and the 90 % range."""
    at = last_index(fan)
    if at is None:
        return EndLabel(np.nan, f"{name} {say('no value')}".strip(), (), colour)
    low, middle, high = (float(fan.values[key][at]) for key in ("q05", "median", "q95"))
    # One world has no range.
    lines = (form.span(low, high),) if fan.worlds[at] > 1 else ()
    return EndLabel(middle, f"{name} {form.one(middle)}".strip(), lines, colour)


def draw_fan(
    axes: Axes,
    fan: Fan,
    colour: str,
    gid: str,
    *,
    singles: Sequence[Single] = (),
    marker: str | None = None,
    width_pt: float = 2.4,
    bands: bool = True,
) -> None:
    """Draw the 90 % and 50 % bands, single worlds and the median; artists carry `gid/statistic`."""
    if bands:
        for low, high, alpha in (("q05", "q95", 0.15), ("q25", "q75", 0.27)):
            axes.fill_between(
                fan.x,
                fan.values[low],
                fan.values[high],
                color=colour,
                alpha=alpha,
                linewidth=0,
                gid=f"{gid}/{low}-{high}",
            )
    for label, months, values in singles:
        x = np.array([date_position(month) for month in months])
        axes.plot(x, values, color=colour, linewidth=0.7, alpha=0.6, gid=f"{gid}/world {label}")
    (line,) = axes.plot(
        fan.x, fan.median, color=colour, linewidth=width_pt, gid=f"{gid}/median", solid_capstyle="round"
    )
    halo(line, width_pt + 1.4)
    at = last_index(fan)
    # One month is a point, not a line: without a marker it would be invisible.
    if at is not None and (marker or fan.x.size == 1):
        axes.plot(
            fan.x[at],
            fan.median[at],
            marker=marker or "o",
            color=colour,
            markersize=5.5,
            clip_on=False,
            zorder=5,
            gid=f"{gid}/end",
        )


def single_rows(panel: str, series: str, unit: str, singles: Sequence[Single]) -> list[Row]:
    """List the single worlds drawn in tidy form."""
    return [
        Row(panel, series, f"world {label}", month, float(value), unit, 1)
        for label, months, values in singles
        for month, value in zip(months, values, strict=True)
    ]


def draw_observed(
    axes: Axes, points: Sequence[Observation], colour: str, panel: str, series: str, unit: str
) -> list[Row]:
    """Draw observed points with their ranges and return their tidy rows."""
    rows = []
    for point in points:
        if point.high > point.low:
            axes.plot(
                [point.x, point.x],
                [point.low, point.high],
                color=colour,
                linewidth=1.2,
                zorder=6,
                clip_on=False,
                gid=f"{panel}/{series}/observed range",
            )
        axes.plot(
            point.x,
            point.value,
            marker="o",
            markersize=4.5,
            markerfacecolor=WHITE,
            markeredgecolor=colour,
            markeredgewidth=1.3,
            zorder=7,
            clip_on=False,
            gid=f"{panel}/{series}/observed",
        )
        for statistic, value in (
            ("observed", point.value),
            ("observed low", point.low),
            ("observed high", point.high),
        ):
            rows.append(Row(panel, series, statistic, point.date, value, unit, 0))
    return rows


def of_series(observed: Sequence[Observation], ids: Iterable[str]) -> tuple[Observation, ...]:
    """Pick the observed points of some series."""
    wanted = set(ids)
    return tuple(point for point in observed if point.series in wanted)


def time_span(run: Run, observed: Sequence[Observation] = ()) -> tuple[float, float]:
    """Return the limits of the time axis: the run, its hindcast and the observed points."""
    left = [run.start] + [float(np.floor(point.x)) for point in observed]
    if run.history is not None:
        left.append(run.history.start)
    return min(left), run.end


def time_axis(axes: Axes, span: tuple[float, float], width_inches: float, *, labelled: bool = True) -> None:
    """Set the limits of a time axis and write as many years (or months) under it as fit."""
    low, high = span
    axes.set_xlim(low, high)
    if high - low <= 2.0:
        first = int(np.ceil(low * 12.0 - 1e-6))
        last = int(np.floor(high * 12.0 + 1e-6))
        month_inches = width_inches / ((high - low) * 12.0)
        needed = text_width_inches("2000-00", LABEL_PT) + 0.1
        step = next((step for step in (1, 3, 6, 12, 24) if step * month_inches >= needed), 24)
        ticks = [month / 12.0 for month in range(first, last, step)]
        names = [f"{month // 12}-{month % 12 + 1:02d}" for month in range(first, last, step)]
    else:
        first, last = int(np.ceil(low - 1e-6)), int(np.ceil(high - 1e-6)) - 1
        room = width_inches / (text_width_inches("2000", LABEL_PT) + 0.2)
        step = next(step for step in (1, 2, 5, 10, 20, 50) if (last - first) / step + 1 <= room or step == 50)
        ticks = [float(year) for year in range(first, last + 1) if year % step == 0]
        if not ticks:
            ticks = [float(first)]
        # The first year is where the eye starts: name it if its neighbour leaves room.
        if (ticks[0] - first) / (high - low) * width_inches > text_width_inches("2000", LABEL_PT) + 0.1:
            ticks.insert(0, float(first))
        names = [f"{year:.0f}" for year in ticks]
    axes.set_xticks(ticks, names if labelled else [""] * len(names))


def mark_history(axes: Axes, run: Run, span: tuple[float, float], *, worded: bool) -> None:
    """Shade what lies before the simulation's first month, draw its start and, if asked, name both sides."""
    if span[0] >= run.start - 1e-9:
        return
    axes.axvspan(span[0], run.start, color=PALE, linewidth=0, zorder=0)
    axes.axvline(run.start, color=MUTED, linewidth=0.9, zorder=1)
    if worded:
        before = say("observed, hindcast" if run.history is not None else "observed")
        width = axes.get_position().width * 10.0
        room = (run.start - span[0]) / (span[1] - span[0]) * width
        named: tuple[tuple[str, float], ...] = ((say("simulation"), 0.05 / width + room / width),)
        if text_width_inches(before, LABEL_PT) + 0.08 <= room:
            named = ((before, 0.05 / width), *named)
        for word, x in named:
            halo(
                axes.text(x, 0.985, word, transform=axes.transAxes, va="top", color=MUTED, fontsize=LABEL_PT)
            )


def nice_ticks(high: float, count: int = 4) -> list[float]:
    """Return round ticks from 0 to at least `high`: about `count` steps of 1, 2, 2.5 or 5 times 10^n."""
    if not np.isfinite(high) or high <= 0.0:
        return [0.0, 1.0]
    raw = high / count
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(
        factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= raw * (1.0 - 1e-9)
    )
    return [float(step * i) for i in range(int(np.ceil(high / step - 1e-9)) + 1)]


def value_axis(
    axes: Axes, high: float, *, count: int = 4, form: Callable[[float], str] = number, labelled: bool = True
) -> None:
    """Start a value axis at 0, end it on a round number and label its ticks."""
    ticks = nice_ticks(high, count)
    axes.set_ylim(0.0, ticks[-1])
    axes.set_yticks(ticks, [form(tick) for tick in ticks] if labelled else [""] * len(ticks))


def fan_top(
    fans: Iterable[Fan], observed: Iterable[Observation] = (), singles: Iterable[Sequence[Single]] = ()
) -> float:
    """Return the highest value of the 90 % bands, single worlds and observed ranges; 1 if there is none."""
    values = [fan.values["q95"] for fan in fans] + [np.array([point.high for point in observed])]
    values += [line for group in singles for _, _, line in group]
    finite = np.concatenate(values)
    finite = finite[np.isfinite(finite)]
    return float(finite.max()) if finite.size and finite.max() > 0.0 else 1.0


def last_crossing(fan: Fan, other: Fan) -> int | None:
    """Return the index of the first month after the medians' last crossing; None if they never cross."""
    difference = fan.median - other.median
    # Equal sums of unequal order differ in their last bits: that is no crossing.
    equal = np.abs(difference) <= 1e-9 * (np.abs(fan.median) + np.abs(other.median))
    index = np.flatnonzero(np.isfinite(difference) & ~equal)
    sign = np.sign(difference[index])
    changes = np.flatnonzero(sign[1:] != sign[:-1])
    return int(index[changes[-1] + 1]) if changes.size else None


def mark_crossing(axes: Axes, fan: Fan, other: Fan) -> bool:
    """Mark where two medians cross for the last time with a circle and the year; say whether they do."""
    at = last_crossing(fan, other)
    # A crossing in the last months is the end itself: the end labels show it.
    if at is None or at >= 0.95 * fan.x.size:
        return False
    x, y = fan.x[at], (fan.median[at] + other.median[at]) / 2.0
    axes.plot(
        x,
        y,
        marker="o",
        markersize=6.5,
        markerfacecolor=WHITE,
        markeredgecolor=INK,
        markeredgewidth=1.6,
        zorder=8,
        gid="crossing",
    )
    # Beside the lines' rise: above left, or below right where the left edge is near.
    low, high = axes.get_xlim()
    near_left = (x - low) / (high - low) < 0.3
    halo(
        axes.annotate(
            fan.at[at][:4],
            (x, y),
            xytext=(6, -8) if near_left else (-6, 6),
            textcoords="offset points",
            ha="left" if near_left else "right",
            va="top" if near_left else "bottom",
            fontsize=LABEL_PT,
            zorder=9,
        )
    )
    return True


def intervals(
    counts: Mapping[str, int], trials: Mapping[str, float] | None = None
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of each bloc's share; `trials` holds the independent worlds if fewer."""
    worlds = sum(counts.values())
    found = {}
    for name in ("us", "cn"):
        effective = float(worlds) if trials is None else trials[name]
        found[name] = wilson(counts.get(name, 0) / worlds * effective, effective) if worlds else (0.0, 1.0)
    return found


def share_bar(
    axes: Axes,
    y: float,
    counts: Mapping[str, int],
    *,
    gid: str,
    width_inches: float,
    height: float = 0.62,
    trials: Mapping[str, float] | None = None,
) -> None:
    """Draw a stacked bar of shares of worlds (us, mixed, open, cn) with 95 % intervals below the blocs' ends.

    A number stands inside its segment where it fits.
    """
    worlds = sum(counts.values())
    if worlds == 0:
        return
    left = 0.0
    for name, colour in OUTCOME_COLOURS.items():
        share = counts.get(name, 0) / worlds
        if share <= 0.0:
            continue
        axes.barh(
            y,
            share,
            left=left,
            height=height,
            color=colour,
            gid=f"{gid}/{name}",
            zorder=2,
            edgecolor=MUTED if name == "open" else colour,
            linewidth=0.0,
            hatch="////" if name == "open" else None,
        )
        text = percent(share)
        if share * width_inches >= text_width_inches(text, LABEL_PT) + 0.02:
            number_on_bar = axes.text(
                left + share / 2.0,
                y,
                text,
                ha="center",
                va="center_baseline",
                fontsize=LABEL_PT,
                color=BAR_TEXT_COLOURS[name],
                zorder=4,
            )
            if name == "open":
                halo(number_on_bar)
        left += share
    # Two heights, so that the intervals stay apart where little is mixed.
    for (name, (low, high)), depth in zip(intervals(counts, trials).items(), (0.07, 0.15), strict=True):
        start, stop = (low, high) if name == "us" else (1.0 - high, 1.0 - low)
        axes.plot(
            [start, stop],
            [y + height / 2.0 + depth] * 2,
            color=OUTCOME_COLOURS[name],
            linewidth=1.6,
            solid_capstyle="butt",
            clip_on=False,
            gid=f"{gid}/{name} interval",
        )


def share_rows(
    panel: str, series: str, at: str, counts: Mapping[str, int], trials: Mapping[str, float] | None = None
) -> list[Row]:
    """List shares of worlds and the blocs' 95 % intervals in tidy form."""
    worlds = sum(counts.values())
    rows = [
        Row(
            panel,
            series,
            name,
            at,
            counts.get(name, 0) / worlds if worlds else np.nan,
            "share of worlds",
            worlds,
        )
        for name in OUTCOME_COLOURS
    ]
    for name, (low, high) in intervals(counts, trials).items():
        rows.append(Row(panel, series, f"{name} low", at, low, "share of worlds", worlds))
        rows.append(Row(panel, series, f"{name} high", at, high, "share of worlds", worlds))
    return rows


def heading(page: Page, x: float, y: float, text: str, *, colour: str = INK) -> None:
    """Write the heading of a panel or of a row of panels."""
    page.text(x, y, text, size=TEXT_PT, weight="bold", colour=colour, va="bottom")
