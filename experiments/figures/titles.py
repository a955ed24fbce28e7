"""Title templates: sentences filled from counts, which know ties, single worlds and "no clear difference".

A title says "in x % of sampled worlds" and "leads"; it never speaks of winning, nor of real-world chances.
Every template treats the two blocs alike: swapping the data swaps the names.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from experiments.figures.forms import dollars, month_name, number, percent, percent_pair
from experiments.figures.manner import say

BLOC_NAMES: Final = {"us": "US + allies", "cn": "China"}
SITE_PHRASES: Final = {
    "us": "in the United States",
    "allies": "in the allied countries",
    "cn": "in China",
    "row": "in the rest of the world",
}
PLURAL: Final = frozenset({"US + allies", "USA + Verbündete", "die USA"})
Z_95: Final = 1.959963984540054


class Tally(NamedTuple):
    """Count sampled worlds by who leads; `other` holds the mixed and the open ones."""

    us: int
    other: int
    cn: int

    @property
    def worlds(self) -> int:
        """Return the number of worlds counted."""
        return self.us + self.other + self.cn


def verb(name: str, plural: str, singular: str) -> str:
    """Choose the verb form for a bloc or site name."""
    return plural if name in PLURAL else singular


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a share (Wilson 1927); 0 to 1 without trials."""
    if trials <= 0.0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1.0 + Z_95**2 / trials
    centre = (share + Z_95**2 / (2.0 * trials)) / scale
    half = Z_95 / scale * math.sqrt(share * (1.0 - share) / trials + Z_95**2 / (4.0 * trials**2))
    # At none and all the limits are exactly 0 and 1; the square root leaves a rounding error there.
    low = 0.0 if successes <= 0.0 else max(0.0, centre - half)
    high = 1.0 if successes >= trials else min(1.0, centre + half)
    return low, high


def is_clear(first: float, second: float, trials: float) -> bool:
    """Say whether two shares of the same worlds differ beyond 95 % sampling error.

    One world is added to each class first, so that a handful of equal worlds is not called clear
    (the idea of Agresti and Caffo 2000, applied to the difference of two classes of a multinomial).
    """
    total = trials + 3.0
    a, b = (first + 1.0) / total, (second + 1.0) / total
    difference = a - b
    error = math.sqrt(max(0.0, (a + b - difference**2) / total))
    return abs(difference) > Z_95 * error


def two_sided(
    tally: Tally,
    *,
    plural: str,
    singular: str,
    when: str,
    topic: str,
    neither: str,
    names: Mapping[str, str] = BLOC_NAMES,
) -> str:
    """Compare how often each bloc does something: "China leads users in 2040 in 61 % of sampled worlds, ...".

    `plural` and `singular` are the predicate ("lead users", "leads users"), `topic` names the subject of
    "no clear difference in", `neither` the predicate of "neither bloc".
    """
    us, cn = names["us"], names["cn"]
    counts = {us: tally.us, cn: tally.cn}
    if tally.worlds == 0:
        return say("No sampled world has a value for {topic} {when}", topic=topic, when=when)
    first, second = sorted(counts, key=lambda name: -counts[name])
    predicate = verb(first, plural, singular)
    if tally.us == tally.cn == 0:
        if tally.worlds == 1:
            return say("In the one sampled world neither bloc {neither} {when}", neither=neither, when=when)
        return say("Neither bloc {neither} {when} in any sampled world", neither=neither, when=when)
    if tally.worlds == 1:
        return say(
            "In the one sampled world {first} {predicate} {when}",
            first=first,
            predicate=predicate,
            when=when,
        )
    if tally.us == tally.cn:
        return say(
            "No clear difference in {topic}: each bloc {singular} {when} in {share} of sampled worlds",
            topic=topic,
            singular=singular,
            when=when,
            share=percent(tally.us / tally.worlds),
        )
    share_first, share_second = percent_pair(counts[first] / tally.worlds, counts[second] / tally.worlds)
    sentence = say(
        "{first} {predicate} {when} in {share_first} of sampled worlds, {second} in {share_second}",
        first=first,
        predicate=predicate,
        when=when,
        share_first=share_first,
        second=second,
        share_second=share_second,
    )
    if not is_clear(tally.us, tally.cn, tally.worlds):
        return say("No clear difference in {topic}: {sentence}", topic=topic, sentence=sentence)
    return sentence


def leads(what: str, when: str, tally: Tally, names: Mapping[str, str] = BLOC_NAMES) -> str:
    """Say how often each bloc leads a dimension: `what` follows the verb ("monthly users worldwide")."""
    return two_sided(
        tally,
        plural=say("lead {what}", what=what),
        singular=say("leads {what}", what=what),
        when=when,
        topic=what,
        neither=say("leads {what}", what=what),
        names=names,
    )


def outcome(
    headline: Tally, when: str, definitions: Mapping[str, Tally], names: Mapping[str, str] = BLOC_NAMES
) -> str:
    """Say who leads overall how often, and how many definitions point the same way."""
    sentence = two_sided(
        headline,
        plural=say("lead overall"),
        singular=say("leads overall"),
        when=when,
        topic=say("the overall lead"),
        neither=say("leads overall"),
        names=names,
    )
    if headline.us == headline.cn or headline.worlds < 2 or len(definitions) < 2:
        return sentence
    sign = headline.us > headline.cn
    same = sum(1 for tally in definitions.values() if tally.us != tally.cn and (tally.us > tally.cn) == sign)
    total = len(definitions)
    if same == total:
        points = say("all {total} definitions point the same way", total=total)
    elif same == 1:
        points = say("{same} of {total} definitions points that way", same=same, total=total)
    else:
        points = say("{same} of {total} definitions point that way", same=same, total=total)
    return f"{sentence}; {points}"


def powered_compute(
    more: Tally, medians_gw: Mapping[str, float], month: str, names: Mapping[str, str] = BLOC_NAMES
) -> str:
    """Say whose data centres run on more power, and on how much (S5)."""
    sentence = two_sided(
        more,
        plural=say("power more data centres"),
        singular=say("powers more data centres"),
        when=in_month(month),
        topic=say("powered data centres"),
        neither=say("powers more data centres than the other"),
        names=names,
    )
    if not (math.isfinite(medians_gw["us"]) and math.isfinite(medians_gw["cn"])):
        return sentence
    us, cn = number(medians_gw["us"], 2), number(medians_gw["cn"], 2)
    medians_of = "" if more.worlds == 1 else say("medians: ")
    return f"{sentence} ({medians_of}{names['us']} {us} GW, {names['cn']} {cn} GW)"


def in_month(month: str) -> str:
    """Write "in December 2040"."""
    return say("in {month}", month=month_name(month))


def in_year(year: int) -> str:
    """Write "in 2040"."""
    return say("in {year}", year=year)


def most_often(counts: Mapping[str, int], worlds: int, ties: int) -> tuple[str | None, str | None, bool]:
    """Rank names by the worlds in which they come first: (first, second, clear).

    `first` is None where nobody is first more often than any name, or two names are first equally often.
    """
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    first = ranked[0]
    second = ranked[1] if len(ranked) > 1 else None
    if (
        counts[first] == 0
        or counts[first] <= ties
        or (second is not None and counts[second] == counts[first])
    ):
        return None, second, False
    clear = second is None or worlds == 1 or is_clear(counts[first], counts[second], worlds)
    return first, second, clear


def power_queue(
    queue: Mapping[str, int], queue_ties: int, price: Mapping[str, int], price_ties: int, month: str
) -> str:
    """Say where the grid queue is longest and where power is cheapest, in how many of the sampled worlds.

    `queue` and `price` count worlds by the site that comes first alone.
    """
    parts, tied = [], 0
    for counts, ties, what in (
        (queue, queue_ties, say("the longest grid queue")),
        (price, price_ties, say("the cheapest power")),
    ):
        worlds = sum(counts.values()) + ties
        first, second, clear = most_often(counts, worlds, ties)
        if first is None:
            tied += 1
            parts.append(say("no one site has {what} most often", what=what))
            continue
        place = in_place(first)
        if worlds == 1:
            parts.append(say("{what} is {place}", what=what, place=place))
        elif not clear and second is not None:
            one, two = percent_pair(counts[first] / worlds, counts[second] / worlds)
            parts.append(
                say(
                    "no clear difference in where {what} is ({place} {one}, {other} {two} of sampled worlds)",
                    what=what,
                    place=place,
                    one=one,
                    other=in_place(second),
                    two=two,
                )
            )
        else:
            share = percent(counts[first] / worlds)
            parts.append(
                say("{what} is {place} in {share} of sampled worlds", what=what, place=place, share=share)
            )
    when = month_name(month)
    if tied == len(parts):
        return say(
            "In {when} no one site has the longest grid queue or the cheapest power most often", when=when
        )
    return say("In {when} {one}; {two}", when=when, one=parts[0], two=parts[1])


def in_place(site: str) -> str:
    """Write where a site is: "in the rest of the world"."""
    return say(SITE_PHRASES[site]) if site in SITE_PHRASES else say("in {place}", place=site)


def prices_runway(
    prices: Mapping[str, float],
    shortest: Mapping[str, float],
    short_months: float,
    month: str,
    names: Mapping[str, str] = BLOC_NAMES,
) -> str:
    """Say what a subscription costs in each bloc and how many labs' median runway falls short.

    `prices` is the median price per bloc, `shortest` the lowest monthly median runway of each lab.
    """
    low = sum(1 for value in shortest.values() if value < short_months)
    labs = len(shortest)
    limit = say("{months} months", months=number(short_months))
    if low == 0:
        runway = say("no lab's median runway falls below {limit}", limit=limit)
    elif low == labs:
        runway = say("every lab's median runway falls below {limit} at some time", limit=limit)
    else:
        runway = say(
            "the median runway of {low} of {labs} labs falls below {limit} at some time",
            low=low,
            labs=labs,
            limit=limit,
        )
    us, cn = (
        dollars(number(prices[bloc])) if math.isfinite(prices[bloc]) else say("no price")
        for bloc in ("us", "cn")
    )
    if us == cn:
        price = say("the median subscription is {us} a month for both blocs", us=us)
    else:
        price = say(
            "the median subscription is {us} a month for {bloc} and {cn} for {other}",
            us=us,
            bloc=names["us"],
            cn=cn,
            other=names["cn"],
        )
    return say("In {when} {one}; {two}", when=month_name(month), one=price, two=runway)


def robots(
    more: Tally,
    year: int | None,
    ratio: float | None,
    required: tuple[float, float] | None,
    names: Mapping[str, str] = BLOC_NAMES,
) -> str:
    """Say whose makers ship more humanoids, and which efficiency breaks even at the central price (S9.4)."""
    if year is None:
        sentence = say("The run holds no full calendar year of humanoid shipments")
    else:
        sentence = two_sided(
            more,
            plural=say("ship more humanoids"),
            singular=say("ships more humanoids"),
            when=in_year(year),
            topic=say("humanoids shipped"),
            neither=say("ships more humanoids than the other"),
            names=names,
        )
    if ratio is None or required is None:
        return sentence
    low, high = (number(value) for value in required)
    span = low if low == high else say("{low} to {high}", low=low, high=high)
    needs = say(
        "at {ratio} times the price one Optimus needs {span} times the efficiency to break even",
        ratio=number(ratio),
        span=span,
    )
    return f"{sentence}; {needs}"


def binding(shares: Mapping[str, Mapping[str, float]], names: Mapping[str, str] = BLOC_NAMES) -> str:
    """Say which constraint binds each bloc in most world-months, e.g. shares["us"]["power"] = 0.62."""
    parts: list[tuple[str, str]] = []
    for bloc in ("us", "cn"):
        top = max(shares[bloc].values())
        tied = sorted(name for name, share in shares[bloc].items() if share == top)
        parts.append((_binds(tied), percent(top)))
    (one, share_one), (two, share_two) = parts
    us, cn = names["us"], names["cn"]
    if one == two:
        sentence = say(
            "{one} both blocs most often: {us} in {share_one} and {cn} in {share_two} of world-months",
            one=one,
            us=us,
            share_one=share_one,
            cn=cn,
            share_two=share_two,
        )
    else:
        sentence = say(
            "{one} {us} in {share_one} of world-months, {two} {cn} in {share_two}",
            one=one,
            us=us,
            share_one=share_one,
            two=two,
            cn=cn,
            share_two=share_two,
        )
    return sentence[0].upper() + sentence[1:]


def _binds(constraints: Sequence[str]) -> str:
    """Write the subject and verb for one constraint or several equally frequent ones."""
    if constraints == ["none"]:
        return say("no constraint binds")
    listed = [constraint(name) for name in constraints]
    if len(listed) > 1:
        return say("equally often {first} or {last} binds", first=", ".join(listed[:-1]), last=listed[-1])
    if constraints[0] in ("chips", "parts"):
        return say("{name} bind", name=listed[0])
    return say("{name} binds", name=listed[0])


def constraint(name: str) -> str:
    """Return the name of a constraint."""
    return say("no constraint" if name == "none" else name)
