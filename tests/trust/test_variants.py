"""Structural variants: who survives, what each replaces, and that the rules differ in one thing."""

import csv
from pathlib import Path

import numpy as np
import pytest

from experiments.config.errors import ConfigError, RunError
from experiments.figures.german import GERMAN
from experiments.figures.origin import Origin
from experiments.figures.variants import draw_variants, survival
from experiments.trust import variants
from experiments.trust.arms import Arm, Ran, arm, run_arms
from experiments.trust.minds import evenly
from experiments.trust.pages import put
from experiments.trust.variants import (
    BASE,
    US_ONLY,
    VARIANTS,
    block,
    cells_of,
    survivors,
    titles,
    variants_command,
    without_allies,
)

SMALL = ("worlds=2", "months=3", "consumers=cohort", "responses=[passive]")


def codes(*values: float) -> np.ndarray:
    return np.array(values)


def test_a_result_survives_where_the_same_leads_in_most_worlds() -> None:
    """US 3 of 4 against 2 of 4 with one of China: the same leads; against 1 of 4 another does."""
    base = {"leader.w1.2030": codes(0, 0, 0, 1), "leader.w2.2030": codes(0, 1, 0, 1)}
    moved = {"leader.w1.2030": codes(0, 0, 1, 2), "leader.w2.2030": codes(1, 1, 1, 1)}
    kept, close = cells_of("x", base, moved)
    assert (kept.verdict, kept.changed, kept.leader) == ("survives", 0.5, "us")
    assert (close.verdict, close.base_leader, close.leader) == ("close", "us", "cn")
    (other,) = cells_of("x", base, {"leader.w1.2030": codes(1, 1, 0, 1)})
    assert other.verdict == "other"
    assert survivors([kept, close, other], "x") == (1, 3)


def test_worlds_that_one_arm_lacks_are_not_compared() -> None:
    base = {"leader.w1.2030": codes(0, np.nan, 0), "leader.w1.2040": codes(np.nan, np.nan, np.nan)}
    (cell,) = cells_of("x", base, {"leader.w1.2030": codes(0, 1, np.nan), "leader.w1.2040": codes(0, 0, 0)})
    assert (cell.worlds, cell.changed) == (1, 0.0)


def test_without_allies_stands_for_the_same_definition() -> None:
    ran = Ran({"leader_us_only.w10.2030": codes(1), "leader.w10.2030": codes(0)}, {})
    assert without_allies(ran) == {"leader.w10.2030": codes(1)}


def test_even_orders_keep_the_sum_and_whom_nobody_may_ask() -> None:
    bid = np.array([[3.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert evenly(bid).tolist() == [[2.0, 0.0], [2.0, 0.0], [0.0, 0.0]]


def test_every_variant_is_a_configuration_of_its_own_and_runs() -> None:
    """Two worlds over three months in every structure are finite, with other hashes and numbers."""
    arms = [arm(BASE, SMALL)] + [arm(one.name, [*SMALL, *one.overrides], one.minds) for one in VARIANTS]
    small = [one for one in arms if one.name != "agents"]
    assert len({one.plan.config_hash for one in arms}) == len(arms)
    series = ("revenue_usd.openai", "accelerators_h100e.cn", "capability_orders.deepseek")
    ran = run_arms(small, 2, series, 1, lambda _: None)
    for name, found in ran.items():
        table = np.stack([found.series[one] for one in series])
        assert np.isfinite(table).all()
        if name != BASE:
            assert (table != np.stack([ran[BASE].series[one] for one in series])).any(), name


def test_half_a_month_is_compared_with_whole_months_without_luck(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another number of steps draws other luck, so that neither arm may have any (decision 44)."""
    half, whole = (titles()[name] for name in ("half_months", "no_luck"))
    assert set(half.overrides) - set(whole.overrides) == {"steps_per_month=2"}
    assert set(whole.overrides) <= set(half.overrides)
    assert "without luck" in half.title
    leads = {BASE: codes(0, 0, 0, 0), "no_luck": codes(1, 1, 1, 0), "half_months": codes(1, 1, 0, 0)}

    def pretend(arms: list[Arm], *_: object) -> dict[str, Ran]:
        assert [one.plan.noise for one in arms] == [True, False, False]
        return {one.name: Ran({"leader.w1.2030": leads[one.name]}, {}) for one in arms}

    monkeypatch.setattr(variants, "run_arms", pretend)
    variants_command(["--only", "half_months", "--worlds", "4", "--out", str(tmp_path)])
    (row,) = csv.DictReader((tmp_path / "cells.csv").read_text(encoding="utf-8").splitlines())
    assert (row["variant"], row["base_cn"], row["cn"], row["changed"]) == (
        "half_months",
        "0.75",
        "0.5",
        "0.25",
    )


def test_the_figure_and_the_page_say_every_variant(tmp_path: Path) -> None:
    base = {f"leader.w{k}.{year}": codes(0, 0, 1, 2) for k in (1, 2) for year in (2030, 2040)}
    cells = [
        cell
        for one in (*VARIANTS, US_ONLY)
        for cell in cells_of(one.name, base, {name: codes(1, 1, 1, 2) for name in base})
    ]
    made = Origin("1", "0123456789abcdef", "1", "uncontested variants")
    for language in ("en", "de"):
        files = draw_variants(cells, "Baseline", made, tmp_path, language)
        assert files[2].read_text(encoding="utf-8").count("\n") == len(VARIANTS) + 3
    page = tmp_path / "doubt.md"
    page.write_text("before\n<!-- variants:begin -->\nold\n<!-- variants:end -->\nafter\n", encoding="utf-8")
    said = block(cells, arm(BASE, SMALL), "uncontested variants")
    put("variants", said, tmp_path / "variants.png", page)
    text = page.read_text(encoding="utf-8")
    assert all(one.title in text and one.title in GERMAN for one in (*VARIANTS, US_ONLY))
    assert "old" not in text
    assert text.endswith("after\n")
    page.write_text("no place", encoding="utf-8")
    with pytest.raises(RunError, match="no place"):
        put("variants", said, tmp_path / "variants.png", page)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "cost_pluss"], "cost_plus"),
        (["--worlds", "many"], "whole number"),
        (["--lang", "fr"], "en, de"),
        (["scenario=baselin"], "baseline"),
    ],
)
def test_a_wrong_word_is_named(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        variants_command(words)
    assert said in str(error.value)


@pytest.mark.parametrize("other", ["close", "survives"])
def test_the_title_names_the_close_ones_where_there_are_any(other: str) -> None:
    base = {"leader.w1.2030": codes(0, 0, 0, 1), "leader.w2.2030": codes(0, 1, 0, 1)}
    moved = {**base, "leader.w2.2030": codes(1, 1, 1, 1)} if other == "close" else base
    cells = cells_of("agents", base, moved)
    title = survival(cells, "Baseline", Origin("1", "0123456789abcdef", "1", "uncontested variants")).title
    assert (
        title
        == {
            "close": "1 of 2 results survive another structure; close among the others: 1",
            "survives": "2 of 2 results survive another structure",
        }[other]
    )
