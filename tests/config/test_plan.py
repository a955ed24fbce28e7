"""What is written in conf and on the command line is what the simulation gets."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.config.build import RunPlan, config_hash, plan_from_config
from experiments.config.catalogue import SECTIONS
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError
from sim.axes import LEVERS, RESPONSES

PlanOf = Callable[..., RunPlan]
WORLDS = np.arange(40)
ZEROS = np.zeros(40)


def fields_of(params: Any) -> dict[str, np.ndarray]:
    sections = {section: vars(getattr(params, section)) for section in SECTIONS}
    return {
        f"{section}.{name}": value for section, values in sections.items() for name, value in values.items()
    }


def changed(one: RunPlan, other: RunPlan) -> set[str]:
    """Return the parameters that differ in any of the worlds."""
    before, after = fields_of(one.params_for(WORLDS)), fields_of(other.params_for(WORLDS))
    return {
        key
        for key in before
        if not np.array_equal(np.atleast_1d(before[key]) + ZEROS, np.atleast_1d(after[key]) + ZEROS)
    }


def test_shapes_are_scalar_or_world_with_the_axis_first(base: RunPlan) -> None:
    for key, value in fields_of(base.params_for(WORLDS)).items():
        record = base.catalogue[key]
        assert value.dtype == np.float64
        assert not value.flags.writeable
        if record.by is None:
            assert value.shape == (() if record.low is None else (40,)), key
        else:
            assert value.shape[1:] == (40,), key
            assert value.shape[0] >= 2, key


def test_priors_are_drawn_inside_their_range_and_nothing_else_is(base: RunPlan) -> None:
    params = fields_of(base.params_for(WORLDS))
    for key, record in base.catalogue.items():
        if record.low is None or record.high is None:
            assert np.ptp(np.atleast_1d(params[key]), axis=-1).max() == 0, key
        else:
            assert ((record.low <= params[key]) & (params[key] <= record.high)).all(), key
            assert (np.ptp(params[key], axis=-1) > 0).all(), key


def test_central_values_without_uncertainty(plan: PlanOf) -> None:
    central = plan("uncertainty=none")
    assert central.table.columns == ()
    for key, value in fields_of(central.params_for(WORLDS)).items():
        record = central.catalogue[key]
        if not isinstance(record.value, Mapping):
            assert (value == record.value).all(), key
    growth = central.params_for(WORLDS).policy.gdp_growth
    by_market = central.catalogue["policy.gdp_growth"].value
    assert isinstance(by_market, Mapping)
    assert np.array_equal(growth[:, 0], list(by_market.values()))


@pytest.mark.parametrize("key", ["chips.leakage", "orbit.orbital_cap", "power.scarcity_price"])
def test_value_is_fixed_in_all_worlds_and_moves_no_other(plan: PlanOf, base: RunPlan, key: str) -> None:
    value = base.catalogue[key].maximum
    fixed = plan(f"{key}={value}")
    assert (fields_of(fixed.params_for(WORLDS))[key] == value).all()
    assert changed(base, fixed) == {key}


def test_range_is_uniform_over_its_own_column_and_moves_no_other(plan: PlanOf, base: RunPlan) -> None:
    """Sixteen worlds fill each sixteenth once, in the order of the prior: it is the same column."""
    ranged = plan("robots.optimus_unit_cost=20..36")
    drawn = ranged.drawn(np.arange(16))["robots.optimus_unit_cost"]
    assert np.array_equal(np.sort(np.floor(drawn)), np.arange(20, 36))
    assert changed(base, ranged) == {"robots.optimus_unit_cost"}
    order = np.argsort(base.drawn(np.arange(16))["robots.optimus_unit_cost"])
    assert np.array_equal(order, np.argsort(drawn))


def test_range_over_a_log_parameter_is_uniform_in_logs(plan: PlanOf) -> None:
    drawn = plan("chips.node_ceiling_x_max=1..256").drawn(np.arange(16))["chips.node_ceiling_x_max"]
    assert np.array_equal(np.sort(np.floor(2 * np.log2(drawn))), np.arange(16))


def test_range_is_drawn_also_without_uncertainty_and_over_a_fixed_parameter(plan: PlanOf) -> None:
    ranged = plan("uncertainty=none", "policy.schedule_start=0..16")
    assert [column.key for column in ranged.table.columns] == ["policy.schedule_start"]
    drawn = ranged.params_for(np.arange(16)).policy.schedule_start
    assert np.array_equal(np.sort(np.floor(drawn)), np.arange(16))


def test_member_is_set_alone(plan: PlanOf, base: RunPlan) -> None:
    one = plan("chips.wafer_growth.us=0.3").params_for(WORLDS).chips.wafer_growth
    assert (one[0] == 0.3).all()
    assert np.array_equal(one[1], base.params_for(WORLDS).chips.wafer_growth[1])
    by_mapping = plan("chips.wafer_growth={us: 0.3}").params_for(WORLDS).chips.wafer_growth
    assert np.array_equal(one, by_mapping)


def test_members_of_one_range_have_columns_of_their_own_where_the_record_has(plan: PlanOf) -> None:
    growth = plan("chips.wafer_growth=0.3..0.9").params_for(WORLDS).chips.wafer_growth
    assert (growth[0] != growth[1]).all()
    pue = plan("power.pue=1.1..1.4").params_for(WORLDS).power.pue
    assert np.ptp(pue[0]) > 0
    assert (pue == pue[0]).all()


def test_later_override_lies_over_the_earlier(plan: PlanOf) -> None:
    later = plan("power.pue=1.1..1.4", "power.pue.us=1.2").params_for(WORLDS).power.pue
    assert (later[0] == 1.2).all()
    assert np.array_equal(later[1:], plan("power.pue=1.1..1.4").params_for(WORLDS).power.pue[1:])
    assert (plan("power.pue.us=1.2", "power.pue=1.3").params_for(WORLDS).power.pue == 1.3).all()


def test_value_may_leave_the_prior_inside_the_limits(plan: PlanOf, base: RunPlan) -> None:
    record = base.catalogue["robots.optimus_unit_cost"]
    assert record.high is not None
    assert record.high < 500 < record.maximum
    assert plan("robots.optimus_unit_cost=500").params_for(WORLDS).robots.optimus_unit_cost == 500


def test_command_line_lies_over_the_scenario(plan: PlanOf) -> None:
    article = plan("scenario=article")
    assert article.params_for(WORLDS).chips.cn_cost_ratio == 0.6
    assert (article.scenario, article.title) == ("article", "The article's world")
    assert "free tiers" in article.sentence
    assert plan("scenario=article", "chips.cn_cost_ratio=0.7").params_for(WORLDS).chips.cn_cost_ratio == 0.7
    assert plan("chips.cn_cost_ratio=0.7", "scenario=article").params_for(WORLDS).chips.cn_cost_ratio == 0.7


def test_makers_of_industrial_robots_share_the_value_of_their_place(base: RunPlan) -> None:
    price = base.params_for(WORLDS).robots.industrial_price
    by_place = base.catalogue["robots.industrial_price"].value
    makers = base.axes.industrial_makers
    assert isinstance(by_place, Mapping)
    assert [by_place[base.axes.markets.names[site]] for site in makers.site] == list(price[:, 0])


def test_budget_of_one_lever_takes_all_weight(plan: PlanOf) -> None:
    weights = plan("budget=grid").params_for(WORLDS).policy.lever_weights
    assert np.array_equal(weights[:, 0], [float(lever == "grid") for lever in LEVERS])


def test_columns_hold_each_world_once_for_each_response(plan: PlanOf) -> None:
    ids, response = plan("responses=[cn_resists,passive]").columns(np.asarray([3, 5]))
    assert ids.tolist() == [3, 5, 3, 5]
    assert [RESPONSES[place] for place in response] == ["cn_resists", "cn_resists", "passive", "passive"]


def test_responses_of_a_world_share_its_parameters_and_attempts_change_them(base: RunPlan) -> None:
    ids, _ = base.columns(WORLDS)
    leakage = base.params_for(ids, np.arange(ids.size) % 40).chips.leakage
    assert np.array_equal(leakage[:40], leakage[40:80])
    first, second = base.params_for(WORLDS).chips.leakage, base.params_for(WORLDS, 1).chips.leakage
    assert (first != second).all()


def test_batches_change_no_bit(base: RunPlan) -> None:
    together = fields_of(base.params_for(WORLDS))
    for world in (0, 17):
        for key, value in fields_of(base.params_for(np.asarray([world]))).items():
            assert np.array_equal(value, together[key][..., [world]] if value.ndim else together[key]), key


def test_settings_of_a_batch(plan: PlanOf) -> None:
    settings = plan("agents_per_world=1001", "steps_per_month=2", "consumers=cohort").settings_for(
        np.asarray([4, 4]), np.asarray([0, 1])
    )
    assert settings.agents_by_market.tolist() == [251, 250, 250, 250]
    assert (settings.steps_per_month, settings.consumers, settings.start_month) == (2, "cohort", "2026-01")
    assert settings.world_ids.tolist() == [4, 4]


def test_firm_left_out_leaves_every_table(plan: PlanOf, base: RunPlan) -> None:
    fewer = plan("without=[xai,nvidia,cloud_row,industrial_us]")
    assert set(base.axes.owners) - set(fewer.axes.owners) == {"xai", "cloud_row"}
    assert fewer.start.labs.users_million.shape == (9, 4)
    assert fewer.start.labs.lease_h100e.shape == (9, 2)
    assert fewer.axes.chip_makers.buyers.shape == (11, 4)
    kept = [name in fewer.axes.origins for name in base.axes.origins]
    assert np.array_equal(fewer.start.clouds.fleet_h100e, base.start.clouds.fleet_h100e[:2][:, kept])
    assert changed(base, fewer) == {"robots.industrial_price"}


def test_roster_and_start_are_read_by_axis(base: RunPlan) -> None:
    axes, start = base.axes, base.start
    google = axes.labs.names.index("google")
    raw = base.config["start"]["labs"]["google"]["users_million"]["value"]
    assert start.labs.users_million[google].tolist() == [raw.get(m, 0.0) for m in axes.markets.names]
    assert axes.chip_makers.buyers[:, axes.chip_makers.names.index("nvidia")].all()
    buyers = {name for name, may in zip(axes.owners, axes.chip_makers.buyers[:, 1], strict=True) if may}
    assert buyers == set(base.config["roster"]["chip_makers"]["tpu"]["buyers"])
    assert [axes.markets.names[home] for home in axes.markets.home] == ["us", "cn"]
    assert axes.markets.names[axes.labs.home_site[google]] == "us"
    assert axes.clouds.bloc.tolist() == [0, 1, -1]
    assert start.markets.tranche_capacity_gw.shape == (4, 3)


def test_start_and_traits_can_be_written(plan: PlanOf) -> None:
    written = plan(
        "start.labs.openai.cash_usd=20e9",
        "start.labs.openai.users_million.cn=1",
        "start.labs.xai.users_million={us: 3}",
        "roster.labs.meta.open_weights=false",
        "roster.labs.openai.site_share={us: 1}",
    )
    names = written.axes.labs.names
    assert written.start.labs.cash_usd[0] == 20e9
    assert written.start.labs.users_million[0].tolist() == [105, 190, 1, 505]
    assert written.start.labs.users_million[names.index("xai"), :2].tolist() == [3, 9]
    assert not written.axes.labs.open_weights[names.index("meta")]
    assert written.axes.labs.site_share[0].tolist() == [1, 0, 0, 0]


def test_text_keys_take_what_is_typed(plan: PlanOf) -> None:
    assert plan("name=10", "output.dir=007").name == "10"
    assert plan("name=grid", "output.dir=007").output_dir == "007"
    assert plan("name=1e3").name == "1e3"
    assert plan("name='two words'".replace(" ", "_")).name == "two_words"
    assert plan("output.dir='a b/c=d'").output_dir == "a b/c=d"


def test_hash_follows_results_only(plan: PlanOf, base: RunPlan) -> None:
    same = plan("name=x", "workers=2", "output.dir=y", "output.figures=false")
    assert same.config_hash == base.config_hash
    moving = [
        "seed=2",
        "worlds=255",
        "chips.leakage=0.05",
        "chips.leakage=0..0.12",
        "uncertainty=none",
        "without=[xai]",
        "start.labs.openai.cash_usd=1",
        "outcome.lead_share=0.6",
        "budget=grid",
    ]
    different = {plan(override).config_hash for override in moving}
    assert len(different | {base.config_hash}) == len(moving) + 1
    reordered = json.loads(json.dumps(base.config, sort_keys=True))
    assert config_hash(reordered) == base.config_hash


def test_another_process_builds_the_same_plan_without_hydra(base: RunPlan) -> None:
    code = (
        "import json, sys\n"
        "import numpy as np\n"
        "from experiments.config.build import plan_from_config\n"
        "plan = plan_from_config(json.load(sys.stdin))\n"
        "params = plan.params_for(np.arange(3), 1)\n"
        "heavy = {'hydra', 'omegaconf', 'mesa', 'matplotlib', 'duckdb', 'scipy.stats'} & set(sys.modules)\n"
        "drawn = params.chips.leakage.tolist(), params.power.pue.tolist()\n"
        "print(json.dumps([plan.config_hash, *drawn, sorted(heavy)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(base.config), capture_output=True, text=True,
        check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    params = base.params_for(np.arange(3), 1)
    expected = [base.config_hash, params.chips.leakage.tolist(), params.power.pue.tolist(), []]
    assert json.loads(done.stdout) == expected


@pytest.mark.parametrize("key", ["worlds", "scenario", "roster", "parameters", "choices"])
def test_configuration_lacking_a_key_is_refused(base_config: Mapping[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}"):
        plan_from_config({name: value for name, value in base_config.items() if name != key})


def test_configuration_with_one_key_more_is_refused(base_config: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^world=3.*Nearest valid name: worlds"):
        plan_from_config({**base_config, "world": 3})


GONE = object()


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("start labs xai", GONE, "start.labs.xai: the roster has it"),
        ("roster labs xai", GONE, "start.labs.xai: start records of nobody in the roster"),
        ("start labs xai cash_usd", GONE, "start.labs.xai.cash_usd: missing"),
        ("start labs xai cash_usd source", GONE, "start.labs.xai.cash_usd.source: missing"),
        ("start labs xai cash_usd basis", "guess", "start.labs.xai.cash_usd.basis=guess"),
        ("start labs xai cash_usd value", "rich", "start.labs.xai.cash_usd=rich"),
        ("start labs xai cash_usd", 3, "start.labs.xai.cash_usd=3: expected a mapping with value, unit"),
        ("start spies", {}, "start.spies"),
        ("roster labs xai bloc", GONE, "roster.labs.xai.bloc: missing"),
        ("roster labs xai blok", "us", "roster.labs.xai.blok=us: unknown"),
        ("roster clouds xai", {}, "roster.clouds.xai: name taken by roster.labs.xai"),
        ("roster labs x.ai", {}, "roster.labs.x.ai: expected a name"),
        ("roster markets cn", GONE, "roster.markets.cn: no home market"),
        (
            "roster markets moon",
            {"bloc": "none", "host": [], "income": 1},
            "start.markets.moon: the roster has it",
        ),
        ("scenario name", "other", "scenario.name=other: expected the name of its file, baseline"),
        ("scenario why", " ", "scenario.why"),
        ("parameters chips.leakage", GONE, "parameters.chips.leakage: missing"),
        ("parameters chips.leakage set", 3, "chips.leakage=3"),
        ("parameters power.pue value row", GONE, "power.pue.row: no value for this market"),
        ("parameters power.pue value moon", 1, "power.pue.moon: unknown market"),
        ("outcome lead_share", GONE, "outcome.lead_share: missing"),
    ],
)
def test_broken_configuration_is_refused_by_name(
    base_config: Mapping[str, Any], path: str, value: Any, expected: str
) -> None:
    config = copy.deepcopy(dict(base_config))
    *above, last = path.split(" ")
    node = config
    for name in above:
        node = node[name]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    with pytest.raises(ConfigError) as caught:
        plan_from_config(config)
    assert str(caught.value).startswith(expected), caught.value


def test_composing_again_is_not_touched_by_what_was_written_before() -> None:
    before = compose_run([])
    compose_run(["start.labs.openai.cash_usd=1", "chips.leakage=0.1", "outcome.lead_share=0.6"])
    assert compose_run([]) == before
