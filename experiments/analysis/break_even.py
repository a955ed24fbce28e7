"""The break-even of one Optimus against several AgiBots, and of orbit against the ground, found in the model.

Both are found as an experimenter would: worlds are run some months, those who decide are asked, and the lever
is moved by halves until they are undecided. The closed forms (S9.4, S11) are evaluated on the same worlds'
state; they are drawn beside what was found, and never used to find it.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np

from experiments.cli.options import choose, parse
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import RunError
from experiments.runs.cases import Cases, Patch
from experiments.runs.manifest import version
from experiments.runs.store import OUTPUTS, shown_path
from experiments.runs.terminal import meter
from sim.units import Array

MONTHS = 24
"""Worlds are run so long before anybody is asked."""
HALVINGS = 14
"""From a range of 1 to 300, the answer is known to 0.04 %."""
PRICE_RATIOS = (1.0, 1.5, 2.0, 3.0, 4.0)
OVERHEADS = (1.0, 6.0, 20.0)
"""k$ a year a unit."""
ARRAYS = (30.0, 60.0, 100.0, 150.0, 200.0)
"""W per kg of solar array."""
HARDWARE = (2.0, 4.0, 6.0)
"""USD per W of satellite."""
_ROBOT_RULES = {
    "robots.home_bias": 0.0,
    "robots.optimus_external_sales_month": 0.0,
    "robots.technology_sensitivity": 100.0,
    "robots.reach_threshold": 0.0,
    "robots.reach_steepness": 10.0,
    "robots.decoupling_factor": 1.0,
}
"""Costs alone decide, and sharply: no home bias, both on sale, both able to take nearly every position."""
_ORBIT_RULES = {
    "orbit.start_month_us": 0.0,
    "orbit.launch_cost_floor": 0.0,
    "orbit.hardware_floor": 0.0,
}
_LOWEST_RATIO, _HIGHEST_RATIO = 0.08, 24.0
_LOWEST_COST, _HIGHEST_COST = 1.0, 27_000.0


@dataclass(frozen=True)
class BreakEvens:
    """Break-evens at some points, as found in the model and by closed form; NaN where there is none."""

    x: Array
    """(point,): ratio of prices, or W per kg."""
    curve: Array
    """(point,): overhead in k$ a year, or USD per W of satellite."""
    found: Array
    closed: Array

    @property
    def worst(self) -> float:
        """Return the largest relative difference where both exist; 0 where none does."""
        both = np.isfinite(self.found) & np.isfinite(self.closed)
        return float(np.max(np.abs(self.found[both] / self.closed[both] - 1.0), initial=0.0))


@dataclass(frozen=True)
class Asked:
    """What worlds say at the last month. Shapes: (point,) each."""

    lead: Array
    """Above 0 where the option whose lever is moved is preferred."""
    x: Array
    found: Array
    closed: Array


def robots(
    plan: RunPlan,
    place: str = "row",
    price_ratios: Sequence[float] = PRICE_RATIOS,
    overheads: Sequence[float] = OVERHEADS,
    on_step: Callable[[int], None] = lambda done: None,
) -> BreakEvens:
    """Find the efficiency of Optimus, as a multiple of AgiBot's, at which factories of a place are undecided.

    Raises: RunError if a world has no feasible start.
    """
    points = np.asarray(list(product(price_ratios, overheads)))
    agibot = float(cast(float, plan.catalogue["robots.agibot_unit_cost"].value))
    fixed = {
        **_ROBOT_RULES,
        "robots.agibot_unit_cost": agibot,
        "robots.optimus_unit_cost": points[:, 0] * agibot,
        "robots.overhead_per_unit": points[:, 1],
    }
    site = plan.axes.markets.names.index(place)

    def ask(model: Any) -> Asked:
        from agents.factory import SHARED
        from sim.observe_robots import factory_view
        from sim.physics.robot_choice import break_even_efficiency_ratio, running_cost_usd_per_year
        from sim.quantity import capital_recovery_factor

        ctx, table = model.context, model.state.robots
        rules, makers = ctx.params.robots, list(ctx.axes.robot_makers.names)
        ours, theirs = makers.index("tesla"), makers.index("agibot")
        shares = model.cast.factories[site].choice(factory_view(ctx, model.state))[:, SHARED, 0, site]
        wages = ctx.start.markets.manufacturing_wage_usd_per_year
        power = model.state.power.price_usd_per_mwh[site]
        running = [
            running_cost_usd_per_year(
                rules.overhead_per_unit * 1e3,
                rules.power_draw * rules.working_hours * power / 1e3,
                table.autonomy[one],
                rules.supervision_cost * 1e3 * wages[site] / wages[0],
            )
            for one in (ours, theirs)
        ]
        tariff = levied(ctx, model.state, site)
        closed = break_even_efficiency_ratio(
            table.price_usd[ours] / table.price_usd[theirs],
            table.price_usd[theirs],
            capital_recovery_factor(rules.cost_of_capital, rules.life_years) + rules.maintenance_share,
            tariff[ours],
            tariff[theirs],
            *running,
        )
        return Asked(
            lead=np.log(shares[ours]) - np.log(shares[theirs]),
            x=table.price_usd[ours] / table.price_usd[theirs],
            found=table.productivity[ours] / table.productivity[theirs],
            closed=closed,
        )

    limits = _LOWEST_RATIO, _HIGHEST_RATIO
    return search(plan, fixed, "robots.efficiency_ratio", limits, ask, points[:, 1], 1.0, on_step)


def levied(ctx: Any, state: Any, site: int) -> Array:
    """Return the tariff on each maker's robots in a place. Shapes: -> (maker, world)."""
    from sim.acts.robot_terms import tariff_by_place

    found: Array = tariff_by_place(ctx, ctx.axes.robot_makers.bloc, state.policy.tariff)[:, site]
    return found


def orbit(
    plan: RunPlan,
    arrays: Sequence[float] = ARRAYS,
    hardware: Sequence[float] = HARDWARE,
    on_step: Callable[[int], None] = lambda done: None,
) -> BreakEvens:
    """Find the launch cost, in USD per kg, at which the US operator puts half of new computing in orbit.

    NaN where even the cheapest launch does not pay.

    Raises: RunError if a world has no feasible start.
    """
    points = np.asarray(list(product(arrays, hardware)))
    fixed = {
        **_ORBIT_RULES,
        "orbit.solar_array_w_per_kg": points[:, 0],
        "orbit.satellite_hardware": points[:, 1],
    }

    def ask(model: Any) -> Asked:
        from sim.acts.orbit import costs
        from sim.observe_robots import orbit_view

        view = orbit_view(model.context, model.state)
        plans = model.cast.orbital_operators[0].plan(view)
        cost = costs(model.context, model.state)
        wanted = plans.launch_gw[0] / view.launch_limit_gw[0]
        return Asked(wanted - 0.5, points[:, 0], cost.launch_usd_per_kg[0], cost.break_even_usd_per_kg[0])

    # Dearer launches make orbit worse: the lead falls as the lever rises.
    limits = _LOWEST_COST, _HIGHEST_COST
    return search(plan, fixed, "orbit.launch_cost_start", limits, ask, points[:, 1], -1.0, on_step)


def search(
    plan: RunPlan,
    fixed: Mapping[str, Any],
    lever: str,
    limits: tuple[float, float],
    ask: Callable[[Any], Asked],
    curve: Array,
    sign: float,
    on_step: Callable[[int], None],
) -> BreakEvens:
    """Move a lever by halves of its logarithm, at every point at once, until the decision changes there.

    Shapes: `fixed` values 0-d or (point,), curve (point,). `sign` says which way the lead moves.
    """
    from experiments.runs.simulate import feasible_model
    from sim.model import forget

    points = curve.size

    def at(values: Array) -> Asked:
        given = {**fixed, lever: values}
        patches = tuple(
            Patch(section, name, None, np.broadcast_to(np.asarray(value, np.float64), points))
            for (section, name), value in ((key.split("."), value) for key, value in given.items())
        )
        nobody_reacts = np.zeros(points, np.int64)
        model, _ = feasible_model(plan, Cases(np.zeros(points, np.int64), nobody_reacts, patches))
        model.run()
        said = ask(model)
        forget(model)
        return said

    low, high = (np.full(points, np.log(end)) for end in limits)
    ends = [at(np.exp(end)) for end in (low, high)]
    exists = (sign * ends[0].lead < 0.0) & (sign * ends[1].lead > 0.0)
    for step in range(HALVINGS):
        on_step(step)
        middle = 0.5 * (low + high)
        preferred = sign * at(np.exp(middle)).lead > 0.0
        low, high = np.where(preferred, low, middle), np.where(preferred, middle, high)
    last = at(np.exp(high))
    on_step(HALVINGS)
    found = np.where(exists, last.found, np.nan)
    closed = np.where(exists, last.closed, np.nan)
    return BreakEvens(last.x, curve, found, closed)


HELP = f"""uncontested break-even [key=value ...] [--lang en|de] [--out DIR]

Find in the model at which efficiency one Optimus is worth several AgiBots, and at which launch cost orbit is
worth as much as the ground, and draw both over their closed forms (S9.4, S11). One world of central values is
run {MONTHS} months, then its factories and its orbital operator are asked.

  --lang en|de   language of the figure           --out DIR   another folder than outputs/break_even

Example:
  uncontested break-even
  uncontested break-even robots.supervision_cost=0"""
OPTIONS = {"--lang": "en or de", "--out": "a folder"}


def plan_of(keys: Sequence[str], command: str = "") -> RunPlan:
    """Plan the one world that is asked.

    Raises: ConfigError on a key that cannot be used.
    """
    own = ("worlds=1", "consumers=cohort", "uncertainty=none", f"months={MONTHS}", "responses=[passive]")
    given = {word.partition("=")[0] for word in keys}
    usual = [word for word in own if word.partition("=")[0] not in given]
    return plan_from_config(compose_run([*usual, *keys]), command)


def break_even_command(arguments: Sequence[str]) -> str:
    """Find both break-evens, write them and return what is to be said.

    Raises: ConfigError on an unknown word; RunError if nothing can be written.
    """
    keys = [word for word in arguments if "=" in word and not word.startswith("-")]
    _, given = parse([word for word in arguments if word not in keys], (), OPTIONS)
    if "--help" in given:
        return HELP
    language = choose("--lang", given.get("--lang", "en"), ("en", "de"))
    plan = plan_of(keys, shlex.join(["uncontested", "break-even", *arguments]))
    with meter(2 * HALVINGS, "Break-evens") as shown:
        pair = robots(plan, on_step=shown.show), orbit(plan, on_step=lambda done: shown.show(HALVINGS + done))
    from experiments.figures.break_even import draw_break_evens
    from experiments.figures.origin import Origin

    made = Origin(version(), plan.config_hash, str(plan.seed), plan.command_line)
    out = Path(given["--out"]).expanduser() if "--out" in given else OUTPUTS / "break_even"
    try:
        written = draw_break_evens(*pair, made, out, language)
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None
    lines = []
    for name, one in zip(
        (
            "One Optimus against AgiBots: price ratio, overhead in k$ a year, efficiency ratio",
            "Orbit against the ground: W per kg of array, USD per W of satellite, launch cost in USD per kg",
        ),
        pair,
        strict=True,
    ):
        lines += [f"{name}; found in the model, closed form"]
        lines += [
            f"  {x:8.3g} {curve:8.3g} {found:10.4g} {closed:10.4g}"
            for x, curve, found, closed in zip(one.x, one.curve, one.found, one.closed, strict=True)
        ]
        lines += [f"  largest difference {100.0 * one.worst:.2f} %", ""]
    return "\n".join([*lines, *(f"Files    {shown_path(path.absolute())}" for path in written)])
