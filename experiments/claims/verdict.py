"""From what was measured to a verdict: one rule for figures, one for sampled worlds, none typed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np

from experiments.claims.cards import Card, Figure, Part
from experiments.claims.measures import Answers, Variant, Worlds, ask, variants
from experiments.config.errors import show
from experiments.runs.summary import wilson
from sim.units import Array, BoolArray

SUPPORTED, CONTRADICTED, DEPENDS, OUTSIDE = "supported", "contradicted", "depends", "outside the model"
VERDICTS: Final = (SUPPORTED, CONTRADICTED, DEPENDS, OUTSIDE)
HOLDS_FROM: Final = 0.6
FAILS_TO: Final = 0.4
"""Between them a share of worlds is called close, as in every figure (judgement)."""
LEAST_WORLDS: Final = 8
"""Fewer worlds that can tell are too few to tell from (judgement)."""
COUNTS_FROM: Final = 1000.0
"""From here on a figure is a count, and is shown in full."""
SPLIT_ERROR: Final = 0.05
"""Chance of naming any parameter at all where none matters."""


@dataclass(frozen=True)
class Verdict:
    """What came of a card."""

    card: Card
    word: str
    on: str
    """What it depends on, or why it lies outside; empty else."""
    share: float = float("nan")
    """Of a mechanism: share of worlds in which the test holds, as the headline asks."""
    low_95: float = float("nan")
    high_95: float = float("nan")
    worlds: int = 0
    mirror: Answers | None = None
    """The same asked of the other bloc."""
    variants: tuple[Variant, ...] = ()
    measured: tuple["Measured", ...] = ()

    @property
    def range(self) -> tuple[float, float]:
        """Return the lowest and highest share over definitions or thresholds and horizons."""
        shares = [one.answers.share for one in told(self.variants)]
        return (min(shares), max(shares)) if shares else (float("nan"), float("nan"))


@dataclass(frozen=True)
class Measured:
    """One part of a fact card: what its figures come to, and how it stands to the threshold."""

    part: Part
    value: float
    low: float
    high: float
    word: str


def judge(card: Card, worlds: Worlds | None) -> Verdict:
    """Return a card's verdict; a mechanism needs sampled worlds."""
    if card.kind == "outside":
        return Verdict(card, OUTSIDE, card.why)
    if card.kind == "fact":
        return judge_fact(card)
    assert worlds is not None
    verdict = judge_mechanism(card, variants(card, worlds), worlds.drawn())
    if card.mirror is None:
        return verdict
    headline = verdict.variants[0]
    return replace(verdict, mirror=ask(card, card.mirror, worlds, headline.year, headline.way))


# ---- figures ------------------------------------------------------------------------------------------


def judge_fact(card: Card) -> Verdict:
    """Return the verdict of quoted figures: on all parts alike, else it depends on which part or figure."""
    measured = tuple(measure(part) for part in card.parts)
    words = {one.word for one in measured}
    if len(words) == 1 and DEPENDS not in words:
        return Verdict(card, words.pop(), "", measured=measured)
    on = []
    for one in measured:
        if one.word == DEPENDS:
            on.append(f"{one.part.asks}: which figure of {number(one.low)} to {number(one.high)} is taken")
        elif len(words) > 1:
            on.append(f"{one.part.asks}: {one.word}")
    return Verdict(card, DEPENDS, "; ".join(on), measured=measured)


def measure(part: Part) -> Measured:
    """Return what a part's figures come to, with the ends of their ranges, and its verdict."""
    value, low, high = joined(part.join, part.figures)
    return Measured(part, value, low, high, judged(part, value, low, high))


def joined(join: str, figures: Sequence[Figure]) -> tuple[float, float, float]:
    """Return one number from figures, and the least and the largest that their ranges allow."""
    first, rest = figures[0], figures[1:]
    if join == "ratio":
        other = rest[0]
        return first.value / other.value, first.low / other.high, first.high / other.low
    if join == "share":
        value = first.value / (first.value + sum(one.value for one in rest))
        low = first.low / (first.low + sum(one.high for one in rest))
        return value, low, first.high / (first.high + sum(one.low for one in rest))
    return first.value, first.low, first.high


def judged(part: Part, value: float, low: float, high: float) -> str:
    """Return how a number with a range stands to what is claimed of it.

    Near: what is claimed lies within the tolerance of the value; it fails outside the range and tolerance.
    """
    if part.rule == "near":
        if abs(part.threshold - value) <= part.tolerance * abs(value):
            return SUPPORTED
        inside = low * (1.0 - part.tolerance) <= part.threshold <= high * (1.0 + part.tolerance)
        return DEPENDS if inside else CONTRADICTED
    sign = 1.0 if part.rule == "above" else -1.0
    ends = [sign * (end - part.threshold) >= 0.0 for end in (low, high)]
    return SUPPORTED if all(ends) else DEPENDS if any(ends) else CONTRADICTED


# ---- sampled worlds -----------------------------------------------------------------------------------


def judge_mechanism(card: Card, found: Sequence[Variant], drawn: Mapping[str, Array]) -> Verdict:
    """Return the verdict of sampled worlds.

    Supported where the test holds in at least 60 % of worlds as the headline asks and in no other year,
    definition or threshold in 40 % or less; contradicted the other way round; else it depends.
    """
    headline = found[0]
    share, worlds = headline.answers.share, headline.answers.worlds
    if worlds < LEAST_WORLDS:
        on = f"only {worlds} of {headline.answers.counts.size} worlds can tell"
        return Verdict(card, DEPENDS, on, share, worlds=worlds, variants=tuple(found))
    low_95, high_95 = wilson(share, worlds)
    word = word_of(share, [one.answers.share for one in told(found)])
    on = depends_on(found, drawn) if word == DEPENDS else ""
    return Verdict(card, word, on, share, low_95, high_95, worlds, variants=tuple(found))


def word_of(share: float, shares: Sequence[float]) -> str:
    """Return the verdict of the headline's share and of all."""
    if share >= HOLDS_FROM and min(shares) > FAILS_TO:
        return SUPPORTED
    if share <= FAILS_TO and max(shares) < HOLDS_FROM:
        return CONTRADICTED
    return DEPENDS


def told(found: Sequence[Variant]) -> list[Variant]:
    """Return the variants in which enough worlds can tell."""
    return [one for one in found if one.answers.worlds >= LEAST_WORLDS]


def depends_on(found: Sequence[Variant], drawn: Mapping[str, Array]) -> str:
    """Say what a verdict depends on: the year, the definition or threshold, else a parameter or the world."""
    on = []
    headline, usable = found[0], told(found)
    by_year = {str(one.year): one.answers.share for one in usable if one.way == headline.way}
    by_way = {one.way: one.answers.share for one in usable if one.year == headline.year}
    for what, shares in (("the year", by_year), ("the definition or threshold", by_way)):
        if min(shares.values()) <= FAILS_TO and max(shares.values()) >= HOLDS_FROM:
            on.append(f"{what} ({', '.join(f'{key}: {share:.0%}' for key, share in sorted(shares.items()))})")
    if not on:
        least, most = (pick(usable, key=lambda one: one.answers.share) for pick in (min, max))
        if least.answers.share <= FAILS_TO and most.answers.share >= HOLDS_FROM:
            ends = (f"{one.answers.share:.0%} in {one.year} by {one.way}" for one in (least, most))
            on.append(f"year and definition or threshold together ({', '.join(ends)})")
    driver = strongest_split(headline.answers.holds, headline.answers.counts, drawn)
    if driver:
        key, low, high = driver
        on.append(f"{key} (holds in {low:.0%} of worlds in its lower half, {high:.0%} in its upper)")
    return (
        "; ".join(on) or f"the world: it holds in {headline.answers.share:.0%}, and no one key tells in which"
    )


def strongest_split(
    holds: BoolArray, counts: BoolArray, drawn: Mapping[str, Array]
) -> tuple[str, float, float] | None:
    """Return the drawn number whose lower and upper half differ most, with both shares, if beyond chance.

    Beyond what the largest of as many differences reaches by luck (Bonferroni): among hundreds of parameters
    some always seem to matter.
    """
    if not drawn or not counts.any():
        return None
    share, worlds = float(holds[counts].mean()), int(counts.sum())
    score = NormalDist().inv_cdf(1.0 - SPLIT_ERROR / (2.0 * len(drawn)))
    least = score * 2.0 * float(np.sqrt(share * (1.0 - share) / worlds))
    best: tuple[str, float, float] | None = None
    for key, values in drawn.items():
        upper = values > np.median(values[counts])
        if not ((counts & upper).any() and (counts & ~upper).any()):
            continue
        low, high = float(holds[counts & ~upper].mean()), float(holds[counts & upper].mean())
        if abs(high - low) > (least if best is None else abs(best[2] - best[1])):
            best = (key, low, high)
    return best


def number(value: float) -> str:
    """Return a figure in three digits, counts in full.

    >>> number(0.06871), number(5168.0), number(13317.0)
    ('0.0687', '5,168', '13,317')
    """
    return f"{value:,.0f}" if abs(value) >= COUNTS_FROM else show(float(f"{value:.3g}"))
