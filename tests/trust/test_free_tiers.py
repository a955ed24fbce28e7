"""Free tiers: a quota is bounded only where money pays for it, none is free of cost, and arms are paired."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from agents.ai_lab import AiLab
from agents.roster import build_model
from experiments.config.errors import ConfigError
from experiments.figures.free_tiers import draw_tiers
from experiments.figures.origin import Origin
from experiments.figures.ratios import ratio_axis, ratio_band
from experiments.figures.style import Page
from experiments.trust.arms import Ran, arm, run_arms
from experiments.trust.free_tiers import (
    BASE,
    arms_of,
    block,
    effects_of,
    labs_of,
    ratios,
    rows_of,
    tiers_command,
)
from experiments.trust.minds import TRIPLED, TripledQuota
from sim.markets.services import (
    free_budget_usd,
    full_service_cost_usd,
    marginal_value_of_service_usd,
    split_budget_over_markets,
)

SMALL = ("worlds=4", "months=24", "consumers=cohort", "responses=[passive]")


class Witness(AiLab):
    """A lab that keeps what it saw and what quota it gave."""

    seen: ClassVar[list[tuple[Any, Any, Any]]] = []

    def quota(self, view: Any, equity_usd: Any) -> Any:
        given = super().quota(view, equity_usd)
        self.seen.append((view, equity_usd, given))
        return given


def funds_and_cost(view: Any, equity_usd: Any) -> tuple[Any, Any]:
    """Return what pays for free tiers by market, and what the largest quota would cost there (S3.2)."""
    labs = view.params.labs
    budget = free_budget_usd(
        view.revenue_usd, equity_usd / view.step_months, view.runway_months,
        budget_share=labs.free_budget_share, funding_weight=labs.free_budget_funding_weight,
        runway_pivot_months=labs.free_budget_runway_pivot, runway_scale_months=labs.free_budget_runway_scale,
    )  # fmt: skip
    full = full_service_cost_usd(
        view.free_users, view.queries_wanted, labs.quota_ceiling_multiple, view.query_cost_usd
    )
    value = marginal_value_of_service_usd(
        view.free_users, np.ones(1), view.params.consumers.quota_beta_phi,
        view.paying_revenue_usd + view.ad_revenue_usd + labs.user_value_floor,
    )  # fmt: skip
    split = split_budget_over_markets(budget * view.free_boost + view.free_subsidy_usd, value, full)
    return split + view.ad_revenue_usd * view.free_users, full


@pytest.fixture(scope="module")
def seen() -> list[tuple[Any, Any, Any]]:
    """Run two years of four worlds in which free tiers get four times the money, and watch the labs."""
    plan = arm("x", [*SMALL, "policy.free_tier_boost.us=4", "policy.free_tier_boost.cn=4"]).plan
    ids, response = plan.columns(np.arange(4))
    Witness.seen = []
    model = build_model(
        plan.params_for(ids), plan.axes, plan.start, plan.settings_for(ids, response), plan.history,
        {"labs": Witness},
    )  # fmt: skip
    model.run(on_month=lambda _: None)
    return Witness.seen


def test_a_quota_stays_at_its_bound_only_where_money_pays_for_full_service(seen: Any) -> None:
    stayed = 0
    for view, equity_usd, given in seen:
        bound = view.params.labs.quota_ceiling_multiple * view.queries_wanted
        # Some start above the bound, as observed; they are brought to it in the first month.
        at_bound = np.isclose(view.quota_per_day, bound, 1e-9) & np.isclose(given, bound, 1e-9)
        funds, full = funds_and_cost(view, equity_usd)
        assert (funds >= full * (1 - 1e-9))[at_bound].all()
        stayed += int((at_bound & (view.free_users > 0.0)).sum())
    assert stayed > 0, "no quota reached its bound, so that nothing was tested"


def test_no_free_user_is_free_of_cost(seen: Any) -> None:
    for view, _, _ in seen:
        used = view.free_users * view.quota_per_day * view.alive
        demand = np.maximum(view.queries_wanted, 1e-9)
        cost = view.free_users * demand * -np.expm1(-view.quota_per_day / demand) * view.query_cost_usd
        assert (cost > 0.0)[np.broadcast_to(used > 0.0, cost.shape)].all()


def test_a_tripled_quota_is_three_times_what_a_third_of_it_would_become(seen: Any) -> None:
    from dataclasses import replace

    view, equity_usd, _ = seen[-1]
    rule, usual = object.__new__(TripledQuota), object.__new__(AiLab)
    third = replace(view, quota_per_day=view.quota_per_day / TRIPLED)
    assert np.array_equal(rule.quota(view, equity_usd), TRIPLED * usual.quota(third, equity_usd))


def test_ratios_are_of_a_world_to_itself() -> None:
    assert ratios(np.array([1.0, 2.0, 0.0]), np.array([2.0, 4.0, 9.0])) == ((2.0, 2.0, 2.0), 2)
    assert ratios(np.zeros(2), np.ones(2))[1] == 0


def test_both_blocs_are_asked_the_same_and_arms_differ_from_the_base() -> None:
    arms = arms_of([*SMALL, "months=3"])
    assert {one.name for one in arms} == {
        BASE, *(f"{act}_{bloc}" for act in ("tripled", "withdrawn") for bloc in ("us", "cn"))
    }  # fmt: skip
    plan = arms[0].plan
    assert set(labs_of(plan, "us")) | set(labs_of(plan, "cn")) == set(plan.axes.labs.names)
    quotas = tuple(f"free_quota_per_day.{lab}" for lab in ("openai", "bytedance"))
    ran = run_arms(arms, 2, quotas, 1, lambda _: None)
    for name, moved in (("tripled_cn", 1), ("withdrawn_us", 0), ("tripled_us", 0), ("withdrawn_cn", 1)):
        first = [(ran[name].series[one] != ran[BASE].series[one])[0].any() for one in quotas]
        assert first[moved], name
        assert not first[1 - moved], name


def test_the_figure_shows_every_row_with_users(tmp_path: Path) -> None:
    plan = arm("x", [*SMALL, "months=60"]).plan
    names = dict.fromkeys(series for _, _, series in rows_of(plan))
    made = Origin("1", "0123456789abcdef", "1", "uncontested tiers")

    def ran(factor: float) -> Ran:
        table: Mapping[str, Any] = {name: np.full((60, 4), factor) for name in names}
        return Ran({}, {**table, "bloc_users_million.us.cn": np.zeros((60, 4))})

    arms = {BASE: ran(1.0), "tripled_cn": ran(2.0), "withdrawn_us": ran(0.5)}
    effects = effects_of(plan, arms, "2030")
    assert {one.quantiles[1] for one in effects if one.worlds} == {2.0, 0.5}
    page = block(effects, plan, "2030", "uncontested tiers")
    assert page.count("| Chinese labs |") == 4
    assert page.count("2.00 (2.00–2.00)") == 7
    for language in ("en", "de"):
        files = draw_tiers(effects, "2030", 4, "Baseline", made, tmp_path, language)
        assert files[2].read_text(encoding="utf-8").count("\n") == 2 + 2 * (len(rows_of(plan)) - 1)


def test_a_wrong_word_is_named() -> None:
    with pytest.raises(ConfigError, match="2030"):
        tiers_command(["--by", "2031"])


@pytest.mark.parametrize("beyond", [(), ("<",), (">",), ("<", ">")])
def test_a_band_that_leaves_its_axis_is_marked_at_the_edge(beyond: tuple[str, ...]) -> None:
    page = Page("Title", "Subtitle", "Footer", 2.0)
    axes = page.axes(1.0, 0.2, 4.0, 1.0)
    ratio_axis(axes, (0.25, 4.0), 1.0)
    low, high = 0.1 if "<" in beyond else 0.5, 8.0 if ">" in beyond else 2.0
    ratio_band(axes, (low, 1.0, high), 0.5, "#000000", "o", "one")
    marks = {line.get_marker(): line.get_xdata()[0] for line in axes.lines if line.get_gid() == "one/beyond"}
    assert marks == {sign: {"<": 0.25, ">": 4.0}[sign] for sign in beyond}
