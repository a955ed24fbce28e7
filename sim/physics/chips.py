"""Laws of chips: yield, output, performance per wafer, export limits, price, energy and fleet life (S7).

Every function is pure. Arrays are (row, world), a row being a maker or a bloc; the world axis is last.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.elementary import exp, expm1, log, log1p, power
from sim.units import MONTHS_PER_YEAR, TINY, Array, ratio

_LARGEST_EXPONENT: Final = 700.0
"""e^-700 is still a normal float and e^700 still finite."""


@dataclass(frozen=True)
class ChipOutput:
    """Hold the output of a step and what wafers alone would allow, in H100e, and the HBM used.

    Shapes: all (row, world).
    """

    h100e: Array
    wafer_limit_h100e: Array
    hbm_used: Array


@dataclass(frozen=True)
class HbmStep:
    """Hold the HBM made in a step, the HBM at hand and the capacity after it, all (row, world)."""

    made: Array
    available: Array
    capacity_per_month: Array


def wright_yield(
    cumulative: Array, cumulative_start: Array, yield_start: Array, yield_max: Array, learning_exponent: Array
) -> Array:
    """Return the share of good dies after cumulative output Q (S7.1).

    y = y_max - (y_max - y_0)(Q/Q_0)^{-b}; output below the start teaches nothing and forgets nothing.

    Shapes: all (row, world) or broadcast.
    Source: Wright 1936.
    """
    log_experience = log(np.maximum(cumulative, TINY)) - log(np.maximum(cumulative_start, TINY))
    remaining = exp(-np.minimum(learning_exponent * np.maximum(log_experience, 0.0), _LARGEST_EXPONENT))
    reached: Array = yield_max - (yield_max - yield_start) * remaining
    return reached


def output_h100e(
    wafers: Array, h100e_per_wafer: Array, yield_share: Array, hbm_available: Array, h100e_per_hbm: Array
) -> ChipOutput:
    """Return the output in H100e that wafers and HBM allow, min(w X y, HBM X_hbm) (S7.1).

    Shapes: all (row, world) or broadcast, amounts over the step. `h100e_per_wafer` is X times the H100e of a
    wafer of the US maker of 2025 with every die good.
    """
    by_wafers = wafers * h100e_per_wafer * yield_share
    by_hbm = hbm_available * h100e_per_hbm
    made = np.minimum(by_wafers, by_hbm)
    return ChipOutput(
        h100e=made,
        wafer_limit_h100e=by_wafers,
        hbm_used=np.minimum(ratio(made, h100e_per_hbm), hbm_available),
    )


def hbm_step(
    stock: Array,
    capacity_per_month: Array,
    growth_cap_per_year: Array,
    desired_per_month: Array,
    dt: float,
) -> HbmStep:
    """Return the HBM made in the step, the HBM at hand and the capacity after it (S7.1).

    Plants grow towards what all wafers could use, by (1 + cap)^{dt/12} at most; none is torn down. With r the
    ln growth of the step, what is made is the integral, capacity · dt · (e^r - 1)/r. The stock after the step
    is `available` less what the output used.

    Shapes: all (row, world) or broadcast.
    """
    largest = log1p(growth_cap_per_year) * (dt / MONTHS_PER_YEAR)
    wanted = log(np.maximum(desired_per_month, TINY)) - log(np.maximum(capacity_per_month, TINY))
    r = wanted.clip(0.0, largest)
    mean_growth = np.where(r == 0.0, 1.0, expm1(r) / np.where(r == 0.0, 1.0, r))
    made = capacity_per_month * dt * mean_growth
    return HbmStep(made, stock + made, capacity_per_month * exp(r))


def wafer_growth_step(
    wafers_per_month: Array,
    growth_cap_per_year: Array,
    desired_wafers_per_month: Array,
    build_multiplier: Array,
    equipment_lead_multiplier: Array,
    dt: float,
) -> Array:
    """Return the wafer capacity a month after the step, towards what is desired (S7.1, S10, S12).

    It grows at most by (1 + cap · build/lead)^{dt/12}: feedback from robots and AI (S10) speeds the building,
    retaliation (S12) lengthens equipment lead times. Capacity that is not wanted stands idle; it is not torn
    down.

    Shapes: all (row, world) or broadcast.
    """
    growth = growth_cap_per_year * build_multiplier / np.maximum(equipment_lead_multiplier, TINY)
    largest = wafers_per_month * power(1.0 + growth, dt / MONTHS_PER_YEAR)
    return np.clip(desired_wafers_per_month, wafers_per_month, largest)


def effective_ceiling(ln_x_max: Array, tool_gap_delta: Array, stringency: Array) -> Array:
    """Return ln X_max,b = ln X_max - Δ_tool · stringency(rival → b) (S7.2).

    Shapes: all (row, world) or broadcast.
    """
    return ln_x_max - tool_gap_delta * stringency


def advance_performance(
    ln_x: Array,
    node_progress_per_year: Array,
    ln_x_max_effective: Array,
    catch_up_per_month: Array,
    control_gamma: Array,
    stringency: Array,
    ln_x_leader: Array,
    dt: float,
) -> Array:
    """Return ln X, H100e per wafer relative to the US maker of 2025, after the step (S7.2).

    Own progress: d ln X/dt = g · clip(1 - ln X/ln X_max, 0, 1), in words g times the share of the log
    distance from the US maker of 2025 to the row's ceiling that still lies ahead. Below the level of that
    maker (ln X < 0) the whole distance lies ahead and the share is 1; so it is where a ceiling at or below
    that level would make the ratio meaningless: a row under it rises at g until it meets the ceiling. A row
    above its ceiling keeps what it has. The solution is exact: a straight piece below ln X = 0, then an
    exponential.

    Catching up: d ln X/dt = μ(1 - γ · stringency)^+ (target - ln X)^+, an exponential step after own
    progress; the target is the leader, or the row's own ceiling if that is lower.

    Shapes: all (row, world) or broadcast, finite. `ln_x_leader` comes from the month-end state; a leader at
    or below the row means no catching up.
    Source: S7.2; the clip at 1 keeps the law defined for every start and ceiling, the same for both blocs.
    """
    g = node_progress_per_year / MONTHS_PER_YEAR
    gap = np.maximum(ln_x_max_effective - ln_x, 0.0)
    scale = np.maximum(ln_x_max_effective, 0.0)
    months_straight = np.minimum(np.maximum(gap - scale, 0.0) / np.maximum(g, TINY), dt)
    gap_then = np.maximum(gap - g * months_straight, 0.0)
    decay = np.minimum(g * (dt - months_straight) / np.maximum(scale, TINY), _LARGEST_EXPONENT)
    own = ln_x + (gap - gap_then) - gap_then * expm1(-decay)

    target = np.minimum(ln_x_leader, ln_x_max_effective)
    rate = catch_up_per_month * np.maximum(1.0 - control_gamma * stringency, 0.0)
    advanced: Array = own - np.maximum(target - own, 0.0) * expm1(-rate * dt)
    return advanced


def legal_export_limit(supply: Array, stringency: Array, eta: Array) -> Array:
    """Return the chips that may be exported legally, (1 - x)^η · supply (S7.3).

    At x = 0 that is all of the supply, at x = 1 nothing, for every η.

    Shapes: all (row, world) or broadcast. The supply is that of merchant makers.
    """
    allowed = np.clip(1.0 - stringency, 0.0, 1.0)
    return np.where(allowed > 0.0, power(allowed, eta), 0.0) * supply


def smuggling_limit(supply: Array, stringency: Array, leakage: Array) -> Array:
    """Return the chips that can be smuggled, leakage · x · supply (S7.3).

    Shapes: all (row, world) or broadcast.
    """
    return leakage * stringency * supply


def price_step(
    price_usd: Array,
    backlog_months: Array,
    unit_cost_usd: Array,
    floor_multiple: Array,
    cap_multiple: Array,
    backlog_scale_months: Array,
    speed_per_month: Array,
    dt: float,
) -> Array:
    """Return the price in USD per H100e, which follows the backlog between two multiples of unit cost (S7.3).

    Target = c [floor + (cap - floor)(1 - e^{-backlog/scale})]; the price closes 1 - e^{-κ dt} of its distance
    to the target and stays within [floor, cap] · c when the unit cost c itself moves.

    Shapes: all (row, world) or broadcast.
    """
    filled = -expm1(-np.minimum(backlog_months / np.maximum(backlog_scale_months, TINY), _LARGEST_EXPONENT))
    target = unit_cost_usd * (floor_multiple + (cap_multiple - floor_multiple) * filled)
    moved = target + (price_usd - target) * exp(-speed_per_month * dt)
    return np.clip(moved, floor_multiple * unit_cost_usd, cap_multiple * unit_cost_usd)


def energy_per_h100e(x: Array, start_kw: Array, exponent: Array) -> Array:
    """Return the power in kW that an H100e draws, start · X^{-exponent} (S7.3).

    Shapes: all (row, world) or broadcast; X relative to the US maker of 2025.
    """
    return start_kw * exp(np.minimum(-exponent * log(np.maximum(x, TINY)), _LARGEST_EXPONENT))


def survivors(stock: Array, life_months: Array, dt: float) -> Array:
    """Return what is left of a fleet after the step, stock · e^{-dt/life} (S5, S7).

    Shapes: any, broadcast.
    """
    return stock * exp(-np.minimum(dt / np.maximum(life_months, TINY), _LARGEST_EXPONENT))
