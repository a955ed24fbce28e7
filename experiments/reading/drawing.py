"""Draw a run's figures: what they need beside the run's folder, and one task a figure."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import conf
from experiments.config.build import RunPlan
from experiments.config.conf_files import read_plain
from sim.axes import BLOCS
from sim.quantity import capital_recovery_factor
from sim.units import Array, IntArray

OBSERVATIONS = Path(conf.__file__).parent / "observations" / "baseline.yaml"
USD_PER_THOUSAND = 1000.0
_SPREAD = (0.05, 0.5, 0.95)


def options(plan: RunPlan, world_ids: IntArray, attempts: IntArray) -> dict[str, Any]:
    """Return what the figures need from conf and the draws, in plain types that can be sent to a worker."""
    axes = plan.axes
    firms = (axes.labs, axes.robot_makers)
    return {
        "observed": [*observed_points(), *plan.config["observations"]],
        "break_even": break_even(plan, world_ids, attempts),
        "lead_share": plan.outcome.lead_share,
        "response": "passive" if "passive" in plan.responses else plan.responses[0],
        "blocs": {name: BLOCS[b] for table in firms for name, b in zip(table.names, table.bloc, strict=True)},
    }


def observed_points() -> list[dict[str, Any]]:
    """Return the observed points that figures show over the simulated ones."""
    return list(read_plain(OBSERVATIONS)["points"])


def break_even(plan: RunPlan, world_ids: IntArray, attempts: IntArray) -> dict[str, Any]:
    """Return the values of the break-even of one Optimus against AgiBots, as drawn in this run (S9.4).

    Shapes: (world,) each.
    """
    robots = plan.params_for(world_ids, attempts).robots
    shape = world_ids.shape

    def spread(values: Array) -> list[float]:
        return [float(value) for value in np.quantile(np.broadcast_to(values, shape), _SPREAD)]

    factor = capital_recovery_factor(robots.cost_of_capital, robots.life_years) + robots.maintenance_share
    supervision = (1.0 - robots.autonomy_start) * robots.supervision_cost
    overheads = spread((robots.overhead_per_unit + supervision) * USD_PER_THOUSAND)
    low, central, high = spread(robots.optimus_unit_cost / robots.agibot_unit_cost)
    return {
        "price_agibot_usd": spread(robots.agibot_unit_cost * USD_PER_THOUSAND * (1.0 + robots.markup))[1],
        "capital_factor_per_year": spread(factor)[1],
        "overheads_usd_per_year": [0.0, *dict.fromkeys(round(value, -3) for value in overheads)],
        "price_ratio_low": low,
        "price_ratio_central": central,
        "price_ratio_high": high,
        "source": "unit costs as drawn: median and 90 % of the sampled worlds",
    }


def draw_some(hand: int, hands: int, folder: Path, given: Mapping[str, Any]) -> list[str]:
    """Draw one hand of a run's figures into its folder; return what kept any from being drawn.

    The figures are dealt out in turn to so many hands. A figure that cannot be drawn does not cost the run,
    whose data are complete by now.
    """
    from experiments.figures import FIGURES, draw, load_run, observations, save
    from experiments.reading.plotting import options_by_figure

    points, options = observations(given["observed"]), options_by_figure(given)
    failed, run = [], None
    with _no_collecting():
        for name in list(FIGURES)[hand::hands]:
            try:
                run = run or load_run(folder, response=given["response"], blocs=given["blocs"])
                save(draw(name, run, points, options), run, folder / "figures")
            except Exception as error:  # whatever stops one figure, the others are drawn and it is named
                failed.append(f"the figure {name} was not drawn ({type(error).__name__}: {error})")
    if run:
        run.connection.close()
    return failed


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Let cycles be for a while: to look for them while figures are drawn takes a twelfth of its time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def rehearse() -> None:
    """Set up what a process sets up at its first drawing, so that it is there before the tables are."""
    from experiments.figures.save import rehearse

    rehearse()
