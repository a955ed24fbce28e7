"""Read the cards: what is claimed, by whom, and how it is tested. A card holds no verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from experiments.config.errors import MISSING, ConfigError, nearest

FOLDER: Final = Path(__file__).parent / "cards"
KINDS: Final = ("fact", "mechanism", "outside")
WHO: Final = {"musk": "Musk, as the article quotes him", "author": "the article's author", "both": "both"}
SECTIONS: Final = ("energy", "assistants", "robots", "space", "conclusion")
RULES: Final = ("above", "below", "near")
"""What a figure is asked: whether it lies above or below a threshold, or near what is claimed."""
JOINS: Final = ("single", "ratio", "share")
"""How figures become one number: alone; the first over the second; the first over the sum of all."""
MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "level": ("of", "arm"),
    "effect": ("of", "arm", "against"),
    "stronger": ("of", "arm", "against", "than", "than_against"),
    "fades": ("of", "arm", "against", "since"),
    "largest": ("of", "among", "arm"),
    "leads": ("bloc", "arm"),
    "formula": ("of",),
}
"""What a test of sampled worlds can ask, and what it has to name."""
OPTIONS: Final = ("above", "below", "levels", "difference", "ever", "not", "definitions", "given")
BASE_ARM: Final = "base"


@dataclass(frozen=True)
class Figure:
    """A quoted figure, or one that conf holds with its source."""

    what: str
    value: float
    low: float
    high: float
    unit: str
    source: str


@dataclass(frozen=True)
class Part:
    """One thing that a fact card asks of figures."""

    asks: str
    rule: str
    threshold: float
    tolerance: float
    join: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Test:
    """What a mechanism card asks of each sampled world."""

    kind: str
    say: Mapping[str, Any]
    given: "Test | None"
    """Only worlds in which this holds count."""


@dataclass(frozen=True)
class Card:
    """A claim and its test."""

    number: int
    section: str
    claim: str
    who: str
    variable: str
    kind: str
    asks: str
    """The test in words: what would have to be so for the claim to hold."""
    counter: str
    rests_on: str
    """What the counter-view rests on: a source, this model's runs, or `judgement`."""
    why: str
    """Of an outside card, why nothing here can tell."""
    conditions: str
    experiment: str
    arms: Mapping[str, str]
    years: tuple[int, ...]
    """The headline's first."""
    test: Test | None
    mirror: Test | None
    """The same asked of the other bloc; it moves no verdict."""
    parts: tuple[Part, ...]


@cache
def read_cards(folder: Path = FOLDER) -> tuple[Card, ...]:
    """Return all cards in the order of their numbers.

    Raises: ConfigError naming the card and the key at fault.
    """
    from omegaconf import OmegaConf

    found = []
    for section in SECTIONS:
        rows: Any = OmegaConf.to_container(OmegaConf.load(folder / f"{section}.yaml"))
        found += [read_card(section, row) for row in rows]
    numbers = [card.number for card in found]
    for number in numbers:
        if numbers.count(number) > 1:
            raise ConfigError(f"claim {number}", MISSING, "expected each number once")
    return tuple(sorted(found, key=lambda card: card.number))


def chosen(numbers: Sequence[str], cards: Sequence[Card]) -> tuple[Card, ...]:
    """Return the cards with these numbers, all without any.

    Raises: ConfigError if there is no such card.
    """
    by_number = {str(card.number): card for card in cards}
    for number in numbers:
        if number not in by_number:
            ends = min(map(int, by_number)), max(map(int, by_number))
            expected = f"no such claim; expected a number from {ends[0]} to {ends[1]}"
            raise ConfigError("claim", number, expected, nearest(number, by_number))
    return tuple(by_number[number] for number in dict.fromkeys(numbers)) if numbers else tuple(cards)


def read_card(section: str, row: Mapping[str, Any]) -> Card:
    """Check one card and return it.

    Raises: ConfigError naming the card and the key at fault.
    """
    name = f"claim {row.get('id', '(no id)')}"
    common = ("id", "claim", "who", "variable", "kind", "counter", "rests_on")
    by_kind = {
        "fact": ("parts",),
        "mechanism": ("asks", "experiment", "test", "years"),
        "outside": ("why",),
    }
    kind = _one(name, row, "kind", KINDS)
    needed = (*common, *by_kind[kind])
    _known(name, row, needed, (*needed, "arms", "conditions", "mirror"))
    arms = {str(key): str(value) for key, value in (row.get("arms") or {}).items()}
    test = read_test(name, row["test"], arms) if kind == "mechanism" else None
    parts = tuple(read_part(name, part) for part in row["parts"]) if kind == "fact" else ()
    return Card(
        number=int(row["id"]),
        section=section,
        claim=" ".join(row["claim"].split()),
        who=_one(name, row, "who", tuple(WHO)),
        variable=row["variable"],
        kind=kind,
        asks=" ".join(row.get("asks", "; ".join(part.asks for part in parts)).split()),
        counter=" ".join(row["counter"].split()),
        rests_on=" ".join(row["rests_on"].split()),
        why=" ".join(row.get("why", "").split()),
        conditions=" ".join(row.get("conditions", "").split()),
        experiment=" ".join(row.get("experiment", "").split()),
        arms=arms,
        years=tuple(int(year) for year in row.get("years", ())),
        test=test,
        mirror=read_test(name, row["mirror"], arms) if "mirror" in row else None,
        parts=parts,
    )


def read_test(name: str, say: Mapping[str, Any], arms: Mapping[str, str]) -> Test:
    """Check what a mechanism card asks of a world.

    Raises: ConfigError naming the card and the key at fault.
    """
    kind = _one(name, say, "is", tuple(MEASURES))
    _known(name, say, ("is", *MEASURES[kind]), ("is", *MEASURES[kind], *OPTIONS))
    for key in ("arm", "against", "than", "than_against"):
        if key in say and say[key] not in (BASE_ARM, *arms):
            valid = (BASE_ARM, *arms)
            raise ConfigError(f"{name}.{key}", say[key], "no such arm of the card", nearest(say[key], valid))
    if kind in ("level", "effect", "fades", "formula") and not ("above" in say) ^ ("below" in say):
        raise ConfigError(f"{name}.test", MISSING, "expected either above or below")
    given = read_test(name, say["given"], arms) if "given" in say else None
    return Test(kind, {key: value for key, value in say.items() if key not in ("is", "given")}, given)


def read_part(name: str, row: Mapping[str, Any]) -> Part:
    """Check what a fact card asks of figures.

    Raises: ConfigError naming the card and the key at fault.
    """
    needed = ("asks", "figures")
    _known(name, row, needed, (*needed, *RULES, "join", "tolerance"))
    rules = [rule for rule in RULES if rule in row]
    if len(rules) != 1:
        raise ConfigError(f"{name}.parts", MISSING, f"expected one of {', '.join(RULES)}")
    join = _one(name, {"join": row.get("join", "single")}, "join", JOINS)
    return Part(
        asks=" ".join(row["asks"].split()),
        rule=rules[0],
        threshold=float(row[rules[0]]),
        tolerance=float(row.get("tolerance", 0.0)),
        join=join,
        figures=tuple(read_figure(name, figure) for figure in row["figures"]),
    )


def read_figure(name: str, row: Mapping[str, Any]) -> Figure:
    """Return a figure as it is quoted, or as conf holds it.

    Raises: ConfigError if conf has none such, or a key is wrong.
    """
    if "observed" in row:
        _known(name, row, ("observed",), ("observed", "what"))
        point = observed_points().get(row["observed"])
        if point is None:
            raise ConfigError(
                f"{name}.observed", row["observed"], "no such point in conf/observations",
                nearest(row["observed"], observed_points()),
            )  # fmt: skip
        value = float(point["value"])
        return Figure(
            what=row.get("what", row["observed"]),
            value=value,
            low=float(point.get("low", value)),
            high=float(point.get("high", value)),
            unit=point["unit"],
            source=" ".join(point["source"].split()),
        )
    if "parameter" in row:
        from experiments.config.compose import base_catalogue

        _known(name, row, ("parameter",), ("parameter", "what", "member"))
        catalogue = base_catalogue()
        if row["parameter"] not in catalogue:
            near = nearest(row["parameter"], catalogue)
            raise ConfigError(f"{name}.parameter", row["parameter"], "no such parameter", near)
        record = catalogue[row["parameter"]]
        value = float(record.value[row["member"]] if isinstance(record.value, Mapping) else record.value)
        return Figure(
            what=row.get("what", row["parameter"]),
            value=value,
            low=value if record.low is None else record.low,
            high=value if record.high is None else record.high,
            unit=record.unit,
            source=" ".join(record.source.split()),
        )
    needed = ("what", "value", "unit", "source")
    _known(name, row, needed, (*needed, "low", "high"))
    value = float(row["value"])
    return Figure(
        what=row["what"],
        value=value,
        low=float(row.get("low", value)),
        high=float(row.get("high", value)),
        unit=row["unit"],
        source=" ".join(row["source"].split()),
    )


@cache
def observed_points() -> Mapping[str, Mapping[str, Any]]:
    """Return what conf/observations holds, by `series@date`."""
    from omegaconf import OmegaConf

    from experiments.config.conf_files import CONF

    held: Any = OmegaConf.to_container(OmegaConf.load(CONF / "observations" / "baseline.yaml"))
    return {f"{point['series']}@{point['date']}": point for point in held["points"]}


def _known(name: str, row: Mapping[str, Any], needed: Sequence[str], valid: Sequence[str]) -> None:
    for key in row:
        if key not in valid:
            raise ConfigError(f"{name}.{key}", MISSING, "no such key of a card", nearest(str(key), valid))
    for key in needed:
        if key not in row:
            raise ConfigError(f"{name}.{key}", MISSING, "missing; expected in every such card")


def _one(name: str, row: Mapping[str, Any], key: str, valid: Sequence[str]) -> str:
    value = row.get(key, "")
    if value not in valid:
        expected = f"expected one of {', '.join(valid)}"
        raise ConfigError(f"{name}.{key}", value, expected, nearest(str(value), valid))
    return str(value)
