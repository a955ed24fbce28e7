"""Figure 5: humanoid shipments by maker, and when one Optimus breaks even against several AgiBots (S9.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
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
    heading,
    mark_history,
    of_series,
    time_axis,
    time_span,
)
from experiments.figures.forms import ROBOTS, dollars, number
from experiments.figures.labels import EndLabel, end_labels
from experiments.figures.manner import headline, say, say_known
from experiments.figures.names import shown
from experiments.figures.style import (
    BLOC_COLOURS,
    BLOC_MARKERS,
    INK,
    LABEL_PT,
    MUTED,
    PALE,
    TEAL,
    Page,
    halo,
    styled,
)
from experiments.figures.tables import Array, Fan, Observation, Row, paired
from experiments.figures.titles import Tally
from experiments.figures.titles import robots as title_of

QUANTITY: Final = "humanoid_shipments"
UNIT: Final = "robots a year"


@dataclass(frozen=True)
class BreakEven:
    """What the break-even panel needs (S9.4); every value comes from conf or from the observations.

    `overheads_usd_per_year` gives one curve each: overhead, energy and supervision of a unit, the same for
    both makers unless `overheads_optimus_usd_per_year` differs.
    """

    price_agibot_usd: float
    capital_factor_per_year: float
    overheads_usd_per_year: Sequence[float]
    price_ratio_low: float
    price_ratio_central: float
    price_ratio_high: float
    tariff_optimus: float = 0.0
    tariff_agibot: float = 0.0
    overheads_optimus_usd_per_year: Sequence[float] | None = None
    source: str = ""


def required_efficiency_ratio(
    price_ratio: Array,
    price_agibot_usd: float,
    capital_factor_per_year: float,
    overhead_optimus_usd_per_year: float,
    overhead_agibot_usd_per_year: float,
    tariff_optimus: float,
    tariff_agibot: float,
) -> Array:
    """Return how many times an AgiBot's efficiency one Optimus needs to cost the same per task (S9.4).

    (k n P (1 + t_O) + o_O) / (k P (1 + t_A) + o_A): n without overheads, towards 1 as overheads grow.
    """
    yearly_agibot = (
        capital_factor_per_year * price_agibot_usd * (1.0 + tariff_agibot) + overhead_agibot_usd_per_year
    )
    yearly_optimus = (
        capital_factor_per_year * price_ratio * price_agibot_usd * (1.0 + tariff_optimus)
        + overhead_optimus_usd_per_year
    )
    return yearly_optimus / yearly_agibot


def _curve(case: BreakEven, index: int, price_ratio: Array) -> Array:
    """Return one break-even curve of the panel."""
    agibot = case.overheads_usd_per_year[index]
    optimus = (case.overheads_optimus_usd_per_year or case.overheads_usd_per_year)[index]
    return required_efficiency_ratio(
        price_ratio,
        case.price_agibot_usd,
        case.capital_factor_per_year,
        optimus,
        agibot,
        case.tariff_optimus,
        case.tariff_agibot,
    )


def _above(fan: Fan, floor: float) -> Fan:
    """Return the fan with values below the axis' floor lifted onto it, so that a band on it stays closed."""
    return fan._replace(values={name: np.maximum(values, floor) for name, values in fan.values.items()})


@styled
def robots(run: Run, observed: Sequence[Observation] = (), *, break_even: BreakEven | None = None) -> Drawing:
    """Draw humanoids shipped a year by maker and, given its values, the break-even of one Optimus (S9).

    Raises: MissingSeriesError if no maker's shipments are recorded.
    """
    makers = run.firms(QUANTITY)
    blocs = {maker: run.bloc(maker) for maker in makers}
    expressions = {maker: run.need(f"{QUANTITY}.{maker}") for maker in makers}
    totals = {
        bloc: run.total(
            [f"{QUANTITY}.{maker}" for maker in makers if blocs[maker] == bloc]
            or [f"{QUANTITY}.<{bloc} maker>"]
        )
        for bloc in ("us", "cn")
    }
    world = f"{QUANTITY}.world"
    expressions["world"] = (
        run.need(world) if world in run.series_columns else f"({totals['us']} + {totals['cn']})"
    )
    fans = run.yearly_fans(expressions)
    yearly = run.by_year(totals)
    year = max(yearly) if yearly else None
    tally = Tally(0, 0, 0)
    if year is not None:
        tally = paired(yearly[year]["us"], yearly[year]["cn"])
    required, ratio = None, None
    if break_even is not None:
        ratio = break_even.price_ratio_central
        at_centre = [
            float(_curve(break_even, i, np.array([ratio]))[0])
            for i in range(len(break_even.overheads_usd_per_year))
        ]
        required = min(at_centre), max(at_centre)
    title = headline(
        title_of(tally, year, ratio, required, run.bloc_names), say("Humanoids shipped a year by maker")
    )
    us, cn = run.bloc_names["us"], run.bloc_names["cn"]
    subtitle = say(
        "Humanoids shipped in each calendar year by makers of {us} (circle) and {cn} (square).", us=us, cn=cn
    )
    if run.worlds == 1:
        subtitle = f"{subtitle} {say('Line: the one sampled world.')}"
    else:
        how = say(
            "Lines: medians of {sample}; bands: 50 and 90\u202f% of worlds, all makers; labels: median and "
            "90\u202f% range.",
            sample=run.sample,
        )
        subtitle = f"{subtitle} {how}"
    drawn = of_series(observed, [f"{QUANTITY}.{key}" for key in expressions])
    notes = [
        say("Shipped is not working: pilots and stock count as shipped."),
        say("A maker without shipments lies on the baseline."),
    ]
    if break_even is not None:
        notes.append(
            say(
                "Right: price of an AgiBot {price}, yearly capital and maintenance {share}\u202f% of it; "
                "overhead, energy and supervision per robot as labelled. Shaded: price ratio {low} to "
                "{high}, line at {central}.",
                price=dollars(number(break_even.price_agibot_usd)),
                share=number(100.0 * break_even.capital_factor_per_year),
                low=number(break_even.price_ratio_low),
                high=number(break_even.price_ratio_high),
                central=number(break_even.price_ratio_central),
            )
            + (f" ({say_known(break_even.source)})." if break_even.source else "")
        )
    policies = PolicyStrip(run)
    footer = run.footer(*notes, policies.note, observed=drawn)
    page = Page(title, subtitle, footer, 5.2 + policies.inches)
    rows: list[Row] = []
    sentences: list[str] = []
    left, top, height = 0.95, 0.5, 4.2
    width = 3.55 if break_even is not None else 6.6
    heading(page, left, top - 0.28, say("Shipments by maker"))
    page.text(left, top - 0.08, say("robots a year, each step ten times the last"), colour=MUTED, va="bottom")
    axes = page.axes(left, top, width, height)
    span = time_span(run, drawn)
    high = max(
        [
            *(float(v) for fan in fans.values() for v in fan.values["q95"] if np.isfinite(v)),
            *(point.high for point in drawn),
            100.0,
        ]
    )
    axes.set_yscale("log")
    decades = int(np.ceil(np.log10(high)))
    axes.set_ylim(1.0, 10.0**decades)
    axes.set_yticks([10.0**d for d in range(decades + 1)], [_decade(d) for d in range(decades + 1)])
    axes.minorticks_off()
    time_axis(axes, span, width)
    mark_history(axes, run, span, worded=True)
    labels = []
    for maker in ("world", *makers):
        fan = fans[maker]
        colour = INK if maker == "world" else BLOC_COLOURS[blocs[maker]]
        name = say("All makers") if maker == "world" else shown(maker)
        if fan.x.size:
            marker = "D" if maker == "world" else BLOC_MARKERS[blocs[maker]]
            draw_fan(
                axes,
                _above(fan, 1.0),
                colour,
                f"shipments/{maker}",
                bands=maker == "world",
                marker=marker,
                width_pt=2.4 if maker == "world" else 1.5,
            )
        rows += fan.rows("shipments", maker, UNIT)
        rows += draw_observed(
            axes, of_series(drawn, [f"{QUANTITY}.{maker}"]), colour, "shipments", maker, UNIT
        )
        label = end_label(fan, "", colour, ROBOTS)
        # The name on the first line, all numbers on the second.
        numbers = " ".join([label.head, *(f"({line})" for line in label.lines)])
        labels.append(EndLabel(max(1.0, label.y), name, (numbers,), colour))
        sentences.append(end_sentence(say("Shipments"), name, fan, ROBOTS))
    x_end = float(fans["world"].x[-1]) if fans["world"].x.size else None
    end_labels(page, axes, labels, x_data=x_end)
    if break_even is not None:
        rows += _break_even_panel(page, break_even, 6.85, top, 2.2, height, sentences)
    moved, told = policies.draw(page, span, left, 5.15, 7.0)
    rows, sentences = rows + moved, sentences + told
    return Drawing(
        "robots", page.figure, rows, title, subtitle, footer, alternative(title, subtitle, sentences), drawn
    )


def _decade(exponent: int) -> str:
    """Write a power of ten in words that fit an axis."""
    thousands, rest = divmod(exponent, 3)
    suffix = ("", "k", "M", "bn", "tn")[min(thousands, 4)]
    return f"{10**rest} {say(suffix)}" if suffix else str(10**rest)


def _break_even_panel(
    page: Page, case: BreakEven, left: float, top: float, width: float, height: float, sentences: list[str]
) -> list[Row]:
    """Draw the break-even efficiency ratio of one Optimus over the price ratio, one curve per overhead."""
    heading(page, left, top - 0.28, say("Break-even of one Optimus"))
    page.text(left, top - 0.08, say("efficiency it needs, in AgiBots"), colour=MUTED, va="bottom")
    low, high = case.price_ratio_low, case.price_ratio_high
    n = np.linspace(min(0.5, 0.9 * low), max(1.05 * high, 2.0), 81)
    axes = page.axes(left, top, width, height)
    axes.set_xlim(float(n[0]), float(n[-1]))
    curves = [_curve(case, i, n) for i in range(len(case.overheads_usd_per_year))]
    upper = float(np.ceil(max(float(curve.max()) for curve in curves)))
    axes.set_ylim(0.0, upper)
    ticks = range(0, int(upper) + 1, max(1, int(upper) // 5))
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    ticks = range(1, int(np.floor(n[-1])) + 1, max(1, int(n[-1]) // 5))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    page.text(
        left + width / 2.0,
        top + height + 0.26,
        say("price of one Optimus, in AgiBots"),
        colour=MUTED,
        ha="center",
    )
    axes.axvspan(low, high, color=PALE, linewidth=0, zorder=0)
    # The line stops below the words in the upper corner.
    axes.axvline(case.price_ratio_central, ymax=0.84, color=MUTED, linewidth=0.9, zorder=1)
    rows, labels = [], []
    for i, (overhead, curve) in enumerate(zip(case.overheads_usd_per_year, curves, strict=True)):
        name = dollars(number(overhead))
        axes.plot(n, curve, color=TEAL, linewidth=2.0, alpha=1.0, gid=f"break-even/{overhead:g}")
        labels.append(EndLabel(float(curve[-1]), name, (), TEAL))
        rows += [
            Row(
                "break-even",
                f"overhead {overhead:g} USD a year",
                "required efficiency ratio",
                f"{x:.6g}",
                float(y),
                "ratio",
                0,
            )
            for x, y in zip(n, curve, strict=True)
        ]
        middle = float(_curve(case, i, np.array([case.price_ratio_central]))[0])
        sentences.append(
            say(
                "Break-even at a price ratio of {ratio}, overheads {name} a year: {middle} times the "
                "efficiency.",
                ratio=number(case.price_ratio_central),
                name=name,
                middle=number(middle),
            )
        )
    end_labels(page, axes, labels)
    page.text(left + width + 0.1, top - 0.08, say("at overheads\na year of"), colour=TEAL, va="bottom")
    for statistic, value in (
        ("low", case.price_ratio_low),
        ("central", case.price_ratio_central),
        ("high", case.price_ratio_high),
    ):
        rows.append(Row("break-even", "price ratio", statistic, "", value, "ratio", 0))
    for x, y, words, across, up in (
        (0.04, 0.985, say("Optimus costs\nless per task"), "left", "top"),
        (0.97, 0.03, say("AgiBots cost\nless per task"), "right", "bottom"),
    ):
        halo(axes.text(x, y, words, transform=axes.transAxes, ha=across, va=up, fontsize=LABEL_PT))
    return rows
