"""Move one lever at a time and compare every world with itself: `python -m experiments.levers`.

A lever is a parameter set low and then high in the same worlds, everything else as drawn. Both runs share
their random numbers, so that a world's difference has one cause. What each lever should move, which way and
why is written in tests/levers.csv, which was committed before its first run; docs/levers.md shows what came out.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np

from experiments.build import RunPlan, plan_from_config
from experiments.compose import compose_run
from experiments.errors import ConfigError, RunError
from experiments.parameters import axis_members
from experiments.team import Team
from sim.params import Params
from sim.units import Array, IntArray

REPOSITORY: Final = Path(__file__).parent.parent
TABLE: Final = REPOSITORY / "tests" / "levers.csv"
PAGE: Final = REPOSITORY / "docs" / "levers.md"
OVERRIDES: Final = ("worlds=48", "consumers=cohort", "responses=[passive]")
"""What a run of the table takes unless told otherwise; expected shares stand in for consumers on a network."""
WINDOW_MONTHS: Final = 12
STANDARD_ERRORS: Final = 2.0
LEAST_WORLDS: Final = 2
EXPECTED_SHARE: Final = 0.95
MONTHS_A_YEAR: Final = 12
_COLUMNS: Final = 640
"""Columns of a batch: many enough to be quick, few enough for 200 MB a process."""
_WORKERS: Final = 2

Arm = tuple[tuple[str, float], ...]
"""What one run of a lever sets: pairs of a key and its value; an empty one is the run without any lever."""


@dataclass(frozen=True)
class Lever:
    """A row of the table: a lever of one submodel, and what it should do to a series of another."""

    submodel: str
    lever: str
    low: float
    high: float
    outcome: str
    by: str
    """Last month of the twelve that are averaged, as 2035-12."""
    difference: str
    """`relative`: a share of the mean of both runs; `plain`: in the outcome's unit."""
    sign: int
    reason: str
    explained: str
    """Why it came out otherwise, where it did."""

    @property
    def name(self) -> str:
        """What a message calls the row."""
        return f"{self.lever} -> {self.outcome} by {self.by}"


@dataclass(frozen=True)
class Finding:
    """What a lever did, over the worlds in which both runs have the outcome."""

    lever: Lever
    worlds: int
    low: float
    """Mean outcome with the lever low."""
    high: float
    difference: float
    """Mean of the worlds' differences, high minus low."""
    standard_error: float

    @property
    def score(self) -> float:
        """Difference in standard errors; infinite where all worlds agree exactly, 0 where nothing moved."""
        if self.worlds < LEAST_WORLDS:
            return 0.0
        if self.standard_error > 0.0:
            return self.difference / self.standard_error
        return float(np.copysign(np.inf, self.difference)) if self.difference else 0.0

    @property
    def as_expected(self) -> bool:
        """Whether the sign is the expected one, beyond two standard errors."""
        return self.lever.sign * self.score > STANDARD_ERRORS

    @property
    def verdict(self) -> str:
        """Return the finding in a word or two."""
        if self.as_expected:
            return "as expected"
        if self.worlds < LEAST_WORLDS:
            return "no feasible start"
        return "not told from zero" if abs(self.score) <= STANDARD_ERRORS else "opposite"


def read_table(path: Path = TABLE) -> tuple[Lever, ...]:
    """Return the rows of a table of levers."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(
            Lever(
                submodel=row["submodel"],
                lever=row["lever"],
                low=float(row["low"]),
                high=float(row["high"]),
                outcome=row["outcome"],
                by=row["by"],
                difference=row["difference"],
                sign={"+": 1, "-": -1}[row["sign"]],
                reason=row["reason"],
                explained=row.get("explained") or "",
            )
            for row in csv.DictReader(file)
        )


# ---- running ------------------------------------------------------------------------------------------


def run_table(
    levers: Sequence[Lever], overrides: Sequence[str] = OVERRIDES, on_batch: Callable[[str], None] = str
) -> tuple[Finding, ...]:
    """Run every lever low and high in the same worlds and compare.

    Raises: ConfigError if a lever or an override is wrong; RunError if a worker dies.
    """
    config = compose_run(list(overrides))
    plan = plan_from_config(config)
    arms: dict[Arm, int] = {}
    for lever in levers:
        for value in (lever.low, lever.high):
            arm = arm_of(plan, lever.lever, value)
            arms[arm] = max(arms.get(arm, 0), last_month(plan, lever.by))
    per_batch = max(1, _COLUMNS // plan.worlds)
    ordered = sorted(arms, key=lambda arm: (arms[arm], arm))
    batches = [ordered[first : first + per_batch] for first in range(0, len(ordered), per_batch)]
    wanted = tuple(sorted({lever.outcome for lever in levers}))
    measured: dict[Arm, Mapping[str, Array]] = {}
    with Team(min(_WORKERS, len(batches)), len(batches)) as team:
        # The longest first, so that no worker is left with it alone.
        futures = [
            team.submit(run_arms, config, batch, max(arms[arm] for arm in batch), wanted)
            for batch in reversed(batches)
        ]
        for batch, series in zip(reversed(batches), team.wait_for(futures, lambda _: None), strict=True):
            measured.update(zip(batch, series, strict=True))
            on_batch(f"{len(measured)} of {len(ordered)} runs")
    return tuple(compare(plan, lever, measured) for lever in levers)


def run_arms(
    config: Mapping[str, Any], arms: Sequence[Arm], months: int, wanted: Sequence[str]
) -> list[dict[str, Array]]:
    """Run the same worlds once for each arm, side by side, and return the series wanted.

    Worlds whose start is infeasible under an arm are NaN there. Shapes: -> (month, world) each.
    """
    # Only a process that simulates imports this: Mesa takes a second.
    from agents.roster import build_model
    from experiments.simulate import feasible_model
    from sim.model import forget

    plan = plan_from_config({**config, "months": months})
    world_ids = np.arange(plan.worlds, dtype=np.int64)
    drawn, attempts = feasible_model(plan, world_ids)
    forget(drawn)
    ids, tries = np.tile(world_ids, len(arms)), np.tile(attempts, len(arms))
    params = with_arms(plan, plan.params_for(ids, tries), arms, ids.size)
    settings = plan.settings_for(ids, np.zeros(ids.size, np.int64))
    model = build_model(params, plan.axes, plan.start, settings)
    model.run()
    sound = np.where(np.asarray(model.report.feasible), 1.0, np.nan)
    rows = {name: np.asarray(model.recorder.row(name), np.float64) * sound for name in wanted}
    forget(model)
    columns = [slice(arm * plan.worlds, (arm + 1) * plan.worlds) for arm in range(len(arms))]
    return [{name: values[:, part] for name, values in rows.items()} for part in columns]


def arm_of(plan: RunPlan, key: str, value: float) -> Arm:
    """Return what setting a lever means; nothing where it has that value anyway.

    Raises: ConfigError if the key is no parameter, or the value lies outside its limits.
    """
    section_and_name = ".".join(key.split(".")[:2])
    record = plan.catalogue.get(section_and_name)
    if record is None:
        raise ConfigError(key, value, "no such lever; expected the key of a parameter")
    if not record.minimum <= value <= record.maximum:
        raise ConfigError(key, value, record.expectation())
    cells = plan.table.cells[section_and_name]
    touched = cells if isinstance(cells, tuple) else (cells,)
    if key != section_and_name:
        touched = (touched[member_row(plan, key)],)
    same = all(cell.row is None and cell.value == value for cell in touched)
    return () if same else ((key, value),)


def member_row(plan: RunPlan, key: str) -> int:
    """Return the row of a member along its parameter's axis.

    Raises: ConfigError if the parameter has no such member.
    """
    section, name, member = key.split(".")
    record = plan.catalogue[f"{section}.{name}"]
    members = axis_members(record, plan.axes) if record.by else ()
    if member not in members:
        raise ConfigError(key, member, f"expected one of {', '.join(members)}")
    return members.index(member)


def with_arms(plan: RunPlan, params: Params, arms: Sequence[Arm], columns: int) -> Params:
    """Return the parameters with each arm's settings in its block of columns.

    Shapes: fields 0-d, (column,) or (member, column) -> those that any arm sets with the column axis.
    """
    width = columns // len(arms)
    changed: dict[str, Array] = {}
    for place, arm in enumerate(arms):
        block = slice(place * width, (place + 1) * width)
        for key, value in arm:
            section, name, *member = key.split(".")
            field = f"{section}.{name}"
            if field not in changed:
                drawn = np.asarray(getattr(getattr(params, section), name), np.float64)
                shape = (*drawn.shape[:-1], columns) if drawn.ndim else (columns,)
                changed[field] = np.broadcast_to(drawn, shape).copy()
            rows = changed[field][member_row(plan, key)] if member else changed[field]
            rows[..., block] = value
    for field, values in changed.items():
        values.setflags(write=False)
        section, name = field.split(".")
        params = replace(params, **{section: replace(getattr(params, section), **{name: values})})
    return params


def last_month(plan: RunPlan, by: str) -> int:
    """Return how many months a run needs to reach a month's end.

    Raises: ConfigError if a full window does not fit before it.
    """
    (year, month), (start_year, start_month) = (
        map(int, text.split("-")) for text in (by, plan.start.month)
    )
    months = (year - start_year) * MONTHS_A_YEAR + month - start_month + 1
    if months < WINDOW_MONTHS:
        raise ConfigError("by", by, f"expected a month at least a year after {plan.start.month}")
    return months


# ---- comparing ----------------------------------------------------------------------------------------


def compare(plan: RunPlan, lever: Lever, measured: Mapping[Arm, Mapping[str, Array]]) -> Finding:
    """Compare every world's outcome with the lever high and low."""
    end = last_month(plan, lever.by)
    window = slice(end - WINDOW_MONTHS, end)
    low, high = (
        measured[arm_of(plan, lever.lever, value)][lever.outcome][window].mean(0)
        for value in (lever.low, lever.high)
    )
    both = np.isfinite(low) & np.isfinite(high)
    worlds = int(both.sum())
    if worlds < LEAST_WORLDS:
        return Finding(lever, worlds, np.nan, np.nan, np.nan, np.nan)
    low, high = low[both], high[both]
    differences = DIFFERENCES[lever.difference](low, high)
    return Finding(
        lever=lever,
        worlds=worlds,
        low=float(low.mean()),
        high=float(high.mean()),
        difference=float(differences.mean()),
        standard_error=float(differences.std(ddof=1) / np.sqrt(worlds)),
    )


def relative_difference(low: Array, high: Array) -> Array:
    """Return high minus low over the mean of their sizes, between -2 and 2; 0 where both are 0.

    Every world weighs alike, whatever its size. Shapes: (world,).
    """
    size = (np.abs(low) + np.abs(high)) / 2.0
    return np.where(size > 0.0, (high - low) / np.where(size > 0.0, size, 1.0), 0.0)


def plain_difference(low: Array, high: Array) -> Array:
    """Return high minus low. Shapes: (world,)."""
    return high - low


DIFFERENCES: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "relative": relative_difference,
    "plain": plain_difference,
}


def expected_share(findings: Sequence[Finding]) -> float:
    """Return the share of rows that came out as expected."""
    return sum(finding.as_expected for finding in findings) / len(findings)


# ---- the page -----------------------------------------------------------------------------------------


def page(findings: Sequence[Finding], overrides: Sequence[str]) -> str:
    """Return docs/levers.md."""
    met = sum(finding.as_expected for finding in findings)
    lines = [
        "# Levers",
        "",
        "What one lever moves in another submodel, and whether it is what was expected.",
        "Each row was written, with its sign and its reason, before the table was first run",
        "(tests/levers.csv). A lever is set low and then high in the same worlds, with the same random numbers;",
        "everything else stays as drawn. The outcome is a mean over twelve months. A relative difference is high",
        "minus low over the mean of both, so that every world weighs alike; a plain one is in the outcome's unit.",
        "",
        f"Made by `{command(overrides)}`.",
        "",
        f"**{met} of {len(findings)} rows ({met / len(findings):.0%}) come out as expected beyond "
        f"{STANDARD_ERRORS:g} standard errors.**",
        "",
        "| submodel | lever | low | high | outcome | by | expected | difference | standard errors | worlds | "
        "result | reason |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(row(finding) for finding in findings),
    ]
    exceptions = [finding for finding in findings if not finding.as_expected]
    if exceptions:
        lines += ["", "## Exceptions", ""]
        lines += [f"- `{one.lever.name}`: {one.lever.explained or 'not explained yet.'}" for one in exceptions]
    return "\n".join(lines) + "\n"


def command(overrides: Sequence[str]) -> str:
    """Return the command that made a page."""
    own = [text for text in overrides if text not in OVERRIDES]
    return " ".join(["python -m experiments.levers", *own])


def row(finding: Finding) -> str:
    """Return a finding as a row of the page."""
    lever = finding.lever
    shown = f"{finding.difference:+.1%}" if lever.difference == "relative" else f"{finding.difference:+.3g}"
    cells = (
        lever.submodel,
        f"`{lever.lever}`",
        f"{lever.low:g}",
        f"{lever.high:g}",
        f"`{lever.outcome}`",
        lever.by,
        "rises" if lever.sign > 0 else "falls",
        shown,
        f"{finding.score:+.1f}",
        str(finding.worlds),
        finding.verdict,
        lever.reason,
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: Iterable[str]) -> int:
    """Run the table and write the page; later overrides lie over the usual ones."""
    overrides = tuple(chain(OVERRIDES, arguments))
    try:
        findings = run_table(read_table(), overrides, on_batch=lambda text: print(text, file=sys.stderr))
    except (ConfigError, RunError) as error:
        print(error, file=sys.stderr)
        return 2
    PAGE.write_text(page(findings, overrides), encoding="utf-8")
    for finding in findings:
        if not finding.as_expected:
            print(f"{finding.verdict}: {finding.lever.name} ({finding.score:+.1f} standard errors)")
    print(f"{expected_share(findings):.0%} of {len(findings)} rows as expected; {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
