"""Cards as text: a table, a page in Markdown, a tidy CSV. Verdicts and numbers come from the run alone."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from experiments.claims.cards import SECTIONS, WHO
from experiments.claims.pictures import strip
from experiments.claims.verdict import DEPENDS, FAILS_TO, HOLDS_FROM, OUTSIDE, VERDICTS, Verdict, number

TITLES: Final = {
    "energy": "Energy and the race as a whole",
    "assistants": "Assistants, chips and power",
    "robots": "Robots",
    "space": "Space",
    "conclusion": "Conclusion",
}
RULE: Final = (
    f"A mechanism is *supported* where its test holds in at least {HOLDS_FROM:.0%} of sampled worlds as the "
    f"headline asks and nowhere in {FAILS_TO:.0%} or less, over every other year, threshold or definition of "
    "leading; *contradicted* the other way round; else it *depends*, and the card says on what. A fact is "
    "judged by quoted figures: supported or contradicted where the whole range of the sources lies on one "
    "side, else it depends on which figure is taken. *Outside the model* says why nothing here can tell."
)
LEGEND: Final = (
    "In the pictures ● is the headline or the figure, ─ the range (over years, thresholds and definitions; "
    "over sources), ░ what is called close, │ what is claimed."
)


HEADS: Final = "| | claim | kind | verdict | measured | |"
RULER: Final = "|--:|---|---|---|---|---|"


def counts(verdicts: Sequence[Verdict]) -> str:
    """Return how many cards have each verdict."""
    return ", ".join(f"{sum(one.word == word for one in verdicts)} {word}" for word in VERDICTS)


def measured(verdict: Verdict) -> str:
    """Return what was measured, in a few words."""
    if verdict.word == OUTSIDE:
        return ""
    if verdict.measured:
        return "; ".join(ranged(one.value, one.low, one.high) for one in verdict.measured)
    low, high = verdict.range
    return f"{verdict.share:.0%} ({low:.0%}–{high:.0%}) of {verdict.worlds} worlds"


def ranged(value: float, low: float, high: float) -> str:
    """Return a figure with its range, if it has one."""
    return number(value) if low == high else f"{number(value)} ({number(low)}–{number(high)})"


def table(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the lines of a table for a terminal."""
    rows = [(str(one.card.number), one.word, measured(one), strip(one), one.card.claim) for one in verdicts]
    wide = [max(len(row[at]) for row in rows) for at in range(2)]
    return [
        f"{row[0]:>{wide[0]}}  {row[1]:<{wide[1]}}  {_shortened(row[4], 56):<56}  {row[2]}".rstrip()
        for row in rows
    ]


def card_lines(verdict: Verdict) -> list[str]:
    """Return all that a card says, as items of a list in Markdown."""
    card = verdict.card
    lines = [f"- **{verdict.word}**{f' on {verdict.on}' if verdict.word == DEPENDS else ''}"]
    if verdict.word == OUTSIDE:
        lines.append(f"- why: {verdict.on}")
    if card.asks:
        lines.append(f"- asked: {card.asks}")
    for one in verdict.measured:
        for figure in one.part.figures:
            shown = f"{ranged(figure.value, figure.low, figure.high)} {figure.unit}"
            lines.append(f"- {figure.what}: {shown}; {figure.source}")
    if verdict.measured:
        lines.append(f"- against what is claimed: {measured(verdict)}")
    if verdict.variants:
        headline = verdict.variants[0]
        arms = [f"{name} `{settings}`" for name, settings in card.arms.items()]
        lines.append(f"- experiment: {card.experiment}")
        lines.append(f"- arms: {'; '.join(['base', *arms])}")
        lines.append(
            f"- holds in {measured(verdict)}; 95 % interval {verdict.low_95:.0%}–"
            f"{verdict.high_95:.0%}; headline {headline.year}{f', {headline.way}' if headline.way else ''}"
        )
    if verdict.mirror is not None:
        mirror = verdict.mirror
        lines.append(
            f"- mirror: the same of the other bloc holds in {mirror.share:.0%} of {mirror.worlds} worlds"
        )
    if card.conditions:
        lines.append(f"- conditions: {card.conditions}")
    lines.append(f"- against it: {card.counter} (rests on: {card.rests_on})")
    lines.append(f"- variable: `{card.variable}`")
    return lines


def page(verdicts: Sequence[Verdict], made_by: str) -> str:
    """Return the page of cards in Markdown."""
    subtitle = "What the article claims, sentence by sentence, and what comes of it here."
    lines = ["# Claims", "", subtitle, "", made_by, "", RULE, "", LEGEND, ""]
    lines.append(f"**{len(verdicts)} cards: {counts(verdicts)}.**")
    for section in SECTIONS:
        held = [one for one in verdicts if one.card.section == section]
        if not held:
            continue
        lines += ["", f"## {TITLES[section]}", "", HEADS, RULER]
        for one in held:
            picture = f"`{strip(one)}`" if strip(one) else ""
            cells = (
                str(one.card.number), one.card.claim, one.card.kind, f"**{one.word}**",
                measured(one), picture.replace("|", "│"),
            )  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
        for one in held:
            lines += ["", f"### {one.card.number}. {one.card.claim}", "", f"Said by {WHO[one.card.who]}.", ""]
            lines += card_lines(one)
    lines += ["", "A share counts sampled worlds of one model; it is no forecast."]
    return "\n".join(lines) + "\n"


def write_csv(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write a row a card and way to ask: a share of worlds, or a figure."""
    heads = ("claim", "kind", "verdict", "year", "way", "value", "low", "high", "worlds")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        for one in verdicts:
            card = (one.card.number, one.card.kind, one.word)
            for way in one.variants:
                writer.writerow(
                    (*card, way.year, way.way, _six(way.answers.share), "", "", way.answers.worlds)
                )
            for part in one.measured:
                writer.writerow(
                    (*card, "", part.part.asks, _six(part.value), _six(part.low), _six(part.high), "")
                )
            if one.word == OUTSIDE:
                writer.writerow((*card, "", "", "", "", "", ""))


def _six(value: float) -> str:
    return f"{value:.6g}"


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
