"""What the studies say, each at a size that two processes finish in seconds; what is stored is used again."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from experiments.analysis.analyse import Asked, analyse
from experiments.analysis.stored import StoredStudy, run_study
from experiments.config.conf_files import options
from experiments.config.errors import RunError, show
from experiments.runs.store import OUTPUTS
from experiments.runs.terminal import BLOCS, meter
from experiments.sweeping.running import prepare, stored_of
from experiments.sweeping.study import INSTEAD, compose_sweep
from sim.dimensions import HEADLINE

FOLDER: Final = OUTPUTS / "report_studies"
"""Apart from what `uncontested sweep` stores, whose last size `uncontested analyse` reads."""
LEFT_OUT: Final = ("baseline_worlds",)
"""Studies that the report answers otherwise."""
SMALL: Final[Mapping[str, tuple[str, ...]]] = {
    "grid": ("study.replications={worlds}",),
    "morris": ("study.design.trajectories=4",),
    # Few seeds, since each makes runs of its own kind, which are quick side by side only.
    "saltelli": ("study.design.points=64", "study.factors.seed=[1,2,3,4]"),
}
"""Design -> its size here."""
MOST_WORLDS: Final = 4
LEAST_WORLDS: Final = 2
_PART: Final = 24
"""A study takes a twenty-fourth of the report's worlds, within the limits above."""
SHOWN: Final = 3
"""Factors shown of every answer, the strongest."""
RESIST: Final = {"us": "resist", "cn": "resists"}
NUMBERS: Final = ("morris", "saltelli")
"""Designs whose small size tells more of a share, which is a number, than of a leader."""


@dataclass(frozen=True)
class Finding:
    """One question to a study, and its answer."""

    asked: str
    mean: float
    told: tuple[str, ...]
    """The strongest factors in words, or why nothing can be told."""


@dataclass(frozen=True)
class Studied:
    """A study and what it found, both ways."""

    name: str
    question: str
    design: str
    findings: tuple[Finding, ...]


def run_studies(overrides: Sequence[str], worlds: int) -> tuple[tuple[Studied, ...], int]:
    """Return what every study says, and how many runs were computed for that.

    Raises: ConfigError on a key that a study cannot take; RunError if a run fails.
    """
    names = [name for name in options("study") if name not in LEFT_OUT]
    words_of = {name: words_for(name, overrides, worlds) for name in names}
    missing, found = {}, []
    with meter(len(names), "Planning studies") as shown:
        for done, name in enumerate(names, 1):
            plan, folder = prepare(compose_sweep(words_of[name]))
            missing[name] = len(set(plan.run_ids)) - stored_of(plan, folder)
            shown.show(done)
    for place, name in enumerate(names, 1):
        if missing[name]:
            # A line that stays, above the bar of the study's own sweep.
            print(
                f"Study {place} of {len(names)}: {name}, {missing[name]:,} runs", file=sys.stderr, flush=True
            )
        _, *words = words_of[name]
        found.append(studied(run_study(name, words)))
    return tuple(found), sum(missing.values())


def words_for(name: str, overrides: Sequence[str], worlds: int) -> list[str]:
    """Return a study's words for a sweep at its size here, with the report's own keys over its base."""
    study = compose_sweep([f"study={name}"]).study
    few = min(max(worlds // _PART, LEAST_WORLDS), MOST_WORLDS)
    size = [word.format(worlds=few) for word in SMALL.get(study.design.kind, ())]
    own = [word for word in overrides if word.partition("=")[0] not in (*INSTEAD, *(study.factors or {}))]
    return [f"study={name}", *size, f"sweep_dir={FOLDER / name}", *own]


def studied(stored: StoredStudy) -> Studied:
    """Return what a study says of both blocs, or of every dimension where shares tell more."""
    study = stored.study
    if study.design.kind in NUMBERS:
        year = study.headline.outcome.rpartition(".")[2]
        asked = [
            (f"share of US + allies, {name.upper()}", Asked(f"share.{name}.{year}")) for name in HEADLINE
        ]
    else:
        definition, year = study.headline.outcome.split(".")[1:]
        asked = []
        for bloc, rival, words in (("us", "cn", "US + allies lead"), ("cn", "us", "China leads")):
            # Where blocs react, what counts is whether a lead stands up to the rival.
            reaction = f"{rival}_resists"
            resisted = reaction in study.responses
            response = reaction if resisted else study.headline.response
            against = f", though {BLOCS[rival]} {RESIST[rival]}" if resisted else ""
            what = f"{words} ({definition.upper()}, {year}{against})"
            asked.append((what, Asked(leader=bloc, response=response)))
    points = f"{len(stored.points):,} points × {study.replications} worlds"
    findings = tuple(finding(stored, what, one) for what, one in asked)
    return Studied(study.name, study.question, f"{study.design.kind}; {points}", findings)


def finding(stored: StoredStudy, what: str, asked: Asked) -> Finding:
    """Return the answer to one question; where the design is too small to tell, that."""
    try:
        result = analyse(stored, asked)
    except RunError as error:
        mean = float(stored.values(asked.metric, asked.leader, asked.response).mean())
        return Finding(what, mean, (f"cannot be told here: {error}",))
    return Finding(what, float(result["mean"]), tuple(told(result)))


def level(value: Any) -> str:
    """Return a factor's level as it was meant, without the last bits of a logarithm.

    >>> level(119.99999999999997), level("baseline")
    ('120', 'baseline')
    """
    return f"{value:.6g}" if isinstance(value, float) else show(value)


def told(result: Mapping[str, Any]) -> list[str]:
    """Return an analysis' strongest factors in words."""
    rows = result["rows"]
    match result["kind"]:
        case "paired":
            # A factor's strongest level stands for it.
            first = {row["factor"]: row for row in reversed(rows) if row["pairs_changed"]}
            strongest = sorted(first.values(), key=lambda row: -abs(row["effect"]))[:SHOWN]
            lines = [
                f"{row['factor']} {level(row['from'])} to {level(row['to'])}: {100.0 * row['effect']:+.0f} "
                f"points ({100.0 * row['low']:+.0f} to {100.0 * row['high']:+.0f})"
                for row in strongest
            ]
            return lines or ["no factor changes anything in any world"]
        case "morris":
            return [
                f"{row['factor']}: {100.0 * row['mean_size']:.1f} ± "
                f"{100.0 * row['mean_size_half_width']:.1f} points over its range"
                for row in rows[:SHOWN]
            ]
        case "saltelli":
            return [
                f"{row['factor']}: total {row['total']:.2f} ± {row['total_half_width']:.2f}"
                for row in rows[:SHOWN]
            ]
        case _:
            limits = [
                f"{row['factor']} {row['from']:.3g} to {row['to']:.3g}"
                for row in rows
                if row["share_of_range"] < 1.0
            ]
            held = result["held_out"]
            return [
                f"box: {', '.join(limits) or 'all of it'}",
                f"on points held out: density {held['density']:.0%}, coverage {held['coverage']:.0%}",
            ]
