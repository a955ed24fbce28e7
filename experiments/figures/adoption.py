"""Figure 1: who uses which bloc's assistants, by region and month, and who leads in users by year."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

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
    mark_crossing,
    mark_history,
    of_series,
    share_bar,
    share_rows,
    single_rows,
    time_axis,
    time_span,
    value_axis,
)
from experiments.figures.forms import percent
from experiments.figures.labels import end_labels
from experiments.figures.manner import headline, say
from experiments.figures.names import REGIONS, shown
from experiments.figures.style import BLOC_COLOURS, INK, LABEL_PT, MUTED, Page, styled, text_width_inches
from experiments.figures.tables import Observation, Row
from experiments.figures.titles import Tally, in_place, in_year, leads

QUANTITY: Final = "active_users_million"
BLOC_QUANTITY: Final = "bloc_users_million"
UNIT: Final = "million"
"""Unit in the tidy table; what is shown is translated."""
MOST_YEARS: Final = 8
PANEL: Final = (2.08, 1.95)
"""Width and height of a region's panel in inches."""
ALONE: Final = (4.9, 3.6)
"""The same where one region is drawn."""


def _totals(run: Run) -> dict[str, dict[str, str]]:
    """Return SQL for each region's users of each bloc's labs: as recorded by bloc, or summed over labs.

    Raises: MissingSeriesError if no region is recorded.
    """
    stored = {
        region
        for bloc, region in run.entities(BLOC_QUANTITY, depth=2, required=False)
        if bloc in BLOC_COLOURS
    }
    if stored:
        return {
            region: {bloc: run.need(f"{BLOC_QUANTITY}.{bloc}.{region}") for bloc in ("us", "cn")}
            for region in REGIONS
            if region in stored
        }
    firms: dict[str, dict[str, list[str]]] = {}
    for firm, region in run.entities(QUANTITY, depth=2):
        firms.setdefault(region, {"us": [], "cn": []})[run.bloc(firm)].append(f"{QUANTITY}.{firm}.{region}")
    return {
        region: {
            bloc: run.total(sorted(firms[region][bloc]) or [f"{QUANTITY}.<{bloc} lab>.{region}"])
            for bloc in ("us", "cn")
        }
        for region in REGIONS
        if region in firms
    }


def _shown_years(years: Sequence[int], most: int) -> list[int]:
    """Thin out the years to a number of bars that can be read, always with the last."""
    step = -(-len(years) // most)
    return list(years)[::-1][::step][::-1] if years else []


@styled
def adoption(run: Run, observed: Sequence[Observation] = (), *, lead_share: float = 0.55) -> Drawing:
    """Draw monthly users by region as fans per bloc, and the share of worlds leading users by year (D1).

    Raises: MissingSeriesError if the users by lab and region are not recorded.
    """
    totals = _totals(run)
    expressions = {f"{bloc}.{region}": sql for region, pair in totals.items() for bloc, sql in pair.items()}
    fans, singles = run.fans(expressions), run.singles(expressions)
    before = (
        {}
        if run.history is None
        else run.history.fans(
            {
                f"{bloc}.{region}": sql
                for region, pair in _totals(run.history).items()
                for bloc, sql in pair.items()
            }
        )
    )
    world = {bloc: "(" + " + ".join(pair[bloc] for pair in totals.values()) + ")" for bloc in ("us", "cn")}
    tallies = run.lead_by_year(world["us"], world["cn"], lead_share)
    drawn = of_series(observed, [f"{QUANTITY}.{key}" for key in expressions])

    years = sorted(tallies)
    tally = tallies[years[-1]] if years else Tally(0, 0, 0)
    when = in_year(years[-1]) if years else say("over a full year")
    everywhere = len(totals) == len(_totals(replace(run, only=frozenset())))
    where = say("worldwide") if everywhere else say(" and ").join(in_place(region) for region in totals)
    what = say("Monthly users of assistants by region and bloc of the lab, million")
    title = headline(leads(say("monthly users {where}", where=where), when, tally, run.bloc_names), what)
    subtitle = f"{what}. {run.reading}"
    policies = PolicyStrip(run)
    footer = run.footer(
        say(
            "Right: a bloc leads with over {share} of both blocs' users over the calendar year; between, "
            "neither does; thin lines: 95\u202f% sampling error.",
            share=percent(lead_share),
        ),
        say("Black circle with a year: the medians cross for the last time."),
        policies.note,
        observed=drawn,
    )
    rows_of_panels = -(-len(totals) // 2)
    width, height = PANEL if len(totals) > 1 else ALONE
    step_y = height + 0.95
    page = Page(title, subtitle, footer, 0.3 + rows_of_panels * step_y - 0.45 + policies.inches)
    span = time_span(run, drawn)
    rows: list[Row] = []
    sentences: list[str] = []
    regions = list(totals)
    for i, region in enumerate(regions):
        line, column = divmod(i, 2)
        keys = [f"{bloc}.{name}" for name in regions[2 * line : 2 * line + 2] for bloc in ("us", "cn")]
        top_points = [point for point in drawn if point.series.removeprefix(f"{QUANTITY}.") in keys]
        shown_fans = [source[key] for source in (fans, before) for key in keys if key in source]
        top = fan_top(shown_fans, top_points, [singles[key] for key in keys])
        left, upper = 0.95 + column * (width + 1.22), 0.3 + line * step_y
        heading(page, left, upper - 0.1, shown(region))
        axes = page.axes(left, upper, width, height)
        value_axis(axes, top, labelled=column == 0)
        time_axis(axes, span, width)
        mark_history(axes, run, span, worded=i == 0)
        labels = []
        for bloc in ("us", "cn"):
            key = f"{bloc}.{region}"
            colour, gid = BLOC_COLOURS[bloc], f"{region}/{bloc}"
            if key in before:
                past = before[key].where(before[key].x < run.start)
                draw_fan(axes, past, colour, f"{region}/{bloc} hindcast")
                rows += past.rows(region, f"{bloc} hindcast", UNIT)
            draw_fan(axes, fans[key], colour, gid, singles=singles[key])
            rows += fans[key].rows(region, bloc, UNIT) + single_rows(region, bloc, UNIT, singles[key])
            rows += draw_observed(axes, of_series(drawn, [f"{QUANTITY}.{key}"]), colour, region, bloc, UNIT)
            labels.append(end_label(fans[key], "" if i else run.bloc_names[bloc], colour))
            sentences.append(end_sentence(shown(region), run.bloc_names[bloc], fans[key]))
        mark_crossing(axes, fans[f"us.{region}"], fans[f"cn.{region}"])
        end_labels(page, axes, labels)
    _lead_panel(page, run, tallies, 0.3, rows_of_panels * step_y - 0.95, rows)
    moved, told = policies.draw(
        page,
        span,
        0.95,
        0.3 + rows_of_panels * step_y - 0.45,
        width if len(totals) == 1 else 2 * width + 1.22,
    )
    rows += moved
    sentences += told
    sentences += [
        say(
            "{year}: {us} {share_us}, neither {other}, {cn} {share_cn} of sampled worlds.",
            year=year,
            us=run.bloc_names["us"],
            share_us=percent(one.us / one.worlds),
            other=percent(one.other / one.worlds),
            cn=run.bloc_names["cn"],
            share_cn=percent(one.cn / one.worlds),
        )
        for year, one in tallies.items()
    ]
    alt = alternative(title, subtitle, sentences)
    return Drawing("adoption", page.figure, rows, title, subtitle, footer, alt, drawn)


def _lead_panel(
    page: Page, run: Run, tallies: dict[int, Tally], top: float, height: float, rows: list[Row]
) -> None:
    """Draw the share of worlds in which each bloc leads users, one bar for each of some years."""
    left, width = 7.95, 1.72
    years = _shown_years(sorted(tallies), min(MOST_YEARS, max(2, int((height - 0.3) / 0.4))))
    page.text(left, top - 0.1, say("Worlds that lead users"), size=12.0, weight="bold", va="bottom")
    if not years:
        page.text(left, top + 0.1, say("no full calendar\nyear in this run"), colour=MUTED)
        return
    names = (run.bloc_names["us"], say("neither"), run.bloc_names["cn"])
    page.text(left, top + 0.02, names[0], colour=BLOC_COLOURS["us"], weight="bold")
    page.text(left + width, top + 0.02, names[2], colour=BLOC_COLOURS["cn"], weight="bold", ha="right")
    room = (
        width - text_width_inches(names[0], LABEL_PT, "bold") - text_width_inches(names[2], LABEL_PT, "bold")
    )
    if room > text_width_inches(names[1], LABEL_PT) + 0.1:
        centre = left + text_width_inches(names[0], LABEL_PT, "bold") + room / 2.0
        page.text(centre, top + 0.02, names[1], colour=MUTED, ha="center")
    bars = min(height - 0.3, 0.52 * len(years))
    axes = page.axes(left, top + 0.3, width, bars)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(len(years) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks(range(len(years)), [str(year) for year in years])
    axes.tick_params(axis="y", labelcolor=INK)
    for i, year in enumerate(years):
        counts = {"us": tallies[year].us, "mixed": tallies[year].other, "cn": tallies[year].cn}
        share_bar(axes, i, counts, gid=f"lead/{year}", width_inches=width)
        rows += share_rows("lead", "monthly users", str(year), counts)
