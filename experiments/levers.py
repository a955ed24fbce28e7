"""Move one lever at a time and compare every world with itself: `python -m experiments.levers`.

A lever is a parameter set low and then high in the same worlds, everything else as drawn. Both runs share
their random numbers, so that a world's difference has one cause. What each lever should move, which way and
why is written in tests/levers.csv, which was committed before its first run. tests/ablations.csv takes one
mechanism out of each submodel. docs/levers.md shows what came out.
"""

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.build import RunPlan, plan_from_config
from experiments.compose import compose_run
from experiments.errors import ConfigError, RunError
from experiments.parameters import axis_members
from experiments.team import Team
from sim.axes import RESPONSES
from sim.params import Params
from sim.units import Array

if TYPE_CHECKING:
    from sim.recorder import Recorder

REPOSITORY: Final = Path(__file__).parent.parent
TABLE: Final = REPOSITORY / "tests" / "levers.csv"
ABLATIONS: Final = REPOSITORY / "tests" / "ablations.csv"
PAGE: Final = REPOSITORY / "docs" / "levers.md"
OVERRIDES: Final = ("worlds=256", "consumers=cohort", "responses=[passive]")
"""What a run takes unless told otherwise; expected shares stand in for consumers on a network."""
WINDOW_MONTHS: Final = 12
STANDARD_ERRORS: Final = 2.0
LEAST_WORLDS: Final = 2
NOT_EXPLAINED: Final = "not explained yet."
EVERYWHERE: Final = ".world"
"""Ends the name of an outcome that is the sum over places, where no such series is recorded."""
EXPECTED_SHARE: Final = 0.95
MONTHS_A_YEAR: Final = 12
_COLUMNS: Final = 640
"""Columns of a batch: many enough to be quick, few enough for 200 MB a process."""
_WORKERS: Final = 2

LEAST_POINTS: Final = 1.0
"""What an ablation has to move its outcome by, in points of a share."""
POINTS: Final = 100.0
RESPONSE: Final = "response"
"""In an arm, stands for who resists instead of for a parameter."""

Arm = tuple[tuple[str, float], ...]
"""What one run sets: pairs of a key and its value; an empty one is the run without any lever."""
Measured = Mapping[Arm, Mapping[str, Array]]
"""Arm -> name of a series -> (month, world)."""


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


@dataclass(frozen=True)
class Ablation:
    """A submodel without its main mechanism, and the share that this should move."""

    submodel: str
    without: str
    settings: str
    """What the run sets, as on the command line: pairs key=value."""
    outcome: str
    by: str
    reason: str

    @property
    def name(self) -> str:
        """What a message calls the row."""
        return f"{self.submodel} {self.without}: {self.outcome} by {self.by}"


@dataclass(frozen=True)
class Effect:
    """What an ablation did to a share, in points: without the mechanism minus with it."""

    ablation: Ablation
    worlds: int
    full: float
    """Mean share with the mechanism, in percent."""
    points: float
    standard_error: float

    @property
    def matters(self) -> bool:
        """Whether it moves the outcome by more than a point and two standard errors."""
        return abs(self.points) > max(LEAST_POINTS, STANDARD_ERRORS * self.standard_error)


def read_ablations(path: Path = ABLATIONS) -> tuple[Ablation, ...]:
    """Return the rows of a table of ablations."""
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(Ablation(**row) for row in csv.DictReader(file))


# ---- running ------------------------------------------------------------------------------------------


def quiet(text: str) -> None:
    """Tell nobody how far the runs are."""


def run_table(
    levers: Sequence[Lever], overrides: Sequence[str] = OVERRIDES, on_batch: Callable[[str], None] = quiet
) -> tuple[Finding, ...]:
    """Run every lever low and high in the same worlds and compare.

    Raises: ConfigError if a lever or an override is wrong; RunError if a worker dies.
    """
    config = compose_run(list(overrides))
    plan = plan_from_config(config)
    wanted: dict[Arm, int] = {}
    for lever in levers:
        for value in (lever.low, lever.high):
            arm = arm_of(plan, lever.lever, value)
            wanted[arm] = max(wanted.get(arm, 0), last_month(plan, lever.by))
    measured = measure(config, wanted, {lever.outcome for lever in levers}, on_batch)
    return tuple(compare(plan, lever, measured) for lever in levers)


def run_ablations(
    ablations: Sequence[Ablation],
    overrides: Sequence[str] = OVERRIDES,
    on_batch: Callable[[str], None] = quiet,
) -> tuple[Effect, ...]:
    """Run the same worlds with everything and without one mechanism at a time, and compare.

    Raises: ConfigError if a setting or an override is wrong; RunError if a worker dies.
    """
    config = compose_run(list(overrides))
    plan = plan_from_config(config)
    months = {ablation: last_month(plan, ablation.by) for ablation in ablations}
    wanted: dict[Arm, int] = {(): max(months.values())}
    for ablation in ablations:
        arm = arm_of_settings(plan, ablation.settings)
        wanted[arm] = max(wanted.get(arm, 0), months[ablation])
    measured = measure(config, wanted, {ablation.outcome for ablation in ablations}, on_batch)
    return tuple(effect(plan, ablation, measured) for ablation in ablations)


def measure(
    config: Mapping[str, Any],
    wanted: Mapping[Arm, int],
    outcomes: Iterable[str],
    on_batch: Callable[[str], None],
) -> Measured:
    """Run every arm for the months wanted, side by side in batches, in worker processes."""
    per_batch = max(1, _COLUMNS // config["worlds"])
    ordered = sorted(wanted, key=lambda arm: (wanted[arm], arm))
    batches = [ordered[first : first + per_batch] for first in range(0, len(ordered), per_batch)]
    names = tuple(sorted(outcomes))
    measured: dict[Arm, Mapping[str, Array]] = {}
    with Team(min(_WORKERS, len(batches)), len(batches)) as team:
        # The longest first, so that no worker is left with it alone.
        batches.reverse()
        futures = [
            team.submit(run_arms, config, batch, max(wanted[arm] for arm in batch), names)
            for batch in batches
        ]
        for batch, series in zip(batches, team.wait_for(futures, lambda _: None), strict=True):
            measured.update(zip(batch, series, strict=True))
            on_batch(f"{len(measured)} of {len(ordered)} runs")
    return measured


def run_arms(
    config: Mapping[str, Any], arms: Sequence[Arm], months: int, wanted: Sequence[str]
) -> list[dict[str, Array]]:
    """Run the same worlds once for each arm, side by side, and return the series wanted.

    Worlds whose start is infeasible under an arm are NaN there. Shapes: -> (month, world) each.
    """
    # Only a process that simulates imports this: Mesa takes a second.
    from agents.roster import build_model
    from experiments.cases import cases_of
    from experiments.simulate import feasible_model
    from sim.model import forget

    plan = plan_from_config({**config, "months": months})
    world_ids = np.arange(plan.worlds, dtype=np.int64)
    drawn, attempts = feasible_model(plan, cases_of(plan, world_ids))
    forget(drawn)
    attempts = attempts[: plan.worlds]
    ids, tries = np.tile(world_ids, len(arms)), np.tile(attempts, len(arms))
    params = with_arms(plan, plan.params_for(ids, tries), arms, ids.size)
    response = np.repeat([int(dict(arm).get(RESPONSE, 0)) for arm in arms], plan.worlds)
    settings = plan.settings_for(ids, response)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    model.run()
    sound = np.where(np.asarray(model.report.feasible), 1.0, np.nan)
    rows = {name: outcome(model.recorder, name) * sound for name in wanted}
    forget(model)
    columns = [slice(arm * plan.worlds, (arm + 1) * plan.worlds) for arm in range(len(arms))]
    return [{name: values[:, part] for name, values in rows.items()} for part in columns]


def outcome(recorder: "Recorder", name: str) -> Array:
    """Return a recorded series, or its sum over places for a name that ends in `.world`.

    Shapes: -> (month, world).
    """
    quantity = name.removesuffix(EVERYWHERE)
    if name in recorder.names or quantity == name:
        return np.asarray(recorder.row(name), np.float64)
    places = [f"{quantity}.{place}" for place in recorder.ctx.axes.markets.names]
    total: Array = np.sum([np.asarray(recorder.row(place), np.float64) for place in places], axis=0)
    return total


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


def arm_of_settings(plan: RunPlan, settings: str) -> Arm:
    """Return what pairs key=value mean; `response=us_resists` makes a bloc resist.

    Raises: ConfigError if one of them is wrong.
    """
    arm: Arm = ()
    for pair in settings.split():
        key, _, value = pair.partition("=")
        if key == RESPONSE:
            arm += ((key, float(RESPONSES.index(value))),)
        else:
            arm += arm_of(plan, key, float(value))
    return arm


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
            if key == RESPONSE:
                continue
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
    (year, month), (start_year, start_month) = (map(int, text.split("-")) for text in (by, plan.start.month))
    months = (year - start_year) * MONTHS_A_YEAR + month - start_month + 1
    if months < WINDOW_MONTHS:
        raise ConfigError("by", by, f"expected a month at least a year after {plan.start.month}")
    return months


# ---- comparing ----------------------------------------------------------------------------------------


def compare(plan: RunPlan, lever: Lever, measured: Measured) -> Finding:
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


def effect(plan: RunPlan, ablation: Ablation, measured: Measured) -> Effect:
    """Compare every world's share without and with a mechanism."""
    end = last_month(plan, ablation.by)
    window = slice(end - WINDOW_MONTHS, end)
    full, without = (
        measured[arm][ablation.outcome][window].mean(0) * POINTS
        for arm in ((), arm_of_settings(plan, ablation.settings))
    )
    both = np.isfinite(full) & np.isfinite(without)
    worlds = int(both.sum())
    if worlds < LEAST_WORLDS:
        return Effect(ablation, worlds, np.nan, np.nan, np.nan)
    difference = (without - full)[both]
    return Effect(
        ablation=ablation,
        worlds=worlds,
        full=float(full[both].mean()),
        points=float(difference.mean()),
        standard_error=float(difference.std(ddof=1) / np.sqrt(worlds)),
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


def page(findings: Sequence[Finding], effects: Sequence[Effect], overrides: Sequence[str]) -> str:
    """Return docs/levers.md."""
    met = sum(finding.as_expected for finding in findings)
    lines = [
        "# Levers",
        "",
        "What one lever moves in another submodel, and whether it is what was expected.",
        "Each row was written, with its sign and its reason, before the table was first run",
        "(tests/levers.csv). A lever is set low and then high in the same worlds, with the same random",
        "numbers; everything else stays as drawn. The outcome is a mean over twelve months. A relative",
        "difference is high minus low over the mean of both, so that every world weighs alike; a plain one",
        "is in the outcome's unit.",
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
        lines += [f"- `{one.lever.name}`: {one.lever.explained or NOT_EXPLAINED}" for one in exceptions]
    lines += [
        "",
        "## Ablations",
        "",
        "Each submodel without one mechanism, in the same worlds (tests/ablations.csv). The outcome is the",
        "share of the United States in both blocs' sum; a submodel matters if that moves by more than",
        f"{LEAST_POINTS:g} point and {STANDARD_ERRORS:g} standard errors.",
        "",
        "| submodel | without | settings | outcome | by | with it, % | moved, points | standard error | "
        "matters | reason |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(effect_row(one) for one in effects),
    ]
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


def effect_row(found: Effect) -> str:
    """Return an ablation's effect as a row of the page."""
    ablation = found.ablation
    cells = (
        ablation.submodel,
        ablation.without,
        ", ".join(f"`{pair}`" for pair in ablation.settings.split()),
        f"`{ablation.outcome}`",
        ablation.by,
        f"{found.full:.1f}",
        f"{found.points:+.2f}",
        f"{found.standard_error:.2f}",
        "yes" if found.matters else "no",
        ablation.reason,
    )
    return f"| {' | '.join(cells)} |"


def main(arguments: Iterable[str]) -> int:
    """Run both tables and write the page; later overrides lie over the usual ones."""
    overrides = (*OVERRIDES, *arguments)

    def tell(text: str) -> None:
        print(text, file=sys.stderr)

    try:
        findings = run_table(read_table(), overrides, tell)
        effects = run_ablations(read_ablations(), overrides, tell)
    except (ConfigError, RunError) as error:
        print(error, file=sys.stderr)
        return 2
    PAGE.write_text(page(findings, effects, overrides), encoding="utf-8")
    for finding in findings:
        if not finding.as_expected:
            print(f"{finding.verdict}: {finding.lever.name} ({finding.score:+.1f} standard errors)")
    for found in effects:
        if not found.matters:
            print(f"moves too little: {found.ablation.name} ({found.points:+.2f} points)")
    print(f"{expected_share(findings):.0%} of {len(findings)} rows as expected; {PAGE}")
    return 0


if __name__ == "__main__":
    # Worker processes look functions up by their module's name, which run as a script is another.
    from experiments import levers

    sys.exit(levers.main(sys.argv[1:]))
