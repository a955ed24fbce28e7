"""What accelerators cost to make, carry and draw, and what no month changes of it (S7).

The act, the start and the views read these terms, so that all three mean the same.
Shapes: (maker, world) or (bloc, world).
"""

import numpy as np

from sim.axes import sum_by_bloc
from sim.context import Context
from sim.elementary import exp, log
from sim.memory import once_a_month, once_a_run
from sim.physics.chips import energy_per_h100e, output_h100e, wright_yield
from sim.state import State
from sim.units import ONE, Array, ratio

LEAST_START = 1e-6
"""Makers ship at the start, so that neither performance nor yield can be nothing: wafers stay finite."""


@once_a_run
def start_performance(ctx: Context) -> Array:
    """Return X at the start by maker. Shapes: (maker, world)."""
    chips, bloc = ctx.params.chips, ctx.axes.chip_makers.bloc
    by_bloc = ctx.by_bloc(chips.us_performance_start, chips.cn_performance_start)
    return np.maximum(by_bloc, LEAST_START)[bloc]


@once_a_run
def start_yield(ctx: Context) -> Array:
    """Return the yield at the start by maker. Shapes: (maker, world)."""
    chips, bloc = ctx.params.chips, ctx.axes.chip_makers.bloc
    by_bloc = ctx.by_bloc(chips.us_yield_start, chips.cn_yield_start)
    return np.maximum(by_bloc, LEAST_START)[bloc]


@once_a_run
def start_markup(ctx: Context) -> Array:
    """Return each maker's price over its unit cost at the start (S7.3). Shapes: (maker, world)."""
    price = ctx.spread(ctx.start.chip_makers.price_usd_per_h100e)
    return ratio(price, unit_costs_usd(ctx, log(start_performance(ctx)), start_yield(ctx)))


@once_a_month
def performance(ctx: Context, state: State) -> Array:
    """Return X, H100e per wafer relative to the US maker of 2025, by maker (S7.2). Shapes: (maker, world)."""
    x: Array = exp(state.chips.ln_x)
    return x


@once_a_month
def performance_gain(ctx: Context, state: State) -> Array:
    """Return X over the start's by maker (S7.2). Shapes: (maker, world)."""
    return performance(ctx, state) / start_performance(ctx)


@once_a_month
def yields(ctx: Context, state: State) -> Array:
    """Return this month's yield by maker (S7.1). Shapes: (maker, world)."""
    chips, old = ctx.params.chips, state.chips
    first = start_yield(ctx)
    return wright_yield(
        old.experience_start_h100e + old.cumulative_h100e,
        old.experience_start_h100e,
        first,
        np.maximum(chips.yield_max, first),
        chips.yield_learning_exponent,
    )


@once_a_month
def full_output_h100e_per_month(ctx: Context, state: State) -> Array:
    """Return what each maker could make a month of all its wafers and the memory at hand (S7.1).

    Stocks are measured against it: against an output that has been cut they would look ever larger, and
    makers would swing between all and nothing. Shapes: (maker, world).
    """
    old = state.chips
    x, gain = performance(ctx, state), performance_gain(ctx, state)
    memory = old.hbm_stock + old.hbm_per_month
    return output_h100e(old.wafers_per_month, x, yields(ctx, state), memory, gain).h100e


@once_a_month
def power_per_h100e_ratio(ctx: Context, state: State) -> Array:
    """Return the power that each maker's H100e draws over the start's (S7.3). Shapes: (maker, world)."""
    return energy_per_h100e(performance_gain(ctx, state), ONE, ctx.params.chips.energy_exponent)


@once_a_month
def power_per_h100e_kw(ctx: Context, state: State) -> Array:
    """Return the power in kW that each maker's H100e of this month draws (S7.3). Shapes: (maker, world)."""
    return bloc_start_kw(ctx)[ctx.axes.chip_makers.bloc] * power_per_h100e_ratio(ctx, state)


@once_a_run
def bloc_start_kw(ctx: Context) -> Array:
    """Return the power in kW of each bloc's H100e at the start (S7.3). Shapes: -> (bloc, world)."""
    return ctx.by_bloc(ctx.params.chips.power_per_h100e_us, ctx.params.chips.power_per_h100e_cn)


def unit_costs_usd(ctx: Context, ln_x: Array, yield_share: Array) -> Array:
    """Return what an H100e costs to make: start's cost over the gain in good performance per wafer (S7.3).

    At equal yield and design a Chinese maker's wafer costs `cn_cost_ratio` times an American one, so its chip
    costs more as long as its wafers carry less. Shapes: (maker, world).
    """
    good = exp(ln_x) * yield_share
    return start_wafer_usd(ctx) / np.maximum(good, 1e-9)


@once_a_run
def start_wafer_usd(ctx: Context) -> Array:
    """Return what a wafer costs at the start, per H100e of a perfect one of the US maker (S7.3).

    Shapes: -> (maker, world).
    """
    chips, makers = ctx.params.chips, ctx.axes.chip_makers
    reference = chips.us_performance_start * chips.us_yield_start
    wafer_ratio = ctx.by_bloc(ONE, chips.cn_cost_ratio)[makers.bloc]
    ratios = ctx.start.chip_makers.unit_cost_ratio[:, None]
    return chips.us_unit_cost_start * ratios * wafer_ratio * reference


@once_a_run
def start_wafers(ctx: Context) -> tuple[Array, Array]:
    """Return each maker's share of its bloc's wafer starts at the start, and its bloc's (S7.1).

    Shapes: -> two of (maker, world).
    """
    bloc, chips = ctx.axes.chip_makers.bloc, ctx.start.chip_makers
    wafers = chips.shipments_h100e_per_month[:, None] / (start_performance(ctx) * start_yield(ctx))
    in_bloc = sum_by_bloc(wafers, bloc)[bloc]
    return ratio(wafers, in_bloc), in_bloc


@once_a_run
def growth_caps(ctx: Context) -> tuple[Array, Array]:
    """Return the largest growth a year of each maker's wafer starts and memory (S7.1).

    Shapes: -> two of (maker, world).
    """
    chips, bloc = ctx.params.chips, ctx.axes.chip_makers.bloc
    return ctx.by_world(chips.wafer_growth)[bloc], ctx.by_bloc(chips.hbm_growth_us, chips.hbm_growth_cn)[bloc]
