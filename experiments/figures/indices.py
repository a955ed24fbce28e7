"""The figures of indices: elementary effects (Morris), and shares of variance alone and in all (Sobol)."""

from collections.abc import Mapping
from typing import Any

from experiments.figures.bars import MOST_ROWS, amount, bars, colours, sample, tick_text, unit_words, what
from experiments.figures.fan import Drawing, nice_ticks
from experiments.figures.forms import number, percent
from experiments.figures.manner import headline, say
from experiments.figures.origin import Origin
from experiments.figures.style import INK, TEAL, WHITE


def elementary(result: Mapping[str, Any], made: Origin) -> Drawing:
    """Draw the mean size of every factor's elementary effects with its interval, and their spread."""
    shown = list(result["rows"])[:MOST_ROWS]
    name, form = what(result), amount(result)
    title = headline(
        say(
            "{factor} moves {what} most: by {size} over its range",
            factor=shown[0]["factor"],
            what=name,
            size=form(float(shown[0]["mean_size"])),
        ),
        say("What moves {what}", what=name),
    )
    subtitle = say(
        "{title}. Bars: mean size of a factor's effect over its whole range (Morris); lines: 95\u202f% "
        "intervals; circles: spread, which comes of bends and of other factors. {sample}.",
        title=result["title"],
        sample=sample(result),
    )
    footer = made.footer(
        say("Colour and sign at the right: the mean effect, whether it raises it or lowers it.")
    )
    widest = max(max(row["mean_size"] + row["mean_size_half_width"], row["spread"]) for row in shown) or 1.0
    figure = bars(title, subtitle, footer, [row["factor"] for row in shown], (0.0, 1.08 * widest))
    up, down = colours(result)
    for place, row in enumerate(shown):
        y, size, half = (
            figure.panel.places[place],
            float(row["mean_size"]),
            float(row["mean_size_half_width"]),
        )
        figure.axes.barh(
            y,
            size,
            height=0.5,
            color=up if row["mean"] > 0.0 else down,
            linewidth=0,
            gid=f"size/{row['factor']}",
        )
        figure.axes.plot([max(0.0, size - half), size + half], [y, y], color=INK, linewidth=1.3)
        figure.axes.plot(
            row["spread"],
            y,
            "o",
            markersize=5.0,
            markerfacecolor=WHITE,
            markeredgecolor=INK,
            linestyle="none",
        )
        mean = tick_text(result, float(row["mean"]))
        figure.panel.say(place, f"+{mean}" if row["mean"] > 0.0 and mean != "0" else mean)
        numbers = {key: row[key] for key in ("mean", "mean_size", "mean_size_half_width", "spread")}
        figure.add("morris", row["factor"], numbers, name, int(result["worlds"]))
        figure.sentences.append(
            say(
                "{factor}: mean size {size} ± {half}, mean {mean}, spread {spread}.",
                factor=row["factor"],
                size=form(size),
                half=form(half),
                mean=form(float(row["mean"])),
                spread=form(float(row["spread"])),
            )
        )
    ticks = [tick for tick in nice_ticks(widest) if tick <= 1.08 * widest]
    return figure.drawing("morris", {tick: tick_text(result, tick) for tick in ticks}, unit_words(result))


def variances(result: Mapping[str, Any], made: Origin) -> Drawing:
    """Draw every factor's share of the variance, alone and with the others, with 95 % intervals."""
    shown = list(result["rows"])[:MOST_ROWS]
    name = what(result)
    title = headline(
        say(
            "{factor} has a part in {share} of the variance of {what}",
            factor=shown[0]["factor"],
            share=percent(float(shown[0]["total"])),
            what=name,
        ),
        say("What moves {what}", what=name),
    )
    subtitle = say(
        "{title}. Share of the variance that a factor explains alone (hollow) and with all others (full), "
        "Sobol indices with 95\u202f% intervals by bootstrap. {sample}.",
        title=result["title"],
        sample=sample(result),
    )
    footer = made.footer(say("Of the variance that the factors of this study make, and no other."))
    widest = max(1.0, max(row["total"] + row["total_half_width"] for row in shown))
    figure = bars(title, subtitle, footer, [row["factor"] for row in shown], (-0.05, 1.05 * widest))
    for place, row in enumerate(shown):
        for statistic, offset, fill in (("total", -0.14, TEAL), ("first", 0.14, WHITE)):
            y, value = figure.panel.places[place] + offset, float(row[statistic])
            half = float(row[f"{statistic}_half_width"])
            figure.axes.plot([value - half, value + half], [y, y], color=TEAL, linewidth=1.4)
            figure.axes.plot(
                value, y, "o", markersize=5.5, markerfacecolor=fill, markeredgecolor=TEAL, linestyle="none",
                gid=f"{statistic}/{row['factor']}",
            )  # fmt: skip
            numbers = {statistic: value, f"{statistic} half width": half}
            figure.add("sobol", row["factor"], numbers, "share", int(result["worlds"]))
        total, half = float(row["total"]), float(row["total_half_width"])
        figure.panel.say(place, f"{number(total, 2)} ± {number(half, 1)}")
        figure.sentences.append(
            say(
                "{factor}: alone {first} ± {first_half}, with all others {total} ± {half}.",
                factor=row["factor"],
                first=number(float(row["first"]), 2),
                first_half=number(float(row["first_half_width"]), 1),
                total=number(total, 2),
                half=number(half, 1),
            )
        )
    ticks = {tick: percent(tick) for tick in (0.0, 0.25, 0.5, 0.75, 1.0)}
    return figure.drawing("sobol", ticks, say("share of the variance"))
