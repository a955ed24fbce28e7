"""The state at a month's end: one table an entity kind, the world on the last axis.

Nothing here decides or computes. `month.advance` is the only writer; everybody else sees sealed views.
Money is real 2025 USD, accelerators are H100-equivalents (H100e), power is GW at the meter unless a name says
IT.
"""

from dataclasses import dataclass, field
from typing import Any

from sim.units import Array


@dataclass
class LabTable:
    """AI labs. Shapes: (lab, world) or (lab, market, world)."""

    alive: Array
    cash_usd: Array
    debt_usd: Array
    credit_limit_usd: Array
    distressed_months: Array
    revenue_usd: Array
    """Revenue of the last month."""
    revenue_past_usd: Array
    """(12, lab, world) monthly revenue of the last twelve months, oldest first."""
    spending_usd: Array
    """Committed compute spending of the last month (leases and chips)."""
    outlay_usd: Array
    """Everything paid a month, smoothed; what investors call burn is its excess over revenue."""
    runway_months: Array
    ln_algorithm: Array
    ln_efficiency: Array
    training_stock: Array
    training_h100e: Array
    luck: Array
    training_residual: Array
    """ln of what the start's lag leaves unexplained by compute and algorithms; fixed."""
    physical_orders_start: Array
    """Capability less algorithms at the start, the base of serving cost."""
    enterprise_revenue_usd: Array
    """What firms would spend on tokens in the last month."""
    capability_orders: Array
    price_usd: Array
    quota_per_day: Array
    query_cost_usd: Array
    """(lab, world): cost of a query a day over a month, last month."""
    queries_wanted: Array
    """Queries a free user would make a day without a quota: (world,)."""
    served_share: Array
    """(lab, world): share of the free load that compute could serve last month."""
    residual: Array
    """(lab, market, world) own residual utility of users, fading."""
    familiar_share: Array
    """(lab, market, world): share of those aware of assistants who know this one."""
    paid_constant: Array
    """(lab, market, world) constant of the paid tier, fitted to the paying share of the start."""
    enterprise_share: Array
    enterprise_residual: Array
    enterprise_start_usd: Array
    """(market, world): yearly revenue of the market at the start."""
    price_conduct: Array
    """(lab, market, world): the start's price over the rule's, kept: conduct the rule does not explain."""
    serving_cost_usd: Array
    """(lab, world): USD per H100e-month of compute."""


@dataclass
class FleetTable:
    """Accelerators of labs and clouds. Shapes: (owner, origin, site, world), sites as places, then orbit."""

    h100e: Array
    it_gw: Array
    lease_h100e: Array
    """(lab, cloud, world)"""
    powered_share: Array
    """(owner, site, world)"""
    cloud_cash_usd: Array
    cloud_spending_usd: Array
    rent_usd: Array
    """(cloud, world): USD per powered H100e-month."""
    occupancy: Array
    """(cloud, world): let share of the powered capacity."""
    maker_preference: Array
    """(owner, maker, world): share of an owner's spending on each maker before the start; fixed."""
    lender_usd: Array
    """(cloud, world): USD a month that lenders and funds added at the start; grows as groups' budgets do."""
    other_tenant_budget_usd: Array
    """(cloud, world): what firms other than the labs spend on rent a month."""


@dataclass
class ChipTable:
    """Chip makers. Shapes: (maker, world)."""

    wafers_per_month: Array
    ln_x: Array
    output_h100e: Array
    cumulative_h100e: Array
    """Output since the start, on top of the experience of the start."""
    experience_start_h100e: Array
    inventory_h100e: Array
    backlog_months: Array
    price_usd: Array
    price_start_usd: Array
    unit_cost_usd: Array
    hbm_stock: Array
    hbm_per_month: Array
    cash_usd: Array
    fill_share: Array
    """(maker, bloc, world): share of what a bloc's buyers bid for that they got last month."""


@dataclass
class PowerTable:
    """Power for AI per place. Shapes: (site, world); stages (3, site, world)."""

    stages_gw: Array
    ready_gw: Array
    grid_gw: Array
    btm_stages_gw: Array
    btm_gw: Array
    spare_gw: Array
    other_load_gw: Array
    tranche_gw: Array
    """(tranche, site, world) firm capacity for everybody."""
    price_usd_per_mwh: Array
    dispatch_usd_per_mwh: Array
    felt_usd_per_mwh: Array
    """Dispatch price as other users feel it, smoothed by contracts."""
    dispatch_start_usd_per_mwh: Array
    ordered_gw: Array
    """Cumulative since the start, as are built and withdrawn."""
    built_gw: Array
    withdrawn_gw: Array
    need_gw: Array
    """Power that all accelerators of a place needed last month."""
    need_growth: Array
    """Smoothed ln growth a month of the power that owners would need without dark chips."""
    room_share: Array
    """Share of the chips wanted for a site that can expect power."""


@dataclass
class RobotTable:
    """Humanoids and industrial robots."""

    line_per_month: Array
    """(maker, world)"""
    parts_per_month: Array
    """(bloc, world)"""
    experience_units: Array
    """(maker, world): units made since the start."""
    fleet_robot_years: Array
    """(maker, world): robot-years of work since the start, the data a maker learns from."""
    reach: Array
    """(maker, world): share of suitable positions that the maker's robots can take."""
    productivity: Array
    """(maker, world): output where a robot works, of a person's."""
    autonomy: Array
    """(maker, world): share of a robot's time without supervision."""
    integration_per_month: Array
    """(maker, world): robots a month that a maker and its integrators can put to work in factories."""
    inventory_units: Array
    home_units: Array
    """(maker, world): units at work in the maker's own factory."""
    pilot_units: Array
    """(maker, region, world): shipped to research, showrooms and trials."""
    waiting_units: Array
    """(maker, region, sector, world): shipped to factories, not yet productive."""
    working_units: Array
    """(maker, region, sector, world)"""
    pilot_orders_per_month: Array
    """(world,): orders for pilots, all makers."""
    pilot_residual: Array
    """(maker, world): track record with pilots, fitted to the shipments of the start and kept."""
    unit_cost_usd: Array
    price_usd: Array
    cash_usd: Array
    shipped_units: Array
    """(maker, world): shipments of the last step, per month."""
    backlog_units: Array
    """(maker, world): orders of the last step that were not delivered, per month."""
    industrial_units: Array
    """(industrial maker, region, world)"""
    industrial_made: Array
    """(industrial maker, world): installed since the start."""
    industrial_price_usd: Array
    """(industrial maker, world)"""
    machine_scale: Array
    """(region, world): machines wanted over what the rule gives, fitted to the start's installations."""
    dark_share: Array
    """(region, world)"""
    dark_groups: Array
    """(region, world): kinds of work in a plant, fitted to the start's share of dark factories."""
    industrial_installed: Array
    """(region, world): installations of the last step, per month."""


@dataclass
class OrbitTable:
    """Orbital data centres. Shapes: (operator, world); vintages (vintage, operator, world)."""

    vintage_gw: Array
    vintage_charge_usd_per_kw_year: Array
    """(vintage, operator, world): what clouds pay for a kW of the vintage, fixed at its launch."""
    launched_kg: Array
    """Mass put into orbit since the beginning."""
    cash_usd: Array
    hardware_gw: Array
    """GW built since the start: the experience of the satellite makers."""
    capacity_boost_gw_per_year: Array
    """Launchable power that subsidies have added."""


@dataclass
class PolicyTable:
    """Governments. Shapes: (bloc, world)."""

    stringency: Array
    """Of the bloc's government towards the rival."""
    tariff: Array
    """Suffered by the bloc: lengthens its equipment and parts lead times."""
    below_months: Array
    reaction_month: Array
    """Months since the reaction began; -1 before."""
    rise: Array
    """Stringency added by reaction and retaliation, apart from the schedule."""
    subsidy_usd: Array
    """(lever, bloc, world): subsidies of the last month."""
    blockade_months: Array
    """(world,): months of blockade left."""
    sentiment: Array
    """ln of investors' sentiment."""
    feedback: Array
    """Output multiplier of automation, M."""
    resists: Array
    """1 where the bloc's government reacts in this response."""


@dataclass
class SectorCash:
    """Cash of the sectors that are kept as one account. Shapes: (world,)."""

    households: Array
    other_firms: Array
    power: Array
    capital: Array
    governments: Array


@dataclass
class State:
    """Everything that carries over from one month to the next."""

    tick: int
    """Steps taken since the start."""
    months: float
    """Months passed since the start."""
    labs: LabTable
    fleet: FleetTable
    chips: ChipTable
    power: PowerTable
    robots: RobotTable
    orbit: OrbitTable
    policy: PolicyTable
    cash: SectorCash
    crowd: Any
    aware_share: Array
    """(market, world)"""
    users: Array
    """(lab, tier, market, world) primary users, people."""
    frontier_orders: Array
    """(month, bloc, world) best capability of each bloc so far, from the back-cast past on; never falls."""
    best_offered_start: Array
    """(market, world): best capability on offer at the start, the base of the enterprise market."""
    breakthroughs: Array
    """(bloc, world): orders of magnitude gained by breakthroughs so far."""
    enterprise_budget_usd: Array
    """(market, world): yearly AI budget of enterprises last month."""
    hosting_usd: Array
    """(market, world): spent on hosting open weights last month."""
    compute_by_user: Array
    """(bloc, world): powered H100e by the bloc of who used it last month."""
    robot_labour: Array
    """(bloc, world): workers' worth of useful humanoid labour by the bloc of the maker."""
    robot_labour_matters: Array
    """(world,): 1 once humanoid labour is above the outcome's floor."""
    foundation: Array
    """(bloc, world): deployments and derivatives on each bloc's open weights."""
    known: dict[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)
    """Answers of laws that only the context and this state decide (sim.memory); None: ask anew."""
