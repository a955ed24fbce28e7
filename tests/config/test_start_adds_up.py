"""The start state: rows and columns of its tables add up to the observed totals."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

import conf
from sim import start as schema
from sim.initial import LEAST_ARRIVAL
from sim.markets.adoption import awareness

CONF = Path(conf.__file__).parent


def load(path: str) -> dict[str, Any]:
    plain: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(CONF / path))  # type: ignore[assignment]
    return plain


ROSTER = load("roster/base.yaml")
START = load("start/2026-01.yaml")
POWER = load("physics/power.yaml")
CONSUMERS = load("behaviour/consumers.yaml")
POLICY = load("policy/base.yaml")
LABS, CLOUDS, MARKETS = START["labs"], START["clouds"], START["markets"]
CHINESE = [
    name for kind in ("labs", "clouds") for name, traits in ROSTER[kind].items() if traits["bloc"] == "cn"
]

# Epoch AI, AI chip counts (CC BY 4.0), end of 2025, medians.
BY_ORIGIN = {
    "nvidia": 13_659_259 - 662_048,
    "nvidia_smuggled": 662_048,
    "tpu": 3_663_628,
    "asic_us": 1_020_728 + 1_245_260,
    "huawei": 707_968,
    "cambricon": 34_925,
}
CHINA = 401_698 + 662_048 + 707_968 + 34_925 + 10_523
NAMED_US_CLOUDS = {
    "nvidia": 3_151_494 + 1_427_946 + 1_031_001 + 832_068,  # Microsoft, Amazon, Oracle, CoreWeave
    "asic_us": 1_020_728 + 264_522 + 113_179,  # Trainium; AMD of Microsoft and Oracle
}
USERS_MILLION = {
    "openai": 800,
    "google": 750,
    "bytedance": 227,
    "deepseek": 130,
    "alibaba": 18.34,
    "moonshot": 9.93,
    "tencent": 37.7,
}
GENERATION_TWH = {"us": 4519.79, "cn": 10583.36}
HUMANOIDS_2025 = {"agibot": 5168, "unitree": 5500, "ubtech": 1000, "tesla": 150, "figure": 150}
# Sums of decimal numbers of up to 16 terms, each within one rounding of the number written.
ROUNDING = 16 * np.finfo(np.float64).eps


def value(table: dict[str, Any], entity: str, field: str) -> Any:
    return table[entity][field]["value"]


def fleet(owner: str) -> dict[str, int]:
    fleets: dict[str, int] = value({**LABS, **CLOUDS}, owner, "fleet_h100e")
    return fleets


def test_accelerators_add_up_to_every_maker() -> None:
    held = {origin: sum(fleet(owner).get(origin, 0) for owner in [*LABS, *CLOUDS]) for origin in BY_ORIGIN}
    assert held == BY_ORIGIN


def test_accelerators_of_named_owners_are_the_observed_ones() -> None:
    assert fleet("google") == {"nvidia": 1_236_936, "tpu": BY_ORIGIN["tpu"]}
    assert fleet("meta") == {"nvidia": 1_842_317, "asic_us": 459_858}
    assert fleet("xai") == {"nvidia": 630_000}
    assert sum(sum(fleet(owner).values()) for owner in CHINESE) == CHINA
    for origin, named in NAMED_US_CLOUDS.items():
        assert fleet("cloud_us")[origin] >= named


def test_accelerators_sit_where_the_rules_let_them() -> None:
    """Only smuggled or licensed chips of the rival are in China, and no Chinese chip outside."""
    for owner in [*LABS, *CLOUDS]:
        if owner in CHINESE:
            assert "tpu" not in fleet(owner)
        else:
            assert not {"huawei", "cambricon", "nvidia_smuggled"} & set(fleet(owner))


def test_clouds_let_no_more_than_they_have() -> None:
    for cloud in CLOUDS:
        assert sum(value(LABS, lab, "lease_h100e").get(cloud, 0) for lab in LABS) <= sum(
            fleet(cloud).values()
        )


def test_users_are_the_observed_ones() -> None:
    for lab, million in USERS_MILLION.items():
        assert sum(value(LABS, lab, "users_million").values()) == pytest.approx(million, rel=ROUNDING)


@pytest.mark.parametrize("lab", LABS)
def test_barred_markets_have_no_users_and_open_ones_have_some(lab: str) -> None:
    users = value(LABS, lab, "users_million")
    home = ROSTER["labs"][lab]["bloc"]
    # A bloc that bars the rival's assistants bars them at home, the market that bears its name.
    banned = {bloc for bloc, ban in POLICY["ban_rival_apps"]["value"].items() if ban and bloc != home}
    open_markets = set(MARKETS) - set(ROSTER["labs"][lab]["barred"]) - banned
    assert {market for market in users if users[market] > 0} == open_markets
    for field in (
        "paying_share",
        "subscription_price_usd_per_month",
        "free_quota_per_day",
        "user_growth_per_month",
    ):
        assert set(value(LABS, lab, field)) == open_markets
    assert all(0 < share < 1 for share in value(LABS, lab, "paying_share").values())


@pytest.mark.parametrize("lab", LABS)
def test_revenue_is_subscriptions_and_enterprises(lab: str) -> None:
    users, paying = value(LABS, lab, "users_million"), value(LABS, lab, "paying_share")
    price = value(LABS, lab, "subscription_price_usd_per_month")
    subscriptions = sum(users[market] * 1e6 * paying[market] * price[market] for market in users)
    assert subscriptions <= 0.85 * value(LABS, lab, "revenue_usd_per_month")
    shares = value(LABS, lab, "enterprise_market_share")
    assert sum(shares.values()) == pytest.approx(1, rel=ROUNDING)
    assert set(shares) == set(users)


def interpolated_december(year_before: float, year: float) -> float:
    """Return December's part of a year's total that grew steadily from the year before."""
    growth = (year / year_before) ** (1 / 12)
    return year * (1 - 1 / growth) / (1 - growth**-12)


def test_flows_of_december_follow_from_the_yearly_totals() -> None:
    revenue = {"openai": (3.7e9, 13.1e9), "xai": (2.62e9, 3.2e9)}
    for lab, years in revenue.items():  # written in units of 100,000 USD
        assert value(LABS, lab, "revenue_usd_per_month") == pytest.approx(
            interpolated_december(*years), abs=0.5e5
        )
    shipped = {
        "nvidia": (3_333_176, 8_934_834),
        "tpu": (739_971, 2_716_222),
        "asic_us": (306_331 + 549_727, 714_397 + 695_533),
        "huawei": (180_112, 527_856),
        "cambricon": (6_468, 28_457),
    }
    for maker, years in shipped.items():
        december = value(START["chip_makers"], maker, "shipments_h100e_per_month")
        assert december == round(interpolated_december(*years))
        growth = value(START["chip_makers"], maker, "shipments_growth_per_month")
        assert growth == pytest.approx(np.log(years[1] / years[0]) / 12, rel=5e-4)


def test_electricity_is_generated_for_somebody() -> None:
    """Other load is mean load less the AI load that the fleet, its sites and overheads make."""
    ai_gw = dict.fromkeys(MARKETS, 0.0)
    owners = {**ROSTER["labs"], **ROSTER["clouds"]}
    for owner, traits in owners.items():
        it_gw = sum(
            chips * value(START["origins"], origin, "power_kw_per_h100e") / 1e6
            for origin, chips in fleet(owner).items()
        )
        for site, share in traits["site_share"].items():
            ai_gw[site] += it_gw * share * POWER["pue"]["value"][site] * value(MARKETS, site, "powered_share")
    for market, ai in ai_gw.items():
        mean_gw = value(MARKETS, market, "generation_twh_per_year") / 8.76
        # Other load is written to 0.1 GW, power per chip to four digits.
        assert value(MARKETS, market, "other_load_gw") == pytest.approx(mean_gw - ai, abs=0.05 + 5e-4 * ai)
    for market, twh in GENERATION_TWH.items():
        assert value(MARKETS, market, "generation_twh_per_year") == twh


def test_reserve_margins_are_those_that_forecasters_report() -> None:
    def margin(market: str) -> float:
        capacity = sum(value(MARKETS, market, "tranche_capacity_gw").values())
        return float(capacity / (value(MARKETS, market, "generation_twh_per_year") / 8.76) - 1)

    assert 0.15 <= margin("us") <= 0.20
    assert 0.25 <= margin("cn") <= 0.35


def test_humanoids_and_industrial_robots_are_the_observed_ones() -> None:
    makers = START["robot_makers"]
    for maker, units in HUMANOIDS_2025.items():
        assert value(makers, maker, "shipments_last_year") == units
    made = {maker: value(makers, maker, "shipments_last_year") for maker in makers}
    chinese = sum(made[maker] for maker in makers if ROSTER["robot_makers"][maker]["bloc"] == "cn")
    assert sum(made.values()) == 16_000
    assert chinese / sum(made.values()) == pytest.approx(0.9, rel=ROUNDING)
    assert sum(value(makers, maker, "shipments_year_before") for maker in makers) == 2_500
    for market in MARKETS:
        shares = value(MARKETS, market, "industrial_supplier_share")
        assert set(shares) == set(ROSTER["industrial_makers"])
        assert sum(shares.values()) == pytest.approx(1, rel=ROUNDING)


def test_shares_of_the_roster_add_up_to_one() -> None:
    owners = {**ROSTER["labs"], **ROSTER["clouds"]}
    for traits in owners.values():
        assert sum(traits["site_share"].values()) == pytest.approx(1, rel=ROUNDING)
    for bloc in ("us", "cn"):
        shares = [traits["group_budget_share"] for traits in owners.values() if traits["bloc"] == bloc]
        assert sum(shares) == pytest.approx(1, rel=ROUNDING)
    for name, traits in ROSTER["labs"].items():
        assert traits["parent_owned"] == (traits["group_budget_share"] > 0), name


PRIORS = ("reconsider_rate", "bass_imitation_q", "bass_innovation_p", "overlap_factor")


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("key", PRIORS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_first_month_can_be_reproduced_at_the_end_of_each_prior(market: str, key: str, end: str) -> None:
    """The first month's choices lie inside (0, 1), so that hardly a draw is thrown away (S1.4)."""
    drawn = {name: np.array([CONSUMERS[name]["value"]], np.float64) for name in PRIORS}
    drawn[key] = np.array([CONSUMERS[key][end]], np.float64)
    reconsider = drawn["reconsider_rate"]
    aware = np.array([value(MARKETS, market, "aware_share")])
    later = awareness(aware, drawn["bass_innovation_p"], drawn["bass_imitation_q"], 1.0)
    choosing = reconsider * aware + later - aware
    chosen = np.zeros(1)
    for lab in LABS:
        users = value(LABS, lab, "users_million").get(market, 0)
        if users > 0:
            people = users / drawn["overlap_factor"] / value(MARKETS, market, "population_million")
            assert (people < aware).all()
            growth = np.maximum(
                value(LABS, lab, "user_growth_per_month")[market], -LEAST_ARRIVAL * reconsider
            )
            arriving = people * (np.exp(growth) - 1 + reconsider)
            assert (arriving > 0).all(), lab
            chosen += arriving / choosing
    assert (chosen < 1).all()


def test_every_field_says_where_it_comes_from() -> None:
    tables = {field.name: field.type for field in dataclasses.fields(schema.Start) if field.name != "month"}
    assert set(START) == {"month", *tables}
    units: dict[str, set[str]] = {}
    for table, record in tables.items():
        assert isinstance(record, type)
        names = {field.name for field in dataclasses.fields(record)}
        for entity, fields in START[table].items():
            assert set(fields) == names, f"{table}.{entity}"
            for name, entry in fields.items():
                assert set(entry) == {"value", "unit", "basis", "source"}, f"{table}.{entity}.{name}"
                assert entry["basis"] in ("observed", "derived", "judgement")
                assert entry["source"].strip()
                units.setdefault(f"{table}.{name}", set()).add(entry["unit"])
    assert {name for name, said in units.items() if len(said) > 1} == set()
