"""`uncontested variants`: which headline results survive another structure, in the same worlds."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from experiments.cli.options import choose, whole
from experiments.config.errors import ConfigError, RunError, nearest
from experiments.runs.crew import cores
from experiments.runs.manifest import version, write_json
from experiments.runs.store import OUTPUTS, shown_path
from experiments.runs.terminal import BLOCS, meter, percent
from experiments.trust.arms import Arm, Ran, arm, months_of, read_words, run_arms
from experiments.trust.pages import put
from sim.outcome import LEADERS
from sim.units import Array

BASE: Final = "base"
CLOSE: Final = 0.1
"""A result is close where the most frequent leader is ahead of the next by less than this share of worlds."""
WORLDS: Final = 64


@dataclass(frozen=True)
class Variant:
    """One thing done otherwise."""

    name: str
    about: str
    """Which part of the structure it replaces."""
    title: str
    overrides: tuple[str, ...] = ()
    minds: str = ""
    """What MINDS of experiments/trust/minds.py is set to."""
    beside: str = BASE
    """The arm that it is compared with, world by world: the base or another variant."""


VARIANTS: Final = (
    Variant("agents", "consumers", "consumers as agents on a network", ("consumers=agents",)),
    Variant("cost_plus", "pricing rule", "prices at twice their cost", (), "COST_PLUS"),
    Variant("fixed_prices", "pricing rule", "prices never move", ("labs.price_adjustment_rate=0",)),
    Variant("even_orders", "allocation rule", "orders split evenly over sellers, sites as ever", (), "EVEN"),
    Variant(
        "no_spillovers", "capability law", "no ideas or models spill over",
        ("capability.open_weight_spill=0", "capability.distillation=0"),
    ),
    Variant(
        "free_ideas", "capability law", "ideas come without compute", ("capability.compute_exponent=0",)
    ),
    # Twice the steps draw luck twice as often, so that with it other worlds would be compared (decision 44).
    Variant(
        "half_months", "time", "steps of half a month, both without luck",
        ("noise=false", "steps_per_month=2"), beside="no_luck",
    ),
    Variant("no_luck", "luck", "no luck", ("noise=false",)),
)  # fmt: skip
US_ONLY: Final = Variant("us_only", "who counts", "the US without its allies")
"""No run of its own: the places of the base run counted otherwise, where a definition counts places."""
HELP: Final = f"""uncontested variants [key=value ...] [--worlds N] [--only A,B] [--lang en|de] [--out DIR]
                     [--docs]

Run the same worlds with one part of the structure replaced at a time, and say which leaders survive, by
definition and horizon. Keys are those of `uncontested run`; consumers are cohorts unless told otherwise.

  --worlds N      worlds of every variant ({WORLDS})
  --only A,B      some of: {", ".join(one.name for one in (*VARIANTS, US_ONLY))}
  --lang en|de    language of the figure
  --out DIR       another folder than outputs/variants
  --docs          also write the table and the figure of docs/doubt.md"""
OPTIONS: Final = {
    "--worlds": "a number of worlds",
    "--only": "names of variants, separated by commas",
    "--lang": "en or de",
    "--out": "a folder",
    "--docs": "",
}


@dataclass(frozen=True)
class Cell:
    """A headline result in a variant beside the base: who leads by a definition at a horizon."""

    variant: str
    definition: str
    year: str
    base: Mapping[str, float]
    """Leader -> share of the worlds that both arms have."""
    shares: Mapping[str, float]
    changed: float
    """Share of worlds in which another leads than in the same world of the base."""
    worlds: int

    @property
    def leader(self) -> str:
        """Return who leads in most worlds of the variant."""
        return most(self.shares)

    @property
    def base_leader(self) -> str:
        """Return who leads in most worlds of the base."""
        return most(self.base)

    @property
    def verdict(self) -> str:
        """Say `survives`, `close` where the base itself hardly tells, or `other` where another leads."""
        if self.leader == self.base_leader:
            return "survives"
        ranked = sorted(self.base.values(), reverse=True)
        return "close" if ranked[0] - ranked[1] < CLOSE else "other"


def most(shares: Mapping[str, float]) -> str:
    """Return the leader with the largest share, the first of equals.

    >>> most({"us": 0.4, "cn": 0.2, "mixed": 0.4})
    'us'
    """
    return max(shares, key=lambda name: shares[name])


def cells_of(variant: str, base: Mapping[str, Array], other: Mapping[str, Array]) -> list[Cell]:
    """Compare leaders world by world. Shapes: columns `leader.<definition>.<year>` -> (world,)."""
    found = []
    for column, codes in base.items():
        if column not in other:
            continue
        _, definition, year = column.split(".")
        both = np.isfinite(codes) & np.isfinite(other[column])
        if not both.any():
            continue
        one, two = codes[both], other[column][both]
        found.append(
            Cell(variant, definition, year, _shares(one), _shares(two), float((one != two).mean()), one.size)
        )
    return found


def _shares(codes: Array) -> dict[str, float]:
    return {name: float((codes == code).mean()) for code, name in enumerate(LEADERS)}


def leaders_of(ran: Ran) -> dict[str, Array]:
    """Return the columns that say who leads."""
    return {name: codes for name, codes in ran.outcomes.items() if name.startswith("leader.")}


def without_allies(ran: Ran) -> dict[str, Array]:
    """Return the leaders of the base with the US alone, where the definition counts places."""
    return {
        f"leader.{name.removeprefix('leader_us_only.')}": codes
        for name, codes in ran.outcomes.items()
        if name.startswith("leader_us_only.")
    }


def variants_command(arguments: Sequence[str]) -> str:
    """Run the variants, write what came out and return what is to be said.

    Raises: ConfigError on an unknown word; RunError if a world cannot run or nothing can be written.
    """
    given, usual = read_words(arguments, OPTIONS)
    if "--help" in given:
        return HELP
    language = choose("--lang", given.get("--lang", "en"), ("en", "de"))
    chosen = _chosen(given.get("--only", ""))
    worlds = whole("--worlds", given.get("--worlds", str(WORLDS)), 2, 65536)
    usual.append(f"worlds={worlds}")
    arms = [arm(BASE, usual)]
    arms += [arm(one.name, [*usual, *one.overrides], one.minds) for one in _with_arms(chosen)]
    cells = compare_arms(arms, worlds, chosen)
    out = Path(given["--out"]).expanduser() if "--out" in given else OUTPUTS / "variants"
    command = shlex.join(["uncontested", "variants", *arguments])
    written = write(cells, arms[0], out, command, language)
    if "--docs" in given:
        put("variants", block(cells, arms[0], command), out / "variants.png")
    lines = [*told(cells), "", *(f"Files    {shown_path(path.absolute())}" for path in written)]
    return "\n".join(lines)


def compare_arms(arms: Sequence[Arm], worlds: int, chosen: Sequence[Variant]) -> list[Cell]:
    """Run all arms and compare each variant with the arm that it stands beside.

    Raises: RunError if a world cannot run.
    """
    workers = arms[0].plan.workers or cores()
    with meter(months_of(arms, worlds), f"{worlds:,} worlds in {len(arms)} structures") as shown:
        ran = run_arms(arms, worlds, (), workers, shown.show)
    cells: list[Cell] = []
    for one in chosen:
        other = without_allies(ran[BASE]) if one is US_ONLY else leaders_of(ran[one.name])
        cells += cells_of(one.name, leaders_of(ran[one.beside]), other)
    if not cells:
        raise RunError("no horizon lies inside the run; expected months to reach 2030-12 or a later one")
    return cells


def _chosen(given: str) -> tuple[Variant, ...]:
    known = {one.name: one for one in (*VARIANTS, US_ONLY)}
    names = [word for word in given.split(",") if word] or list(known)
    for name in names:
        if name not in known:
            raise ConfigError(
                "--only", name, f"expected names of {', '.join(known)}", nearest(name, list(known))
            )
    return tuple(known[name] for name in dict.fromkeys(names))


def _with_arms(chosen: Sequence[Variant]) -> list[Variant]:
    """Return the variants that take runs of their own, those that a chosen one is compared with included."""
    names = {name for one in chosen for name in (one.name, one.beside)}
    return [one for one in VARIANTS if one.name in names]


def survivors(cells: Sequence[Cell], variant: str) -> tuple[int, int]:
    """Return how many headline results survive a variant, and of how many."""
    own = [cell for cell in cells if cell.variant == variant]
    return sum(cell.verdict == "survives" for cell in own), len(own)


def titles() -> dict[str, Variant]:
    """Return every variant by its name."""
    return {one.name: one for one in (*VARIANTS, US_ONLY)}


def told(cells: Sequence[Cell]) -> list[str]:
    """Return what survived as lines, a variant each."""
    lines = ["Results that survive, of all definitions and horizons: the same leads in most worlds."]
    for name in dict.fromkeys(cell.variant for cell in cells):
        kept, all_of = survivors(cells, name)
        own = [cell for cell in cells if cell.variant == name]
        changed = float(np.mean([cell.changed for cell in own]))
        others = [
            f"{cell.definition.upper()} {cell.year} {cell.base_leader} to {cell.leader}"
            + (" (close)" if cell.verdict == "close" else "")
            for cell in own
            if cell.verdict != "survives"
        ]
        lines.append(
            f"  {titles()[name].title}: {kept} of {all_of}; another leads in {percent(changed)} % of worlds"
            + (f"; not: {', '.join(others)}" if others else "")
        )
    return lines


def table(cells: Sequence[Cell]) -> list[str]:
    """Return the table of docs/doubt.md."""
    lines = [
        "| replaced | by | results that survive | another leads, % of worlds | leader, if moved |",
        "|---|---|--:|--:|---|",
    ]
    for name in dict.fromkeys(cell.variant for cell in cells):
        kept, all_of = survivors(cells, name)
        own = [cell for cell in cells if cell.variant == name]
        moved = ", ".join(
            f"{cell.definition.upper()} {cell.year} {_word(cell.base_leader)} → {_word(cell.leader)}"
            + (" (close)" if cell.verdict == "close" else "")
            for cell in own
            if cell.verdict != "survives"
        )
        changed = percent(float(np.mean([cell.changed for cell in own])))
        one = titles()[name]
        lines.append(f"| {one.about} | {one.title} | {kept} of {all_of} | {changed} | {moved or 'nowhere'} |")
    return lines


def _word(leader: str) -> str:
    return BLOCS.get(leader, leader)


def write(cells: Sequence[Cell], base: Arm, out: Path, command: str, language: str) -> list[Path]:
    """Write the cells as CSV and JSON, and the figure.

    Raises: RunError if that cannot be done.
    """
    from experiments.figures.origin import Origin
    from experiments.figures.variants import draw_variants

    made = Origin(version(), base.plan.config_hash, str(base.plan.seed), command)
    rows: list[dict[str, Any]] = [
        {
            "variant": cell.variant,
            "definition": cell.definition,
            "year": cell.year,
            "worlds": cell.worlds,
            **{f"base_{name}": share for name, share in cell.base.items()},
            **cell.shares,
            "changed": cell.changed,
            "verdict": cell.verdict,
        }
        for cell in cells
    ]
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / "variants.json", {"cells": rows, **made.provenance()})
        with (out / "cells.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        drawn = draw_variants(cells, base.plan.title, made, out, language)
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None
    return [out / "variants.json", out / "cells.csv", *drawn]


def block(cells: Sequence[Cell], base: Arm, command: str) -> str:
    """Return what stands between the marks of docs/doubt.md."""
    years = sorted({cell.year for cell in cells})
    definitions = len({cell.definition for cell in cells})
    lines = [
        f"{cells[0].worlds} worlds of `{base.plan.scenario}`, the same in every variant; {definitions} "
        f"definitions in {', '.join(years)}. A result survives where the same leads in most worlds. It is "
        f"close where the base tells by less than {100 * CLOSE:.0f} points.",
        "",
        *table(cells),
        "",
        "![Which results survive another structure](variants.png)",
        "",
        f"Written by `{command}` (seed {base.plan.seed}, configuration `{base.plan.config_hash[:12]}`).",
    ]
    return "\n".join(lines)
