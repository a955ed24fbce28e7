"""Two blocs with the same data fare the same; exchanging what differs exchanges the results.

Every firm gets a twin of the other bloc, both home markets the same figures, and every parameter that conf
names by bloc one value. What then still differs between the blocs would be written into the code.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from agents.roster import build_model
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from sim.axes import CN, RESPONSES, US
from sim.model import RaceModel, forget
from sim.outcome import evaluate
from sim.params import Params
from sim.start import Start
from sim.units import Array, BoolArray

WORLDS = 4
ROUNDING = 1e-9
"""Sums over firms are taken in another order for each bloc; in 36 months that grew to 1e-12 or so."""

TWINS = {
    "us": "cn",
    **{lab: f"{lab}_twin" for lab in ("openai", "google", "anthropic", "xai", "meta")},
    "cloud_us": "cloud_cn",
    **{maker: f"{maker}_twin" for maker in ("nvidia", "tpu", "asic_us")},
    **{maker: f"{maker}_twin" for maker in ("tesla", "figure", "boston_dynamics", "unitree")},
    "industrial_us": "industrial_cn",
    "spacex": "casc",
}
BOTH_WAYS = TWINS | {twin: name for name, twin in TWINS.items()}
SECTIONS = ("labs", "clouds", "chip_makers", "robot_makers", "industrial_makers", "orbital_operators")
NEUTRAL = {"cloud_row", "industrial_allies", "nvidia_smuggled", "allies", "row"}

EQUAL: Mapping[str, float | str] = {
    # What one bloc has and the other has not: 0 or 1 makes it nothing.
    "capability.lag_start_cn": 0.0,
    "chips.cn_cost_ratio": 1.0,
    "chips.hbm_stockpile_cn": 0.0,
    "consumers.trust_cn_apps_allies": 0.0,
    "consumers.trust_cn_apps_row": 0.0,
    "enterprises.foundation_share_start_cn": 0.5,
    "enterprises.trust_rival_allies": 0.0,
    "enterprises.trust_rival_row": 0.0,
    "orbit.cn_launch_cost_ratio": 1.0,
    "policy.blockade_hazard": 0.0,
    "policy.third_country_hosting": 1.0,
    # What both have under unlike names.
    "chips.cn_performance_start": "chips.us_performance_start",
    "chips.cn_yield_start": "chips.us_yield_start",
    "chips.hbm_domestic_start_cn": "chips.hbm_headroom_us",
    "chips.export_stringency_cn": "chips.export_stringency",
}
NOT_OF_A_BLOC = {
    "chips.us_performance_start",
    "chips.us_unit_cost_start",
    "chips.us_yield_start",
    "chips.hbm_headroom_us",
    "consumers.price_sensitivity_us",
}


# ---- the world and its mirror image -------------------------------------------------------------------


def mirrored(node: Any) -> Any:
    """Return traits or figures with the blocs, and all that is of a bloc, exchanged by name."""
    if isinstance(node, Mapping):
        return {BOTH_WAYS.get(str(key), key): mirrored(value) for key, value in node.items()}
    if isinstance(node, list):
        return [mirrored(value) for value in node]
    return BOTH_WAYS.get(node, node) if isinstance(node, str) else node


def american(node: Any) -> Any:
    """Return a firm's record without what the mirrored world does not have: China's own firms."""
    known = {*BOTH_WAYS, *NEUTRAL}
    strangers = {"huawei", "cambricon"}
    if isinstance(node, Mapping):
        return {key: american(value) for key, value in node.items() if key in known or key not in strangers}
    return node


@cache
def symmetric_config() -> Mapping[str, Any]:
    config = copy.deepcopy(compose_run([f"worlds={WORLDS}", "months=180", "consumers=cohort", "noise=false"]))
    roster, start = config["roster"], config["start"]
    for section in SECTIONS:
        firms, figures = {}, {}
        for name in TWINS:
            if name not in roster[section]:
                continue
            traits = roster[section][name] | {"bloc": "us"}
            if "site_share" in traits:
                traits["site_share"] = {"us": 1.0}
            firms[name], firms[TWINS[name]] = traits, mirrored(traits)
            if section in start:
                figures[name] = american(start[section][name])
                figures[TWINS[name]] = mirrored(figures[name])
        roster[section] = firms
        if section in start:
            start[section] = figures
    original = compose_run([])
    roster["clouds"]["cloud_row"] = original["roster"]["clouds"]["cloud_row"] | {"site_share": {"row": 1.0}}
    start["clouds"]["cloud_row"] = set_values(
        original["start"]["clouds"]["cloud_row"], fleet_h100e={"nvidia": 2e5, "nvidia_twin": 2e5}
    )
    roster["industrial_makers"] = original["roster"]["industrial_makers"]
    for place in ("allies", "row"):
        roster["markets"][place] = roster["markets"][place] | {"bloc": "none", "host": ["us", "cn"]}
    roster["markets"]["cn"] = mirrored(roster["markets"]["us"])
    origins = start["origins"]
    start["origins"] = {
        name: origins.get(name, origins.get(BOTH_WAYS.get(name, name)))
        for name in (*roster["chip_makers"], "nvidia_smuggled")
    }
    half = {"industrial_us": 0.5, "industrial_cn": 0.5}
    home = {"industrial_us": 0.7, "industrial_cn": 0.3}
    places = start["markets"]
    for place in ("allies", "row"):
        places[place] = set_values(places[place], industrial_supplier_share=half)
    places["us"] = set_values(places["us"], industrial_supplier_share=home)
    places["cn"] = mirrored(places["us"])
    return config


def set_values(record: Mapping[str, Any], **values: Any) -> dict[str, Any]:
    return {**record, **{name: {**record[name], "value": value} for name, value in values.items()}}


@cache
def symmetric_plan() -> RunPlan:
    return plan_from_config(symmetric_config())


def equal_params(params: Params, plan: RunPlan) -> Params:
    """Return drawn parameters with one value for both blocs; each world keeps its own."""
    sections = {}
    for section in fields(params):
        record = getattr(params, section.name)
        changed: dict[str, Array] = {}
        for field in fields(record):
            key, value = f"{section.name}.{field.name}", getattr(record, field.name)
            members = plan.catalogue[key].members
            if key in EQUAL:
                source = EQUAL[key]
                other = source.split(".")[1] if isinstance(source, str) else ""
                changed[field.name] = getattr(record, other) if other else np.asarray(source)
            elif members is not None and "cn" in members:
                rows = np.array(value)
                rows[members.index("cn")] = rows[members.index("us")]
                changed[field.name] = rows
            elif field.name.endswith("_cn"):
                changed[field.name] = getattr(record, field.name.removesuffix("cn") + "us")
            else:
                named = {"us", "cn"} & set(field.name.split("_"))
                assert not named or field.name.endswith("_us") or key in NOT_OF_A_BLOC, (
                    f"{key} is named after a bloc: say in EQUAL what makes the blocs alike"
                )
        sections[section.name] = replace(record, **changed)
    return Params(**sections)


Change = Callable[[Params, Start], tuple[Params, Start]]


def lived(change: Change, months: int, response: int = RESPONSES.index("passive")) -> RaceModel:
    """Return the symmetric world after some months, with a change to its parameters or start."""
    plan = symmetric_plan()
    ids = np.arange(WORLDS)
    params, start = change(equal_params(plan.params_for(ids), plan), plan.start)
    settings = plan.settings_for(ids, np.full(WORLDS, response))
    model = build_model(params, plan.axes, start, settings, plan.history)
    # In float64: the record's own float32 would hide a difference below 1e-7.
    model.recorder.data = np.zeros(model.recorder.data.shape)
    for _ in range(months):
        model.step()
    forget(model)
    return model


def as_it_is(params: Params, start: Start) -> tuple[Params, Start]:
    return params, start


def mirror_name(name: str) -> str:
    return ".".join(BOTH_WAYS.get(part, part) for part in name.split("."))


def mirror_value(name: str, values: Array) -> Array:
    """Return what a series would be with the blocs exchanged: a lag turns, a share of both is the rest."""
    if name == "capability_lag_months":
        return -values
    return 1.0 - values if name.startswith("share.d") else values


def assert_mirrored(one: RaceModel, other: RaceModel, months: int) -> None:
    """Assert that each series of one world is its mirror series in the other.

    A difference is held against the largest value of its quantity: cash that is spent to nothing is left with
    the rounding of what was spent. What is no number, as the price of a lab that has left, is none in both.
    """
    names = one.recorder.names
    size: dict[str, float] = {}
    for row, name in enumerate(names):
        quantity = name.partition(".")[0]
        largest = float(np.abs(np.nan_to_num(one.recorder.data[row, :months])).max(initial=0.0))
        size[quantity] = max(size.get(quantity, 0.0), largest)
    wrong = {}
    for row, name in enumerate(names):
        got = one.recorder.data[row, :months]
        expected = mirror_value(name, other.recorder.data[names.index(mirror_name(name)), :months])
        apart = np.where(np.isnan(got) & np.isnan(expected), 0.0, got - expected)
        difference = float(np.abs(apart).max()) / max(size[name.partition(".")[0]], 1.0)
        if not difference <= ROUNDING:
            wrong[name] = difference
    assert not wrong, f"not mirrored: {dict(sorted(wrong.items(), key=lambda item: -item[1])[:10])}"


# ---- tests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("months", [24, pytest.param(180, marks=pytest.mark.full)])
def test_blocs_with_the_same_data_fare_the_same(months: int) -> None:
    model = lived(as_it_is, months)
    assert_mirrored(model, model, months)
    rules = symmetric_plan().outcome
    found = evaluate(model.context, rules, model.recorder.series, model.recorder.data)
    leaders = {name: values for name, values in found.items() if name.startswith("leader.")}
    assert leaders
    for name, values in leaders.items():
        assert not np.isin(values, (US, CN)).any(), f"{name}: a bloc leads over its own mirror image"


@pytest.mark.parametrize(
    ("months", "resisted"), [(24, False), (36, True), pytest.param(180, True, marks=pytest.mark.full)]
)
def test_exchanging_what_differs_exchanges_the_results(months: int, resisted: bool) -> None:
    """One bloc leads in models, has faster grids and fabs, dearer chips and robots; then the other has."""
    names = symmetric_plan().axes

    def give(bloc: int) -> Change:
        def change(params: Params, start: Start) -> tuple[Params, Start]:
            power = scaled(params.power, f"lead_time_{('us', 'cn')[bloc]}", 0.5)
            fabs = np.array(np.broadcast_to(params.chips.wafer_growth, (2, WORLDS)))
            fabs[bloc] *= 1.5
            first = [list(names.labs.names).index(lab) for lab in ("openai", "openai_twin")][bloc]
            robot = [list(names.robot_makers.names).index(maker) for maker in ("tesla", "tesla_twin")][bloc]
            chip = [list(names.chip_makers.names).index(maker) for maker in ("nvidia", "nvidia_twin")][bloc]
            rivals = names.labs.bloc != bloc
            labs = replace(
                start.labs,
                cash_usd=row_scaled(start.labs.cash_usd, first, 3.0),
                users_million=row_scaled(start.labs.users_million, first, 1.2),
                fleet_h100e=row_scaled(start.labs.fleet_h100e, rivals, 0.5),
                lag_months=start.labs.lag_months + 12.0 * rivals,
            )
            robots = replace(
                start.robot_makers,
                unit_cost_ratio=row_scaled(start.robot_makers.unit_cost_ratio, robot, 1.3),
            )
            chips = replace(
                start.chip_makers,
                price_usd_per_h100e=row_scaled(start.chip_makers.price_usd_per_h100e, chip, 1.2),
            )
            changed = replace(params, power=power, chips=replace(params.chips, wafer_growth=fabs))
            return changed, replace(start, labs=labs, robot_makers=robots, chip_makers=chips)

        return change

    one = lived(give(US), months, RESPONSES.index("cn_resists" if resisted else "passive"))
    other = lived(give(CN), months, RESPONSES.index("us_resists" if resisted else "passive"))
    row = one.recorder.names.index("share.d4")
    assert np.abs(one.recorder.data[row, months - 1] - 0.5).max() > 0.01, "the change made no difference"
    reacting = one.recorder.data[one.recorder.names.index("reacting.cn"), :months]
    assert reacting.any() == resisted
    assert_mirrored(one, other, months)


def scaled(record: Any, name: str, factor: float) -> Any:
    return replace(record, **{name: getattr(record, name) * factor})


def row_scaled(table: Array, row: int | BoolArray, factor: float) -> Array:
    changed = table.copy()
    changed[row] *= factor
    return changed
