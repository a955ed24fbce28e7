"""`uncontested explain`: what bound whom, when, and what one more unit would have earned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.cli.options import choose, parse
from experiments.config.errors import ConfigError, show
from experiments.config.readers import plain
from experiments.reading.plotting import inputs
from experiments.reading.stored import folder_of, made_by, points_of, title_of
from experiments.runs.store import shown_path
from experiments.runs.terminal import BLOCS, NOT_A_FORECAST, VERBS, percent
from sim.axes import CONSTRAINTS, RESPONSES
from sim.units import Array

if TYPE_CHECKING:
    from experiments.figures.data import Run

SHADOWS = {
    "power": ("shadow_power_usd_per_gw_month", "GW for a month"),
    "chips": ("shadow_chips_usd_per_h100e", "H100e for a month"),
    "capital": ("shadow_capital_usd_per_million_usd", "million USD"),
    "demand": ("shadow_demand_usd_per_h100e_month", "tenant of an H100e for a month"),
    "parts": ("shadow_parts_usd_per_robot", "robot's parts"),
}
DIMENSIONS = {"d1": "users", "d2": "compute", "d3": "robots", "d4": "revenue", "d5": "capability"}
_NEEDED = (
    *(f"binding_constraint_code.{bloc}" for bloc in BLOCS),
    *(f"{column}.{bloc}" for column, _ in SHADOWS.values() for bloc in BLOCS),
    *(f"share.{name}" for name in DIMENSIONS),
)
_DIGITS = 9
SHORTEST_MONTHS = 3
"""Shorter spells are told with the one before: a limit that binds for a month changes nothing."""


@dataclass(frozen=True)
class Spell:
    """A stretch of months in which one limit binds a bloc most."""

    constraint: str
    first: int
    last: int
    shadow_usd: float
    """Median over the months of what one more unit would have earned."""


def spells(codes: Array, shadows: Mapping[str, Array]) -> list[Spell]:
    """Return the stretches of one world's months by binding limit, short ones joined to the one before.

    Shapes: codes (month,), shadows (month,) each.

    >>> [(s.constraint, s.first, s.last) for s in spells(np.array([1, 1, 1, 2, 1, 1, 4, 4, 4.0]), {})]
    [('power', 0, 5), ('demand', 6, 8)]
    """
    found: list[list[Any]] = []
    for month, code in enumerate(codes.astype(int)):
        if found and found[-1][0] == code:
            found[-1][2] = month
        else:
            found.append([code, month, month])
    joined: list[list[Any]] = []
    for code, first, last in found:
        short = last - first + 1 < SHORTEST_MONTHS
        if joined and (short or joined[-1][0] == code):
            joined[-1][2] = last
        else:
            joined.append([code, first, last])
    result = []
    for code, first, last in joined:
        name = CONSTRAINTS[code]
        values = shadows.get(name, np.full(codes.size, np.nan))[first : last + 1]
        own = values[(codes[first : last + 1] == code) & np.isfinite(values)]
        result.append(Spell(name, first, last, float(np.median(own)) if own.size else float("nan")))
    return result


def explain_command(arguments: Sequence[str]) -> str:
    """Explain a run, or one of its worlds."""
    options = {
        "--world": "the number of a world",
        "--point": "the number of a sweep's point",
        "--response": "passive, us_resists or cn_resists",
        "--out": "a folder",
    }
    words, given = parse(arguments, ("run",), options)
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["explain"]
    folder = folder_of(words[0])
    response = given.get("--response") or inputs(made_by(folder))["response"]
    choose("--response", response, RESPONSES)
    numbers = {option: _number(option, given[option]) for option in ("--world", "--point") if option in given}
    if "--world" not in numbers:
        if "--point" in numbers:
            raise ConfigError("--point", given["--point"], "expected --world with it", "--world")
        return _explain_run(folder, response, given)
    run = _opened(folder, response)
    return _explain_world(run, folder, numbers["--world"], numbers.get("--point", 0), given)


def _number(option: str, text: str) -> int:
    if not text.isdigit() or not text.isascii() or len(text) > _DIGITS:
        raise ConfigError(option, text, f"expected the number of a {option.removeprefix('--')}, from 0")
    return int(text)


def _opened(folder: Path, response: str) -> "Run":
    """Open a run or a sweep whose series tell what bound.

    Raises: ConfigError if it has no such response or has not recorded them.
    """
    from experiments.figures import load_run

    name = title_of(folder)
    try:
        run = load_run(folder, response=response)
    except (ValueError, OSError, KeyError) as error:
        raise ConfigError("run", name, " ".join(str(error.args[0]).split())) from None
    if missing := [column for column in _NEEDED if column not in run.series_columns]:
        quantities = dict.fromkeys(column.partition(".")[0] for column in _NEEDED)
        raise ConfigError(
            "run",
            name,
            f"has not recorded {missing[0]}, from which this is told; give the sweep "
            f"study.record.series=[{','.join(f'{one}.*' for one in quantities)}]",
        )
    return run


def _explain_world(run: "Run", folder: Path, world: int, point: int, given: Mapping[str, str]) -> str:
    from experiments.figures.chain import draw_chain

    for option, value in (("point", point), ("world", world)):
        known = run.connection.execute(f"SELECT DISTINCT {option} FROM worlds ORDER BY 1").fetchall()
        numbers = [str(number) for (number,) in known]
        if str(value) not in numbers:
            expected = f"the run has {option}s {numbers[0]} to {numbers[-1]}"
            near = min(numbers, key=lambda number: abs(int(number) - value))
            raise ConfigError(f"--{option}", value, expected, near)
    expressions = ", ".join(run.need(name) for name in _NEEDED)
    rows = run.connection.execute(
        f"SELECT {expressions} FROM series WHERE world = ? AND point = ? ORDER BY month", [world, point]
    ).fetchall()
    if not rows:
        raise ConfigError(
            "--world", world, f"is not stored at point {point}; the sweep's own command goes on"
        )
    table = np.asarray([[np.nan if v is None else v for v in row] for row in rows], np.float64).T
    columns = dict(zip(_NEEDED, table, strict=True))
    lines = [f"World {world} of {title_of(folder)}, response {run.response}", ""]
    if run.points > 1:
        factors = ", ".join(f"{name} {show(value)}" for name, value in points_of(folder)[point])
        lines += [f"  point {point} of {run.points}: {factors}"]
    lines += [f"  {text}" for text in _outcomes(run, world, point)]
    stories: dict[str, list[Spell]] = {}
    for bloc, shown in BLOCS.items():
        shadows = {name: columns[f"{column}.{bloc}"] for name, (column, _) in SHADOWS.items()}
        stories[bloc] = spells(columns[f"binding_constraint_code.{bloc}"], shadows)
        lines += ["", f"What bound {shown}:"]
        lines += [f"  {_sentence(spell, run.months)}" for spell in stories[bloc]]
    lines += ["", "Where it led, US share of both blocs' sum:"]
    for key, name in DIMENSIONS.items():
        values = columns[f"share.{key}"]
        lines.append(
            f"  {name:<12}{_share(values[0]):>6} {run.months[0]} -> {_share(values[-1]):>6} {run.months[-1]}"
        )
    out = Path(given["--out"]).expanduser() if "--out" in given else folder / "figures"
    written = draw_chain(run, world, stories, columns, out, point if run.points > 1 else None)
    lines += ["", "One world is one story of many: read it beside the shares of all worlds.", ""]
    return "\n".join([*lines, *(str(shown_path(path)) for path in written)])


def _share(value: float) -> str:
    return f"{100 * value:.0f} %" if np.isfinite(value) else "none"


def _sentence(spell: Spell, months: Sequence[str]) -> str:
    count = spell.last - spell.first + 1
    when = f"{months[spell.first]} to {months[spell.last]} ({count} month{'s' if count > 1 else ''})"
    if spell.constraint == "none":
        return f"{when}: nothing"
    worth = ""
    if np.isfinite(spell.shadow_usd) and spell.shadow_usd > 0.0:
        worth = (
            f"; one more {SHADOWS[spell.constraint][1]} would have earned about {dollars(spell.shadow_usd)}"
        )
    return f"{when}: {spell.constraint}{worth}"


def dollars(value: float) -> str:
    """Write dollars to two digits.

    >>> dollars(1234567.0), dollars(0.5)
    ('1.2 M$', '0.5 $')
    """
    for size, suffix in ((1e9, "bn$"), (1e6, "M$"), (1e3, "k$")):
        if abs(value) >= size:
            return f"{plain(float(f'{value / size:.2g}'))} {suffix}"
    return f"{plain(float(f'{value:.2g}'))} $"


def _outcomes(run: "Run", world: int, point: int) -> list[str]:
    columns = sorted(name for name in run.outcome_columns if name.startswith("leader.w1."))
    if not columns:
        return []
    quoted = ", ".join(f'"{name}"' for name in columns)
    row = run.connection.execute(
        f"SELECT {quoted} FROM worlds WHERE world = ? AND point = ?", [world, point]
    ).fetchone()
    told = []
    for name, leader in zip(columns, row or (), strict=False):
        year = name.rpartition(".")[2]
        if leader in BLOCS:
            told.append(f"by {year} {BLOCS[leader]} {VERBS[leader]} overall (W1)")
        elif leader is not None:
            told.append(f"by {year} neither bloc leads overall (W1: {leader})")
    return told


def _explain_run(folder: Path, response: str, given: Mapping[str, str]) -> str:
    """Say which limit binds each bloc in most worlds, over spans of years, and what it costs."""
    from experiments.reading.plotting import plot, request_of

    run = _opened(folder, response)
    lines = [f"{title_of(folder)}: {run.worlds:,} sampled worlds, response {run.response}"]
    for bloc, shown in BLOCS.items():
        _, counts = run.codes(f"binding_constraint_code.{bloc}", len(CONSTRAINTS))
        most = counts.argmax(0).astype(np.float64)
        names = {name: f"{column}.{bloc}" for name, (column, _) in SHADOWS.items()}
        fans = run.fans({name: run.need(column) for name, column in names.items()})
        lines += ["", f"What bound {shown} in most worlds:"]
        for spell in spells(most, {name: fan.median for name, fan in fans.items()}):
            inside = counts[:, spell.first : spell.last + 1]
            share = inside[CONSTRAINTS.index(spell.constraint)].sum() / max(1, inside.sum())
            lines.append(f"  {_sentence(spell, run.months)}; in {percent(float(share))} % of world-months")
    out = Path(given["--out"]).expanduser() if "--out" in given else folder / "figures"
    request = request_of("binding", {key: given[key] for key in ("--response",) if key in given})
    written = plot(folder, request, out)
    lines += ["", "What binds is what costs a bloc most in a month (decision 21).", NOT_A_FORECAST]
    lines += ["One world's chain: add --world 0.", ""]
    return "\n".join([*lines, *(str(shown_path(path)) for path in written)])
