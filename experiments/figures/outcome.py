"""Figures 6 and 7: which constraint binds each bloc, and the outcome by definition and horizon."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from experiments.figures.data import Run
from experiments.figures.fan import Drawing, alternative, heading, share_bar, share_rows, time_axis
from experiments.figures.forms import percent
from experiments.figures.labels import EndLabel, end_labels
from experiments.figures.manner import headline, say
from experiments.figures.names import CONSTRAINTS, DEFINITIONS
from experiments.figures.style import (
    BLOC_COLOURS,
    CONSTRAINT_COLOURS,
    INK,
    LABEL_PT,
    MUTED,
    WHITE,
    Page,
    styled,
    text_width_inches,
)
from experiments.figures.tables import Array, Observation, Row
from experiments.figures.titles import Tally, constraint, in_year
from experiments.figures.titles import binding as binding_title
from experiments.figures.titles import outcome as outcome_title

STACK: Final = ("power", "chips", "capital", "parts", "demand", "none")
"""Order of the stripes from the bottom: neighbours differ in lightness."""
DARK_STRIPES: Final = frozenset({"chips", "parts", "capital"})
HEADLINE: Final = "w1"


@styled
def binding(run: Run, observed: Sequence[Observation] = ()) -> Drawing:
    """Draw the share of worlds bound by each constraint, by month and bloc.

    Raises: MissingSeriesError if a bloc's constraint is not recorded, ValueError for an unknown code.
    """
    counts = {}
    for bloc in ("us", "cn"):
        months, counts[bloc] = run.codes(f"binding_constraint_code.{bloc}", len(CONSTRAINTS))
    shares = {}
    for bloc, table in counts.items():
        total = int(table.sum())
        shares[bloc] = {
            name: float(table[code].sum() / total) if total else 0.0 for code, name in enumerate(CONSTRAINTS)
        }
    what = say("Share of {sample} in which a constraint binds the bloc's AI, by month", sample=run.sample)
    title = headline(binding_title(shares, run.bloc_names), what)
    subtitle = f"{what}."
    footer = run.footer(
        say("Right: share of all world-months."),
        say("The binding constraint is the one of which one more unit would add most."),
    )
    page = Page(title, subtitle, footer, 5.6)
    span = (run.start, run.end)
    rows: list[Row] = []
    sentences: list[str] = []
    left, width, height = 0.95, 7.1, 2.1
    for j, bloc in enumerate(("us", "cn")):
        top = 0.3 + j * 2.75
        heading(page, left, top - 0.1, run.bloc_names[bloc], colour=BLOC_COLOURS[bloc])
        axes = page.axes(left, top, width, height)
        axes.grid(visible=False)
        axes.set_ylim(0.0, 1.0)
        axes.set_yticks([0.0, 0.5, 1.0], [percent(tick) for tick in (0.0, 0.5, 1.0)])
        time_axis(axes, span, width)
        worlds = counts[bloc].sum(0)
        # Months as stripes from their first to their last day: one month is a stripe, too.
        edges = np.append(run.start + np.arange(len(months)) / 12.0, run.end)
        floor = np.zeros(len(months))
        labels = []
        for name in STACK:
            code = CONSTRAINTS.index(name)
            share = np.divide(counts[bloc][code], worlds, out=np.zeros(len(months)), where=worlds > 0)
            rows += [
                Row(bloc, name, "share of worlds", month, float(value), "share", int(n))
                for month, value, n in zip(months, share, worlds, strict=True)
            ]
            rows.append(
                Row(bloc, name, "share of world-months", "", shares[bloc][name], "share", int(worlds.sum()))
            )
            if counts[bloc][code].any():
                colour = CONSTRAINT_COLOURS[name]
                axes.stairs(
                    floor + share,
                    edges,
                    baseline=floor,
                    fill=True,
                    color=colour,
                    linewidth=0,
                    gid=f"{bloc}/{name}",
                )
                axes.stairs(floor + share, edges, baseline=None, color=WHITE, linewidth=0.9)
                _label_inside(axes, name, floor, share, edges, width, height)
                label = f"{constraint(name)} {percent(shares[bloc][name])}"
                labels.append(EndLabel(float(floor[-1] + share[-1] / 2.0), label, (), INK, LABEL_PT, colour))
            floor = floor + share
        end_labels(page, axes, labels)
        listed = ", ".join(f"{constraint(name)} {percent(shares[bloc][name])}" for name in STACK)
        sentences.append(
            say("{bloc}, share of world-months: {listed}.", bloc=run.bloc_names[bloc], listed=listed)
        )
    return Drawing(
        "binding", page.figure, rows, title, subtitle, footer, alternative(title, subtitle, sentences)
    )


def _label_inside(
    axes: Axes, name: str, floor: Array, share: Array, edges: Array, width: float, height: float
) -> None:
    """Write a stripe's name where the stripe is thick enough for it over the name's whole length."""
    text = constraint(name)
    months = share.size
    need = int(np.ceil((text_width_inches(text, LABEL_PT, "bold") + 0.1) / width * months))
    if need > months:
        return
    best, place = 0.0, None
    for first in range(months - need + 1):
        low = float(floor[first : first + need].max())
        high = float((floor + share)[first : first + need].min())
        if high - low > best:
            best, place = high - low, (float(edges[first] + edges[first + need]) / 2.0, (low + high) / 2.0)
    if place is not None and best * height >= 0.2:
        axes.text(
            *place,
            text,
            ha="center",
            va="center_baseline",
            fontweight="bold",
            color=WHITE if name in DARK_STRIPES else INK,
        )


@styled
def outcome(run: Run, observed: Sequence[Observation] = ()) -> Drawing:
    """Draw who leads by definition and horizon as shares of worlds with 95 % sampling error.

    Raises: MissingSeriesError if no outcome was evaluated, ValueError for an unknown outcome.
    """
    counts = run.outcomes()
    definitions = sorted({name for name, _ in counts}, key=lambda name: (len(name), name))
    years = sorted({year for _, year in counts})
    # A horizon after the run's last month has no outcome: leave it out, unless no horizon was reached.
    reached = [
        year
        for year in years
        if any(counts.get((name, year), {}).get(k) for name in definitions for k in ("us", "mixed", "cn"))
    ]
    years = reached or years
    last = years[-1]

    def tally(name: str) -> Tally:
        one = counts[name, last]
        return Tally(one["us"], one["mixed"] + one["open"], one["cn"])

    present = [name for name in definitions if (name, last) in counts]
    first = HEADLINE if HEADLINE in present else present[0]
    what = say(
        "Share of {sample} in which each bloc leads, by definition of the lead and by horizon",
        sample=run.sample,
    )
    finding = outcome_title(
        tally(first), in_year(last), {name: tally(name) for name in present}, run.bloc_names
    )
    title = headline(finding, what)
    subtitle = f"{what} {say('(12-month means ending in December).')}"
    shows_open = any(one["open"] for one in counts.values())
    footer = run.footer(
        say("Thin lines below a bar: 95\u202f% sampling error of the bloc's share."),
        say("Mixed: neither bloc leads."),
        say("Hatched: open, the dimension is still too small to call or has no value.") if shows_open else "",
    )
    step = 0.42
    page = Page(title, subtitle, footer, 0.62 + step * len(definitions) + 0.1)
    names_inches = max(text_width_inches(_shown(name), LABEL_PT) for name in definitions)
    left = 0.45 + names_inches + 0.15
    gap = 0.25
    width = (10.0 - 0.3 - left - gap * (len(years) - 1)) / len(years)
    rows: list[Row] = []
    sentences: list[str] = []
    for j, year in enumerate(years):
        x = left + j * (width + gap)
        heading(page, x, 0.2, str(year))
        page.text(x, 0.28, run.bloc_names["us"], colour=BLOC_COLOURS["us"], weight="bold")
        page.text(x + width, 0.28, run.bloc_names["cn"], colour=BLOC_COLOURS["cn"], weight="bold", ha="right")
        room = width - sum(text_width_inches(run.bloc_names[bloc], LABEL_PT, "bold") for bloc in ("us", "cn"))
        if room > text_width_inches(say("mixed"), LABEL_PT) + 0.2:
            middle = x + text_width_inches(run.bloc_names["us"], LABEL_PT, "bold") + room / 2.0
            page.text(middle, 0.28, say("mixed"), colour=MUTED, ha="center")
        axes = page.axes(x, 0.52, width, step * len(definitions))
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(len(definitions) - 0.5, -0.5)
        axes.set_xticks([])
        axes.set_yticks([])
        for i, name in enumerate(definitions):
            if (name, year) not in counts:
                continue
            one = counts[name, year]
            trials = {bloc: run.effective_worlds(f"leader.{name}.{year}", bloc) for bloc in ("us", "cn")}
            share_bar(axes, i, one, gid=f"{year}/{name}", width_inches=width, trials=trials)
            rows += share_rows(str(year), name, str(year), one, trials)
            total = sum(one.values()) or 1
            sentences.append(
                say(
                    "{year}, {name}: {us} {share_us}, mixed {mixed}, {cn} {share_cn}, open {open}.",
                    year=year,
                    name=_shown(name),
                    us=run.bloc_names["us"],
                    share_us=percent(one["us"] / total),
                    mixed=percent(one["mixed"] / total),
                    cn=run.bloc_names["cn"],
                    share_cn=percent(one["cn"] / total),
                    open=percent(one["open"] / total),
                )
            )
    for i, name in enumerate(definitions):
        y = 0.52 + step * (i + 0.5)
        page.text(
            left - 0.12,
            y,
            _shown(name),
            ha="right",
            va="center_baseline",
            weight="bold" if name == first else "normal",
        )
    return Drawing(
        "outcome", page.figure, rows, title, subtitle, footer, alternative(title, subtitle, sentences)
    )


def _shown(definition: str) -> str:
    """Return the name of a definition of the lead."""
    return say(DEFINITIONS[definition]) if definition in DEFINITIONS else definition.upper()
