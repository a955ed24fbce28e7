"""Figure 8: humanoids at productive work by place, with a strip of when they pass each power of ten."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from experiments.figures.data import Run
from experiments.figures.events import PolicyStrip
from experiments.figures.fan import (
    Drawing,
    alternative,
    draw_fan,
    draw_observed,
    end_label,
    end_sentence,
    fan_top,
    heading,
    mark_history,
    of_series,
    single_rows,
    time_axis,
    time_span,
    value_axis,
)
from experiments.figures.forms import ROBOTS, robots
from experiments.figures.labels import end_labels
from experiments.figures.manner import headline, say
from experiments.figures.names import shown
from experiments.figures.style import (
    BLOC_COLOURS,
    BLOC_MARKERS,
    LABEL_PT,
    MUTED,
    TEAL,
    Page,
    halo,
    styled,
    text_width_inches,
)
from experiments.figures.tables import Fan, Observation, Row, paired
from experiments.figures.titles import in_month, two_sided

QUANTITY: Final = "humanoids_working"
UNIT: Final = "robots"
COLOURS: Final = {**BLOC_COLOURS, "allies": MUTED, "row": TEAL}
DECADES: Final = (1e4, 1e5, 1e6, 1e7, 1e8)
"""Numbers whose passing is marked on the strip."""


@styled
def work(run: Run, observed: Sequence[Observation] = ()) -> Drawing:
    """Draw humanoids at productive work by place, and when their median passes each power of ten (S9.2).

    Raises: MissingSeriesError if they are not recorded for the United States and China.
    """
    sites = run.sites(QUANTITY)
    expressions = {site: run.need(f"{QUANTITY}.{site}") for site in sites}
    pair = {bloc: run.need(f"{QUANTITY}.{bloc}") for bloc in ("us", "cn")}
    fans, singles = run.fans(expressions), run.singles(expressions)
    month = run.months[-1]
    last = run.by_world(pair, month)
    what = say("Humanoids at productive work by place")
    finding = two_sided(
        paired(last["us"], last["cn"]),
        plural=say("have more humanoids at work"),
        singular=say("has more humanoids at work"),
        when=in_month(month),
        topic=say("humanoids at work"),
        neither=say("has more humanoids at work than the other"),
        names={"us": say("the United States"), "cn": run.bloc_names["cn"]},
    )
    title = headline(finding[0].upper() + finding[1:], what)
    subtitle = f"{what}. {run.reading}"
    drawn = of_series(observed, [f"{QUANTITY}.{site}" for site in sites])
    policies = PolicyStrip(run)
    footer = run.footer(
        say("At work: in factories and on their makers' own lines; pilots and stock are left out."),
        say("Strip: the first month in which the median of worlds passes the number."),
        policies.note,
        observed=drawn,
    )
    width, height, left = 7.3, 3.3, 0.95
    page = Page(title, subtitle, footer, height + 0.75 + 0.5 * len(sites) + policies.inches)
    axes = page.axes(left, 0.05, width, height)
    span = time_span(run, drawn)
    lines = [values for site in ("us", "cn") if site in singles for values in [singles[site]]]
    value_axis(axes, fan_top(fans.values(), drawn, lines), form=robots)
    time_axis(axes, span, width)
    mark_history(axes, run, span, worded=True)
    rows: list[Row] = []
    sentences, labels = [], []
    for site in sites:
        banded = site in BLOC_COLOURS
        colour = COLOURS[site]
        draw_fan(
            axes,
            fans[site],
            colour,
            f"work/{site}",
            singles=singles[site] if banded else (),
            bands=banded,
            width_pt=2.4 if banded else 1.6,
        )
        rows += fans[site].rows("work", site, UNIT)
        if banded:
            rows += single_rows("work", site, UNIT, singles[site])
        rows += draw_observed(axes, of_series(drawn, [f"{QUANTITY}.{site}"]), colour, "work", site, UNIT)
        labels.append(end_label(fans[site], shown(site), colour, ROBOTS))
        sentences.append(end_sentence(what, shown(site), fans[site], ROBOTS))
    end_labels(page, axes, labels)
    heading(page, left, height + 0.62, say("When the median passes"))
    for place, site in enumerate(sites):
        top = height + 0.72 + 0.5 * place
        rows += _strip(page, run, site, fans[site], span, (left, top, width), sentences)
    moved, told = policies.draw(page, span, left, height + 0.75 + 0.5 * len(sites), width)
    rows, sentences = rows + moved, sentences + told
    alt = alternative(title, subtitle, sentences)
    return Drawing("work", page.figure, rows, title, subtitle, footer, alt, drawn)


def passed(fan: Fan, number: float) -> int | None:
    """Return the place of the first month in which the median reaches a number after it was below it."""
    below = np.flatnonzero(fan.median < number)
    reached = np.flatnonzero(fan.median >= number)
    if not below.size or not reached.size or reached[0] == 0:
        return None
    return int(reached[0])


def _strip(
    page: Page,
    run: Run,
    site: str,
    fan: Fan,
    span: tuple[float, float],
    where: tuple[float, float, float],
    sentences: list[str],
) -> list[Row]:
    """Draw one place's line of events and return their dates as rows."""
    left, top, width = where
    axes = page.axes(left, top, width, 0.34)
    axes.grid(visible=False)
    axes.set_xlim(*span)
    axes.set_ylim(0.0, 1.0)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines["bottom"].set_color(COLOURS[site])
    page.text(
        left + width + 0.1, top + 0.34, shown(site), colour=COLOURS[site], weight="bold", va="center_baseline"
    )
    rows = []
    taken = -np.inf
    for number in DECADES:
        at = passed(fan, number)
        if at is None:
            continue
        x = float(fan.x[at])
        axes.plot(
            x,
            0.0,
            BLOC_MARKERS.get(site, "D"),
            color=COLOURS[site],
            markersize=6.0,
            clip_on=False,
            zorder=5,
            gid=f"event/{site}/{number:g}",
        )
        words = f"{robots(number)}: {fan.at[at][:4]}"
        inches = (x - span[0]) / (span[1] - span[0]) * width
        half = text_width_inches(words, LABEL_PT) / 2.0
        # A label that would touch the last one or the edge is left out; the table has every date.
        if inches - half > taken and inches + half < width + 0.1:
            halo(axes.text(x, 0.38, words, ha="center", va="bottom", fontsize=LABEL_PT))
            taken = inches + half + 0.08
        rows.append(Row("events", site, f"median passes {number:g}", fan.at[at], number, UNIT, run.worlds))
        sentences.append(
            say(
                "{place}: the median passes {number} in {at}.",
                place=shown(site),
                number=robots(number),
                at=fan.at[at],
            )
        )
    return rows
