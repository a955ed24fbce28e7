"""What is drawn is what is written."""

import itertools

import numpy as np
import pytest

from experiments.figures import (
    draw,
    load_run,
)
from experiments.figures.tables import date_position
from tests.figures.synthetic import CASES, MAKERS, artists, bloc_users, make_outcomes, rows_of, write_run


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
