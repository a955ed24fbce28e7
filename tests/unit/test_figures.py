"""The figures on a synthetic run: numbers against an independent computation, layout, same bytes."""

import csv
import io
import itertools
import json
import re
import xml.etree.ElementTree
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from experiments.figures import (
    FIGURES,
    BreakEven,
    MissingSeriesError,
    accessible_copies,
    draw,
    draw_all,
    load_run,
    observations,
    save,
    style,
)
from experiments.figures.fan import last_crossing, nice_ticks
from experiments.figures.forms import percent
from experiments.figures.labels import spread
from experiments.figures.names import CONSTRAINTS
from experiments.figures.robots import required_efficiency_ratio
from experiments.figures.save import tidy
from experiments.figures.tables import Fan, date_position

LABS = {
    "us": ("openai", "google", "anthropic", "xai", "meta"),
    "cn": ("bytedance", "alibaba", "deepseek", "moonshot", "tencent"),
}
MAKERS = {
    "us": ("tesla", "figure", "boston_dynamics"),
    "cn": ("agibot", "unitree", "ubtech", "limx", "other_robots_cn"),
}
REGIONS = ("us", "allies", "cn", "row")
PEOPLE = {"us": 330.0, "allies": 900.0, "cn": 1400.0, "row": 5200.0}
DEFINITIONS = ("w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w10")

OBSERVED = [
    {"series": series, "date": date, "value": value, "low": low, "high": high, "source": source}
    for series, date, value, low, high, source in (
        ("active_users_million.us.row", "2024-12", 260, 200, 330, "Panel A 2025"),
        ("active_users_million.us.row", "2025-11", 420, 380, 520, "Panel A 2025"),
        ("active_users_million.cn.cn", "2025-11", 168, 140, 230, "Panel B 2025"),
        ("powered_gw.us", "2024-12", 6.1, 5.0, 7.5, "Count C 2026"),
        ("powered_gw.cn", "2024-12", 1.5, 1.0, 2.2, "Count C 2026"),
        ("power_price_usd_per_mwh.us", "2025", 64, None, None, "Statistics D 2026"),
        ("subscription_price_usd_per_month.openai", "2025-12", 20, None, None, "Price list E"),
        ("humanoid_shipments.agibot", "2025", 5168, 5000, 5300, "Survey F 2026"),
        ("humanoid_shipments.unitree", "2025", 4200, 4200, 5500, "Survey F 2026"),
        ("humanoid_shipments.tesla", "2025", 150, 150, 800, "Trackers G 2026"),
        ("humanoid_shipments.world", "2025", 16000, 13317, 18600, "Survey F 2026"),
    )
]
BREAK_EVEN = BreakEven(
    price_agibot_usd=28_300.0,
    capital_factor_per_year=0.35,
    overheads_usd_per_year=(0.0, 5_000.0, 20_000.0, 60_000.0),
    price_ratio_low=0.7,
    price_ratio_central=2.1,
    price_ratio_high=4.6,
    source="list prices and parts lists of 2025-26",
)


def months_from(start: str, count: int) -> list[str]:
    year, month = (int(part) for part in start.split("-"))
    return [f"{year + (month - 1 + i) // 12}-{(month - 1 + i) % 12 + 1:02d}" for i in range(count)]


def make_series(worlds: int, months: int, seed: int, *, tie: bool = False) -> dict[str, np.ndarray]:
    """Invent plausible series, each (month, world)."""
    rng = np.random.default_rng(seed)
    t = np.arange(months)[:, None] / 12.0
    columns: dict[str, np.ndarray] = {}

    def wobble(scale: float) -> np.ndarray:
        return np.exp(np.cumsum(rng.normal(0.0, scale, (months, worlds)), 0))

    cn_push = rng.normal(0.0, 0.7, worlds)
    for region in REGIONS:
        reach = PEOPLE[region] * (0.18 + 0.6 / (1.0 + np.exp(-(t - 5.0) / 2.0 + rng.normal(0, 0.5, worlds))))
        base = {"us": -2.2, "allies": -1.6, "cn": 2.6, "row": -1.2}[region]
        cn = 1.0 / (1.0 + np.exp(-(base + 0.13 * t + cn_push * t / 8.0)))
        for bloc, share in (("us", 1.0 - cn), ("cn", cn)):
            weights = np.array([0.5, 0.2, 0.14, 0.1, 0.06])
            for lab, weight in zip(LABS[bloc], weights, strict=True):
                columns[f"active_users_million.{lab}.{region}"] = reach * share * weight * wobble(0.008)
    for i, (bloc, growth) in enumerate((("us", 0.17), ("cn", 0.24))):
        held = (9.0, 2.0)[i] * np.exp(growth * t + rng.normal(0, 0.05, worlds) * t)
        dark = np.clip((0.06, 0.0)[i] * t / 2.0 + rng.normal(0.0, 0.04, worlds) * np.sqrt(t), 0.0, 0.7)
        columns[f"held_gw.{bloc}"] = held * wobble(0.01)
        columns[f"powered_gw.{bloc}"] = columns[f"held_gw.{bloc}"] * (1.0 - dark)
        columns[f"accelerators_h100e.{bloc}"] = held * 7e5
    # Allies are fully powered; the last bits of single precision must not count as dark.
    columns["held_gw.allies"] = 0.5 * columns["held_gw.us"]
    columns["powered_gw.allies"] = columns["held_gw.allies"] * (1.0 - 6e-8)
    for i, site in enumerate(REGIONS):
        rise = (6.0, 3.0, 1.5, 2.0)[i]
        columns[f"power_queue_gw.{site}"] = np.maximum(
            0.0,
            rise * (2.0 + t) * np.exp(-((t - 6.0) ** 2) / 60.0) * wobble(0.03)
            - (0.0, 2.0, 4.0, 1.0)[i]
            + rng.normal(0, 2, worlds),
        )
        columns[f"humanoids_working.{site}"] = (
            (3e3, 1e3, 9e3, 5e2)[i] * np.exp((0.35 + 0.04 * i) * t) * wobble(0.02)
        )
        columns[f"power_price_usd_per_mwh.{site}"] = (
            (62.0, 85.0, 55.0, 70.0)[i] * (1.0 + 0.02 * t) * wobble(0.02)
        )
    codes = {"us": (0.06, 0.5, 0.16, 0.2, 0.05, 0.03), "cn": (0.05, 0.07, 0.6, 0.05, 0.18, 0.05)}
    for bloc, weights in codes.items():
        # A constraint lasts: a slow walk on the circle keeps the draws uniform.
        draws = (rng.random(worlds) + 0.02 * np.cumsum(rng.normal(0.0, 1.0, (months, worlds)), 0)) % 1.0
        drift = np.array(weights)[:, None] * np.exp(
            np.array([0.0, 0.06, -0.08, -0.06, 0.08, 0.1])[:, None] * t[:, 0]
        )
        edges = np.cumsum(drift / drift.sum(0), 0)
        columns[f"binding_constraint_code.{bloc}"] = np.minimum(
            (draws[None] > edges[:, :, None]).sum(0), 5
        ).astype(np.float64)
    for bloc, labs in LABS.items():
        for i, lab in enumerate(labs):
            price = {"us": 20.0, "cn": 7.0}[bloc] * (1.0 + 0.12 * i) * np.exp(-0.02 * t) * wobble(0.02)
            runway = np.clip((30.0 - 4.0 * i) * np.exp(-0.03 * t) * wobble(0.1), 0.0, 60.0)
            dead = (runway.min(0) < 2.0)[None] & (np.arange(months) > months * 0.6)[:, None]
            columns[f"subscription_price_usd_per_month.{lab}"] = np.where(dead, np.nan, price)
            columns[f"runway_months.{lab}"] = np.where(dead, np.nan, runway)
    for bloc, makers in MAKERS.items():
        for i, maker in enumerate(makers):
            start = {
                "tesla": 30.0,
                "figure": 12.0,
                "boston_dynamics": 3.0,
                "agibot": 450.0,
                "unitree": 420.0,
                "ubtech": 80.0,
                "limx": 20.0,
            }.get(maker, 250.0)
            columns[f"humanoid_shipments.{maker}"] = np.floor(
                start
                * np.exp(
                    (0.55 if bloc == "us" else 0.42) * t * np.exp(-t / 30)
                    + rng.normal(0, 0.06, worlds) * t
                    - 0.05 * i * t
                )
            )
    columns["humanoid_shipments.world"] = sum(
        columns[f"humanoid_shipments.{m}"] for group in MAKERS.values() for m in group
    )
    columns["humanoids_working.us"] = np.cumsum(columns["humanoid_shipments.tesla"], 0) * 0.5
    if tie:
        del columns["held_gw.allies"], columns["powered_gw.allies"]
        for name in list(columns):
            for us, cn in zip(sum(LABS.values(), ())[:5], LABS["cn"], strict=True):
                if f".{us}" in name and name.split(".")[1] == us:
                    columns[name.replace(f".{us}", f".{cn}")] = columns[name]
            if name.endswith(".us") and name.replace(".us", ".cn") in columns and "active" not in name:
                columns[name.replace(".us", ".cn")] = columns[name]
        for region in REGIONS:
            for quantity in ("power_queue_gw", "power_price_usd_per_mwh"):
                columns[f"{quantity}.{region}"] = columns[f"{quantity}.us"]
        for us, cn in zip(MAKERS["us"], MAKERS["cn"], strict=False):
            columns[f"humanoid_shipments.{cn}"] = columns[f"humanoid_shipments.{us}"]
        for maker in MAKERS["cn"][3:]:
            columns[f"humanoid_shipments.{maker}"] = np.zeros((months, worlds))
    return columns


def make_outcomes(
    worlds: int, seed: int, *, tie: bool = False, horizons: tuple[int, ...] = (2030, 2035, 2040)
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed + 1)
    outcomes: dict[str, np.ndarray] = {}
    for j, year in enumerate(horizons):
        for i, name in enumerate(DEFINITIONS):
            us, cn = 0.55 - 0.1 * j + 0.04 * (i % 3), 0.1 + 0.13 * j + 0.03 * (i % 4)
            draws = rng.random(worlds)
            values = np.where(draws < us, "us", np.where(draws > 1.0 - cn, "cn", "mixed")).astype(object)
            if tie:
                values = np.array([("us", "cn")[k % 2] for k in range(worlds)], dtype=object)
            if name == "w4" and year == 2030:
                values[draws < 0.4] = "open"
                values[draws > 0.85] = None
            outcomes[f"leader.{name}.{year}"] = values
    return outcomes


def write_run(
    folder: Path,
    *,
    worlds: int = 48,
    months: int = 180,
    start: str = "2026-01",
    seed: int = 5,
    tie: bool = False,
    per_point: int = 1,
    drop: tuple[str, ...] = (),
    month_type: str = "VARCHAR",
    series: dict[str, np.ndarray] | None = None,
    outcomes: dict[str, np.ndarray] | None = None,
    variants: tuple[tuple[str, str, float], ...] = (("passive", "none", 1.0), ("us_resists", "none", 7.0)),
) -> dict[str, np.ndarray]:
    """Write a run's folder as the experiments do and return its series, (month, world)."""
    folder.mkdir(parents=True, exist_ok=True)
    made = make_series(worlds, months, seed, tie=tie) if series is None else series
    made = {name: values for name, values in made.items() if name not in drop}
    named = months_from(start, months)
    ids = np.arange(worlds)
    point, world = ids // per_point, ids % per_point
    connection = duckdb.connect()
    # A second response with other numbers: a figure that forgets the filter shows it.
    parts = []
    for response, budget, shift in variants:
        table = {
            "point": np.tile(point, months),
            "world": np.tile(world, months),
            "response": np.full(worlds * months, response, dtype=object),
            "budget": np.full(worlds * months, budget, dtype=object),
            "month": np.repeat(np.array(named, dtype=object), worlds),
        }
        for name, values in made.items():
            table[name] = (values if "code" in name else values * shift).ravel()
        parts.append(table)
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    month = "last_day(CAST(month || '-01' AS DATE))" if month_type == "DATE" else "month"
    connection.register("series_table", table)
    connection.execute(
        f"COPY (SELECT * REPLACE ({month} AS month) FROM series_table) TO '{folder / 'series.parquet'}'"
    )
    chosen = make_outcomes(worlds, seed, tie=tie) if outcomes is None else outcomes
    parts = []
    for response, budget, shift in variants:
        part = {
            "point": point,
            "world": world,
            "response": np.full(worlds, response, dtype=object),
            "budget": np.full(worlds, budget, dtype=object),
            "efficiency_ratio": np.linspace(0.6, 2.5, worlds),
        }
        for name, values in chosen.items():
            part[name] = values if shift == 1.0 else np.full(worlds, "mixed", dtype=object)
        parts.append(part)
    table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    connection.register("worlds_table", table)
    connection.execute(f"COPY worlds_table TO '{folder / 'worlds.parquet'}'")
    connection.close()
    manifest = {
        "version": "0.1.0",
        "configuration_hash": "3f9c1e5ab7d2440890aa",
        "seed": 11,
        "command": "uncontested run scenario=baseline",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return made


CASES = {
    "many": {"worlds": 30},
    "one world": {"worlds": 1},
    "all ties": {"worlds": 12, "tie": True},
    "a year": {"worlds": 8, "months": 12, "outcomes": make_outcomes(8, 1, horizons=(2030,))},
    "half a year": {"worlds": 5, "months": 6, "outcomes": make_outcomes(5, 1, horizons=(2030,))},
    "points": {"worlds": 24, "per_point": 4, "month_type": "DATE"},
}
OPTIONS = {"robots": {"break_even": BREAK_EVEN}}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    series = {name: write_run(root / name.replace(" ", "_"), **case) for name, case in CASES.items()}
    return root, series


def open_case(folders, case: str):
    return load_run(folders[0] / case.replace(" ", "_"))


@pytest.fixture(scope="module")
def drawings(folders):
    """Draw every figure of every case once."""
    points = observations(OBSERVED)
    made = {}
    for case in CASES:
        run = open_case(folders, case)
        for name in FIGURES:
            made[case, name] = draw(name, run, points, OPTIONS)
    return made


def bloc_users(series: dict[str, np.ndarray], bloc: str, region: str) -> np.ndarray:
    return sum(series[f"active_users_million.{lab}.{region}"] for lab in LABS[bloc])


def numbers_in(title: str) -> list[float]:
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.?\d*", title)]


# ---------------------------------------------------------------- the numbers of the titles


def test_adoption_title_counts_worlds(folders, drawings):
    series = folders[1]["many"]
    us, cn = (
        sum(bloc_users(series, bloc, region) for region in REGIONS)[-12:].sum(0) for bloc in ("us", "cn")
    )
    share = us / (us + cn)
    expected = {"US + allies": np.mean(share > 0.55), "China": np.mean(share < 0.45)}
    title = drawings["many", "adoption"].title
    for name, value in expected.items():
        assert re.search(rf"{re.escape(name)}[^,]* in {100 * value:.0f}\u202f%", title), (title, expected)


def test_compute_title_counts_worlds_and_names_medians(folders, drawings):
    series = folders[1]["many"]
    us = series["powered_gw.us"][-1] + series["powered_gw.allies"][-1]
    cn = series["powered_gw.cn"][-1]
    more, less = np.mean(us > cn), np.mean(us < cn)
    found = numbers_in(drawings["many", "compute"].title)
    assert found[:3] == [2040, round(100 * max(more, less)), round(100 * min(more, less))]
    # Medians are written with two digits.
    np.testing.assert_allclose(found[3:], [np.median(us), np.median(cn)], rtol=0.05)


def test_compute_names_the_place_alone_where_allies_are_not_recorded(tmp_path):
    write_run(tmp_path, worlds=6, months=24, drop=("held_gw.allies", "powered_gw.allies"))
    drawing = draw("compute", load_run(tmp_path), observations(OBSERVED))
    assert "United States" in drawing.title
    assert "allies" not in drawing.title
    assert rows_of(drawing, "us", "powered", "observed")[0].value == 6.1


def test_an_observed_place_is_not_drawn_on_a_sum_of_places(drawings):
    drawing = drawings["many", "compute"]
    assert not rows_of(drawing, "us", "powered", "observed")
    assert rows_of(drawing, "cn", "powered", "observed")[0].value == 1.5


def test_full_power_is_no_dark_compute(tmp_path):
    made = make_series(5, 12, 3)
    for place in ("us", "cn"):
        made[f"powered_gw.{place}"] = made[f"held_gw.{place}"] * (1.0 - 5e-8)
    write_run(tmp_path, worlds=5, months=12, series=made)
    drawing = draw("compute", load_run(tmp_path))
    for bloc in ("us", "cn"):
        assert {row.value for row in rows_of(drawing, bloc, "without power", "median")} == {0.0}


def test_users_by_bloc_are_taken_as_recorded(tmp_path):
    made = make_series(4, 12, 3)
    for bloc, region in itertools.product(("us", "cn"), REGIONS):
        made[f"bloc_users_million.{bloc}.{region}"] = 3.0 * bloc_users(made, bloc, region)
    write_run(tmp_path, worlds=4, months=12, series=made)
    drawing = draw("adoption", load_run(tmp_path))
    shown = [row.value for row in rows_of(drawing, "row", "cn", "median")]
    np.testing.assert_allclose(shown, 3.0 * np.median(bloc_users(made, "cn", "row"), axis=1), rtol=1e-14)


def test_power_title_counts_the_worlds_in_which_a_site_is_first(folders, drawings):
    series = folders[1]["many"]
    queue = np.stack([series[f"power_queue_gw.{site}"][-1] for site in REGIONS])
    price = np.stack([series[f"power_price_usd_per_mwh.{site}"][-1] for site in REGIONS])
    longest = np.bincount(queue.argmax(0), minlength=4) / 30
    cheapest = np.bincount(price.argmin(0), minlength=4) / 30
    title = drawings["many", "power_queue"].title
    found = numbers_in(title)
    assert found[0] == 2040
    assert round(100 * longest.max()) == found[1]
    # Beyond the first: the one clear share, or the two that do not differ clearly.
    assert sorted(found[2:], reverse=True) == [
        round(100 * v) for v in sorted(cheapest, reverse=True)[: len(found) - 2]
    ]


def test_price_title_is_the_median_over_labs_and_worlds(folders, drawings):
    series = folders[1]["many"]
    found = numbers_in(drawings["many", "prices_runway"].title)
    for place, bloc in ((1, "us"), (2, "cn")):
        values = np.concatenate([series[f"subscription_price_usd_per_month.{lab}"][-1] for lab in LABS[bloc]])
        assert found[place] == pytest.approx(np.nanmedian(values), rel=0.005)
    low = sum(
        np.nanmedian(series[f"runway_months.{lab}"], 1).min() < 12.0 for labs in LABS.values() for lab in labs
    )
    assert found[3:] == [low, 10, 12]


def test_robot_title_compares_yearly_shipments_and_names_the_break_even(folders, drawings):
    series = folders[1]["many"]
    us, cn = (
        sum(series[f"humanoid_shipments.{m}"] for m in MAKERS[bloc])[-12:].sum(0) for bloc in ("us", "cn")
    )
    found = numbers_in(drawings["many", "robots"].title)
    assert found[:3] == [2040, round(100 * np.mean(cn > us)), round(100 * np.mean(us > cn))]
    # S9.4 by hand at n = 2.1: no overhead needs 2.1, and 60,000 USD a year need
    # (0.35 x 2.1 x 28,300 + 60,000)/(0.35 x 28,300 + 60,000) = 1.156.
    assert found[3:] == [2.1, 1.16, 2.1]


def test_binding_title_and_stripes_count_world_months(folders, drawings):
    series = folders[1]["many"]
    drawing = drawings["many", "binding"]
    found = numbers_in(drawing.title)
    for place, bloc in enumerate(("us", "cn")):
        shares = (
            np.bincount(series[f"binding_constraint_code.{bloc}"].astype(int).ravel(), minlength=6)
            / series[f"binding_constraint_code.{bloc}"].size
        )
        assert found[place] == round(100 * shares.max())
        assert CONSTRAINTS[shares.argmax()] in drawing.title.lower()
        rows = {
            row.series: row.value
            for row in drawing.rows
            if row.panel == bloc and row.statistic == "share of world-months"
        }
        assert rows == pytest.approx(dict(zip(CONSTRAINTS, shares, strict=True)), abs=1e-12)


def test_outcome_title_counts_the_headline_and_the_definitions(folders, drawings):
    outcomes = make_outcomes(30, 5)
    share = {side: np.mean(outcomes["leader.w1.2040"] == side) for side in ("us", "cn")}
    difference = {
        name: np.sum(outcomes[f"leader.{name}.2040"] == "us")
        - np.sum(outcomes[f"leader.{name}.2040"] == "cn")
        for name in DEFINITIONS
    }
    same = sum(np.sign(value) == np.sign(difference["w1"]) for value in difference.values())
    found = numbers_in(drawings["many", "outcome"].title)
    assert found[0] == 2040
    assert sorted(found[1:3]) == sorted(round(100 * value) for value in share.values())
    assert found[3] == same


def test_a_clear_lead_and_a_response_are_read_from_the_right_rows(tmp_path):
    outcomes = {f"leader.w1.{year}": np.array(["us"] * 9 + ["cn"], dtype=object) for year in (2030, 2040)}
    write_run(tmp_path, worlds=10, months=12, outcomes=outcomes)
    title = draw("outcome", load_run(tmp_path)).title
    assert (
        title
        == f"US + allies lead overall in 2040 in {percent(0.9)} of sampled worlds, China in {percent(0.1)}"
    )
    assert "Neither bloc" in draw("outcome", load_run(tmp_path, response="us_resists")).title
    shown = {row.value for row in draw("compute", load_run(tmp_path)).rows if row.statistic == "median"}
    resisted = {
        row.value
        for row in draw("compute", load_run(tmp_path, response="us_resists")).rows
        if row.statistic == "median"
    }
    assert max(resisted) == pytest.approx(7.0 * max(shown), rel=1e-12)


def test_one_budget_is_drawn_and_several_must_be_chosen_from(tmp_path):
    write_run(tmp_path, worlds=3, months=12, variants=(("passive", "none", 1.0), ("passive", "low", 7.0)))
    with pytest.raises(
        ValueError, match=r"budget None of response 'passive'.*choose one of \['low', 'none'\]"
    ):
        load_run(tmp_path)
    shown = {
        budget: max(row.value for row in draw("compute", load_run(tmp_path, budget=budget)).rows)
        for budget in ("none", "low")
    }
    assert shown["low"] == pytest.approx(7.0 * shown["none"], rel=1e-12)


# ---------------------------------------------------------------- what is drawn is what is written


def artists(drawing) -> dict[str, list]:
    found: dict[str, list] = {}
    for axes in drawing.figure.axes:
        for artist in [*axes.lines, *axes.collections, *axes.patches]:
            found.setdefault(artist.get_gid() or "", []).append(artist)
    return found


def rows_of(drawing, panel: str, series: str, statistic: str):
    return [
        row for row in drawing.rows if (row.panel, row.series, row.statistic) == (panel, series, statistic)
    ]


@pytest.mark.parametrize("name", ["adoption", "compute", "power_queue", "prices_runway", "robots"])
def test_lines_and_bands_equal_the_tidy_rows(drawings, name):
    drawing = drawings["many", name]
    checked = 0
    for gid, found in artists(drawing).items():
        panel, _, rest = gid.partition("/")
        series, _, statistic = rest.rpartition("/")
        # A logarithmic axis starts at one robot.
        floor = 1.0 if gid.startswith("shipments/") else -np.inf
        if statistic == "median" or statistic.startswith("world "):
            rows = rows_of(drawing, panel, series or rest.rpartition("/")[0], statistic)
            (line,) = found
            np.testing.assert_array_equal(line.get_ydata(), np.maximum([row.value for row in rows], floor))
            np.testing.assert_array_equal(line.get_xdata(), [date_position(row.at) for row in rows])
            checked += 1
        elif statistic in ("q05-q95", "q25-q75"):
            low, high = (
                np.array([row.value for row in rows_of(drawing, panel, series, one)])
                for one in statistic.split("-")
            )
            corners = np.concatenate([path.vertices[:, 1] for band in found for path in band.get_paths()])
            expected = np.concatenate([low, high])
            assert set(corners) == set(np.maximum(expected[np.isfinite(expected)], floor))
            checked += 1
    medians = sum(
        1
        for panel, series in {(row.panel, row.series) for row in drawing.rows if row.statistic == "median"}
        if series
    )
    assert checked >= medians > 0


@pytest.mark.parametrize("name", ["adoption", "compute", "power_queue", "prices_runway"])
def test_no_line_leaves_its_panel(drawings, name):
    for case in CASES:
        for axes in drawings[case, name].figure.axes:
            low, high = axes.get_ylim()
            for line in axes.lines:
                values = np.asarray(line.get_ydata(), dtype=np.float64)
                values = values[np.isfinite(values)]
                # Lines that span the panel (its start) are in the panel's own units, 0 to 1.
                if line.get_gid() and values.size:
                    assert (
                        low <= values.min() <= values.max() <= high * (1 + 1e-9)
                        or "interval" in line.get_gid()
                    )


def test_robot_lines_are_named_by_maker(drawings):
    drawing = drawings["many", "robots"]
    found = artists(drawing)
    for maker in ("world", *itertools.chain(*MAKERS.values())):
        rows = rows_of(drawing, "shipments", maker, "median")
        (line,) = found[f"shipments/{maker}/median"]
        np.testing.assert_array_equal(line.get_ydata(), np.maximum([row.value for row in rows], 1.0))


def test_quantiles_equal_numpy(folders, drawings):
    series = folders[1]["many"]
    drawing = drawings["many", "adoption"]
    users = bloc_users(series, "us", "row")
    for statistic, share in (("q05", 0.05), ("q25", 0.25), ("median", 0.5), ("q75", 0.75), ("q95", 0.95)):
        shown = [row.value for row in rows_of(drawing, "row", "us", statistic)]
        # Both interpolate linearly; ten terms are summed in another order: 10 x 2^-53 relative.
        np.testing.assert_allclose(shown, np.quantile(users, share, axis=1), rtol=1e-14)
    yearly = series["humanoid_shipments.agibot"].reshape(15, 12, -1).sum(1)
    shown = [row.value for row in rows_of(drawings["many", "robots"], "shipments", "agibot", "median")]
    np.testing.assert_array_equal(shown, np.median(yearly, axis=1))


def test_dead_labs_leave_the_quantiles_and_the_count(folders, drawings):
    values = folders[1]["many"]["runway_months.meta"]
    assert np.isnan(values[-1]).any()
    last = rows_of(drawings["many", "prices_runway"], "meta", "runway_months", "median")[-1]
    assert last.worlds == np.isfinite(values[-1]).sum()
    assert last.value == pytest.approx(np.nanmedian(values[-1]), rel=1e-15)


def test_observed_points_are_drawn_written_and_sourced(drawings):
    for name, series, panel, value, source in (
        ("adoption", "us", "row", 420.0, "Panel A 2025"),
        ("robots", "agibot", "shipments", 5168.0, "Survey F 2026"),
        ("power_queue", "power_price_usd_per_mwh", "us", 64.0, "Statistics D 2026"),
    ):
        drawing = drawings["many", name]
        assert value in [row.value for row in rows_of(drawing, panel, series, "observed")]
        assert value in [float(a.get_ydata()[0]) for a in artists(drawing)[f"{panel}/{series}/observed"]]
        assert source in drawing.footer
    assert "Price list E" not in drawings["many", "adoption"].footer


def test_bars_equal_the_tidy_rows_and_fill_the_width(drawings):
    for case, name in itertools.product(CASES, ("adoption", "outcome")):
        drawing = drawings[case, name]
        ends: dict[tuple[str, str], float] = {}
        for gid, found in artists(drawing).items():
            panel, _, rest = gid.partition("/")
            series, _, outcome = rest.partition("/")
            if outcome not in ("us", "mixed", "open", "cn"):
                continue
            (bar,) = found
            key = ("lead", "monthly users", series) if name == "adoption" else (panel, series, panel)
            (row,) = [r for r in drawing.rows if (r.panel, r.series, r.at) == key and r.statistic == outcome]
            assert bar.get_width() == pytest.approx(row.value, rel=1e-12)
            assert bar.get_x() == pytest.approx(ends.get((panel, series), 0.0), abs=1e-12)
            ends[panel, series] = bar.get_x() + bar.get_width()
        assert all(end == pytest.approx(1.0, abs=1e-12) for end in ends.values())
        assert ends or case == "half a year"
        whole: dict[tuple, float] = {}
        for row in drawing.rows:
            if row.statistic in ("us", "mixed", "open", "cn") and row.unit == "share of worlds":
                whole[row.panel, row.series, row.at] = (
                    whole.get((row.panel, row.series, row.at), 0.0) + row.value
                )
        assert all(value == pytest.approx(1.0, abs=1e-12) for value in whole.values())


def test_missing_outcomes_count_as_open(drawings):
    outcomes = make_outcomes(30, 5)["leader.w4.2030"]
    expected = np.mean([value in ("open", None) for value in outcomes])
    (row,) = rows_of(drawings["many", "outcome"], "2030", "w4", "open")
    assert row.value == pytest.approx(expected)
    assert row.value > 0.0


def test_clustered_worlds_have_wider_intervals(folders, tmp_path):
    # All worlds of a point agree: 24 worlds at 6 points are 6 independent ones.
    values = np.repeat(np.array(["us", "cn", "us", "cn", "us", "us"], dtype=object), 4)
    write_run(tmp_path / "clustered", worlds=24, per_point=4, months=12, outcomes={"leader.w1.2030": values})
    write_run(tmp_path / "apart", worlds=24, months=12, outcomes={"leader.w1.2030": values})
    width = {}
    for name in ("clustered", "apart"):
        run = load_run(tmp_path / name)
        assert run.points == (6 if name == "clustered" else 24)
        rows = draw("outcome", run).rows
        low, high = (next(row.value for row in rows if row.statistic == key) for key in ("us low", "us high"))
        width[name] = high - low
    # The spread grows as the square root of worlds per point, a little less in Wilson's form.
    assert 1.5 < width["clustered"] / width["apart"] <= 2.0


# ---------------------------------------------------------------- layout


def boxes(drawing) -> list[tuple[Text, object]]:
    renderer = drawing.figure.canvas.get_renderer()
    drawing.figure.draw_without_rendering()
    texts = [t for t in drawing.figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    shown = []
    for text in texts:
        axis = text.axes
        if axis is not None and text in [
            tick.label2 for tick in (*axis.xaxis.get_major_ticks(), *axis.yaxis.get_major_ticks())
        ]:
            continue
        shown.append((text, text.get_window_extent(renderer)))
    return shown


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("case", CASES)
def test_no_text_leaves_the_canvas_or_touches_another(drawings, case, name):
    drawing = drawings[case, name]
    with style.house_style():
        shown = boxes(drawing)
    width, height = drawing.figure.canvas.get_width_height()
    assert len(shown) > 5
    for text, box in shown:
        assert min(box.x0, box.y0) >= 0, text.get_text()
        assert box.x1 <= width, text.get_text()
        assert box.y1 <= height, text.get_text()
    for (one, a), (two, b) in itertools.combinations(shown, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        # Boxes hold the font's full height: stacked letters are apart even where boxes share a pixel or two.
        assert across <= 1.0 or up <= 4.0, (one.get_text(), two.get_text(), across, up)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("case", CASES)
def test_end_labels_stay_out_of_every_panel(drawings, case, name):
    drawing = drawings[case, name]
    with style.house_style():
        labels = [(text, box) for text, box in boxes(drawing) if text.get_gid() == "end label"]
    for text, box in labels:
        for axes in drawing.figure.axes:
            panel = axes.get_window_extent()
            across = min(box.x1, panel.x1) - max(box.x0, panel.x0)
            up = min(box.y1, panel.y1) - max(box.y0, panel.y0)
            assert across <= 1.0 or up <= 1.0, text.get_text()


@pytest.mark.parametrize("weight", style.FONT_FILES)
def test_measured_width_is_an_upper_bound(drawings, weight):
    renderer = drawings["many", "adoption"].figure.canvas.get_renderer()
    with style.house_style():
        figure = style.Page("T", "s", "f", 1.0).figure
        for size in (style.FOOTER_PT, style.LABEL_PT, style.TEXT_PT, style.TITLE_PT):
            for words in (
                "In 83\u202f% of sampled worlds US + allies lead",
                "1,100\u2013\u202f3,900 million",
                "illicit VAWA $20",
                "WWWWW",
            ):
                look = (
                    {"fontstyle": "italic"}
                    if weight == "italic"
                    else {"fontweight": "normal" if weight == "regular" else weight}
                )
                drawn = (
                    figure.text(0, 0, words, fontsize=size, **look).get_window_extent(renderer).width
                    / style.DPI
                )
                measured = style.text_width_inches(words, size, weight)
                assert 0.9 * measured <= drawn <= measured + 1.0 / style.DPI


def test_texts_use_lato_and_four_sizes(drawings):
    for drawing in drawings.values():
        sizes = {text.get_fontsize() for text, _ in boxes(drawing)}
        assert sizes <= {style.TITLE_PT, style.TEXT_PT, style.LABEL_PT, style.FOOTER_PT}
        assert {text.get_fontfamily()[0] for text, _ in boxes(drawing)} == {"Lato"}


def test_titles_never_speak_of_winning(drawings):
    for drawing in drawings.values():
        words = f"{drawing.title} {drawing.subtitle}".lower()
        assert not re.search(r"\b(wins?|won|winner|beats?|probability|even odds|chance)\b", words), words
        assert "real-world probabilities" in drawing.footer


@given(
    centres=st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=9),
    height=st.floats(0.05, 0.4),
)
@settings(max_examples=50, deadline=None)
def test_spread_keeps_order_gaps_and_bounds(centres, height):
    heights = [height] * len(centres)
    placed = spread(centres, heights, -2.0, 2.0)
    order = np.argsort(centres, kind="stable")
    # Rounding: nine additions of numbers below 10.
    assert np.all(np.diff(placed[order]) >= height - 1e-12)
    assert placed.min() >= -2.0 + height / 2 - 1e-12
    assert placed.max() <= 2.0 - height / 2 + 1e-12


def test_spread_leaves_labels_that_do_not_touch_and_refuses_the_impossible():
    np.testing.assert_allclose(
        spread([0.0, 1.0, 3.0], [0.5, 0.5, 0.5], -1.0, 4.0), [0.0, 1.0, 3.0], atol=1e-15
    )
    np.testing.assert_allclose(spread([1.0, 1.0], [0.5, 0.5], -1.0, 4.0), [0.75, 1.25], atol=1e-15)
    with pytest.raises(ValueError, match=r"3 labels need 1\.50 and have 1\.00"):
        spread([0.0, 0.0, 0.0], [0.5, 0.5, 0.5], 0.0, 1.0)


def test_a_word_too_wide_is_named():
    with pytest.raises(ValueError, match="extraordinarily"):
        style.wrap("an extraordinarily long word", 0.5, 12.0)


def test_nice_ticks_cover_the_value():
    for high in (0.3, 1.0, 7.0, 59.9, 60.0, 1234.0, 3.2e6):
        ticks = nice_ticks(high)
        assert ticks[0] == 0.0
        assert high <= ticks[-1] * (1 + 1e-9)
        assert ticks[-1] < 2.6 * high
        assert 3 <= len(ticks) <= 6


def test_last_crossing_ignores_equal_lines():
    at = tuple(f"2030-{month:02d}" for month in range(1, 7))
    x = np.arange(6.0)

    def fan(values):
        return Fan(at, x, {"median": np.array(values, dtype=np.float64)}, np.ones(6, dtype=np.int64))

    assert last_crossing(fan([1, 1, 1, 3, 3, 3]), fan([2, 2, 2, 2, 2, 2])) == 3
    assert last_crossing(fan([1] * 6), fan([1] * 6)) is None
    assert last_crossing(fan([1] * 6), fan([1.0 + 1e-13, 1.0 - 1e-13] * 3)) is None
    assert last_crossing(fan([np.nan] * 6), fan([1] * 6)) is None


# ---------------------------------------------------------------- files


def test_files_are_the_same_bytes_twice_and_with_two_processes(folders, tmp_path):
    folder = folders[0] / "many"
    names = ("compute", "outcome", "binding")
    first = draw_all(folder, tmp_path / "a", OBSERVED, only=names, svg=True)
    draw_all(folder, tmp_path / "b", OBSERVED, only=names, svg=True)
    third = draw_all(folder, tmp_path / "c", OBSERVED, only=names, svg=True, processes=2)
    assert [path.name for path in first] == [
        f"{name}{end}" for name in names for end in (".png", ".csv", ".txt", ".svg")
    ]
    assert {path.name for path in first} == {path.name for path in third}
    for path in first:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        assert path.read_bytes() == (tmp_path / "c" / path.name).read_bytes()


def test_png_names_its_origin_and_size(folders, drawings, tmp_path):
    run = open_case(folders, "many")
    paths = save(drawings["many", "outcome"], run, tmp_path)
    with Image.open(paths[0]) as picture:
        picture.load()
        words = picture.text
        assert picture.width == 1600
        assert picture.mode == "RGBA"
    assert words["Command"] == "uncontested run scenario=baseline"
    assert words["Configuration"] == "3f9c1e5ab7d2440890aa"
    assert words["Version"] == "0.1.0"
    assert words["Description"].startswith(words["Title"])
    assert "3f9c1e5ab7d2" in drawings["many", "outcome"].footer
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".png", ".txt"]


def test_csv_holds_every_row_exactly(drawings):
    for name in FIGURES:
        rows = drawings["many", name].rows
        read = list(csv.DictReader(io.StringIO(tidy(rows).decode())))
        assert len(read) == len(rows) > 0
        for text, row in zip(read, rows, strict=True):
            assert (text["panel"], text["series"], text["statistic"], text["at"]) == row[:4]
            assert (float(text["value"]) if text["value"] else np.nan) == pytest.approx(
                row.value, rel=0, abs=0, nan_ok=True
            )


def test_alternative_text_says_the_finding_and_every_end(drawings):
    text = drawings["many", "prices_runway"].alt
    assert text.startswith(drawings["many", "prices_runway"].title.replace("\u202f", " "))
    for lab in ("OpenAI", "Tencent"):
        assert text.count(lab) >= 2
    assert "\u202f" not in text


def test_svg_is_well_formed_and_dateless(folders, drawings, tmp_path):
    run = open_case(folders, "many")
    path = save(drawings["many", "binding"], run, tmp_path, formats=("svg",))[-1]
    xml.etree.ElementTree.parse(path)
    assert "dc:date" not in path.read_text()


def test_accessible_copies_are_grey_and_dichromatic(tmp_path):
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    pixels[:] = [[255, 255, 255], [27, 75, 143], [210, 69, 30]]
    Image.fromarray(pixels).save(tmp_path / "x.png")
    grey, seen = accessible_copies(tmp_path / "x.png")
    assert (grey.name, seen.name) == ("x.grey.png", "x.deuteranopia.png")
    with Image.open(grey) as one, Image.open(seen) as two:
        rgb, colours = np.asarray(one.convert("RGB")), np.asarray(two.convert("RGB"))
    levels = rgb[..., 0]
    assert (rgb == levels[..., None]).all()
    assert levels[0, 0] == 255
    # L* 32 and 50 stay at least 30 grey levels apart on a photocopy.
    assert int(levels[0, 2]) - int(levels[0, 1]) >= 30
    assert tuple(colours[0, 0]) == (255, 255, 255)
    # Seen without the green cone, vermilion loses its red-green contrast but stays far from blue.
    assert np.abs(colours[0, 2].astype(int) - colours[0, 1]).max() >= 80


# ---------------------------------------------------------------- colours


def lab_of(colour: str) -> np.ndarray:
    """Turn sRGB into CIE L*a*b* (D65)."""
    rgb = np.array(to_rgb(colour))
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = (
        np.array(
            [
                [0.4124564, 0.3575761, 0.1804375],
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041],
            ]
        )
        @ light
    )
    scaled = xyz / np.array([0.95047, 1.0, 1.08883])
    f = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_country_colours_are_the_measured_ones():
    assert lab_of(style.US)[0] == pytest.approx(32, abs=1)
    assert lab_of(style.CN)[0] == pytest.approx(50, abs=1)
    assert np.linalg.norm(lab_of(style.US) - lab_of(style.CN)) > 100


def test_constraint_colours_differ_in_lightness_and_from_the_countries():
    lightness = sorted(lab_of(colour)[0] for colour in style.CONSTRAINT_COLOURS.values())
    assert np.diff(lightness).min() >= 8.0
    for colour, country in itertools.product(style.CONSTRAINT_COLOURS.values(), (style.US, style.CN)):
        assert np.linalg.norm(lab_of(colour) - lab_of(country)) > 30


def test_blocs_keep_their_colours_in_every_figure(drawings):
    seen = dict.fromkeys(("us", "cn"), 0)
    for (_, name), drawing in drawings.items():
        for gid, found in artists(drawing).items():
            parts = gid.split("/")
            for bloc, colour in style.BLOC_COLOURS.items():
                if name in ("adoption",) and len(parts) == 3 and parts[1] == bloc and parts[2] == "median":
                    assert {line.get_color() for line in found} == {colour}
                    seen[bloc] += 1
                if name == "outcome" and parts[-1] == bloc:
                    assert {bar.get_facecolor()[:3] for bar in found} == {to_rgb(colour)}
                    seen[bloc] += 1
    assert min(seen.values()) > 10


# ---------------------------------------------------------------- what is missing is named


def test_a_missing_series_is_named_with_the_nearest(tmp_path):
    write_run(tmp_path, worlds=3, months=12, drop=("held_gw.cn",))
    with pytest.raises(
        MissingSeriesError, match=r"figure 'compute': series 'held_gw.cn'.*nearest: 'held_gw.us'"
    ):
        draw_all(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    written = draw_all(tmp_path, tmp_path / "out", only=["binding"])
    assert [path.name for path in written] == ["binding.png", "binding.csv", "binding.txt"]


@pytest.mark.parametrize(
    ("figure", "prefix", "said"),
    [
        ("adoption", "active_users_million", "active_users_million"),
        ("power_queue", "power_queue_gw", "power_queue_gw"),
        ("prices_runway", "runway_months", "runway_months.openai"),
        ("robots", "humanoid_shipments", "humanoid_shipments"),
        ("binding", "binding_constraint_code", "binding_constraint_code.us"),
    ],
)
def test_each_figure_names_what_it_lacks(folders, tmp_path, figure, prefix, said):
    made = make_series(2, 12, 1)
    write_run(
        tmp_path,
        worlds=2,
        months=12,
        series=made,
        drop=tuple(name for name in made if name.startswith(prefix)),
    )
    with pytest.raises(MissingSeriesError, match=f"figure '{figure}'.*{re.escape(said)}"):
        draw(figure, load_run(tmp_path))


def test_missing_outcomes_unknown_figures_and_bad_keys_are_named(folders, tmp_path):
    write_run(tmp_path, worlds=2, months=12, outcomes={})
    with pytest.raises(MissingSeriesError, match=r"leader\.w1\.2040"):
        draw("outcome", load_run(tmp_path))
    with pytest.raises(ValueError, match=r"figure 'adopton' is unknown.*nearest: 'adoption'"):
        draw_all(tmp_path, tmp_path / "out", only=["adopton"])
    with pytest.raises(ValueError, match=r"response 'cn_resists' is not in .*passive"):
        load_run(tmp_path, response="cn_resists")
    with pytest.raises(ValueError, match="budget 'high' of response 'passive'"):
        load_run(tmp_path, budget="high")
    with pytest.raises(FileNotFoundError, match=r"manifest.json|series\.parquet"):
        load_run(tmp_path / "nowhere")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    del manifest["seed"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KeyError, match="lacks 'seed'"):
        load_run(tmp_path)


def test_unknown_outcomes_codes_and_firms_are_named(tmp_path):
    made = make_series(2, 12, 1)
    made["binding_constraint_code.us"][3, 1] = 7.0
    made["active_users_million.newlab.us"] = made["active_users_million.openai.us"]
    outcomes = {"leader.w1.2030": np.array(["us", "draw"], dtype=object)}
    write_run(tmp_path, worlds=2, months=12, series=made, outcomes=outcomes)
    run = load_run(tmp_path)
    with pytest.raises(ValueError, match=r"binding_constraint_code\.us holds 7 in 2026-04"):
        draw("binding", run)
    with pytest.raises(ValueError, match=r"leader.w1.2030 holds 'draw'; expected us, mixed, cn or open"):
        draw("outcome", run)
    with pytest.raises(ValueError, match="firm 'newlab' has bloc None"):
        draw("adoption", run)
    drawing = draw("adoption", load_run(tmp_path, blocs={"newlab": "cn"}))
    shown = rows_of(drawing, "us", "cn", "median")[0].value
    expected = np.median(bloc_users(made, "cn", "us")[0] + made["active_users_million.newlab.us"][0])
    assert shown == pytest.approx(expected, rel=1e-14)


def test_an_observed_point_must_be_complete():
    with pytest.raises(ValueError, match="lacks 'source'"):
        observations([{"series": "x", "date": "2025", "value": 1}])
    with pytest.raises(ValueError, match="observed date 'soon'"):
        date_position("soon")
    assert date_position("2025") == 2025.5
    assert date_position("2025-12-31") == pytest.approx(2025.0 + 11.5 / 12.0)


def test_all_outcomes_open_still_draws(tmp_path):
    outcomes = {f"leader.{name}.2040": np.full(4, None, dtype=object) for name in ("w1", "w4")}
    write_run(tmp_path, worlds=4, months=12, outcomes=outcomes)
    drawing = draw("outcome", load_run(tmp_path))
    assert drawing.title == "Neither bloc leads overall in 2040 in any sampled world"
    assert {row.value for row in drawing.rows if row.statistic == "open"} == {1.0}


def test_hindcast_bands_are_drawn_before_the_start(tmp_path):
    write_run(tmp_path / "run", worlds=6, months=24)
    write_run(tmp_path / "past", worlds=6, months=36, start="2023-01", seed=9)
    run = load_run(tmp_path / "run", hindcast=tmp_path / "past")
    drawing = draw("adoption", run, observations(OBSERVED))
    rows = rows_of(drawing, "row", "us hindcast", "median")
    assert [row.at for row in rows] == months_from("2023-01", 36)
    (line,) = artists(drawing)["row/us hindcast/median"]
    assert line.get_xdata().max() < run.start
    assert drawing.figure.axes[0].get_xlim()[0] == pytest.approx(2023.0)


# ---------------------------------------------------------------- break-even


def test_break_even_ratio_runs_from_the_price_ratio_to_one():
    n = np.array([0.7, 1.0, 2.1, 4.6])
    common = {
        "price_agibot_usd": 28_300.0,
        "capital_factor_per_year": 0.35,
        "tariff_optimus": 0.0,
        "tariff_agibot": 0.0,
    }
    none = required_efficiency_ratio(
        n, **common, overhead_optimus_usd_per_year=0.0, overhead_agibot_usd_per_year=0.0
    )
    np.testing.assert_allclose(none, n, rtol=1e-15)
    much = required_efficiency_ratio(
        n, **common, overhead_optimus_usd_per_year=1e12, overhead_agibot_usd_per_year=1e12
    )
    # |ratio - 1| <= k P n / o = 0.35 x 28,300 x 4.6 / 1e12.
    np.testing.assert_allclose(much, 1.0, atol=5e-8)
    tariff = required_efficiency_ratio(
        np.array([2.0]),
        **{**common, "tariff_optimus": 0.5, "tariff_agibot": 0.25},
        overhead_optimus_usd_per_year=8_000.0,
        overhead_agibot_usd_per_year=4_000.0,
    )
    # (0.35 x 2 x 28,300 x 1.5 + 8,000) / (0.35 x 28,300 x 1.25 + 4,000) = 37,715 / 16,381.25
    np.testing.assert_allclose(tariff, 37_715.0 / 16_381.25, rtol=1e-15)


def test_break_even_curves_are_written(drawings):
    drawing = drawings["many", "robots"]
    for overhead in BREAK_EVEN.overheads_usd_per_year:
        (line,) = artists(drawing)[f"break-even/{overhead:g}"]
        rows = rows_of(
            drawing, "break-even", f"overhead {overhead:g} USD a year", "required efficiency ratio"
        )
        np.testing.assert_array_equal(line.get_ydata(), [row.value for row in rows])
