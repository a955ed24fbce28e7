"""Figure 4: subscription prices and runway of every lab, each against the medians of the others."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

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
    last_index,
    mark_history,
    of_series,
    time_axis,
    time_span,
    value_axis,
)
from experiments.figures.forms import MONEY, PLAIN
from experiments.figures.labels import end_labels
from experiments.figures.manner import headline, say
from experiments.figures.names import shown
from experiments.figures.style import BLOC_COLOURS, BLOC_MARKERS, GREY, MUTED, TEXT_PT, Page, styled
from experiments.figures.tables import Fan, Observation, Row
from experiments.figures.titles import prices_runway as title_of

PRICE: Final = "subscription_price_usd_per_month"
RUNWAY: Final = "runway_months"
COLUMNS: Final = 5
LINE_INCHES: Final = 3.05


@styled
def prices_and_runway(
    run: Run, observed: Sequence[Observation] = (), *, short_runway_months: float = 12.0
) -> Drawing:
    """Draw every lab's subscription price and runway as small multiples, the other labs as grey ghosts (S3).

    Raises: MissingSeriesError if price or runway of a lab is not recorded.
    """
    labs = run.firms(PRICE)
    expressions = {
        f"{quantity}.{lab}": run.need(f"{quantity}.{lab}") for quantity in (PRICE, RUNWAY) for lab in labs
    }
    blocs = {lab: run.bloc(lab) for lab in labs}
    fans = run.fans(expressions)
    month = run.months[-1]
    last = run.by_world({key: sql for key, sql in expressions.items() if key.startswith(PRICE)}, month)
    prices = {}
    for bloc in ("us", "cn"):
        pooled = [last[f"{PRICE}.{lab}"] for lab in labs if blocs[lab] == bloc]
        values = np.concatenate(pooled) if pooled else np.array([np.nan])
        values = values[np.isfinite(values)]
        prices[bloc] = float(np.median(values)) if values.size else np.nan
    lowest = {}
    for lab in labs:
        runway = fans[f"{RUNWAY}.{lab}"].median
        lowest[lab] = float(runway[np.isfinite(runway)].min()) if np.isfinite(runway).any() else np.nan
    title = headline(
        title_of(prices, lowest, short_runway_months, month, run.bloc_names),
        say("Subscription price and runway of every lab"),
    )
    how = run.reading.replace(say("thin lines: single worlds"), say("grey lines: medians of the other labs"))
    whose = say(
        "Labs of {us} (circle) and of {cn} (square).", us=run.bloc_names["us"], cn=run.bloc_names["cn"]
    )
    subtitle = f"{whose} {how}"
    drawn = of_series(observed, expressions)
    policies = PolicyStrip(run)
    footer = run.footer(
        say("Runway: months that cash and credit last at the present net spending, 60 at most."),
        say("A lab counts in the worlds in which it is still at work."),
        say("Thin line across: {months} months.", months=f"{short_runway_months:g}"),
        policies.note,
        observed=drawn,
    )
    groups = [[lab for lab in labs if blocs[lab] == bloc] for bloc in ("us", "cn")]
    lines = [group[i : i + COLUMNS] for group in groups for i in range(0, len(group), COLUMNS)]
    bottom = LINE_INCHES * len(lines) + 0.02
    page = Page(title, subtitle, footer, bottom + policies.inches)
    span = time_span(run, drawn)
    step = (10.0 - 0.9 - 0.12) / COLUMNS
    width = step - 0.78
    tops = {
        quantity: fan_top(
            [fans[f"{quantity}.{lab}"] for lab in labs],
            of_series(drawn, [f"{quantity}.{lab}" for lab in labs]),
        )
        for quantity in (PRICE, RUNWAY)
    }
    rows: list[Row] = []
    sentences: list[str] = []
    measures = (
        (PRICE, say("Subscription, 2025 USD a month"), "USD/month", MONEY, 0.38, 0.95),
        (RUNWAY, say("Runway, months"), "months", PLAIN, 1.68, 0.95),
    )
    for j, line in enumerate(lines):
        for quantity, caption, unit, form, offset, height in measures:
            upper = j * LINE_INCHES + offset
            page.text(0.45, upper - 0.08, caption, colour=MUTED, va="bottom")
            for i, lab in enumerate(line):
                key, colour = f"{quantity}.{lab}", BLOC_COLOURS[blocs[lab]]
                left = 0.9 + i * step
                if quantity == PRICE:
                    page.text(
                        left, upper - 0.3, shown(lab), size=TEXT_PT, weight="bold", colour=colour, va="bottom"
                    )
                axes = page.axes(left, upper, width, height)
                value_axis(
                    axes, tops[quantity], count=2 if quantity == PRICE else 3, form=form.one, labelled=i == 0
                )
                time_axis(axes, span, width, labelled=quantity == RUNWAY)
                mark_history(axes, run, span, worded=False)
                ghosts(axes, [fans[f"{quantity}.{other}"] for other in labs if other != lab])
                if quantity == RUNWAY:
                    axes.axhline(short_runway_months, color=MUTED, linewidth=0.7, zorder=1)
                fan = fans[key]
                draw_fan(
                    axes, fan, colour, f"{lab}/{quantity}", marker=BLOC_MARKERS[blocs[lab]], width_pt=2.0
                )
                rows += fan.rows(lab, quantity, unit)
                rows += draw_observed(axes, of_series(drawn, [key]), colour, lab, quantity, unit)
                end_labels(page, axes, [end_label(fan, "", colour, form)])
                at = last_index(fan)
                alive = int(fan.worlds[at]) if at is not None else 0
                counted = say("Worlds with a value: {alive}.", alive=alive)
                sentences.append(f"{end_sentence(shown(lab), caption, fan, form)} {counted}")
    moved, told = policies.draw(page, span, 0.9, bottom, 7.0)
    rows, sentences = rows + moved, sentences + told
    return Drawing(
        "prices_runway",
        page.figure,
        rows,
        title,
        subtitle,
        footer,
        alternative(title, subtitle, sentences),
        drawn,
    )


def ghosts(axes: Axes, fans: Sequence[Fan]) -> None:
    """Draw the medians of other labs as one grey line broken between them: one artist is faster than nine."""
    gap = np.array([np.nan])
    x = np.concatenate([part for fan in fans for part in (fan.x, gap)]) if fans else gap
    y = np.concatenate([part for fan in fans for part in (fan.median, gap)]) if fans else gap
    axes.plot(x, y, color=GREY, linewidth=0.8, zorder=1.5, gid="ghosts")
