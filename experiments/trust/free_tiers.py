"""`uncontested tiers`: what tripled or withdrawn free tiers change in each market, in the same worlds."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from experiments.cli.options import choose, whole
from experiments.config.build import RunPlan
from experiments.config.errors import RunError
from experiments.runs.crew import cores
from experiments.runs.manifest import version, write_json
from experiments.runs.store import OUTPUTS, shown_path
from experiments.runs.terminal import meter
from experiments.trust.arms import Arm, Ran, arm, months_of, read_words, run_arms
from experiments.trust.pages import put
from sim.axes import BLOCS
from sim.outcome import month_index
from sim.units import MONTHS_PER_YEAR, Array

BASE: Final = "base"
WORLDS: Final = 64
YEAR: Final = "2030"
YEARS: Final = ("2028", "2030", "2035")
LEAST: Final = 1e-6
"""A series below this in either arm, in its own unit, gives no ratio."""
BAND: Final = (0.05, 0.5, 0.95)
HELP: Final = f"""uncontested tiers [key=value ...] [--worlds N] [--by YEAR] [--lang en|de] [--out DIR]
                  [--docs]

Run the same worlds with the free quotas of one bloc's labs tripled, or their free tiers withdrawn, and say
what that changes: users by market and bloc, revenue by lab, each world against itself. Both blocs are asked
the same. Keys are those of `uncontested run`; consumers are cohorts unless told otherwise.

  --worlds N    worlds of every arm ({WORLDS})
  --by YEAR     year whose mean is compared: {", ".join(YEARS)} ({YEAR})
  --lang en|de  language of the figure
  --out DIR     another folder than outputs/tiers
  --docs        also write the table and the figure of docs/doubt.md"""
OPTIONS: Final = {
    "--worlds": "a number of worlds",
    "--by": "a year",
    "--lang": "en or de",
    "--out": "a folder",
    "--docs": "",
}


@dataclass(frozen=True)
class Effect:
    """What an arm makes of a series, as a multiple of what the same worlds have without it."""

    arm: str
    """<act>_<bloc>, as tripled_cn."""
    group: str
    """A market, or `users` or `revenue` of a lab everywhere."""
    who: str
    """A bloc in a market, or a lab."""
    quantiles: tuple[float, float, float]
    worlds: int


def arms_of(usual: Sequence[str]) -> list[Arm]:
    """Plan the run as it is, and each act of each bloc's labs.

    Raises: ConfigError on an override.
    """
    base = arm(BASE, usual)
    found = [base]
    for bloc in ("cn", "us"):
        labs = labs_of(base.plan, bloc)
        found.append(arm(f"tripled_{bloc}", usual, f"dict.fromkeys({labs!r}, TripledQuota)"))
        found.append(arm(f"withdrawn_{bloc}", [*usual, f"policy.free_tier_withdrawn.{bloc}=1"]))
    return found


def labs_of(plan: RunPlan, bloc: str) -> tuple[str, ...]:
    """Return the labs of a bloc."""
    labs = plan.axes.labs
    wanted = BLOCS.index(bloc)
    return tuple(name for name, own in zip(labs.names, labs.bloc, strict=True) if own == wanted)


def rows_of(plan: RunPlan) -> list[tuple[str, str, str]]:
    """Return what is compared: group, who, and the series."""
    markets = plan.axes.markets.names
    users = [(place, bloc, f"bloc_users_million.{bloc}.{place}") for place in markets for bloc in BLOCS]
    labs = plan.axes.labs.names
    everywhere = [("users", lab, f"active_users_million.{lab}") for lab in labs]
    return [*users, *everywhere, *(("revenue", lab, f"revenue_usd.{lab}") for lab in labs)]


def effects_of(plan: RunPlan, ran: Mapping[str, Ran], year: str) -> list[Effect]:
    """Compare the mean over a year world by world.

    Raises: RunError if the run ends before the year does.
    """
    last = month_index(plan.start.month, f"{year}-12") + 1
    if last > plan.months:
        raise RunError(f"the run ends before {year} does; expected months={last} or more")
    months = slice(last - int(MONTHS_PER_YEAR), last)
    found = []
    for name, other in ran.items():
        if name == BASE:
            continue
        for group, who, series in rows_of(plan):
            before = ran[BASE].series[series][months].mean(0)
            found.append(Effect(name, group, who, *ratios(before, other.series[series][months].mean(0))))
    return found


def ratios(before: Array, after: Array) -> tuple[tuple[float, float, float], int]:
    """Return quantiles of a world's value over its own in the base, and how many worlds have both.

    Shapes: (world,).
    """
    both = (before > LEAST) & (after > LEAST)
    if not both.any():
        return (np.nan, np.nan, np.nan), 0
    low, middle, high = np.quantile(after[both] / before[both], BAND).tolist()
    return (low, middle, high), int(both.sum())


def tiers_command(arguments: Sequence[str]) -> str:
    """Run the arms, write what came out and return what is to be said.

    Raises: ConfigError on an unknown word; RunError if a world cannot run or nothing can be written.
    """
    given, usual = read_words(arguments, OPTIONS)
    if "--help" in given:
        return HELP
    language = choose("--lang", given.get("--lang", "en"), ("en", "de"))
    year = choose("--by", given.get("--by", YEAR), YEARS)
    worlds = whole("--worlds", given.get("--worlds", str(WORLDS)), 2, 65536)
    usual.append(f"worlds={worlds}")
    first = arm(BASE, usual).plan
    if not any(word.startswith("months=") for word in usual):
        usual.append(f"months={month_index(first.start.month, f'{year}-12') + 1}")
    arms = arms_of(usual)
    plan = arms[0].plan
    series = list(dict.fromkeys(name for _, _, name in rows_of(plan)))
    with meter(months_of(arms, worlds), f"{worlds:,} worlds in {len(arms)} arms") as shown:
        ran = run_arms(arms, worlds, series, plan.workers or cores(), shown.show)
    effects = effects_of(plan, ran, year)
    out = Path(given["--out"]).expanduser() if "--out" in given else OUTPUTS / "tiers"
    command = shlex.join(["uncontested", "tiers", *arguments])
    written = write(effects, plan, year, out, command, language)
    if "--docs" in given:
        put("tiers", block(effects, plan, year, command), out / "tiers.png")
    return "\n".join([*told(effects, year), "", *(f"Files    {shown_path(p.absolute())}" for p in written)])


def told(effects: Sequence[Effect], year: str) -> list[str]:
    """Return every effect as a line, as multiples of what a world has without it."""
    lines = [f"Mean of {year}, each world over itself without the change; median and 90 % of worlds:"]
    for name in dict.fromkeys(one.arm for one in effects):
        act, _, bloc = name.partition("_")
        lines += ["", f"Free tiers of {bloc} {act}:"]
        for one in effects:
            if one.arm == name and one.worlds:
                low, middle, high = one.quantiles
                lines.append(f"  {one.group:8} {one.who:10} x {middle:.2f} ({low:.2f} to {high:.2f})")
    return lines


def block(effects: Sequence[Effect], plan: RunPlan, year: str, command: str) -> str:
    """Return what stands between the marks of docs/doubt.md: users by market and bloc."""
    arms = list(dict.fromkeys(one.arm for one in effects))
    known = {(one.arm, one.group, one.who): one for one in effects}
    heads = [f"{_LABS[name.partition('_')[2]]} {_ACTS[name.partition('_')[0]]}" for name in arms]
    lines = [
        f"Users in {year} over those of the same world without the change, median and 90 % of {plan.worlds} "
        f"worlds of `{plan.scenario}`; labs and revenue are in the figure.",
        "",
        f"| users in | of | {' | '.join(heads)} |",
        f"|---|---|{'--:|' * len(arms)}",
    ]
    for group, who in dict.fromkeys((one.group, one.who) for one in effects if one.who in BLOCS):
        cells = [_multiple(known[name, group, who]) for name in arms]
        if any(cells):
            lines.append(f"| {group} | {_LABS[who]} | {' | '.join(cells)} |")
    made = f"Written by `{command}` (seed {plan.seed}, configuration `{plan.config_hash[:12]}`)."
    return "\n".join([*lines, "", "![What free tiers change](tiers.png)", "", made])


_LABS: Final = {"us": "US labs", "cn": "Chinese labs"}
_ACTS: Final = {"tripled": "triple quotas", "withdrawn": "withdraw free tiers"}


def _multiple(one: Effect) -> str:
    low, middle, high = one.quantiles
    return f"{middle:.2f} ({low:.2f}–{high:.2f})" if one.worlds else ""


def write(
    effects: Sequence[Effect], plan: RunPlan, year: str, out: Path, command: str, language: str
) -> list[Path]:
    """Write the effects as JSON, and the figure with its table.

    Raises: RunError if that cannot be done.
    """
    from experiments.figures.free_tiers import draw_tiers
    from experiments.figures.origin import Origin

    made = Origin(version(), plan.config_hash, str(plan.seed), command)
    rows = [
        {"arm": one.arm, "group": one.group, "who": one.who, "worlds": one.worlds,
         **{name: value if np.isfinite(value) else None
            for name, value in zip(("q05", "median", "q95"), one.quantiles, strict=True)}}
        for one in effects
    ]  # fmt: skip
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / "tiers.json", {"year": year, "effects": rows, **made.provenance()})
        drawn = draw_tiers(effects, year, plan.worlds, plan.title, made, out, language)
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None
    return [out / "tiers.json", *drawn]
