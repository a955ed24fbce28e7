"""What is missing is named; the break-even of robots."""

import json
import re

import numpy as np
import pytest

from experiments.figures import (
    MissingSeriesError,
    draw,
    draw_all,
    load_run,
    observations,
)
from experiments.figures.robots import required_efficiency_ratio
from experiments.figures.tables import date_position
from tests.figures.synthetic import (
    BREAK_EVEN,
    OBSERVED,
    artists,
    bloc_users,
    make_series,
    months_from,
    rows_of,
    write_run,
)


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
