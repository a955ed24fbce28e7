"""Leads, fights and their senses, on records made by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.roster import build_model
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from sim.context import Context
from sim.model import forget
from sim.outcome import (
    LEADERS,
    RESISTANCE,
    evaluate,
    leaders,
    month_index,
    over_passive,
    random_weights,
    resistance,
    trailing_mean,
    uninformative,
    without_a_fight,
)
from sim.recorder import Float32Array, declare
from sim.settings import OutcomeRules
from sim.units import MILLION, Array

WORLDS, MONTHS = 3, 60
US, CN, MIXED, OPEN = (float(LEADERS.index(name)) for name in LEADERS)


def plan_and_context() -> tuple[OutcomeRules, Context]:
    plan = plan_from_config(
        compose_run(["worlds=3", "consumers=cohort", "responses=[passive]", f"months={MONTHS}"])
    )
    ids, response = plan.columns(np.arange(WORLDS))
    params, settings = plan.params_for(ids), plan.settings_for(ids, response)
    model = build_model(params, plan.axes, plan.start, settings, plan.history)
    forget(model)
    return plan.outcome, model.context


CONF_RULES, CTX = plan_and_context()
RULES = dataclasses.replace(
    CONF_RULES, horizons=("2027-12", "2030-12", "2035-12"), lead_share=0.55, robots_open_below=0.001
)
SERIES = declare(CTX)
ROWS = {series.name: row for row, series in enumerate(SERIES)}
WORKERS = CTX.start.markets.manufacturing_workers_million.sum() * MILLION


class Sheet:
    """A record in which nobody leads anything, to be written over."""

    def __init__(self) -> None:
        self.data: Float32Array = np.zeros((len(SERIES), MONTHS, WORLDS), np.float32)
        for quantity in (
            "active_users_million",
            "powered_compute_h100e",
            "ai_revenue_usd",
            "foundation_share",
        ):
            self.both(quantity, 1.0, 1.0)
        self.both("robot_labour_workers", WORKERS, WORKERS)
        for place in CTX.axes.markets.names:
            self["manufacturing_output_usd", place] = 1.0
        self["manufacturing_output_usd", "cn"] = 2.0

    def __setitem__(self, name: tuple[str, ...], values: Array | float) -> None:
        self.data[ROWS[".".join(name)]] = values

    def both(self, quantity: str, us: Array | float, cn: Array | float) -> None:
        self[quantity, "us"], self[quantity, "cn"] = us, cn

    def outcomes(self, rules: OutcomeRules = RULES) -> dict[str, Array]:
        return evaluate(CTX, rules, SERIES, self.data)


def step_at(month: int, before: float, after: float) -> Array:
    return np.where(np.arange(MONTHS) < month, before, after)[:, None] * np.ones(WORLDS)


# ---- time ---------------------------------------------------------------------------------------------


def test_months_are_counted_from_the_first() -> None:
    assert [month_index("2026-01", month) for month in ("2026-01", "2026-12", "2040-12")] == [0, 11, 179]
    assert month_index("2023-07", "2026-01") == 30


@given(st.integers(1, 14), st.integers(0, 2**32 - 1))
def test_trailing_mean_is_the_mean_of_the_window(window: int, seed: int) -> None:
    values = np.random.default_rng(seed).uniform(-1.0, 1.0, (2, 13, 3))
    mean = trailing_mean(values, window)
    assert np.isnan(mean[:, : window - 1]).all()
    for end in range(window - 1, 13):
        # Two orders of adding up to 14 numbers below 1 differ by less than 14 roundings.
        expected = values[:, end - window + 1 : end + 1].mean(1)
        np.testing.assert_allclose(mean[:, end], expected, rtol=0.0, atol=14 * np.finfo(np.float64).eps)


def test_a_horizon_that_the_run_does_not_reach_has_no_value() -> None:
    found = Sheet().outcomes()
    for name, values in found.items():
        if name.endswith(".2035"):
            assert np.isnan(values).all(), name
        elif name.endswith((".2027", ".2030")):
            assert np.isfinite(values).all(), name
    twins = {name.removesuffix(".2030") for name in found if name.endswith(".2030")}
    assert twins == {name.removesuffix(".2035") for name in found if name.endswith(".2035")}


def test_a_window_before_the_start_has_no_value() -> None:
    rules = dataclasses.replace(RULES, horizons=("2026-11", "2025-12"))
    found = Sheet().outcomes(rules)
    assert np.isnan(found["leader.w1.2026"]).all()
    assert np.isnan(found["leader.w1.2025"]).all()


# ---- definitions --------------------------------------------------------------------------------------


def lead_in(dimensions: dict[str, float]) -> dict[str, Array]:
    """Return shares of the US bloc by dimension, one half where it is not said."""
    names = ("d1", "d1b", "d2", "d3", "d4", "d5", "d6", "d7")
    return {
        name: np.stack([np.full(2, s := dimensions.get(name, 0.5)), np.full(2, 1.0 - s)]) for name in names
    }


def by_rule(dimensions: dict[str, float], *, robots_open: bool = False, at: float = 0.55) -> dict[str, float]:
    found = leaders(RULES, lead_in(dimensions), np.full(2, robots_open), at)
    return {name: float(codes[0]) for name, codes in found.items()}


@pytest.mark.parametrize(
    ("dimensions", "w1", "w6", "w10"),
    [
        ({}, MIXED, MIXED, MIXED),
        ({"d1": 0.6, "d2": 0.6}, MIXED, MIXED, MIXED),
        ({"d1": 0.6, "d2": 0.6, "d4": 0.6}, US, MIXED, MIXED),
        ({"d1": 0.6, "d2": 0.6, "d4": 0.6, "d3": 0.3}, US, MIXED, MIXED),
        ({"d1": 0.6, "d2": 0.6, "d4": 0.6, "d3": 0.3, "d5": 0.3}, MIXED, MIXED, MIXED),
        ({"d1": 0.6, "d2": 0.6, "d4": 0.6, "d5": 0.6, "d3": 0.3}, US, US, US),
        ({"d1": 0.3, "d2": 0.3, "d4": 0.3, "d5": 0.3, "d3": 0.9}, CN, CN, CN),
        ({"d1": 0.6, "d2": 0.6, "d6": 0.6, "d7": 0.6}, MIXED, MIXED, US),
        ({"d1": 0.6, "d2": 0.6, "d6": 0.6, "d7": 0.6, "d3": 0.3, "d4": 0.3}, MIXED, MIXED, US),
        (
            {"d1": 0.6, "d2": 0.6, "d6": 0.6, "d7": 0.6, "d3": 0.3, "d4": 0.3, "d5": 0.3},
            MIXED,
            MIXED,
            MIXED,
        ),
    ],
)
def test_counts_of_dimensions(dimensions: dict[str, float], w1: float, w6: float, w10: float) -> None:
    found = by_rule(dimensions)
    assert (found["w1"], found["w6"], found["w10"]) == (w1, w6, w10)


def test_exactly_the_threshold_is_no_lead() -> None:
    assert by_rule({"d2": 0.55})["w2"] == MIXED
    assert by_rule({"d2": float(np.nextafter(0.55, 1.0))})["w2"] == US


@pytest.mark.parametrize(
    ("definition", "dimension"), [("w2", "d2"), ("w3", "d1b"), ("w4", "d3"), ("w8", "d4")]
)
def test_single_dimensions(definition: str, dimension: str) -> None:
    assert by_rule({dimension: 0.56})[definition] == US
    assert by_rule({dimension: 0.44})[definition] == CN
    assert by_rule({dimension: 0.46})[definition] == MIXED
    # Nothing else moves it.
    others = {name: 0.9 for name in lead_in({}) if name != dimension}
    assert by_rule(others)[definition] == MIXED


def test_open_robots_count_for_nobody() -> None:
    shares = {"d1": 0.6, "d2": 0.6, "d3": 0.6}
    assert by_rule(shares)["w1"] == US
    closed, opened = by_rule(shares), by_rule(shares, robots_open=True)
    assert (closed["w4"], opened["w4"]) == (US, OPEN)
    assert opened["w1"] == MIXED
    # The mean share of 0.6, 0.6, 0.6, 0.5, 0.5 is 0.56; with one half for robots it is 0.54.
    assert (closed["w5"], opened["w5"]) == (US, MIXED)


def test_random_weights_are_flat_on_the_simplex() -> None:
    weights = random_weights(20_000)
    np.testing.assert_allclose(weights.sum(0), 1.0, rtol=0.0, atol=1e-14)
    # Dirichlet(1) in five dimensions: mean 1/5, variance 4/150. Five standard errors of each estimate, that
    # of the variance from its fourth moment (about 4.5 variances squared).
    variance = 4.0 / 150.0
    error = np.sqrt(variance / weights.shape[1])
    assert (np.abs(weights.mean(1) - 0.2) < 5.0 * error).all()
    assert (np.abs(weights.var(1) - variance) < 5.0 * np.sqrt(4.5 * variance**2 / weights.shape[1])).all()
    assert (random_weights(10) == weights[:, :10]).all()


def test_random_weights_need_a_lead_in_nearly_all_of_them() -> None:
    every = dict.fromkeys(("d1", "d2", "d3", "d4", "d5"), 0.56)
    assert by_rule(every)["w7"] == US
    assert by_rule({name: 1.0 - share for name, share in every.items()})["w7"] == CN
    # With everything in one dimension, the weight on it must be above 0.1 of the way from 0.5 to 1:
    # P(w > 0.1) = 0.9^4 = 66 %, below the 90 % that are asked for.
    assert by_rule({"d1": 1.0})["w7"] == MIXED
    assert by_rule({"d1": 1.0})["w5"] == US


def test_thresholds_are_tested_beside_the_rule() -> None:
    sheet = Sheet()
    sheet.both("powered_compute_h100e", 52.0, 48.0)
    found = sheet.outcomes()
    assert (found["leader.w2.2030"] == MIXED).all()
    assert (found["leader_test.w2_50.2030"] == US).all()
    assert (found["leader_test.w2_60.2030"] == MIXED).all()
    sheet.both("powered_compute_h100e", 65.0, 35.0)
    found = sheet.outcomes()
    assert (found["leader_test.w2_60.2030"] == US).all()
    assert (found["leader_test.w2_67.2030"] == MIXED).all()


# ---- dimensions ---------------------------------------------------------------------------------------


def test_shares_are_of_means_over_the_window() -> None:
    sheet = Sheet()
    # In the last year of 2030 the US has 1 and, for half of it, 9; China 1: means 5 and 1.
    sheet.both("ai_revenue_usd", step_at(MONTHS - 6, 1.0, 9.0), 1.0)
    found = sheet.outcomes()
    np.testing.assert_allclose(found["share.d4.2030"], 5.0 / 6.0, rtol=1e-15)
    assert (found["leader.w8.2030"] == US).all()


def test_a_lead_of_five_months_is_73_percent() -> None:
    sheet = Sheet()
    sheet["capability_lag_months",] = -5.0
    found = sheet.outcomes()
    np.testing.assert_allclose(found["share.d5.2030"], 1.0 - 1.0 / (1.0 + np.exp(-1.0)), rtol=1e-15)


def test_robots_are_open_below_the_floor() -> None:
    sheet = Sheet()
    floor = RULES.robots_open_below * WORKERS
    sheet.both("robot_labour_workers", 0.39 * floor, 0.6 * floor)
    assert (sheet.outcomes()["leader.w4.2030"] == OPEN).all()
    sheet.both("robot_labour_workers", 0.41 * floor, 0.6 * floor)
    assert (sheet.outcomes()["leader.w4.2030"] == CN).all()


def test_third_markets_alone_make_users_in_the_rest_of_the_world() -> None:
    sheet = Sheet()
    for bloc, users in (("us", 1.0), ("cn", 3.0)):
        sheet["bloc_users_million", bloc, "row"] = users
        sheet["bloc_users_million", bloc, "allies"] = 10.0 - users
    found = sheet.outcomes()
    np.testing.assert_allclose(found["share.d1b.2030"], 0.25, rtol=1e-15)
    assert (found["leader.w3.2030"] == CN).all()


def test_allies_count_with_the_us_unless_left_out() -> None:
    sheet = Sheet()
    for place, output in (("us", 2.0), ("allies", 4.0), ("cn", 4.0), ("row", 9.0)):
        sheet["manufacturing_output_usd", place] = output
    for quantity in ("active_users_million", "powered_compute_h100e", "ai_revenue_usd"):
        sheet.both(quantity, 2.0, 1.0)
    found = sheet.outcomes()
    np.testing.assert_allclose(found["share.d7.2030"], 0.6, rtol=1e-15)
    np.testing.assert_allclose(found["share.d7_us_only.2030"], 1.0 / 3.0, rtol=1e-15)
    # Four of seven with the allies' output, three and one against without it.
    assert (found["leader.w10.2030"] == US).all()
    assert (found["leader_us_only.w10.2030"] == MIXED).all()


def test_the_first_lead_is_the_first_window_that_leads() -> None:
    sheet = Sheet()
    for quantity in ("active_users_million", "powered_compute_h100e", "ai_revenue_usd"):
        sheet.both(quantity, step_at(24, 1.0, 2.0), 1.0)
    found = sheet.outcomes()
    # The mean over 12 months passes 0.55/0.45 = 11/9 of China's with the third month at 2: 15/12 > 11/9.
    assert (found["first_lead_month.us"] == 27.0).all()
    assert np.isnan(found["first_lead_month.cn"]).all()


# ---- fights -------------------------------------------------------------------------------------------


def fights(found: dict[str, Array], year: str) -> set[str]:
    return {
        name.removeprefix("fight.").removesuffix(f".{year}")
        for name, values in found.items()
        if name.startswith("fight.") and name.endswith(f".{year}") and (values > 0.0).all()
    }


def test_nobody_fights_in_a_quiet_world() -> None:
    assert fights(Sheet().outcomes(), "2030") == set()


def test_escalation_counts_over_the_schedule_and_from_zero() -> None:
    sheet = Sheet()
    sheet.both("escalation_from_zero", 0.8, 0.0)
    # Float32 holds the number above the threshold of 0.05, which is no float32.
    sheet["escalation", "cn"] = step_at(30, 0.0, 0.0501)
    found = sheet.outcomes()
    assert fights(found, "2027") == {"f1_from_zero.us"}
    assert fights(found, "2030") == {"f1_from_zero.us", "f1.cn"}
    assert (found["fight_test.f1_2.cn.2030"] == 1.0).all()
    assert (found["fight_test.f1_10.cn.2030"] == 0.0).all()


def test_a_past_escalation_is_still_a_fight() -> None:
    sheet = Sheet()
    sheet["escalation", "us"] = step_at(3, 0.2, 0.0)
    assert fights(sheet.outcomes(), "2030") == {"f1.us"}


def test_a_year_of_losses_above_a_tenth_of_revenue_is_a_fight() -> None:
    sheet = Sheet()
    sheet.both("ai_revenue_usd", 100.0, 100.0)
    sheet["paid_goods_loss_usd", "us"] = 9.0
    sheet["free_tier_subsidy_usd", "cn"] = 11.0
    assert fights(sheet.outcomes(), "2027") == {"f2.cn"}
    sheet["free_tier_subsidy_usd", "us"] = 2.0
    assert fights(sheet.outcomes(), "2027") == {"f2.cn", "f2.us"}


def test_free_tiers_lose_only_what_is_above_their_usual_share() -> None:
    sheet = Sheet()
    sheet.both("ai_revenue_usd", step_at(1, 100.0, 200.0), 100.0)
    # 30 % of revenue at the start, and ever after: usual. 45 %: 15 points more.
    sheet["free_tier_loss_usd", "us"] = step_at(1, 30.0, 60.0)
    sheet["free_tier_loss_usd", "cn"] = step_at(20, 30.0, 45.0)
    assert fights(sheet.outcomes(), "2030") == {"f2.cn"}


def test_a_loss_of_less_than_a_year_is_no_fight() -> None:
    sheet = Sheet()
    sheet.both("ai_revenue_usd", 100.0, 100.0)
    loss = np.zeros((MONTHS, WORLDS))
    loss[20:24] = 29.0
    sheet["paid_goods_loss_usd", "us"] = loss
    # 4 x 29 over a year's revenue of 1200 is below a tenth.
    assert fights(sheet.outcomes(), "2030") == set()


def test_losses_without_revenue_are_a_fight() -> None:
    sheet = Sheet()
    sheet.both("ai_revenue_usd", 0.0, 0.0)
    sheet["paid_goods_loss_usd", "cn"] = 1.0
    assert fights(sheet.outcomes(), "2030") == {"f2.cn"}


def test_a_blockade_is_a_fight_of_both() -> None:
    sheet = Sheet()
    sheet["blockade",] = step_at(30, 0.0, 1.0)
    assert fights(sheet.outcomes(), "2027") == set()
    assert fights(sheet.outcomes(), "2030") == {"f4.us", "f4.cn"}


def test_effort_is_measured_against_the_same_world() -> None:
    passive, resisting = Sheet(), Sheet()
    passive.both("effort_usd", 100.0, np.array([100.0, 200.0, 300.0]))
    resisting.both("effort_usd", 124.0, np.array([126.0, 249.0, 376.0]))
    base = passive.outcomes()
    np.testing.assert_allclose(base["effort_usd.us.2030"], MONTHS * 100.0, rtol=1e-15)
    found = over_passive(RULES, base, resisting.outcomes())
    assert found["fight.f3.us.2030"].tolist() == [0.0, 0.0, 0.0]
    assert found["fight.f3.cn.2030"].tolist() == [1.0, 0.0, 1.0]
    assert np.isnan(found["fight.f3.cn.2035"]).all()
    turned = {name: values[::-1] for name, values in base.items()}
    assert over_passive(RULES, turned, resisting.outcomes())["fight.f3.cn.2030"].tolist() == [1.0, 0.0, 1.0]
    short = {name: values[:2] for name, values in base.items()}
    with pytest.raises(ValueError, match="world 2 is missing"):
        over_passive(RULES, short, resisting.outcomes())


# ---- senses -------------------------------------------------------------------------------------------


def columns(leader: list[float], reacted: list[float], fought: list[float]) -> dict[str, Array]:
    """Return what `without_a_fight` reads, for one horizon."""
    found = {"world": np.arange(float(len(leader))), "leader.w1.2030": np.array(leader)}
    for bloc in ("us", "cn"):
        found[f"reacted.{bloc}.2030"] = np.array(reacted)
        for kind in ("f1", "f2", "f4"):
            found[f"fight.{kind}.{bloc}.2030"] = np.array(fought)
    return found


def test_senses_of_a_lead() -> None:
    rules = dataclasses.replace(RULES, horizons=("2030-12",))
    passive = columns([CN, CN, CN, MIXED, CN], [0.0] * 5, [0.0, 0.0, 0.0, 0.0, 1.0])
    resists = columns([CN, US, CN, CN, OPEN], [1.0, 1.0, 0.0, 1.0, 1.0], [1.0] * 5)
    found = without_a_fight(rules, passive, resists, None)
    senses = {name: found[f"{name}.cn.2030"].tolist() for name in ("calm", *RESISTANCE)}
    assert senses == {
        "calm": [1.0, 1.0, 1.0, 0.0, 0.0],
        "survives_resistance": [1.0, 0.0, 0.0, 0.0, 0.0],
        "undone_by_resistance": [0.0, 1.0, 0.0, 0.0, 1.0],
        "untested": [0.0, 0.0, 1.0, 0.0, 0.0],
        "created_by_resistance": [0.0, 0.0, 0.0, 1.0, 0.0],
    }
    # A lead of the US is tested by China's resistance, which was not run.
    assert np.isnan(found["survives_resistance.us.2030"]).all()
    assert found["calm.us.2030"].tolist() == [0.0] * 5


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_tested_and_untested_leads_are_all_passive_leads(worlds: list[tuple[bool, bool, bool]]) -> None:
    leads, reacted, holds = np.array(worlds).T
    survives, undone, untested, created = resistance(leads, reacted, holds)
    assert (survives.astype(int) + undone + untested == leads).all()
    assert not (created & leads).any()


def test_a_column_that_is_the_same_everywhere_is_uninformative() -> None:
    found = {"same": np.ones(3), "differs": np.array([1.0, 1.0, 0.0]), "missing": np.full(3, np.nan)}
    assert uninformative(found) == ("same",)
    assert uninformative({"alone": np.ones(1)}) == ()


def test_a_missing_series_is_named() -> None:
    kept = [row for row, one in enumerate(SERIES) if one.name != "effort_usd.cn"]
    with pytest.raises(KeyError, match=r"effort_usd\.cn"):
        evaluate(CTX, RULES, [SERIES[row] for row in kept], Sheet().data[kept])
