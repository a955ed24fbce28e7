"""Every record of conf is complete and consistent, and a broken one is refused by name."""

import csv
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from experiments.config import compose
from experiments.config.catalogue import (
    SECTIONS,
    Range,
    as_conf,
    read_catalogue,
    read_record,
    read_setting,
    sobol_dimensions,
)
from experiments.config.compose import base_catalogue, composed_files, valid_keys
from experiments.config.conf_files import CONF, options, parameter_keys, read_plain, record_sections, run_keys
from experiments.config.errors import ConfigError
from experiments.config.readers import plain
from experiments.reading.drawing import OBSERVATIONS

GOOD: dict[str, Any] = {
    "value": 2,
    "low": 1,
    "high": 3,
    "min": 0,
    "max": 10,
    "scale": "log",
    "dim": 4,
    "unit": "months",
    "kind": "judged",
    "tag": "policy",
    "equation": "S1",
    "source": "judgement",
}
FIXED = {name: value for name, value in GOOD.items() if name not in ("low", "high", "dim")} | {
    "kind": "fixed"
}
BY_BLOC = GOOD | {"by": "bloc", "dim": {"us": 4, "cn": 5}}


def test_catalogue_has_a_record_for_each_field_and_no_other() -> None:
    expected = [f"{section}.{field.name}" for section, kind in SECTIONS.items() for field in fields(kind)]
    assert sorted(base_catalogue()) == sorted(expected)


def test_names_read_as_text_are_those_of_the_catalogue() -> None:
    assert sorted(parameter_keys()) == sorted(base_catalogue())


def test_no_file_of_records_is_left_out_of_the_composition() -> None:
    composed = (CONF / "parameters.yaml").read_text()
    for folder in ("behaviour", "physics", "policy"):
        for file in (CONF / folder).glob("*.yaml"):
            assert f"- {folder}/{file.stem}\n" in composed


def test_records_read_plainly_are_those_that_hydra_composes() -> None:
    composed = composed_files("parameters", {}, [CONF])[0]
    assert repr(record_sections()) == repr(composed)


@pytest.mark.parametrize("start", options("start"))
def test_start_read_plainly_lies_where_hydra_composes_it(start: str) -> None:
    for history in options("history"):
        chosen = {"start": start, "history": history}
        layer, choices = composed_files("run", chosen, [CONF])
        whole, taken = compose._composed("run", f"start={start}", f"history={history}")
        assert repr((layer, choices)) == repr((whole, {**taken, "firm": []}))


def test_observed_points_read_plainly_are_those_of_hydra() -> None:
    assert repr(read_plain(OBSERVATIONS)) == repr(OmegaConf.to_container(OmegaConf.load(OBSERVATIONS)))


def test_sobol_dimensions_are_the_committed_ones_and_never_reused() -> None:
    """A parameter that goes keeps its line here, so that its dimension stays taken."""
    with (CONF / "sobol_dimensions.csv").open() as table:
        rows = [(row["key"], int(row["dim"])) for row in csv.DictReader(table)]
    committed = dict(rows)
    assert len(committed) == len(rows), "a key stands twice in conf/sobol_dimensions.csv"
    assert len({dim for _, dim in rows}) == len(rows), "a dimension stands twice in conf/sobol_dimensions.csv"
    drawn = dict(sobol_dimensions(base_catalogue()))
    new = [f"{key},{dim}" for key, dim in drawn.items() if key not in committed]
    assert not new, "add to conf/sobol_dimensions.csv:\n" + "\n".join(new)
    assert {key: committed[key] for key in drawn} == drawn, (
        "a dimension has changed: every stored world moves"
    )


def test_settings_of_run_carry_a_comment() -> None:
    assert all(comment for _, comment in run_keys().values())


def test_valid_keys_are_unique() -> None:
    assert len(set(valid_keys())) == len(valid_keys())


@pytest.mark.parametrize(
    "given", [GOOD, FIXED, BY_BLOC, FIXED | {"by": "market", "value": {"us": 1, "cn": 2}}]
)
def test_record_is_written_as_it_was_read(given: dict[str, Any]) -> None:
    assert as_conf(read_record("a.b", given)) == given


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"value": 0.5}, "a.b.value=0.5: expected min <= low"),
        ({"value": 3.5}, "a.b.value"),
        ({"min": 1.5}, "a.b.value"),
        ({"max": 2.5}, "a.b.value"),
        ({"min": 11}, "a.b.min"),
        ({"low": 0}, "a.b.low=0: expected above 0 on a logarithmic scale"),
        ({"value": float("nan")}, "a.b.value=nan: expected a finite number"),
        ({"max": float("inf")}, "a.b.max=inf"),
        ({"value": True}, "a.b.value=true"),
        ({"value": "2"}, "a.b.value=2: expected a finite number"),
        ({"value": 10**400}, "a.b.value"),
        ({"unit": " "}, "a.b.unit"),
        ({"source": ""}, "a.b.source"),
        ({"equation": 3}, "a.b.equation"),
        (
            {"tag": "polcy"},
            "a.b.tag=polcy: expected one of assumption, policy, shock. Nearest valid name: policy.",
        ),
        ({"kind": "guess"}, "a.b.kind"),
        ({"kind": "fixed"}, "a.b.kind"),
        ({"scale": "ln"}, "a.b.scale"),
        ({"dim": None}, "a.b.kind"),
        ({"dim": -1}, "a.b.dim"),
        ({"dim": 1.0}, "a.b.dim"),
        ({"by": "blocs"}, "a.b.by=blocs"),
        ({"by": "bloc"}, "a.b.dim=4: expected a dimension for each member"),
        ({"value": {"us": 1, "cn": 2}}, "a.b.by"),
        ({"unti": "months"}, "a.b.unti=months: unknown"),
    ],
)
def test_broken_record_is_refused_by_name(change: dict[str, Any], at: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_record("a.b", GOOD | change)
    assert str(caught.value).startswith(at), caught.value


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("low", "high", "dim")])
def test_missing_field_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"a\.b\.{name}: missing"):
        read_record("a.b", {field: value for field, value in GOOD.items() if field != name})


@pytest.mark.parametrize("name", ["low", "high", "dim"])
def test_half_a_prior_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"a\.b"):
        read_record("a.b", {field: value for field, value in GOOD.items() if field != name})


@pytest.mark.parametrize(
    "change",
    [
        {"dim": {"us": 4}},
        {"dim": {"us": 4, "cn": 5, "eu": 6}},
        {"value": {"us": 2, "eu": 2}},
        {"value": {"us": 2}},
    ],
)
def test_members_must_be_those_of_the_axis(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"a\.b\.(dim|value)"):
        read_record("a.b", BY_BLOC | change)


def test_members_keep_the_order_of_the_axis() -> None:
    assert read_record("a.b", BY_BLOC | {"value": {"cn": 2, "us": 1}}).members == ("us", "cn")


def test_dimension_taken_twice_is_refused() -> None:
    sections = sections_of_catalogue()
    sections["chips"]["wafer_growth"]["dim"]["cn"] = sections["chips"]["leakage"]["dim"]
    with pytest.raises(ConfigError, match=r"chips\.wafer_growth\.cn=\d+: dimension taken by chips\.leakage"):
        read_catalogue(sections)


def test_unknown_and_missing_records_are_refused() -> None:
    sections = sections_of_catalogue()
    sections["chips"]["leakag"] = sections["chips"]["leakage"]
    with pytest.raises(ConfigError, match=r"chips\.leakag=.*unknown.*Nearest valid name: chips\.leakage\.$"):
        read_catalogue(sections)
    del sections["chips"]["leakag"], sections["chips"]["leakage"]
    with pytest.raises(ConfigError, match=r"chips\.leakage: missing"):
        read_catalogue(sections)
    del sections["chips"]
    with pytest.raises(ConfigError, match="chips"):
        read_catalogue(sections)
    with pytest.raises(ConfigError, match="Nearest valid name: chips"):
        read_catalogue({"chip": {}})


def sections_of_catalogue() -> dict[str, Any]:
    sections: dict[str, Any] = {name: {} for name in SECTIONS}
    for key, record in base_catalogue().items():
        section, name = key.split(".")
        sections[section][name] = as_conf(record)
    return sections


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("1..2", 1, 2), ("1.5..2.5", 1.5, 2.5), (".5..1", 0.5, 1), ("1e-1..+2e0", 0.1, 2), (" 3..3 ", 3, 3)],
)
def test_ranges_are_read(text: str, low: float, high: float) -> None:
    assert read_setting(read_record("a.b", GOOD), "a.b", text) == Range(low, high)


@pytest.mark.parametrize(
    "given",
    ["2..1", "1...2", "1..", "..2", "1..2..3", "1-2", "a..b", "nan..2", "0..2", "1..11", "-1..2", "",
     True, None, float("nan"), float("inf"), -0.1, 10.5, [1, 2], "2", 10**400],
)  # fmt: skip
def test_what_is_no_value_of_the_parameter_is_refused(given: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"^a\.b=?.*expected a number, or a range as 1\.\.2, within 0\.\.10 \(months\)"
    ):
        read_setting(read_record("a.b", GOOD), "a.b", given)


def test_range_may_leave_the_prior_but_not_the_limits() -> None:
    record = read_record("a.b", GOOD)
    assert read_setting(record, "a.b", "0.1..10") == Range(0.1, 10.0)
    assert read_setting(record, "a.b", 0) == 0.0
    linear = read_record("a.b", GOOD | {"scale": "linear"})
    assert read_setting(linear, "a.b", "0..10") == Range(0.0, 10.0)


@pytest.mark.parametrize(("value", "text"), [(30.0, "30"), (0.05, "0.05"), (1e20, "1e+20"), (-3.0, "-3")])
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert plain(value) == text


def test_committed_table_stays_beside_the_records() -> None:
    assert Path(CONF / "sobol_dimensions.csv").read_text().startswith("key,dim\n")
