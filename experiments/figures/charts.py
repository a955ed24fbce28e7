"""Charts of the reader's own choice: any recorded series as a fan, as small multiples or as stripes."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from experiments.figures.data import MissingSeriesError, Run
from experiments.figures.events import PolicyStrip
from experiments.figures.fan import (
    Drawing,
    alternative,
    draw_fan,
    draw_observed,
    end_label,
    end_sentence,
    heading,
    last_index,
    mark_history,
    nice_ticks,
    of_series,
    single_rows,
    time_axis,
    time_span,
)
from experiments.figures.forms import Form, percent, percent_pair
from experiments.figures.labels import end_labels
from experiments.figures.labs import ghosts
from experiments.figures.manner import headline, say
from experiments.figures.quantities import (
    caption,
    checked_unit,
    colour_of,
    form_of,
    label_of,
    series_of,
    unit_text,
)
from experiments.figures.style import (
    INK,
    LABEL_PT,
    MUTED,
    TEAL,
    TEXT_PT,
    WHITE,
    Page,
    styled,
    text_width_inches,
)
from experiments.figures.tables import Array, Fan, Observation, Row
from experiments.figures.titles import in_month, most_often

MOST_LINES: Final = 10
MOST_BANDS: Final = 3
MOST_PANELS: Final = 20
SEQUENTIAL: Final = LinearSegmentedColormap.from_list("sequential", [WHITE, "#BFDAD7", TEAL, "#0B3B37"])
"""One hue, from none to most."""


def named(run: Run, columns: Sequence[str]) -> str:
    """Return what is drawn, in words: the quantities, and whose if there is but one series."""
    captions = list(dict.fromkeys(caption(column.partition(".")[0]) for column in columns))
    if len(columns) == 1 and "." in columns[0]:
        return f"{captions[0]}, {label_of(run, columns[0])}"
    return "; ".join(captions)


def finding(run: Run, columns: Sequence[str], fans: Mapping[str, Fan], form: Form) -> str:
    """Say where one series goes, or which of several is highest in the last month, in how many worlds."""
    what = named(run, columns)
    if len(columns) == 1:
        fan = fans[columns[0]]
        at = last_index(fan)
        if at is None:
            return say("{what}: no sampled world has a value", what=what)
        first = int(np.flatnonzero(np.isfinite(fan.median))[0])
        one, two = form.one(float(fan.median[first])), form.one(float(fan.median[at]))
        if run.worlds == 1:
            return say(
                "{what}: {one} {then}, {two} {when} in the one sampled world",
                what=what,
                one=one,
                then=in_month(fan.at[first]),
                two=two,
                when=in_month(fan.at[at]),
            )
        return say(
            "{what}: the median goes from {one} {then} to {two} {when}; 90\u202f% of sampled worlds reach "
            "{span}",
            what=what,
            one=one,
            then=in_month(fan.at[first]),
            two=two,
            when=in_month(fan.at[at]),
            span=form.span(float(fan.values["q05"][at]), float(fan.values["q95"][at])),
        )
    month = run.months[-1]
    last = run.by_world({column: run.need(column) for column in columns}, month)
    stack = np.stack([last[column] for column in columns])
    stack = np.where(np.isfinite(stack), stack, -np.inf)
    some = np.isfinite(stack).any(0)
    stack = stack[:, some]
    best = stack == stack.max(0) if stack.size else np.zeros(stack.shape, bool)
    alone = best.sum(0) == 1
    counts = {column: int(np.count_nonzero(best[row] & alone)) for row, column in enumerate(columns)}
    ties, worlds = int(np.count_nonzero(~alone)), int(stack.shape[1])
    return ranking(run, what, in_month(month), counts, ties, worlds)


def ranking(run: Run, what: str, when: str, counts: Mapping[str, int], ties: int, worlds: int) -> str:
    """Say which series is highest most often; it knows ties and differences that are not clear."""
    if not worlds:
        return say("{what}: no sampled world has a value", what=what)
    first, second, clear = most_often(counts, worlds, ties)
    if first is None:
        return say("{what}: none is the highest most often {when}", what=what, when=when)
    name = label_of(run, first)
    if worlds == 1:
        return say(
            "{what}: {name} is highest {when} in the one sampled world", what=what, name=name, when=when
        )
    if clear or second is None:
        share = percent(counts[first] / worlds)
        return say(
            "{what}: {name} is highest {when} in {share} of sampled worlds",
            what=what,
            name=name,
            when=when,
            share=share,
        )
    one, two = percent_pair(counts[first] / worlds, counts[second] / worlds)
    return say(
        "{what}: no clear difference {when}; {name} is highest in {one} of sampled worlds, {other} in {two}",
        what=what,
        when=when,
        name=name,
        one=one,
        other=label_of(run, second),
        two=two,
    )


def limits(
    fans: Sequence[Fan], observed: Sequence[Observation], singles: Sequence[Array]
) -> tuple[float, float]:
    """Return the lowest and the highest value drawn."""
    values = [fan.values[name] for fan in fans for name in ("q05", "q95")]
    values += [np.array([point.low, point.high]) for point in observed] + list(singles)
    every = np.concatenate(values) if values else np.zeros(0)
    every = every[np.isfinite(every)]
    return (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)


def value_axis(
    axes: Axes, low: float, high: float, form: Form, *, count: int = 4, labelled: bool = True
) -> None:
    """Let a value axis start at 0, and reach below it only where values do."""
    ticks = nice_ticks(max(high, -low, 1e-12), count)
    if low >= 0.0:
        shown = ticks
    else:
        step = ticks[1]
        shown = [step * i for i in range(int(np.floor(low / step)), max(1, int(np.ceil(high / step))) + 1)]
        axes.axhline(0.0, color=MUTED, linewidth=0.9, zorder=1)
    axes.set_ylim(shown[0], shown[-1])
    axes.set_yticks(shown, [form.one(tick) for tick in shown] if labelled else [""] * len(shown))


@styled
def fan(run: Run, observed: Sequence[Observation] = (), *, series: Sequence[str]) -> Drawing:
    """Draw any recorded series of one unit as fans in one panel.

    Raises: MissingSeriesError if a series is not recorded, units differ or there are too many for one panel.
    """
    columns = series_of(run, series)
    if len(columns) > MOST_LINES:
        raise MissingSeriesError(
            f"{len(columns)} series are too many for one panel, at most {MOST_LINES}; choose some with "
            "--firms or --region, or draw multiples"
        )
    unit = checked_unit(run.units, columns)
    form = form_of(unit)
    expressions = {column: run.need(column) for column in columns}
    fans = run.fans(expressions)
    singles = run.singles(expressions) if len(columns) <= MOST_BANDS else {column: [] for column in columns}
    drawn = of_series(observed, columns)
    title = headline(finding(run, columns, fans, form), named(run, columns))
    reading = (
        run.reading if len(columns) <= MOST_BANDS else say("Lines: medians of {sample}.", sample=run.sample)
    )
    subtitle = f"{named(run, columns)}, {unit_text(unit)}. {reading}"
    policies = PolicyStrip(run)
    footer = run.footer(
        say("Right: last median and 90\u202f% range of worlds."),
        policies.note,
        *notes(run, columns),
        observed=drawn,
    )
    labels = {column: label_of(run, column) if len(columns) > 1 else "" for column in columns}
    forms = [form.one(0.0), form.span(1234567.0, 7654321.0)]
    room = max(
        [text_width_inches(f"{labels[column]} {forms[0]}0000", LABEL_PT, "bold") for column in columns]
        + [text_width_inches(forms[1], LABEL_PT)]
    )
    width, height = 10.0 - 1.0 - 0.3 - 0.35 - room, max(4.0, 0.42 * len(columns))
    page = Page(title, subtitle, footer, height + 0.4 + policies.inches)
    axes = page.axes(1.0, 0.05, width, height)
    low, high = limits(
        list(fans.values()), drawn, [line for group in singles.values() for _, _, line in group]
    )
    value_axis(axes, low, high, form, count=5)
    span = time_span(run, drawn)
    time_axis(axes, span, width)
    mark_history(axes, run, span, worded=True)
    rows: list[Row] = []
    sentences, ends = [], []
    for place, column in enumerate(columns):
        colour = colour_of(run, column, place)
        draw_fan(
            axes,
            fans[column],
            colour,
            column,
            singles=singles[column],
            bands=len(columns) <= MOST_BANDS,
            width_pt=2.4 if len(columns) <= MOST_BANDS else 1.8,
        )
        rows += fans[column].rows("fan", column, unit) + single_rows("fan", column, unit, singles[column])
        rows += draw_observed(axes, of_series(drawn, [column]), colour, "fan", column, unit)
        ends.append(end_label(fans[column], labels[column], colour, form))
        sentences.append(
            end_sentence(caption(column.partition(".")[0]), label_of(run, column), fans[column], form)
        )
    end_labels(page, axes, ends)
    moved, told = policies.draw(page, span, 1.0, height + 0.35, width)
    rows, sentences = rows + moved, sentences + told
    alt = alternative(title, subtitle, sentences)
    return Drawing("fan", page.figure, rows, title, subtitle, footer, alt, drawn)


def notes(run: Run, columns: Sequence[str]) -> list[str]:
    """Return the definitions of what is drawn, as the code book has them, for the footer."""
    found = dict.fromkeys(run.definitions.get(column, "") for column in columns)
    # More than two would fill the page; the code book has them all.
    return [text for text in found if text][:2]


@styled
def multiples(run: Run, observed: Sequence[Observation] = (), *, series: Sequence[str]) -> Drawing:
    """Draw any recorded series as small multiples; those of one quantity share an axis, and ghosts.

    Raises: MissingSeriesError if a series is not recorded or there are too many for one page.
    """
    columns = series_of(run, series)
    if len(columns) > MOST_PANELS:
        raise MissingSeriesError(
            f"{len(columns)} series are too many for one page, at most {MOST_PANELS}; choose some with "
            "--firms or --region"
        )
    expressions = {column: run.need(column) for column in columns}
    fans, singles = run.fans(expressions), run.singles(expressions)
    drawn = of_series(observed, columns)
    quantities = list(dict.fromkeys(column.partition(".")[0] for column in columns))
    units = {quantity: unit_text(run.units.get(_one_of(columns, quantity), "")) for quantity in quantities}
    one = len(quantities) == 1
    form = form_of(run.units.get(columns[0], ""))
    title = headline(finding(run, columns, fans, form) if one else named(run, columns), named(run, columns))
    what = "; ".join(f"{caption(quantity)}, {units[quantity]}" for quantity in quantities)
    others = say("Grey lines: medians of the others.") if one and len(columns) > 1 else ""
    subtitle = f"{what}. {run.reading} {others}".strip()
    footer = run.footer(
        say("Right: last median and 90\u202f% range of worlds."), *notes(run, columns), observed=drawn
    )
    # Four stand as two by two, so that two quantities of two places stand under one another.
    across = 2 if len(columns) in (1, 2, 4) else 3 if len(columns) <= 6 else 4 if len(columns) <= 12 else 5
    lines = -(-len(columns) // across)
    step = (10.0 - 0.95 - 0.12) / across
    width, height = step - 0.95, 1.55
    page = Page(title, subtitle, footer, 0.2 + lines * (height + 0.95) - 0.3)
    span = time_span(run, drawn)
    rows: list[Row] = []
    sentences = []
    for place, column in enumerate(columns):
        quantity = column.partition(".")[0]
        alike = [other for other in columns if other.partition(".")[0] == quantity]
        line, position = divmod(place, across)
        left, upper = 0.95 + position * step, 0.5 + line * (height + 0.95)
        colour = colour_of(run, column, place)
        name = label_of(run, column)
        above = 0.1 if one else 0.28
        heading(page, left, upper - above, _fitting(name, step - 0.1), colour=colour)
        if not one:
            page.text(left, upper - 0.08, _fitting(caption(quantity), step - 0.1), colour=MUTED, va="bottom")
        axes = page.axes(left, upper, width, height)
        unit = run.units.get(column, "")
        own = form_of(unit)
        low, high = limits(
            [fans[other] for other in alike],
            of_series(drawn, alike),
            [values for other in alike for _, _, values in singles[other]],
        )
        value_axis(axes, low, high, own, count=3, labelled=not one or position == 0)
        time_axis(axes, span, width)
        mark_history(axes, run, span, worded=False)
        ghosts(axes, [fans[other] for other in alike if other != column])
        draw_fan(axes, fans[column], colour, column, singles=singles[column], width_pt=2.0)
        rows += fans[column].rows(column, column, unit) + single_rows(column, column, unit, singles[column])
        rows += draw_observed(axes, of_series(drawn, [column]), colour, column, column, unit)
        end_labels(page, axes, [end_label(fans[column], "", colour, own)])
        sentences.append(end_sentence(caption(quantity), name, fans[column], own))
    alt = alternative(title, subtitle, sentences)
    return Drawing("multiples", page.figure, rows, title, subtitle, footer, alt, drawn)


def _one_of(columns: Sequence[str], quantity: str) -> str:
    return next(column for column in columns if column.partition(".")[0] == quantity)


def _fitting(text: str, width_inches: float) -> str:
    """Shorten a heading that is wider than its panel."""
    if text_width_inches(text, TEXT_PT, "bold") <= width_inches:
        return text
    while text and text_width_inches(f"{text}…", TEXT_PT, "bold") > width_inches:
        text = text[:-1]
    return f"{text.rstrip()}…"


@styled
def stripes(run: Run, observed: Sequence[Observation] = (), *, series: Sequence[str]) -> Drawing:
    """Draw any recorded series of one unit as stripes: a row a series, a colour a month, darker for more.

    Raises: MissingSeriesError if a series is not recorded, units differ or there are too many for one page.
    """
    columns = series_of(run, series)
    if len(columns) > MOST_PANELS:
        raise MissingSeriesError(
            f"{len(columns)} series are too many for one page, at most {MOST_PANELS}; choose some with "
            "--firms or --region"
        )
    unit = checked_unit(run.units, columns)
    form = form_of(unit)
    fans = run.fans({column: run.need(column) for column in columns})
    title = headline(finding(run, columns, fans, form), named(run, columns))
    subtitle = say(
        "{what}, {unit}. Colour: median of {sample} in each month; numbers: the first and the last.",
        what=named(run, columns),
        unit=unit_text(unit),
        sample=run.sample,
    )
    footer = run.footer(*notes(run, columns))
    medians = np.stack([fans[column].median for column in columns])
    finite = medians[np.isfinite(medians)]
    low, high = min(0.0, float(finite.min(initial=0.0))), float(finite.max(initial=0.0))
    high = high if high > low else low + 1.0
    names = {column: label_of(run, column) for column in columns}
    room = max(text_width_inches(name, LABEL_PT, "bold") for name in names.values())
    left, step = 0.45 + room + 0.9, 0.46
    width, body = 10.0 - left - 1.15, step * len(columns)
    page = Page(title, subtitle, footer, body + 1.15)
    axes = page.axes(left, 0.05, width, body)
    axes.grid(visible=False)
    axes.set_ylim(len(columns) - 0.5, -0.5)
    axes.set_yticks([])
    time_axis(axes, (run.start, run.end), width)
    edges = np.append(run.start + np.arange(len(run.months)) / 12.0, run.end)
    rows: list[Row] = []
    sentences = []
    for place, column in enumerate(columns):
        axes.pcolormesh(
            edges,
            [place - 0.42, place + 0.42],
            np.ma.masked_invalid(fans[column].median[None, :]),
            cmap=SEQUENTIAL,
            vmin=low,
            vmax=high,
            gid=column,
            rasterized=True,
        )
        y = 0.05 + step * (place + 0.5)
        colour = colour_of(run, column, place)
        page.text(
            0.45 + room, y, names[column], weight="bold", colour=colour, ha="right", va="center_baseline"
        )
        has = np.flatnonzero(np.isfinite(fans[column].median))
        if has.size:
            first, last = (form.one(float(fans[column].median[at])) for at in (has[0], has[-1]))
            page.text(left - 0.1, y, first, ha="right", va="center_baseline", colour=MUTED)
            page.text(left + width + 0.1, y, last, va="center_baseline", weight="bold")
        rows += fans[column].rows("stripes", column, unit)
        sentences.append(end_sentence(caption(column.partition(".")[0]), names[column], fans[column], form))
    scale = page.axes(left, body + 0.62, min(3.0, width), 0.16)
    scale.grid(visible=False)
    scale.set_yticks([])
    scale.pcolormesh(
        np.linspace(low, high, 65), [0.0, 1.0], np.linspace(low, high, 64)[None, :], cmap=SEQUENTIAL
    )
    scale.set_xticks([low, (low + high) / 2.0, high], [form.one(v) for v in (low, (low + high) / 2.0, high)])
    page.text(left + min(3.0, width) + 0.5, body + 0.6, unit_text(unit), colour=INK)
    alt = alternative(title, subtitle, sentences)
    return Drawing("stripes", page.figure, rows, title, subtitle, footer, alt)
