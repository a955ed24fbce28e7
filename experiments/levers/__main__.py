"""Move one lever at a time and compare every world with itself: `python -m experiments.levers`.

A lever is a parameter set low and then high in the same worlds, everything else as drawn. Both runs share
their random numbers, so that a world's difference has one cause. What each lever should move, which way and
why is written in tests/levers.csv, which was committed before its first run. tests/ablations.csv takes one
mechanism out of each submodel. docs/levers.md shows what came out.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, RunError
from experiments.levers.arms import Arm, arm_of, arm_of_settings, last_month, measure, quiet
from experiments.levers.compare import compare, effect, expected_share
from experiments.levers.table import (
    LEAST_POINTS,
    REPOSITORY,
    STANDARD_ERRORS,
    Ablation,
    Effect,
    Finding,
    Lever,
    read_ablations,
    read_table,
)

PAGE: Final = REPOSITORY / "docs" / "levers.md"
OVERRIDES: Final = ("worlds=256", "consumers=cohort", "responses=[passive]")
"""What a run takes unless told otherwise; expected shares stand in for consumers on a network."""
NOT_EXPLAINED: Final = "not explained yet."


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
    sys.exit(main(sys.argv[1:]))
