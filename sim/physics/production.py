"""Laws of production: how automation feeds back on building, and manufacturing output (S10).

Shapes: blocs or regions (bloc, world); every law is elementwise and arguments broadcast.
"""

import math
from typing import Final

import numpy as np

from sim.elementary import exp, log, log1p, logaddexp
from sim.units import TINY, Array, ratio

# The result of a production function times an observed value added must stay a finite number.
_LARGEST_EXPONENT: Final = -0.5 * float(log(TINY))
# Below it the rounding error of a power mean exceeds that of its limit, the geometric mean.
_GEOMETRIC_BELOW: Final = math.sqrt(float(np.finfo(np.float64).eps))


def _log_or_minus_infinity(share: Array) -> Array:
    """Return ln of a share, minus infinity for 0, without a warning."""
    found: Array = np.where(share > 0.0, log(np.maximum(share, TINY)), -np.inf)
    return found


def _log_power_mean(log_first: Array, log_second: Array, second_share: Array, rho: Array) -> Array:
    """Return ln [(1 − s)·x^ρ + s·y^ρ]^{1/ρ} from ln x and ln y without overflow, ρ = 0 included.

    Shapes: broadcast. Source: Arrow, Chenery, Minhas and Solow 1961.
    """
    is_geometric = np.abs(rho) < _GEOMETRIC_BELOW
    safe_rho = np.where(is_geometric, 1.0, rho)
    first_share = 1.0 - second_share
    log_sum = logaddexp(
        _log_or_minus_infinity(first_share) + safe_rho * log_first,
        _log_or_minus_infinity(second_share) + safe_rho * log_second,
    )
    geometric = first_share * log_first + second_share * log_second
    mean = np.where(is_geometric, geometric, log_sum / safe_rho)
    # A mean lies between its terms; rounding must not take it outside.
    between = np.maximum(mean, np.minimum(log_first, log_second))
    bounded: Array = np.minimum(between, np.maximum(log_first, log_second))
    return bounded


def automated_over_h_labour(
    automated_workers: Array, labour_workers: Array, automatable_share: Array
) -> Array:
    """Return automated labour over the labour in automatable tasks (S10), both in worker-equivalents.

    Shapes: broadcast, (bloc, world). 0 where no labour is automatable.
    """
    return ratio(np.asarray(automated_workers), np.asarray(automatable_share * labour_workers))


def feedback_multiplier(automatable_share: Array, automated_over_h_labour: Array, rho: Array) -> Array:
    """Return how much faster a bloc builds because of automation (S10).

    M = [(1 − h) + h·(1 + a)^ρ]^{1/ρ} with h the automatable share and a = automated/h-labour. 1 without
    automation, 1 + a if everything is automatable, and at most (1 − h)^{1/ρ} for ρ < 0.

    Shapes: broadcast, (bloc, world).
    Source: Aghion, Jones and Jones 2019 for bottlenecks that bind the automated economy.
    """
    log_automated = log1p(automated_over_h_labour)
    log_multiplier = _log_power_mean(np.asarray(0.0), log_automated, automatable_share, rho)
    multiplier: Array = exp(log_multiplier)
    return multiplier


def useful_robot_labour_workers(productive_units: Array, productivity: Array, hours_ratio: Array) -> Array:
    """Return the labour that robots do, in worker-equivalents (S10).

    productive units·productivity·(hours a robot works over hours a person works).

    Shapes: broadcast, (maker, region, world).
    """
    return productive_units * productivity * hours_ratio


def labour_ratio(people_workers: Array, robot_workers: Array, people_start_workers: Array) -> Array:
    """Return labour of people and robots over that of people at the start (S10).

    Shapes: broadcast, (bloc, world). 0 where nobody worked at the start.
    """
    return ratio(np.asarray(people_workers + robot_workers), np.asarray(people_start_workers))


def manufacturing_output_usd(
    value_added_start_usd: Array,
    labour_ratio: Array,
    machines_ratio: Array,
    power_share: Array,
    supply_depth_ratio: Array,
    labour_share: Array,
    power_elasticity: Array,
    depth_elasticity: Array,
    rho: Array,
) -> Array:
    """Return manufacturing value added per year, in USD (S10).

    Y = Y_0·[s·L^ρ + (1 − s)·K^ρ]^{1/ρ}·E^{ε_E}·D^{ε_D}: a normalised CES of labour L and machines K, times
    the power served and the depth of the supply chain. L, K and D are ratios to the start, E the share of
    power need that is served; with all of them 1, output is the observed value added.

    Shapes: broadcast, (bloc, world).
    Source: Klump and de La Grandville 2000 for the normalisation; the two outer factors are a decision.
    """
    log_labour = log(np.maximum(labour_ratio, TINY))
    log_machines = log(np.maximum(machines_ratio, TINY))
    log_inner = _log_power_mean(log_labour, log_machines, 1.0 - labour_share, rho)
    log_outer = power_elasticity * log(np.maximum(power_share, TINY)) + depth_elasticity * log(
        np.maximum(supply_depth_ratio, TINY)
    )
    output: Array = value_added_start_usd * exp(np.minimum(log_inner + log_outer, _LARGEST_EXPONENT))
    return output
