"""The figure of paired effects: each level against its factor's first, in the same worlds."""

from collections.abc import Mapping
from typing import Any

from experiments.figures.bars import MOST_ROWS, amount, bars, colours, sample, tick_text, unit_words, what
from experiments.figures.fan import Drawing, nice_ticks
from experiments.figures.forms import number
from experiments.figures.manner import headline, say
from experiments.figures.origin import Origin
from experiments.figures.style import INK


def tornado(result: Mapping[str, Any], made: Origin) -> Drawing:
    """Draw the effect of every level with its 95 % interval, the largest on top."""
    shown = list(result["rows"])[:MOST_ROWS]
    form, name = amount(result), what(result)
    top = shown[0]
    values = {"factor": label(top), "what": name, "effect": form(top["effect"])}
    clear = top["low"] > 0.0 or top["high"] < 0.0
    title = headline(
        say("{factor} moves {what} most: by {effect}", **values)
        if clear
        else say("Nothing varied here clearly moves {what}", what=name),
        say("What moves {what}", what=name),
    )
    subtitle = say(
        "{title}. Mean difference from each factor's first level, the same worlds on both sides, other "
        "factors as they come; lines: 95\u202f% intervals over worlds. {sample}.",
        title=result["title"],
        sample=sample(result),
    )
    footer = made.footer(
        say("Right of the line: more of it; left: less. At the right, pairs of runs that differ at all.")
    )
    widest = max(max(abs(row["low"]), abs(row["high"]), abs(row["effect"])) for row in shown) or 1.0
    figure = bars(title, subtitle, footer, [label(row) for row in shown], (-1.1 * widest, 1.1 * widest))
    panel, axes = figure.panel, figure.axes
    up, down = colours(result)
    axes.axvline(0.0, color=INK, linewidth=0.9)
    for place, row in enumerate(shown):
        y, effect = panel.places[place], float(row["effect"])
        axes.barh(
            y,
            effect,
            height=0.52,
            color=up if effect > 0.0 else down,
            linewidth=0,
            gid=f"effect/{label(row)}",
        )
        axes.plot([row["low"], row["high"]], [y, y], color=INK, linewidth=1.3, gid=f"interval/{label(row)}")
        share = f"{number(row['pairs_changed'], 9)}/{number(row['pairs'], 9)}"
        panel.say(place, share)
        numbers = {key: row[key] for key in ("effect", "low", "high", "pairs_changed", "pairs")}
        figure.add("effects", label(row), numbers, name, int(result["worlds"]))
        figure.sentences.append(
            say(
                "{factor}: {effect}, 95 % interval {low} to {high}; {changed} of {pairs} pairs differ.",
                factor=label(row),
                effect=form(effect),
                low=form(float(row["low"])),
                high=form(float(row["high"])),
                changed=number(row["pairs_changed"], 9),
                pairs=number(row["pairs"], 9),
            )
        )
    positive = nice_ticks(widest, 2)
    ticks = [*(-tick for tick in reversed(positive[1:])), *positive]
    ticks = [tick for tick in ticks if abs(tick) <= 1.1 * widest]
    return figure.drawing("effects", {tick: tick_text(result, tick) for tick in ticks}, unit_words(result))


def label(row: Mapping[str, Any]) -> str:
    """Name a level against its factor's first."""
    return f"{row['factor']} {_short(row['from'])} → {_short(row['to'])}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
