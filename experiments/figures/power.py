"""Figures 2 and 3: powered against held compute, and the power queue and price by site."""

from collections.abc import Mapping, Sequence
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
from experiments.figures.forms import PERCENT, percent
from experiments.figures.labels import end_labels
from experiments.figures.manner import headline, say
from experiments.figures.names import shown
from experiments.figures.style import BLOC_COLOURS, BLOC_MARKERS, MUTED, TEAL, Page, styled
from experiments.figures.tables import Array, Observation, Row, paired
from experiments.figures.titles import power_queue, powered_compute

STORED_PRECISION: Final = 1e-6
SITE_COLOURS: Final = {**BLOC_COLOURS, "allies": MUTED, "row": TEAL}


@styled
def compute(run: Run, observed: Sequence[Observation] = ()) -> Drawing:
    """Draw powered against held compute by place in GW, and the share of it without power (S5, S8).

    Raises: MissingSeriesError if powered_gw or held_gw is not recorded for a bloc.
    """
    places: dict[str, list[str]] = {"us": ["us"], "cn": ["cn"]}
    names: Mapping[str, str] = {place: shown(place) for place in places}
    if "allies" in run.sites("powered_gw"):
        places["us"].append("allies")
        names = run.bloc_names
    powered = {bloc: run.total([f"powered_gw.{site}" for site in sites]) for bloc, sites in places.items()}
    held = {bloc: run.total([f"held_gw.{site}" for site in sites]) for bloc, sites in places.items()}
    # Nothing held is nothing dark. Series are stored in single precision: a gap of its rounding is none.
    dark = {
        bloc: f"CASE WHEN {powered[bloc]} >= {held[bloc]} * {1.0 - STORED_PRECISION} THEN 0"
        f" ELSE 1 - {powered[bloc]} / {held[bloc]} END"
        for bloc in ("us", "cn")
    }
    expressions = {
        f"{name}.{bloc}": sql[bloc]
        for name, sql in (("powered", powered), ("held", held), ("dark", dark))
        for bloc in ("us", "cn")
    }
    fans, singles = run.fans(expressions), run.singles(expressions)
    month = run.months[-1]
    last = run.by_world(powered, month)
    tally = paired(last["us"], last["cn"])
    medians = {bloc: float(fans[f"powered.{bloc}"].median[-1]) for bloc in ("us", "cn")}
    what = say("Power that data centres got and that all accelerators there need, GW")
    title = headline(powered_compute(tally, medians, month, names), what)
    subtitle = f"{what}. {run.reading}"
    # An observed point belongs to one place: it cannot stand for the sum of two.
    alone = [bloc for bloc, sites in places.items() if len(sites) == 1]
    drawn = of_series(observed, [f"{name}_gw.{bloc}" for name in ("powered", "held") for bloc in alone])
    policies = PolicyStrip(run)
    footer = run.footer(
        say("By place of the data centre, whoever uses it."),
        say("Lower panels: 1 \u2212 powered/held in the same world."),
        policies.note,
        observed=drawn,
    )
    page = Page(title, subtitle, footer, 4.95 + policies.inches)
    span = time_span(run, drawn)
    width, step = 3.1, 4.7
    above = [key for key in fans if not key.startswith("dark")]
    below = [key for key in fans if key.startswith("dark")]
    top = fan_top([fans[key] for key in above], drawn, [singles[key] for key in above])
    top_dark = fan_top([fans[key] for key in below], (), [singles[key] for key in below])
    rows: list[Row] = []
    sentences: list[str] = []
    for i, bloc in enumerate(("us", "cn")):
        left, name, colour = 0.95 + i * step, names[bloc], BLOC_COLOURS[bloc]
        heading(page, left, 0.2, name, colour=colour)
        axes = page.axes(left, 0.3, width, 2.35)
        value_axis(axes, top)
        time_axis(axes, span, width, labelled=False)
        mark_history(axes, run, span, worded=i == 0)
        labels = []
        for what, shade in (("held", MUTED), ("powered", colour)):
            key = f"{what}.{bloc}"
            draw_fan(axes, fans[key], shade, f"{bloc}/{what}", singles=singles[key])
            rows += fans[key].rows(bloc, what, "GW") + single_rows(bloc, what, "GW", singles[key])
            rows += draw_observed(axes, of_series(drawn, [f"{what}_gw.{bloc}"]), shade, bloc, what, "GW")
            labels.append(end_label(fans[key], say(what), shade))
            sentences.append(end_sentence(name, f"{say(what)} GW", fans[key]))
        end_labels(page, axes, labels)
        page.text(left, 2.98, say("Share of held compute without power"), weight="bold", va="bottom")
        axes = page.axes(left, 3.08, width, 1.5)
        value_axis(axes, min(top_dark, 1.0), count=3, form=percent)
        time_axis(axes, span, width)
        mark_history(axes, run, span, worded=False)
        key = f"dark.{bloc}"
        draw_fan(axes, fans[key], colour, f"{bloc}/without power", singles=singles[key])
        rows += fans[key].rows(bloc, "without power", "share")
        rows += single_rows(bloc, "without power", "share", singles[key])
        sentences.append(end_sentence(name, say("Share of held compute without power"), fans[key], PERCENT))
        end_labels(page, axes, [end_label(fans[key], "", colour, PERCENT)])
    moved, told = policies.draw(page, span, 0.95, 4.9, 7.0)
    rows, sentences = rows + moved, sentences + told
    return Drawing(
        "compute", page.figure, rows, title, subtitle, footer, alternative(title, subtitle, sentences), drawn
    )


def _first(values: dict[str, Array], *, highest: bool) -> tuple[dict[str, int], int]:
    """Count the worlds in which each site is alone first; the second number counts the worlds with a tie."""
    stack = np.stack(list(values.values()))
    stack = stack[:, np.isfinite(stack).all(0)]
    best = stack.max(0) if highest else stack.min(0)
    at_best = stack == best
    alone = at_best.sum(0) == 1
    counts = {site: int(np.count_nonzero(at_best[i] & alone)) for i, site in enumerate(values)}
    return counts, int(np.count_nonzero(~alone))


@styled
def queue_and_price(run: Run, observed: Sequence[Observation] = ()) -> Drawing:
    """Draw the grid queue in GW and the power price by site (S8).

    Raises: MissingSeriesError if no site has both series.
    """
    measures = (
        ("power_queue_gw", say("Waiting for the grid, GW"), "GW", True),
        ("power_price_usd_per_mwh", say("Power price, 2025 USD per MWh"), "USD/MWh", False),
    )
    sites = [site for site in run.sites("power_queue_gw") if site in run.sites("power_price_usd_per_mwh")]
    if not sites:
        run.need(f"power_price_usd_per_mwh.{run.sites('power_queue_gw')[0]}")
    expressions = {
        f"{quantity}.{site}": run.need(f"{quantity}.{site}") for quantity, *_ in measures for site in sites
    }
    fans, singles = run.fans(expressions), run.singles(expressions)
    month = run.months[-1]
    last = run.by_world(expressions, month)
    queue, queue_ties = _first({site: last[f"power_queue_gw.{site}"] for site in sites}, highest=True)
    price, price_ties = _first(
        {site: last[f"power_price_usd_per_mwh.{site}"] for site in sites}, highest=False
    )
    title = headline(
        power_queue(queue, queue_ties, price, price_ties, month), say("Grid queue and power price by site")
    )
    subtitle = f"{say('By site.')} {run.reading}"
    drawn = of_series(observed, expressions)
    policies = PolicyStrip(run)
    footer = run.footer(
        say("Same axis across each row; at the right: last median and 90\u202f% range."),
        policies.note,
        observed=drawn,
    )
    page = Page(title, subtitle, footer, 4.85 + policies.inches)
    span = time_span(run, drawn)
    step = (10.0 - 0.95 - 0.15) / max(2, len(sites))
    width = step - 0.85
    rows: list[Row] = []
    sentences: list[str] = []
    for line, (quantity, caption, unit, is_queue) in enumerate(measures):
        upper = 0.62 + line * 2.3
        page.text(0.45, upper - 0.1, caption, weight="bold", va="bottom")
        keys = [f"{quantity}.{site}" for site in sites]
        top = fan_top([fans[key] for key in keys], of_series(drawn, keys), [singles[key] for key in keys])
        for i, site in enumerate(sites):
            left, colour, key = 0.95 + i * step, SITE_COLOURS[site], f"{quantity}.{site}"
            if is_queue:
                heading(page, left, 0.22, shown(site), colour=colour)
            axes = page.axes(left, upper, width, 1.7)
            value_axis(axes, top, labelled=i == 0)
            time_axis(axes, span, width, labelled=not is_queue)
            mark_history(axes, run, span, worded=False)
            draw_fan(
                axes,
                fans[key],
                colour,
                f"{site}/{quantity}",
                singles=singles[key],
                marker=BLOC_MARKERS.get(site, "D"),
            )
            rows += fans[key].rows(site, quantity, unit) + single_rows(site, quantity, unit, singles[key])
            rows += draw_observed(axes, of_series(drawn, [key]), colour, site, quantity, unit)
            end_labels(page, axes, [end_label(fans[key], "", colour)])
            sentences.append(end_sentence(shown(site), caption, fans[key]))
    moved, told = policies.draw(page, span, 0.95, 4.8, 7.0)
    rows, sentences = rows + moved, sentences + told
    return Drawing(
        "power_queue",
        page.figure,
        rows,
        title,
        subtitle,
        footer,
        alternative(title, subtitle, sentences),
        drawn,
    )
