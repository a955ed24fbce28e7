"""The command that fits the model, `uncontested calibrate`: the fit, its recoveries, what came of them."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from experiments.cli.options import parse, whole
from experiments.runs import store, terminal
from experiments.trust import posterior as tables
from experiments.trust.calibrate import Posterior, calibrate, evidence, recoveries
from experiments.trust.hindcast import hindcast_plan
from experiments.trust.targets import TARGETS, Targets, observed, read_targets
from experiments.trust.validate import recorded_units
from sim.units import Array

DRAWS, RECOVERIES = 2**15, 24
OPTIONS = {
    "--draws": "a number of Sobol draws",
    "--recoveries": "a number of pseudo-truths",
    "--seed": "a seed",
    "--output": "a folder",
    "--install": "",
}
TABLE, SUMMARY, FIGURE = "posterior.csv", "calibration.json", "calibration.png"
HELP = """uncontested calibrate [--draws N] [--recoveries N] [--seed N] [--output DIR] [--install]

Fit the hindcast to what was observed until the end of 2024, and test the fit on worlds whose parameters
are known. Nothing after 2024 is looked at. --install puts the table where `uncertainty=posterior` finds it.

The same seed and numbers give the same table again."""


def calibrate_command(arguments: Sequence[str]) -> int:
    """Fit, say what was learnt, and write the table.

    Raises: ConfigError on options at fault; RunError if too few worlds can start.
    """
    _, given = parse(arguments, (), OPTIONS)
    if "--help" in given:
        print(HELP)
        return 0
    draws = whole("--draws", given.get("--draws", str(DRAWS)), 2048, 2**20)
    count = whole("--recoveries", given.get("--recoveries", str(RECOVERIES)), 1, 1000)
    seed = whole("--seed", given.get("--seed", "1"), 0, 2**31 - 1)
    began = time.perf_counter()
    folder = store.output_folder(given.get("--output", ""), "calibrate", time.localtime())
    plan = hindcast_plan(f"worlds={draws}", f"seed={seed}", "uncertainty=prior")
    targets = read_targets(TARGETS, observed(), plan.start.month, plan.months, recorded_units(plan))
    with store.RunFolder(folder, may_be_renamed="--output" not in given) as made:
        with ExitStack() as stages:
            found, emulator, worlds = calibrate(plan, targets, draws, _stages(stages))
        held = recoveries(emulator, evidence(targets), worlds, found.informed, count, seed)
        told = summary(found, targets, held, time.perf_counter() - began)
        tables.write(made.part / TABLE, found.parameters)
        tables.write(made.part / tables.HINDCAST, found.worlds)
        (made.part / SUMMARY).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        from experiments.figures.calibration import draw_calibration

        draw_calibration(found, told, made.part / FIGURE)
        final = made.publish()
    show(told, store.shown_path(final))
    if "--install" in given:
        for name in (TABLE, tables.HINDCAST, SUMMARY):
            shutil.copy(final / name, tables.FOLDER / name)
    return 0


def _stages(stack: ExitStack) -> Callable[[str, int], Callable[[int], None]]:
    """Return what shows a bar for each stage of the fit."""

    def begin(what: str, months: int) -> Callable[[int], None]:
        stack.close()
        return stack.enter_context(terminal.meter(months, f"Calibrating: {what}")).show

    return begin


def summary(found: Posterior, targets: Targets, held: Array, seconds: float) -> dict[str, Any]:
    """Return what the fit was and what it learnt, most informed parameter first."""
    spread = found.chain_points.std(0) * np.sqrt(12.0)
    coverage = dict(zip(np.array(found.keys)[found.informed], held.mean(0), strict=True))
    return {
        "simulated_worlds": found.simulated,
        "seconds": round(seconds),
        "effective_draws": round(found.effective_draws),
        "effective_worlds": round(found.effective_worlds),
        "plausible_share_by_wave": list(found.plausible_share),
        "recoveries": len(held),
        "recovery_coverage": float(held.mean()) if held.size else None,
        "summaries": [f"{point.series} {point.date}" for _, point in targets.summaries()],
        "parameters": [
            {
                "key": found.keys[place],
                "spread_against_prior": round(float(spread[place]), 3),
                "informed": bool(found.informed[place]),
                "recovery_coverage": float(coverage[found.keys[place]]) if found.informed[place] else None,
                "prior_quantiles_5_50_95": [
                    round(float(one), 3)
                    for one in np.quantile(found.chain_points[:, place], [0.05, 0.5, 0.95])
                ],
            }
            for place in np.argsort(spread)
        ],
    }


def show(told: dict[str, Any], folder: Path) -> None:
    """Print what was learnt."""
    for line in _shown(told):
        print(line)
    print(f"\nTable, summary and figure: {folder}")


def _shown(told: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{told['simulated_worlds']:,} worlds simulated, {told['effective_draws']:,} effective draws of the "
        f"parameters, {told['effective_worlds']:,} effective worlds; {told['seconds']} s."
    )
    if told["recovery_coverage"] is not None:
        yield (
            f"In {told['recoveries']} worlds whose parameters are known the 90 % intervals of informed "
            f"parameters hold {100 * told['recovery_coverage']:.0f} % of them."
        )
    yield ""
    yield f"{'parameter':42}{'spread/prior':>13}   5, 50, 95 % as quantiles of the prior"
    for one in told["parameters"]:
        low, middle, high = one["prior_quantiles_5_50_95"]
        mark = "" if one["informed"] else "   keeps its prior"
        yield f"{one['key']:42}{one['spread_against_prior']:13.2f}   {low:.2f} {middle:.2f} {high:.2f}{mark}"
