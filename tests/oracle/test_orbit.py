"""The laws of orbit against oracles: radiator physics, integrals, the closed-form break-even (S11)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.integrate import quad

from sim.physics import orbit

# A few dozen roundings of 2^-53 on terms that do not cancel.
ROUNDING = 1e-12
WORLDS = 3


def radiator(kelvin, emissivity=0.9, absorbed=0.0):
    """Return the radiator of one design."""
    return orbit.radiator_area_m2_per_kw(np.float64(kelvin), np.float64(emissivity), np.float64(absorbed))


# ---- mass ---------------------------------------------------------------------------------------------


def test_radiator_flux_and_area_are_the_published_ones():
    # Published to two or three digits; a m² per kW is a km² per GW.
    side_w_per_m2 = 1000.0 / radiator(300.0).area_m2_per_kw / 2.0
    assert side_w_per_m2 == pytest.approx(413.0, abs=0.5)
    assert radiator(320.0).area_m2_per_kw == pytest.approx(0.93, abs=0.005)
    assert radiator(350.0).area_m2_per_kw == pytest.approx(0.65, abs=0.005)
    assert radiator(300.0, emissivity=0.85).area_m2_per_kw == pytest.approx(1.28, abs=0.02)


def test_a_radiator_that_absorbs_what_it_emits_is_infeasible():
    # One side dark and painted faces the sun: 0.9 x 1,361 W/m² against 826 W/m² emitted at 300 K.
    hot = radiator(300.0, absorbed=0.9 * 1_361.0)
    assert not hot.feasible
    assert np.isinf(hot.area_m2_per_kw)
    # A white one (absorptivity 0.2) works, at 1.5 times the area in the shade: 826/(826 - 272).
    white = radiator(300.0, absorbed=0.2 * 1_361.0)
    assert white.feasible
    assert white.area_m2_per_kw / radiator(300.0).area_m2_per_kw == pytest.approx(1.49, abs=0.005)
    assert not radiator(0.0).feasible


def test_infeasible_passes_through_to_no_adoption_also_at_free_launch():
    mass = orbit.mass_kg_per_kw(
        np.float64(45.0), radiator(0.0).area_m2_per_kw, np.float64(0.0), np.float64(2.0)
    )
    capex = orbit.orbital_capex_usd_per_kw(mass, np.float64(0.0), np.float64(0.0))
    cost = orbit.orbital_cost(capex, np.float64(0.2), np.float64(0.0), np.float64(1.0), np.float64(1.0))
    assert np.isinf(cost.delivered_usd_per_kw)
    for sensitivity in (0.0, 8.0):
        assert (
            orbit.adoption_share(cost.delivered_usd_per_kw, np.float64(1e9), np.float64(sensitivity)) == 0.0
        )
    assert orbit.launch_limit_gw(np.float64(1e9), mass, np.float64(5.0), 1.0) == 0.0
    assert orbit.launched_mass_kg(np.float64(0.0), mass) == 0.0


def test_mass_by_hand():
    # 1000/40 = 25 kg of power supply, 0.9 m² x 5 kg/m² of radiator, 3 kg of bus.
    mass = orbit.mass_kg_per_kw(np.float64(40.0), np.float64(0.9), np.float64(5.0), np.float64(3.0))
    assert mass == pytest.approx(32.5, rel=ROUNDING)


# ---- cost ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("learning_rate", [0.08, 0.2, 0.35])
def test_launch_cost_has_the_slope_of_wright(learning_rate):
    mass = np.geomspace(1e6, 1e11, 200)
    cost = orbit.launch_cost_usd_per_kg(
        np.float64(1_500.0), np.float64(120.0), mass, np.float64(1e6), np.float64(learning_rate)
    )
    slope = np.polyfit(np.log(mass), np.log(cost - 120.0), 1)[0]
    assert slope == pytest.approx(np.log2(1.0 - learning_rate), abs=1e-6)
    assert cost[0] == 1_500.0


@pytest.mark.parametrize(("rate", "hazard", "life"), [(0.1, 0.09, 5.0), (0.0, 0.0, 7.0), (1e-8, 0.0, 4.0)])
def test_annuity_pays_back_the_capital_of_survivors(rate, hazard, life):
    annuity = orbit.annuity_per_year(np.float64(rate), np.float64(hazard), np.float64(life))
    present = quad(lambda t: annuity * np.exp(-(rate + hazard) * t), 0.0, life, epsrel=1e-12)[0]
    assert present == pytest.approx(1.0, rel=1e-10)


def test_cost_of_orbit_and_ground_by_hand():
    capex = orbit.orbital_capex_usd_per_kw(np.float64(30.0), np.float64(200.0), np.float64(22.0))
    assert capex == pytest.approx(28_000.0, rel=ROUNDING)
    chips = 5_000.0 + orbit.chip_failure_usd_per_kw(np.float64(0.09), np.float64(20_000.0))
    cost = orbit.orbital_cost(capex, np.float64(0.25), chips, np.float64(0.98), np.float64(0.9))
    assert cost.nominal_usd_per_kw == pytest.approx(7_000.0 + 6_800.0, rel=ROUNDING)
    assert cost.delivered_usd_per_kw == pytest.approx(13_800.0 / 0.882, rel=ROUNDING)
    shadow = orbit.dark_shadow_usd_per_kw(np.float64(0.2), np.float64(10_000.0))
    ground = orbit.ground_cost(
        np.float64(11_000.0), np.float64(0.1), np.float64(1.2), np.float64(80.0), np.float64(5_800.0),
        np.float64(0.95), shadow,
    )  # fmt: skip
    # 1.2 x (1,100 + 8.76 MWh x 80) = 2,160.96; chips 5,800; shadow 2,000.
    assert ground.nominal_usd_per_kw == pytest.approx(9_960.96, rel=ROUNDING)
    assert ground.delivered_usd_per_kw == pytest.approx(9_960.96 / 0.95, rel=ROUNDING)


# ---- the break-even -----------------------------------------------------------------------------------

DESIGNS = [
    # kg/kW, hardware USD/W, annuity, chips USD, sunlit, derate, ground USD per delivered kW
    (14.0, 5.0, 0.25, 6_800.0, 0.98, 0.95, 10_500.0),
    (32.5, 5.0, 0.22, 6_000.0, 0.95, 0.90, 18_000.0),
    (60.0, 22.0, 0.30, 6_800.0, 0.98, 0.90, 40_000.0),
]


def break_even(design):
    """Return the closed-form launch cost at which orbit costs what the ground does."""
    mass, hardware, annuity, chips, sunlit, derate, ground = (np.float64(value) for value in design)
    return orbit.break_even_launch_cost_usd_per_kg(ground, mass, hardware, annuity, chips, sunlit, derate)


def delivered_cost(design, launch_cost):
    """Return the yearly cost per delivered kW in orbit at a launch cost."""
    mass, hardware, annuity, chips, sunlit, derate, _ = (np.float64(value) for value in design)
    capex = orbit.orbital_capex_usd_per_kw(mass, launch_cost, hardware)
    return orbit.orbital_cost(capex, annuity, chips, sunlit, derate).delivered_usd_per_kw


@pytest.mark.parametrize("design", DESIGNS)
def test_at_the_break_even_orbit_costs_what_the_ground_does(design):
    # The inversion subtracts terms of the same size: a digit or two are lost.
    assert delivered_cost(design, break_even(design)) == pytest.approx(design[-1], rel=1e-11)


def test_a_break_even_below_zero_means_that_free_launch_does_not_pay():
    dear = (30.0, 200.0, 0.25, 6_800.0, 0.98, 0.9, 12_000.0)
    assert break_even(dear) < 0.0
    assert delivered_cost(dear, np.float64(0.0)) > 12_000.0
    assert break_even((np.inf, *dear[1:])) == -np.inf


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("dt", [1.0, 0.5])
def test_launches_begin_at_the_break_even(design, dt):
    """Run learning, cost, adoption and launches by month until orbit takes half of new computing."""
    expected = float(break_even(design))
    start, floor, learning, base_kg = 20.0 * expected, 0.2 * expected, np.float64(0.2), np.float64(1e6)
    mass, ground = np.float64(design[0]), np.float64(design[-1])
    # Launches for others grow by 4 % a month: 1.3 % off the launch cost, the resolution of the answer.
    cumulative, others = np.full(WORLDS, base_kg), 0.04
    for _ in range(round(600 / dt)):
        cost = orbit.launch_cost_usd_per_kg(
            np.float64(start), np.float64(floor), cumulative, base_kg, learning
        )
        share = orbit.adoption_share(delivered_cost(design, cost), ground, np.float64(300.0))
        if share[0] >= 0.5:
            break
        limit = orbit.launch_limit_gw(np.float64(1e7), mass, np.float64(4.0), dt)
        gigawatts = orbit.launched_gw(np.float64(1.0) * dt, share, limit)
        cumulative = cumulative * (1.0 + others) ** dt + orbit.launched_mass_kg(gigawatts, mass)
    assert share[0] >= 0.5
    assert float(cost[0]) == pytest.approx(expected, rel=0.02)


def test_launches_keep_within_mass_and_cap():
    mass, dt = np.float64(32.5), 0.5
    wanted = np.array([0.0, 0.001, 5.0])
    limit = orbit.launch_limit_gw(np.float64(3.9e6), mass, np.float64(10.0), dt)
    # 3.9e6 kg a year over 32.5e6 kg per GW is 0.12 GW a year, 0.005 in half a month.
    assert limit == pytest.approx(0.005, rel=ROUNDING)
    launched = orbit.launched_gw(wanted, np.float64(1.0), limit)
    np.testing.assert_allclose(launched, [0.0, 0.001, 0.005], rtol=ROUNDING)
    assert (orbit.launched_mass_kg(launched, mass) <= 3.9e6 * dt / 12.0 * (1.0 + ROUNDING)).all()


def test_the_cap_grows_through_its_reference_month():
    at = [
        float(
            orbit.launch_cap_gw_per_year(
                month, np.float64(24.0), np.float64(4.0), np.float64(96.0), np.float64(0.5)
            )
        )
        for month in (23.0, 24.0, 96.0, 108.0)
    ]
    np.testing.assert_allclose(at, [0.0, 4.0 * 1.5**-6, 4.0, 6.0], rtol=ROUNDING)


# ---- vintages -----------------------------------------------------------------------------------------

STARTS = np.arange(0.0, 240.0, 12.0)[:, None]


def run_vintages(months, dt, launched_gw_per_month, hazard=0.09, life=60.0):
    """Launch evenly during the first year; return the stock by month end and the cumulative flows."""
    stock, failed, retired = np.zeros((len(STARTS), WORLDS)), 0.0, 0.0
    path = []
    for step in range(round(months / dt)):
        month = step * dt
        launched = np.full(WORLDS, launched_gw_per_month * dt if month < 12.0 else 0.0)
        moved = orbit.vintage_step(
            stock, STARTS, 12.0, month, launched, np.float64(hazard), np.full(WORLDS, life), dt
        )
        residual = stock + 0.0 - moved.stock_gw - moved.failed_gw - moved.retired_gw
        np.testing.assert_allclose(residual.sum(0), -launched, rtol=0.0, atol=1e-13)
        stock, failed, retired = moved.stock_gw, failed + moved.failed_gw, retired + moved.retired_gw
        path.append(stock.sum(0)[0])
    return np.array(path), failed, retired


@pytest.mark.parametrize("dt", [1.0, 0.5])
def test_a_vintage_decays_at_its_hazard_and_retires_over_its_own_width(dt):
    path, failed, retired = run_vintages(96, dt, 1.0)

    def at(month):
        return path[round(month / dt) - 1]

    assert at(60) / at(12) == pytest.approx(np.exp(-0.09 * 4.0), rel=ROUNDING)
    # Half a life's end: half of the vintage has retired six months after its first launch did.
    assert at(66) / at(60) == pytest.approx(0.5 * np.exp(-0.09 * 0.5), rel=ROUNDING)
    assert at(72) == 0.0
    np.testing.assert_allclose(failed.sum(0) + retired.sum(0), 12.0, rtol=ROUNDING)


def test_delivered_power_counts_all_vintages():
    stock = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(
        orbit.delivered_gw(stock, np.float64(0.98), np.float64(0.5)), [1.96, 2.94], rtol=ROUNDING
    )


def test_resupply_is_bounded_by_repair_and_by_mass():
    restored = orbit.resupplied_gw(
        np.array([0.1, 0.1, 0.1]), np.array([0.5, 1.0, 0.0]), np.array([1e9, 1e6, 1e9]), np.float64(20.0)
    )
    np.testing.assert_allclose(restored, [0.05, 0.05, 0.0], rtol=ROUNDING)


def test_a_month_outside_all_vintages_is_refused():
    with pytest.raises(ValueError, match=r"no vintage is open in month 300.*extend the vintages"):
        orbit.vintage_step(
            np.zeros((20, 1)), STARTS, 12.0, 300.0, np.zeros(1), np.float64(0.1), np.full(1, 60.0), 1.0
        )


# ---- properties ---------------------------------------------------------------------------------------

sizes = st.one_of(st.just(0.0), st.floats(1e-6, 1e6), st.floats(1e6, 1e60))
per_world = hnp.arrays(np.float64, (WORLDS,), elements=sizes)
shares = hnp.arrays(np.float64, (WORLDS,), elements=st.floats(0.0, 1.0))


@given(mass=per_world, launch=per_world, hardware=per_world, chips=per_world, ground=per_world, derate=shares)
def test_costs_and_adoption_have_no_nan_at_the_extremes(mass, launch, hardware, chips, ground, derate):
    capex = orbit.orbital_capex_usd_per_kw(mass, launch, hardware)
    cost = orbit.orbital_cost(capex, np.float64(0.25), chips, np.float64(0.98), derate)
    assert not np.isnan(cost.delivered_usd_per_kw).any()
    share = orbit.adoption_share(cost.delivered_usd_per_kw, ground, np.float64(8.0))
    assert ((share >= 0.0) & (share <= 1.0)).all()
    even = orbit.break_even_launch_cost_usd_per_kg(
        ground, mass, hardware, np.float64(0.25), chips, np.float64(0.98), derate
    )
    assert not np.isnan(even).any()
    limit = orbit.launch_limit_gw(launch, mass, ground, 1.0)
    assert (np.isfinite(limit) & (limit >= 0.0)).all()


@given(
    temperature=hnp.arrays(np.float64, (WORLDS,), elements=st.floats(0.0, 1e4)),
    emissivity=shares,
    absorbed=per_world,
)
def test_radiators_are_positive_or_flagged(temperature, emissivity, absorbed):
    found = orbit.radiator_area_m2_per_kw(temperature, emissivity, absorbed)
    np.testing.assert_array_equal(found.feasible, np.isfinite(found.area_m2_per_kw))
    assert (found.area_m2_per_kw > 0.0).all()
    mass = orbit.mass_kg_per_kw(np.float64(45.0), found.area_m2_per_kw, np.float64(0.0), np.float64(0.0))
    assert not np.isnan(mass).any()


def test_adoption_falls_with_every_cost_of_orbit_and_rises_with_the_grounds():
    def adoption(launch=400.0, hardware=10.0, hazard=0.09, kelvin=330.0, derate=0.9, power=80.0, dark=0.1):
        mass = orbit.mass_kg_per_kw(
            np.float64(45.0), radiator(kelvin).area_m2_per_kw, np.float64(5.0), np.float64(2.0)
        )
        capex = orbit.orbital_capex_usd_per_kw(mass, np.float64(launch), np.float64(hardware))
        annuity = orbit.annuity_per_year(np.float64(0.1), np.float64(hazard), np.float64(5.0))
        space = orbit.orbital_cost(capex, annuity, np.float64(6_000.0), np.float64(0.98), np.float64(derate))
        ground = orbit.ground_cost(
            np.float64(11_000.0), np.float64(0.1), np.float64(1.2), np.float64(power), np.float64(5_800.0),
            np.float64(0.95), orbit.dark_shadow_usd_per_kw(np.float64(dark), np.float64(10_000.0)),
        )  # fmt: skip
        return float(
            orbit.adoption_share(space.delivered_usd_per_kw, ground.delivered_usd_per_kw, np.float64(6.0))
        )

    central = adoption()
    assert 0.0 < central < 1.0
    assert adoption(launch=1_500.0) < central < adoption(launch=100.0)
    assert adoption(hardware=22.0) < central < adoption(hardware=5.0)
    assert adoption(hazard=0.15) < central < adoption(hazard=0.03)
    assert adoption(kelvin=280.0) < central < adoption(kelvin=350.0)
    assert adoption(derate=0.7) < central < adoption(derate=1.0)
    assert adoption(power=40.0) < central < adoption(power=200.0)
    assert adoption(dark=0.0) < central < adoption(dark=0.5)


@pytest.mark.parametrize("batch", [2, 3, 7, 64])
def test_a_world_has_the_same_bits_in_any_batch(batch):
    worlds = 97
    spread = np.linspace(0.2, 1.9, worlds)
    picked = np.linspace(0, worlds - 1, batch).astype(int)[::-1]

    def laws(x):
        area = orbit.radiator_area_m2_per_kw(320.0 * x, np.float64(0.9), 100.0 * x).area_m2_per_kw
        mass = orbit.mass_kg_per_kw(45.0 * x, area, 5.0 * x, np.float64(2.0))
        launch = orbit.launch_cost_usd_per_kg(1_500.0 * x, 100.0 * x, 1e8 * x, np.float64(1e6), 0.2 * x)
        annuity = orbit.annuity_per_year(0.1 * x, 0.09 * x, 5.0 * x)
        capex = orbit.orbital_capex_usd_per_kw(mass, launch, 5.0 * x)
        cost = orbit.orbital_cost(capex, annuity, 6_000.0 * x, 0.5 * x, np.float64(0.9))
        share = orbit.adoption_share(cost.delivered_usd_per_kw, 9_000.0 * x, 6.0 * x)
        step = orbit.vintage_step(
            np.outer(np.arange(1.0, 21.0), x), STARTS, 12.0, 100.0, x, 0.09 * x, 40.0 * x, 1.0
        )
        return [share, *(step.stock_gw, step.failed_gw, step.retired_gw), step.stock_gw.sum(0)]

    for whole, part in zip(laws(spread), laws(spread[picked]), strict=True):
        np.testing.assert_array_equal(whole[..., picked], part)
