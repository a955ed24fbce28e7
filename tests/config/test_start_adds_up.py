"""The start states: rows and columns of their tables add up to the observed totals."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

import conf
from sim import start as schema
from sim.initial_consumers import LEAST_ARRIVAL
from sim.markets.adoption import awareness

CONF = Path(conf.__file__).parent


def load(path: str) -> dict[str, Any]:
    plain: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(CONF / path))
    return plain


ROSTER = load("roster/base.yaml")
POWER = load("physics/power.yaml")
CONSUMERS = load("behaviour/consumers.yaml")
POLICY = load("policy/base.yaml")
OWNERS = {**ROSTER["labs"], **ROSTER["clouds"]}
CHINESE = [name for name, traits in OWNERS.items() if traits["bloc"] == "cn"]
MARKETS = tuple(ROSTER["markets"])
LABS = tuple(ROSTER["labs"])
# Sums of decimal numbers of up to 16 terms, each within one rounding of the number written.
ROUNDING = 16 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class Observed:
    """A start file, and what its sources count. Accelerators: Epoch AI (CC BY 4.0), medians, in H100e."""

    start: Mapping[str, Any]
    by_origin: Mapping[str, int]
    china: int
    named_us_clouds: Mapping[str, int]
    of_owner: Mapping[str, Mapping[str, int]]
    users_million: Mapping[str, float]
    generation_twh: Mapping[str, float]
    reserve_margin: Mapping[str, tuple[float, float]]
    humanoids: Mapping[str, int]
    humanoids_made: tuple[int, int]
    chinese_humanoids: float

    def value(self, table: str, entity: str, field: str) -> Any:
        return self.start[table][entity][field]["value"]

    def fleet(self, owner: str) -> Mapping[str, int]:
        fleets: Mapping[str, int] = self.value("labs" if owner in LABS else "clouds", owner, "fleet_h100e")
        return fleets


OF_2026 = Observed(
    start=load("start/2026-01.yaml"),
    by_origin={
        "nvidia": 13_659_259 - 662_048,
        "nvidia_smuggled": 662_048,
        "tpu": 3_663_628,
        "asic_us": 1_020_728 + 1_245_260,
        "huawei": 707_968,
        "cambricon": 34_925,
    },
    china=401_698 + 662_048 + 707_968 + 34_925 + 10_523,
    named_us_clouds={
        "nvidia": 3_151_494 + 1_427_946 + 1_031_001 + 832_068,  # Microsoft, Amazon, Oracle, CoreWeave
        "asic_us": 1_020_728 + 264_522 + 113_179,  # Trainium; AMD of Microsoft and Oracle
    },
    of_owner={
        "google": {"nvidia": 1_236_936, "tpu": 3_663_628},
        "meta": {"nvidia": 1_842_317, "asic_us": 459_858},
        "xai": {"nvidia": 630_000},
    },
    users_million={
        "openai": 800,
        "google": 750,
        "bytedance": 227,
        "deepseek": 130,
        "alibaba": 18.34,
        "moonshot": 9.93,
        "tencent": 37.7,
    },
    generation_twh={"us": 4519.79, "cn": 10583.36},
    reserve_margin={"us": (0.15, 0.20), "cn": (0.25, 0.35)},
    humanoids={"agibot": 5168, "unitree": 5500, "ubtech": 1000, "tesla": 150, "figure": 150},
    humanoids_made=(16_000, 2_500),
    chinese_humanoids=0.9,
)
# Nobody counts Trainium, AMD, Huawei, Cambricon, smuggling and humanoids
# before 2024: those figures are the file's judgement.
OF_2023 = Observed(
    start=load("start/2023-01.yaml"),
    by_origin={
        "nvidia": 289_672 - 500,
        "nvidia_smuggled": 500,
        "tpu": 13_890,
        "asic_us": 3_000,
        "huawei": 5_000,
        "cambricon": 400,
    },
    china=31_907 + 500 + 5_000 + 400,
    named_us_clouds={"nvidia": 64_868 + 24_716 + 7_841},  # Microsoft, Amazon, Oracle
    of_owner={"google": {"nvidia": 24_738, "tpu": 13_890}, "meta": {"nvidia": 33_959}, "xai": {"nvidia": 0}},
    users_million={"openai": 60},
    generation_twh={"us": 4286.89, "cn": 8848.71},
    reserve_margin={"us": (0.15, 0.20), "cn": (0.25, 0.35)},
    humanoids={"agibot": 0},
    humanoids_made=(50, 30),
    chinese_humanoids=22 / 50,
)
STARTS = {"2026-01": OF_2026, "2023-01": OF_2023}


@pytest.fixture(params=list(STARTS.values()), ids=list(STARTS))
def seen(request: pytest.FixtureRequest) -> Observed:
    observed: Observed = request.param
    return observed


def test_every_start_file_is_here() -> None:
    assert {path.stem for path in (CONF / "start").glob("*.yaml")} == set(STARTS)
    assert {month: observed.start["month"] for month, observed in STARTS.items()} == {m: m for m in STARTS}


def test_accelerators_add_up_to_every_maker(seen: Observed) -> None:
    held = {origin: sum(seen.fleet(owner).get(origin, 0) for owner in OWNERS) for origin in seen.by_origin}
    assert held == seen.by_origin


def test_accelerators_of_named_owners_are_the_observed_ones(seen: Observed) -> None:
    for owner, fleet in seen.of_owner.items():
        assert seen.fleet(owner) == fleet
    assert sum(sum(seen.fleet(owner).values()) for owner in CHINESE) == seen.china
    for origin, named in seen.named_us_clouds.items():
        assert seen.fleet("cloud_us")[origin] >= named


def test_accelerators_sit_where_the_rules_let_them(seen: Observed) -> None:
    """Only smuggled or licensed chips of the rival are in China, and no Chinese chip outside."""
    for owner in OWNERS:
        if owner in CHINESE:
            assert "tpu" not in seen.fleet(owner)
        else:
            assert not {"huawei", "cambricon", "nvidia_smuggled"} & set(seen.fleet(owner))


def test_clouds_let_no_more_than_they_have(seen: Observed) -> None:
    for cloud in seen.start["clouds"]:
        leased = sum(seen.value("labs", lab, "lease_h100e").get(cloud, 0) for lab in LABS)
        assert leased <= sum(seen.fleet(cloud).values())


def test_users_are_the_observed_ones(seen: Observed) -> None:
    for lab, million in seen.users_million.items():
        assert sum(seen.value("labs", lab, "users_million").values()) == pytest.approx(million, rel=ROUNDING)


@pytest.mark.parametrize("lab", LABS)
def test_barred_markets_have_no_users_and_open_ones_have_some(seen: Observed, lab: str) -> None:
    users = seen.value("labs", lab, "users_million")
    home = ROSTER["labs"][lab]["bloc"]
    # A bloc that bars the rival's assistants bars them at home, the market that bears its name.
    banned = {bloc for bloc, ban in POLICY["ban_rival_apps"]["value"].items() if ban and bloc != home}
    open_markets = set(MARKETS) - set(ROSTER["labs"][lab]["barred"]) - banned
    offered = ROSTER["labs"][lab]["entry"] < seen.start["month"]
    used = open_markets if offered else set()
    assert {market for market in users if users[market] > 0} == used
    for field in (
        "paying_share",
        "subscription_price_usd_per_month",
        "free_quota_per_day",
        "user_growth_per_month",
    ):
        assert set(seen.value("labs", lab, field)) == open_markets
    assert all(0 < share < 1 for share in seen.value("labs", lab, "paying_share").values())


@pytest.mark.parametrize("lab", LABS)
def test_revenue_is_subscriptions_and_enterprises(seen: Observed, lab: str) -> None:
    users, paying = seen.value("labs", lab, "users_million"), seen.value("labs", lab, "paying_share")
    price = seen.value("labs", lab, "subscription_price_usd_per_month")
    subscriptions = sum(users[market] * 1e6 * paying[market] * price[market] for market in users)
    assert subscriptions <= 0.85 * seen.value("labs", lab, "revenue_usd_per_month")
    shares = seen.value("labs", lab, "enterprise_market_share")
    assert sum(shares.values()) == pytest.approx(1, rel=ROUNDING)
    assert set(shares) == set(users)


def interpolated_december(year_before: float, year: float) -> float:
    """Return December's part of a year's total that grew steadily from the year before."""
    growth = (year / year_before) ** (1 / 12)
    return float(year * (1 - 1 / growth) / (1 - growth**-12))


def test_flows_of_december_2025_follow_from_the_yearly_totals() -> None:
    revenue = {"openai": (3.7e9, 13.1e9), "xai": (2.62e9, 3.2e9)}
    for lab, years in revenue.items():  # written in units of 100,000 USD
        assert OF_2026.value("labs", lab, "revenue_usd_per_month") == pytest.approx(
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
        december = OF_2026.value("chip_makers", maker, "shipments_h100e_per_month")
        assert december == round(interpolated_december(*years))
        growth = OF_2026.value("chip_makers", maker, "shipments_growth_per_month")
        assert growth == pytest.approx(np.log(years[1] / years[0]) / 12, rel=5e-4)


def test_flows_of_december_2022_follow_from_the_quarters() -> None:
    """Nvidia's last quarter a month on from its middle, TPU's first known one two months back."""
    flows = {
        "nvidia": (75_965 / 3 * 289_672 / 278_061, np.log(75_965 / 62_699) / 9, 1),
        "tpu": (25_058 / 3, np.log(33_180 / 25_058) / 3, -2),
    }
    for maker, (mean, growth, months) in flows.items():
        december = OF_2023.value("chip_makers", maker, "shipments_h100e_per_month")
        assert december == round(mean * np.exp(growth * months))
        # Growth is written to four digits.
        written = OF_2023.value("chip_makers", maker, "shipments_growth_per_month")
        assert written == pytest.approx(growth, abs=5e-5)


def test_users_of_december_2022_grow_to_the_count_of_their_first_november() -> None:
    users = OF_2023.value("labs", "openai", "users_million")
    growth = OF_2023.value("labs", "openai", "user_growth_per_month")
    # Rates by market are judgement, written to two digits.
    assert sum(users[m] * np.exp(11 * growth[m]) for m in users) == pytest.approx(134, rel=0.005)


def test_electricity_is_generated_for_somebody(seen: Observed) -> None:
    """Other load is mean load less the AI load that the fleet, its sites and overheads make."""
    ai_gw = dict.fromkeys(MARKETS, 0.0)
    for owner, traits in OWNERS.items():
        it_gw = sum(
            chips * seen.value("origins", origin, "power_kw_per_h100e") / 1e6
            for origin, chips in seen.fleet(owner).items()
        )
        for site, share in traits["site_share"].items():
            powered = seen.value("markets", site, "powered_share")
            ai_gw[site] += it_gw * share * POWER["pue"]["value"][site] * powered
    for market, ai in ai_gw.items():
        mean_gw = seen.value("markets", market, "generation_twh_per_year") / 8.76
        # Other load is written to 0.1 GW, power per chip to four digits.
        other = seen.value("markets", market, "other_load_gw")
        assert other == pytest.approx(mean_gw - ai, abs=0.05 + 5e-4 * ai)
    for market, twh in seen.generation_twh.items():
        assert seen.value("markets", market, "generation_twh_per_year") == twh


def capacity_gw(seen: Observed, market: str) -> float:
    return float(sum(seen.value("markets", market, "tranche_capacity_gw").values()))


def test_reserve_margins_are_those_that_forecasters_report(seen: Observed) -> None:
    for market, (low, high) in seen.reserve_margin.items():
        mean_gw = seen.value("markets", market, "generation_twh_per_year") / 8.76
        assert low <= capacity_gw(seen, market) / mean_gw - 1 <= high


@pytest.mark.parametrize("market", MARKETS)
def test_spare_capacity_is_what_exceeds_the_critical_margin(seen: Observed, market: str) -> None:
    """Firm capacity less 1.15 times mean load, written to a GW at the coarsest."""
    mean_gw = seen.value("markets", market, "generation_twh_per_year") / 8.76
    spare = capacity_gw(seen, market) - 1.15 * mean_gw
    assert seen.value("markets", market, "spare_gw") == pytest.approx(spare, abs=0.5)


def test_humanoids_and_industrial_robots_are_the_observed_ones(seen: Observed) -> None:
    makers = ROSTER["robot_makers"]
    for maker, units in seen.humanoids.items():
        assert seen.value("robot_makers", maker, "shipments_last_year") == units
    made = {maker: seen.value("robot_makers", maker, "shipments_last_year") for maker in makers}
    chinese = sum(made[maker] for maker in makers if makers[maker]["bloc"] == "cn")
    before = sum(seen.value("robot_makers", maker, "shipments_year_before") for maker in makers)
    assert (sum(made.values()), before) == seen.humanoids_made
    assert chinese / sum(made.values()) == pytest.approx(seen.chinese_humanoids, rel=ROUNDING)
    for market in MARKETS:
        shares = seen.value("markets", market, "industrial_supplier_share")
        assert set(shares) == set(ROSTER["industrial_makers"])
        assert sum(shares.values()) == pytest.approx(1, rel=ROUNDING)


def test_industrial_robots_of_2022_add_up_to_the_world() -> None:
    totals = {"industrial_robots": 3_900_000, "industrial_installations_per_year": 553_000}
    for field, world in totals.items():
        assert sum(OF_2023.value("markets", market, field) for market in MARKETS) == world


def test_shares_of_the_roster_add_up_to_one() -> None:
    for traits in OWNERS.values():
        assert sum(traits["site_share"].values()) == pytest.approx(1, rel=ROUNDING)
    for bloc in ("us", "cn"):
        shares = [traits["group_budget_share"] for traits in OWNERS.values() if traits["bloc"] == bloc]
        assert sum(shares) == pytest.approx(1, rel=ROUNDING)
    for name, traits in ROSTER["labs"].items():
        assert traits["parent_owned"] == (traits["group_budget_share"] > 0), name


PRIORS = ("reconsider_rate", "bass_imitation_q", "bass_innovation_p", "overlap_factor")


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("key", PRIORS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_first_month_can_be_reproduced_at_the_end_of_each_prior(
    seen: Observed, market: str, key: str, end: str
) -> None:
    """The first month's choices lie inside (0, 1), so that hardly a draw is thrown away (S1.4)."""
    drawn = {name: np.array([CONSUMERS[name]["value"]], np.float64) for name in PRIORS}
    drawn[key] = np.array([CONSUMERS[key][end]], np.float64)
    reconsider = drawn["reconsider_rate"]
    aware = np.array([seen.value("markets", market, "aware_share")])
    later = awareness(aware, drawn["bass_innovation_p"], drawn["bass_imitation_q"], 1.0)
    choosing = reconsider * aware + later - aware
    chosen = np.zeros(1)
    for lab in LABS:
        users = seen.value("labs", lab, "users_million").get(market, 0)
        if users > 0:
            population = seen.value("markets", market, "population_million")
            people = users / drawn["overlap_factor"] / population
            assert (people < aware).all()
            growth = np.maximum(
                seen.value("labs", lab, "user_growth_per_month")[market], -LEAST_ARRIVAL * reconsider
            )
            arriving = people * (np.exp(growth) - 1 + reconsider)
            assert (arriving > 0).all(), lab
            chosen += arriving / choosing
    assert (chosen < 1).all()


def test_every_field_says_where_it_comes_from(seen: Observed) -> None:
    tables = {field.name: field.type for field in dataclasses.fields(schema.Start) if field.name != "month"}
    assert set(seen.start) == {"month", *tables}
    units: dict[str, set[str]] = {}
    for table, record in tables.items():
        assert isinstance(record, type)
        names = {field.name for field in dataclasses.fields(record)}
        for entity, fields in seen.start[table].items():
            assert set(fields) == names, f"{table}.{entity}"
            for name, entry in fields.items():
                assert set(entry) == {"value", "unit", "basis", "source"}, f"{table}.{entity}.{name}"
                assert entry["basis"] in ("observed", "derived", "judgement")
                assert entry["source"].strip()
                units.setdefault(f"{table}.{name}", set()).add(entry["unit"])
    assert {name for name, said in units.items() if len(said) > 1} == set()
