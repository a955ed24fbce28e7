"""Start values of a run, one record an entity table; the figures, units and sources live in conf/start.

The first axis is the entity; a second axis is named in the field's metadata, so that one builder reads all.
No field carries a world axis: what is uncertain at the start is a parameter.
"""

from dataclasses import dataclass, field
from typing import Final

from sim.units import Array

# The second axis of a field, for its metadata.
BY_MARKET: Final = {"axis": "market"}
BY_ORIGIN: Final = {"axis": "origin"}
BY_CLOUD: Final = {"axis": "cloud"}
BY_TRANCHE: Final = {"axis": "tranche"}
BY_INDUSTRIAL_MAKER: Final = {"axis": "industrial_maker"}


@dataclass(frozen=True)
class LabStart:
    """AI labs at the start. Shapes: (lab,) or (lab, axis)."""

    users_million: Array = field(metadata=BY_MARKET)
    user_growth_per_month: Array = field(metadata=BY_MARKET)
    paying_share: Array = field(metadata=BY_MARKET)
    subscription_price_usd_per_month: Array = field(metadata=BY_MARKET)
    free_quota_per_day: Array = field(metadata=BY_MARKET)
    enterprise_market_share: Array = field(metadata=BY_MARKET)
    fleet_h100e: Array = field(metadata=BY_ORIGIN)
    lease_h100e: Array = field(metadata=BY_CLOUD)
    revenue_usd_per_month: Array
    revenue_growth_per_year: Array
    fixed_cost_usd_per_month: Array
    cash_usd: Array
    lag_months: Array


@dataclass(frozen=True)
class CloudStart:
    """Compute providers at the start. Shapes: (cloud,) or (cloud, axis)."""

    fleet_h100e: Array = field(metadata=BY_ORIGIN)
    rent_usd_per_h100e_month: Array
    cash_usd: Array


@dataclass(frozen=True)
class ChipStart:
    """Chip makers at the start. Shapes: (maker,)."""

    shipments_h100e_per_month: Array
    shipments_growth_per_month: Array
    price_usd_per_h100e: Array
    unit_cost_ratio: Array
    """Against the US unit cost of the parameters (or its Chinese counterpart)."""
    backlog_months: Array
    rival_share: Array
    """Share of the shipments that reached the rival bloc, licensed or not."""
    cash_usd: Array


@dataclass(frozen=True)
class OriginStart:
    """Accelerators in use by origin. Shapes: (origin,)."""

    power_kw_per_h100e: Array


@dataclass(frozen=True)
class MarketStart:
    """Places at the start. Shapes: (market,) or (tranche, market) after the builder's transpose."""

    population_million: Array
    aware_share: Array
    gdp_usd_per_year: Array
    tranche_capacity_gw: Array = field(metadata=BY_TRANCHE)
    tranche_cost_usd_per_mwh: Array = field(metadata=BY_TRANCHE)
    other_load_gw: Array
    generation_twh_per_year: Array
    firm_additions_gw_per_year: Array
    retirements_gw_per_year: Array
    spare_gw: Array
    queue_months: Array
    """AI power on order, in months of the start's growth in need."""
    powered_share: Array
    btm_gw: Array
    btm_ordered_gw: Array
    power_price_usd_per_kwh: Array
    """All in, for a data centre; `power.power_price_<place>` is the price from the first month on."""
    manufacturing_workers_million: Array
    manufacturing_wage_usd_per_year: Array
    manufacturing_value_added_usd_per_year: Array
    industrial_robots: Array
    industrial_installations_per_year: Array
    industrial_supplier_share: Array = field(metadata=BY_INDUSTRIAL_MAKER)
    dark_factory_share: Array


@dataclass(frozen=True)
class RobotStart:
    """Makers of humanoids at the start. Shapes: (maker,)."""

    shipments_last_year: Array
    shipments_year_before: Array
    unit_cost_ratio: Array
    """Against the unit cost of the maker's design."""
    factory_share: Array
    """Share of the shipped robots that work in factories rather than in pilots."""
    cash_usd: Array


@dataclass(frozen=True)
class OrbitStart:
    """Orbital operators at the start. Shapes: (operator,)."""

    launched_tonnes: Array
    cash_usd: Array


@dataclass(frozen=True)
class Start:
    """State of the world at the end of the month before the first one simulated."""

    month: str
    labs: LabStart
    clouds: CloudStart
    chip_makers: ChipStart
    origins: OriginStart
    markets: MarketStart
    robot_makers: RobotStart
    orbital_operators: OrbitStart
