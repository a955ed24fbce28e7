"""A synthetic run for the figures: series and outcomes made up, and what is computed from them by hand."""

import itertools
import json
import re
from pathlib import Path

import duckdb
import numpy as np
from matplotlib.text import Text

from experiments.figures import (
    BreakEven,
    load_run,
    style,
)

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


def open_case(folders, case: str):
    return load_run(folders[0] / case.replace(" ", "_"))


def bloc_users(series: dict[str, np.ndarray], bloc: str, region: str) -> np.ndarray:
    return sum(series[f"active_users_million.{lab}.{region}"] for lab in LABS[bloc])


def numbers_in(title: str) -> list[float]:
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.?\d*", title)]


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


def assert_texts_are_apart(drawing) -> None:
    """Check that no text of a figure leaves the canvas or touches another."""
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
