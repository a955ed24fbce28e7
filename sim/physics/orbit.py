"""Laws of computing in orbit: mass, launch cost, yearly cost, adoption, vintages (S11).

Shapes: operators (operator, world), vintages (vintage, world); arguments broadcast. An infinite mass or cost
means that a design cannot work; it passes through every law here to an adoption of 0.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.elementary import exp, expm1, log, log2, power
from sim.units import (
    HOURS_PER_YEAR,
    KILOWATTS_PER_GIGAWATT,
    MEGAWATTS_PER_GIGAWATT,
    MONTHS_PER_YEAR,
    STEFAN_BOLTZMANN_W_PER_M2_K4,
    TINY,
    WATTS_PER_KILOWATT,
    Array,
    BoolArray,
    logistic,
    ratio,
    somewhere,
)

# A product or quotient of two bounded numbers must stay a finite number.
_SMALLEST: Final = math.sqrt(TINY)
_LARGEST: Final = 1.0 / _SMALLEST
_KILOWATTS_PER_MEGAWATT: Final = KILOWATTS_PER_GIGAWATT / MEGAWATTS_PER_GIGAWATT


# ---- mass ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Radiator:
    """Panel area per kW of heat, in m², infinite where the design is infeasible. Shapes: broadcast."""

    area_m2_per_kw: Array
    feasible: BoolArray


def radiator_area_m2_per_kw(temperature_k: Array, emissivity: Array, absorbed_w_per_m2: Array) -> Radiator:
    """Return the panel area of a two-sided radiator per kW of heat, in m² (S11): 1000/(2εσT⁴ − absorbed).

    Absorbed is sunlight and infrared taken up per m² of panel, both sides together. A panel that absorbs at
    least what it emits cannot cool.

    Shapes: broadcast.
    """
    net_w_per_m2 = (
        2.0 * emissivity * STEFAN_BOLTZMANN_W_PER_M2_K4 * power(temperature_k, 4.0) - absorbed_w_per_m2
    )
    feasible = np.asarray(net_w_per_m2 > 0.0)
    area = np.where(feasible, WATTS_PER_KILOWATT / np.where(feasible, net_w_per_m2, 1.0), np.inf)
    return Radiator(area, feasible)


def mass_kg_per_kw(
    specific_power_w_per_kg: Array,
    radiator_area_m2_per_kw: Array,
    areal_mass_kg_per_m2: Array,
    bus_kg_per_kw: Array,
) -> Array:
    """Return the mass to launch per kW of computing, in kg (S11).

    1000/(W/kg) + radiator area·areal mass + bus. Specific power is that of the power supply alone: what a
    whole-satellite figure already contains must not be counted again in radiator and bus.

    Shapes: broadcast. Infinite where the radiator is.
    """
    feasible = np.isfinite(radiator_area_m2_per_kw)
    area = np.where(feasible, radiator_area_m2_per_kw, 0.0)
    supply_kg = WATTS_PER_KILOWATT / np.maximum(specific_power_w_per_kg, _SMALLEST)
    mass: Array = np.where(feasible, supply_kg + area * areal_mass_kg_per_m2 + bus_kg_per_kw, np.inf)
    return mass


# ---- cost ---------------------------------------------------------------------------------------------


def launch_cost_usd_per_kg(
    cost_start_usd_per_kg: Array,
    cost_floor_usd_per_kg: Array,
    cumulative_mass_kg: Array,
    start_mass_kg: Array,
    learning_rate: Array,
) -> Array:
    """Return the cost of launching a kg, in USD (S11): floor + (start − floor)(m/m_0)^{−b}.

    b = −log2(1 − learning rate), m the mass launched since the beginning. Mass below its start counts as the
    start: nothing is unlearned.

    Shapes: broadcast, (operator, world). Source: Wright 1936.
    """
    b = -log2(1.0 - np.minimum(learning_rate, 1.0 - np.finfo(np.float64).eps))
    log_growth = log(np.maximum(cumulative_mass_kg, TINY)) - log(np.maximum(start_mass_kg, TINY))
    above_floor = (cost_start_usd_per_kg - cost_floor_usd_per_kg) * exp(-b * np.maximum(log_growth, 0.0))
    cost: Array = cost_floor_usd_per_kg + above_floor
    return cost


def annuity_per_year(rate_per_year: Array, hazard_per_year: Array, life_years: Array) -> Array:
    """Return the yearly cost per USD of capital that fails at a hazard (S11): (r + λ)/(1 − e^{−(r+λ)T}).

    It tends to 1/T without interest and failures. The life is positive.

    Shapes: broadcast.
    """
    decay = rate_per_year + hazard_per_year
    safe_decay = np.where(decay == 0.0, 1.0, decay)
    annuity: Array = np.where(decay == 0.0, 1.0 / life_years, safe_decay / -expm1(-safe_decay * life_years))
    return annuity


def orbital_capex_usd_per_kw(
    mass_kg_per_kw: Array, launch_cost_usd_per_kg: Array, hardware_usd_per_w: Array
) -> Array:
    """Return the cost of a kW in orbit without its chips, in USD: mass·launch + hardware (S11).

    Shapes: broadcast. Infinite where the mass is, also when launch is free.
    """
    feasible = np.isfinite(mass_kg_per_kw)
    launch = np.where(feasible, mass_kg_per_kw, 0.0) * launch_cost_usd_per_kg
    capex: Array = np.where(feasible, launch + hardware_usd_per_w * WATTS_PER_KILOWATT, np.inf)
    return capex


def chip_failure_usd_per_kw(failures_per_year: Array, chip_usd_per_kw: Array) -> Array:
    """Return the yearly cost of replacing failed chips per kW, in USD (S11); the same law on the ground.

    Shapes: broadcast.
    """
    return failures_per_year * chip_usd_per_kw


@dataclass(frozen=True)
class CostPerYear:
    """Yearly cost of a kW of computing, in USD: per nominal kW and per kW of delivered compute.

    Shapes: broadcast.
    """

    nominal_usd_per_kw: Array
    delivered_usd_per_kw: Array


def _cost_per_year(nominal_usd_per_kw: Array, delivered_share: Array) -> CostPerYear:
    """Pair a nominal cost with its cost per delivered compute, infinite where nothing is delivered."""
    nominal, share = np.asarray(nominal_usd_per_kw), np.asarray(delivered_share)
    delivers = share > _SMALLEST
    delivered = np.where(delivers, nominal / np.where(delivers, share, 1.0), np.inf)
    return CostPerYear(nominal, delivered)


def orbital_cost(
    capex_usd_per_kw: Array,
    annuity_per_year: Array,
    chip_usd_per_kw_year: Array,
    sunlit_share: Array,
    derate_share: Array,
) -> CostPerYear:
    """Return the yearly cost of a kW in orbit, nominal and per delivered compute, in USD (S11).

    capex·annuity + chips; delivered = nominal·sunlit·derate. Chips are the user cost and the failures of what
    a nominal kW carries, in use or not.

    Shapes: broadcast.
    """
    nominal = capex_usd_per_kw * annuity_per_year + chip_usd_per_kw_year
    return _cost_per_year(nominal, sunlit_share * derate_share)


def dark_shadow_usd_per_kw(dark_share: Array, compute_value_usd_per_kw: Array) -> Array:
    """Return the yearly shadow value of a kW of power, in USD (S11): dark share·value of its compute.

    Dark share is the share of chips at the site without power.

    Shapes: broadcast.
    """
    return dark_share * compute_value_usd_per_kw


def ground_cost(
    capex_usd_per_kw: Array,
    capital_recovery: Array,
    power_usage_effectiveness: Array,
    price_usd_per_mwh: Array,
    chip_usd_per_kw_year: Array,
    availability: Array,
    dark_shadow_usd_per_kw: Array,
) -> CostPerYear:
    """Return the yearly cost of a kW on the ground, nominal and per delivered compute, in USD (S11).

    PUE·(capex·CRF + 8760·price) + chips + shadow value of dark chips; delivered = nominal·availability.

    Shapes: broadcast.
    """
    energy = HOURS_PER_YEAR * price_usd_per_mwh / _KILOWATTS_PER_MEGAWATT
    site = power_usage_effectiveness * (capex_usd_per_kw * capital_recovery + energy)
    return _cost_per_year(site + chip_usd_per_kw_year + dark_shadow_usd_per_kw, availability)


def break_even_launch_cost_usd_per_kg(
    ground_delivered_usd_per_kw: Array,
    mass_kg_per_kw: Array,
    hardware_usd_per_w: Array,
    annuity_per_year: Array,
    chip_usd_per_kw_year: Array,
    sunlit_share: Array,
    derate_share: Array,
) -> Array:
    """Return the launch cost at which orbit costs what the ground does, in USD per kg (S11).

    [(ground·sunlit·derate − chips)/annuity − hardware]/mass, the inverse of `orbital_cost`. Negative where
    even free launch does not pay, minus infinity where the design is infeasible.

    Shapes: broadcast.
    """
    feasible = np.isfinite(mass_kg_per_kw)
    mass = np.maximum(np.where(feasible, mass_kg_per_kw, 1.0), _SMALLEST)
    ground = np.minimum(ground_delivered_usd_per_kw, _LARGEST)
    affordable = (ground * sunlit_share * derate_share - chip_usd_per_kw_year) / annuity_per_year
    launch_cost: Array = np.where(
        feasible, (affordable - hardware_usd_per_w * WATTS_PER_KILOWATT) / mass, -np.inf
    )
    return launch_cost


# ---- adoption and launches ----------------------------------------------------------------------------


def adoption_share(orbit_usd_per_kw: Array, ground_usd_per_kw: Array, sensitivity: Array) -> Array:
    """Return the share of new computing that goes to orbit (S11): Λ(β·ln(ground/orbit)), 1/2 at equal cost.

    Shapes: broadcast. 0 where orbit is infeasible.
    """
    feasible = np.isfinite(orbit_usd_per_kw)
    orbit = np.minimum(np.maximum(np.where(feasible, orbit_usd_per_kw, 1.0), _SMALLEST), _LARGEST)
    ground = np.minimum(np.maximum(ground_usd_per_kw, _SMALLEST), _LARGEST)
    share: Array = np.where(feasible, logistic(sensitivity * (log(ground) - log(orbit))), 0.0)
    return share


def launch_cap_gw_per_year(
    month: float, first_month: Array, cap_gw_per_year: Array, cap_month: Array, growth_per_year: Array
) -> Array:
    """Return the most that an operator can build and launch, in GW per year (S11).

    cap·(1 + growth)^{(month − cap month)/12} from the first month on, so exactly the cap in the cap month.

    Shapes: broadcast, (operator, world).
    """
    years = (month - cap_month) / MONTHS_PER_YEAR
    cap: Array = np.where(month >= first_month, cap_gw_per_year * power(1.0 + growth_per_year, years), 0.0)
    return cap


def launch_limit_gw(
    capacity_kg_per_year: Array, mass_kg_per_kw: Array, cap_gw_per_year: Array, dt: float
) -> Array:
    """Return the most GW that can be launched in the step: by mass and by the operator's cap (S11).

    Shapes: broadcast, (operator, world). 0 where the mass is infinite.
    """
    kg_per_gw = np.maximum(mass_kg_per_kw, _SMALLEST) * KILOWATTS_PER_GIGAWATT
    limit: Array = np.minimum(capacity_kg_per_year / kg_per_gw, cap_gw_per_year) * dt / MONTHS_PER_YEAR
    return limit


def launched_gw(wanted_gw: Array, adoption_share: Array, launch_limit_gw: Array) -> Array:
    """Return GW launched in the step: the part of new computing that chooses orbit, within the limit (S11).

    Shapes: broadcast, (operator, world).
    """
    launched: Array = np.minimum(wanted_gw * adoption_share, launch_limit_gw)
    return launched


def launched_mass_kg(launched_gw: Array, mass_kg_per_kw: Array) -> Array:
    """Return the mass launched in the step, in kg (S11), 0 for a design that cannot work.

    Shapes: broadcast.
    """
    mass = np.where(np.isfinite(mass_kg_per_kw), mass_kg_per_kw, 0.0)
    kilograms: Array = launched_gw * KILOWATTS_PER_GIGAWATT * mass
    return kilograms


# ---- vintages -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VintageStep:
    """Orbital GW by vintage after a step: stock' = stock − failed − retired + launched.

    Shapes: each (vintage, world).
    """

    stock_gw: Array
    failed_gw: Array
    retired_gw: Array


def vintage_step(
    stock_gw: Array,
    vintage_start_month: Array,
    vintage_months: float,
    month: float,
    launched_gw: Array,
    hazard_per_year: Array,
    life_months: Array,
    dt: float,
) -> VintageStep:
    """Age the orbital stock by one step and add what is launched to the open vintage (S11).

    Failures take 1 − e^{−λ dt}. Launches count as spread evenly over a vintage's months, so that it retires
    over as many months, beginning a life after its start. Launches join at the end of the step.

    Shapes: stock (vintage, world), start months (vintage, 1), life and launched (world,) -> (vintage, world).
    Raises: ValueError if no vintage is open in the month.
    """
    is_open = (vintage_start_month <= month) & (month < vintage_start_month + vintage_months)
    if not somewhere(is_open):
        raise ValueError(
            f"vintage_start_month: no vintage is open in month {month}; expected one that starts within the "
            f"{vintage_months} months before it; extend the vintages to the end of the run"
        )
    end_month = vintage_start_month + vintage_months + life_months
    share_before = np.minimum(np.maximum((end_month - month) / vintage_months, 0.0), 1.0)
    share_after = np.minimum(np.maximum((end_month - month - dt) / vintage_months, 0.0), 1.0)
    failed = stock_gw * -expm1(-hazard_per_year * dt / MONTHS_PER_YEAR)
    retired = (stock_gw - failed) * ratio(share_before - share_after, share_before)
    return VintageStep(stock_gw - failed - retired + is_open * launched_gw, failed, retired)


def resupplied_gw(
    failed_gw: Array, repair_share: Array, spare_mass_kg: Array, repair_kg_per_kw: Array
) -> Array:
    """Return failed GW brought back by spare parts, within the mass left on the launchers (S11).

    Shapes: broadcast, (world,). The mass used is the result times the repair mass.
    """
    kg_per_gw = np.maximum(repair_kg_per_kw, _SMALLEST) * KILOWATTS_PER_GIGAWATT
    restored: Array = np.minimum(failed_gw * repair_share, spare_mass_kg / kg_per_gw)
    return restored


def delivered_gw(stock_gw: Array, sunlit_share: Array, derate_share: Array) -> Array:
    """Return the computing power that the orbital stock delivers, in GW (S11): Σ stock·sunlit·derate.

    Shapes: (vintage, world) -> (world,).
    """
    delivered: Array = stock_gw.sum(0) * sunlit_share * derate_share
    return delivered
