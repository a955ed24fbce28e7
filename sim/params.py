"""Parameter records: what the laws and the minds read; values, units and sources live in conf/.

Every field is a scalar or (world,), so that it broadcasts; a field marked `by` in conf has its axis first,
(bloc, world) for example. No field has a default: the strict builder of the experiments fills them all.
"""

from dataclasses import dataclass

from sim.units import Array


@dataclass(frozen=True)
class ConsumersParams:
    """Consumers choosing assistants (S1)."""

    bass_imitation_q: Array
    reconsider_rate: Array
    habit_sigma: Array
    nest_lambda: Array
    quality_beta_q: Array
    quality_saturation_chi: Array
    price_sensitivity_us: Array
    network_effect_beta_n: Array
    trust_foreign_apps_us: Array
    trust_cn_apps_row: Array
    trust_foreign_apps_cn: Array
    residual_half_life: Array
    overlap_factor: Array
    ad_revenue_rich: Array
    load_growth: Array
    bass_innovation_p: Array
    quota_beta_phi: Array
    nonuse_a: Array
    nonuse_k: Array
    network_epsilon: Array
    trust_cn_apps_allies: Array
    class_population_share: Array
    class_price_sensitivity: Array
    income_elasticity_of_sensitivity: Array
    ad_income_elasticity: Array
    ad_ramp_months: Array
    least_aware_margin: Array
    load_cost_elasticity: Array
    load_fade_time: Array
    entrant_residual_sd: Array
    entry_order_exponent: Array


@dataclass(frozen=True)
class EnterprisesParams:
    """Enterprises buying tokens or hosting models (S2)."""

    enterprise_response_nu: Array
    enterprise_ceiling_r_max: Array
    quality_weight: Array
    price_weight: Array
    switching_rate: Array
    trust_rival: Array
    trust_rival_row: Array
    trust_rival_allies: Array
    residual_half_life: Array
    self_hosting_ceiling: Array
    self_hosting_sensitivity: Array
    foundation_turnover: Array
    foundation_quality_weight: Array
    switching_cost: Array
    self_hosting_intercept: Array
    foundation_share_start_cn: Array
    own_compute_elasticity: Array


@dataclass(frozen=True)
class LabsParams:
    """Serving, pricing and free tiers of AI labs (S3)."""

    free_budget_share: Array
    inference_efficiency_gain: Array
    price_adjustment_rate: Array
    runway_price_response_omega: Array
    price_floor_multiple: Array
    quota_adjustment_rate: Array
    quota_ceiling_multiple: Array
    queries_wanted_free: Array
    queries_wanted_paid: Array
    paid_query_cost_multiple: Array
    compute_per_query_start: Array
    serving_scale_exponent: Array
    efficiency_fade_time: Array
    enterprise_compute_share_of_price: Array
    other_cost_share: Array
    utilisation: Array
    minimum_training_share: Array
    chip_price_sensitivity: Array
    rent_sensitivity: Array
    price_runway_pivot: Array
    price_runway_scale: Array
    free_budget_funding_weight: Array
    free_budget_runway_pivot: Array
    free_budget_runway_scale: Array
    quota_floor_multiple: Array
    user_value_floor: Array
    runway_target: Array
    runway_target_scale: Array
    endless_runway: Array
    spending_adjustment_rate: Array


@dataclass(frozen=True)
class CapitalParams:
    """Investors, parent groups, lenders and payouts (S4)."""

    group_budget_us: Array
    group_budget_cn: Array
    state_subsidy_us: Array
    state_subsidy_cn: Array
    group_budget_growth: Array
    investor_patience: Array
    order_commitment: Array
    arr_multiple_m: Array
    growth_premium_psi: Array
    funding_rate: Array
    burn_multiple_base: Array
    burn_multiple_scale: Array
    credit_share_of_value: Array
    sentiment_persistence: Array
    sentiment_sd: Array
    funding_shock: Array
    funding_shock_start: Array
    funding_shock_length: Array
    reinvestment_share: Array
    chip_share_of_capex: Array
    interest_rate: Array
    profit_tax_rate: Array
    wage_share_of_inputs: Array
    saving_share: Array
    payout_share: Array
    distress_limit: Array
    expectation_steepness: Array
    rent_adjustment_rate: Array
    rent_floor_share: Array
    growth_ceiling: Array
    burn_multiple_ceiling: Array
    outlay_memory: Array
    cloud_other_cost_share: Array
    cloud_cash_floor_months: Array
    cloud_cash_ceiling_months: Array
    household_share_of_load: Array
    labour_share: Array
    cloud_reinvestment_share: Array


@dataclass(frozen=True)
class CapabilityParams:
    """Algorithms, training and spill-overs (S6)."""

    algorithmic_progress: Array
    open_weight_spill: Array
    distillation: Array
    research_luck_sd: Array
    memory_months: Array
    compute_exponent: Array
    progress_fade_time: Array
    secret_spill_fraction: Array
    open_gap: Array
    luck_persistence: Array
    breakthrough_hazard_us: Array
    breakthrough_hazard_cn: Array
    breakthrough_size: Array
    growth_before_start: Array
    lag_start_cn: Array
    lag_in_algorithms: Array
    residual_half_life: Array
    distillation_access: Array


@dataclass(frozen=True)
class ChipsParams:
    """Accelerators, memory, trade and smuggling (S7)."""

    export_stringency: Array
    leakage: Array
    wafer_growth: Array
    node_ceiling_x_max: Array
    tool_gap_delta: Array
    node_progress: Array
    catch_up_mu: Array
    cn_cost_ratio: Array
    hbm_growth_cn: Array
    hbm_stockpile_cn: Array
    control_catch_up_gamma: Array
    cn_performance_start: Array
    cn_yield_start: Array
    legal_export_eta: Array
    export_stringency_cn: Array
    yield_max: Array
    us_yield_start: Array
    yield_learning_exponent: Array
    us_performance_start: Array
    us_unit_cost_start: Array
    price_floor_multiple: Array
    price_cap_multiple: Array
    price_adjustment_rate: Array
    backlog_tolerance: Array
    energy_exponent: Array
    power_per_h100e_us: Array
    power_per_h100e_cn: Array
    fleet_life: Array
    hbm_growth_us: Array
    hbm_headroom_us: Array
    hbm_domestic_start_cn: Array
    smuggling_premium: Array
    user_cost_depreciation: Array
    longest_backlog: Array
    access_memory: Array
    room_floor: Array
    room_reopening: Array
    inventory_target: Array
    inventory_span: Array
    least_wafer_use: Array
    memory_saving: Array


@dataclass(frozen=True)
class PowerParams:
    """Grids, queues and behind-the-meter gas (S8)."""

    ai_share_of_firm_additions: Array
    lead_time_us: Array
    lead_time_cn: Array
    power_price_us: Array
    power_price_cn: Array
    outage_hazard: Array
    spare_draw: Array
    queue_survival_pi_us: Array
    queue_survival_pi_cn: Array
    lead_time_allies: Array
    lead_time_row: Array
    queue_survival_pi_allies: Array
    queue_survival_pi_row: Array
    power_price_allies: Array
    power_price_row: Array
    permitting_speed_us: Array
    permitting_speed_cn: Array
    firm_additions_growth: Array
    scarcity_price: Array
    reserve_target: Array
    demand_elasticity: Array
    other_load_growth: Array
    btm_slots: Array
    btm_lead_time: Array
    btm_premium: Array
    pue: Array
    building_cost: Array
    outage_capacity_loss: Array
    price_volatility: Array
    order_growth_cap: Array
    order_speed: Array
    room_horizon: Array
    network_share: Array
    need_memory: Array
    headroom_start: Array
    planning_horizon: Array
    price_memory: Array


@dataclass(frozen=True)
class RobotsParams:
    """Humanoids and industrial robots (S9)."""

    efficiency_ratio: Array
    optimus_unit_cost: Array
    decoupling_factor: Array
    agibot_unit_cost: Array
    learning_rate: Array
    shared_learning: Array
    prior_experience: Array
    overhead_per_unit: Array
    suitable_positions: Array
    reach_threshold: Array
    self_replication: Array
    parts_growth: Array
    home_bias: Array
    robot_productivity_start: Array
    robot_productivity_gain: Array
    optimus_cost_floor: Array
    agibot_cost_floor: Array
    markup: Array
    cost_of_capital: Array
    life_years: Array
    maintenance_share: Array
    supervision_cost: Array
    autonomy_start: Array
    autonomy_gain: Array
    productivity_ceiling: Array
    reach_steepness: Array
    fleet_data_weight: Array
    technology_sensitivity: Array
    adoption_rate: Array
    suitability_by_sector: Array
    employment_by_sector_share: Array
    line_growth: Array
    line_headroom: Array
    parts_headroom: Array
    pilot_growth: Array
    pilot_saturation: Array
    commissioning_rate: Array
    industrial_growth: Array
    industrial_price: Array
    industrial_life_years: Array
    industrial_workers_replaced: Array
    domestic_chain_us: Array
    optimus_external_sales_month: Array
    dark_factory_rate: Array
    keep_share: Array
    machine_reach: Array
    exclusive_share: Array
    machine_sensitivity: Array
    machine_adoption_rate: Array
    station_cost: Array
    reference_fleet: Array
    scrapping: Array
    line_seed: Array
    pilot_price_sensitivity: Array
    domestic_chain_cn: Array
    power_draw: Array
    working_hours: Array
    inventory_cover: Array
    integration_growth: Array
    integration_seed: Array
    pilot_demand_share: Array
    dark_hours_gain: Array
    industrial_price_sensitivity: Array


@dataclass(frozen=True)
class FeedbackParams:
    """Automation feeding back on output (S10)."""

    automatable_share_h: Array
    bottleneck_rho: Array
    capital_share: Array
    supply_chain_depth: Array
    depth_exponent: Array
    productivity_growth: Array
    power_elasticity: Array
    ai_tasks_per_order: Array


@dataclass(frozen=True)
class OrbitParams:
    """Orbital data centres (S11)."""

    launch_cost_start: Array
    launch_learning_rate: Array
    launch_cost_floor: Array
    solar_array_w_per_kg: Array
    satellite_hardware: Array
    orbital_cap: Array
    orbital_attrition: Array
    cn_launch_cost_ratio: Array
    radiator_temperature: Array
    emissivity: Array
    absorbed_flux: Array
    radiator_areal_mass: Array
    bus_mass: Array
    satellite_life: Array
    hardware_learning: Array
    hardware_floor: Array
    sunlit_share: Array
    delivered_share: Array
    chip_failure_orbit: Array
    chip_failure_ground: Array
    adoption_sensitivity: Array
    cap_growth: Array
    start_month_us: Array
    start_month_cn: Array
    cap_month: Array
    repair_share: Array
    repair_mass_share: Array
    other_launch_share: Array
    other_launch_growth: Array


@dataclass(frozen=True)
class PolicyParams:
    """Governments: schedule, reaction, retaliation (S12)."""

    tariff_on_rival_robots: Array
    reaction_margin_m: Array
    retaliation_strength: Array
    reaction_budget: Array
    decision_lag: Array
    gdp: Array
    gdp_growth: Array
    scheduled_change_us: Array
    scheduled_change_cn: Array
    schedule_start: Array
    schedule_ramp: Array
    retaliation_lag: Array
    retaliation_lead_time: Array
    reaction_length: Array
    blockade_hazard: Array
    blockade_length: Array
    blockade_chip_loss: Array
    ban_rival_apps: Array
    ban_open_weights: Array
    free_tier_withdrawn: Array
    free_tier_boost: Array
    third_country_hosting: Array
    lever_grid_cost: Array
    lever_fab_cost: Array
    lever_parts_cost: Array
    lever_orbit_cost: Array
    lever_weights: Array
    sanction_rise: Array
    trigger_months: Array


@dataclass(frozen=True)
class Params:
    """All parameters of a batch of worlds, a section a submodel."""

    consumers: ConsumersParams
    enterprises: EnterprisesParams
    labs: LabsParams
    capital: CapitalParams
    capability: CapabilityParams
    chips: ChipsParams
    power: PowerParams
    robots: RobotsParams
    feedback: FeedbackParams
    orbit: OrbitParams
    policy: PolicyParams
