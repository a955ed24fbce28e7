"""How a baked page composes answers: exact where simulated, and exact for what has no third order."""

from itertools import combinations

import numpy as np
import pytest
from omegaconf import OmegaConf

from experiments.config.errors import ConfigError
from experiments.kit.cards import load_cards
from experiments.teach.bake import KINDS, checks_of
from experiments.teach.grid import BASE, Axis, Grid, Point, Table, full_grid
from experiments.teach.sliders import FANS, FILE, drivers, read_words, spans, words
from experiments.teach.vectors import Layout, layout_of, packed, unpacked
from sim.axes import BLOCS, CONSTRAINTS
from sim.outcome import LEADERS
from sim.units import Array

ENDS = (0.0, 1.0)
LAUNCH = "orbit.launch_cost_start"
SMALL = Grid(
    {
        "power.lead_time_us": Axis("power.lead_time_us", {"power.lead_time_us": (18.0, 66.0)}),
        "chips.leakage": Axis("chips.leakage", {"chips.leakage": (0.0, 0.12)}),
        LAUNCH: Axis(LAUNCH, {LAUNCH: (900.0, 2720.0)}),
        "gap": Axis("gap", {"power.power_price_us": (0.05, 0.15), "power.power_price_cn": (0.09, 0.03)}),
    },
    {
        BASE: {
            "power.lead_time_us": ENDS,
            "chips.leakage": (0.0, 0.5, 1.0),
            LAUNCH: ENDS,
            "gap": ENDS,
        },
        "open_race": {"chips.leakage": ENDS},
    },
    {("power.lead_time_us", "chips.leakage"): (ENDS, ENDS), ("chips.leakage", "gap"): (ENDS, ENDS)},
)  # fmt: skip


def bilinear(point: Point) -> Array:
    """Return a vector that holds a base, effects and one interaction; no number at rest counts."""
    scenario, written = point
    values = dict(written)
    lead = values.get("power.lead_time_us", 18.0) - 18.0
    leak = values.get("chips.leakage", 0.0)
    gap = values.get("power.power_price_us", 0.05) - 0.05
    return np.array([lead * leak + 3.0 * lead - leak + (scenario == BASE), gap * leak + gap])


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(SMALL, {point: bilinear(point) for point in SMALL.points})


def test_composes_exactly_what_has_no_third_order(table: Table) -> None:
    for values in (
        {},
        {"power.lead_time_us": 30.0},
        {"power.lead_time_us": 30.0, "chips.leakage": 0.07},
        {"power.lead_time_us": 66.0, "chips.leakage": 0.12, LAUNCH: 1000.0},
        {"power.power_price_us": 0.15, "power.power_price_cn": 0.03, "chips.leakage": 0.03},
        {"power.power_price_us": 0.10, "power.power_price_cn": 0.06, "power.lead_time_us": 40.0},
    ):
        found = table.compose(BASE, values)
        assert found == pytest.approx(bilinear((BASE, tuple(values.items())))), values


def test_leaves_an_interaction_out_that_was_not_simulated(table: Table) -> None:
    both = {"power.lead_time_us": 66.0, "chips.leakage": 0.12}
    elsewhere = table.compose("open_race", {"power.lead_time_us": 66.0})
    assert elsewhere == pytest.approx(bilinear(("open_race", (("power.lead_time_us", 66.0),))))
    assert table.compose(BASE, both)[0] != pytest.approx(
        sum(table.compose(BASE, {key: value})[0] for key, value in both.items())
    )


def test_says_how_an_answer_comes_about() -> None:
    kind = SMALL.kind
    lead, leak, launch = (
        {"power.lead_time_us": 40.0},
        {"chips.leakage": 0.06},
        {LAUNCH: 900.0},
    )
    assert kind(BASE, {}) == kind(BASE, leak) == "simulated"
    assert kind(BASE, lead) == "one"
    assert kind(BASE, {"power.lead_time_us": 66.0, "chips.leakage": 0.0}) == "simulated"
    assert kind(BASE, lead | leak) == "two"
    assert kind(BASE, lead | launch) == kind(BASE, lead | leak | launch) == "more"
    assert kind("open_race", leak) == "one"
    assert kind("open_race", lead) == kind("open_race", leak | launch) == "elsewhere"
    # Beside the axis of the driver these are two sliders, which nobody simulated.
    assert SMALL.moved({"power.power_price_us": 0.15, "power.power_price_cn": 0.09}) == {}
    assert SMALL.moved({"power.power_price_us": 0.10, "power.power_price_cn": 0.06}) == {
        "gap": pytest.approx(0.5)
    }


def test_what_cannot_start_makes_no_answer_that_needs_it() -> None:
    vectors = {point: bilinear(point) for point in SMALL.points}
    vectors[SMALL.point(BASE, {"chips.leakage": 1.0})][:] = np.nan
    table = Table(SMALL, vectors)
    assert np.isnan(table.compose(BASE, {"chips.leakage": 0.11})).all()
    assert np.isfinite(table.compose(BASE, {"chips.leakage": 0.05})).all()


def test_the_grid_holds_every_pair_of_drivers_at_its_ends() -> None:
    grid = full_grid()
    points = set(grid.points)
    assert len(points) == len(grid.points)
    names = [one.name if len(one.ends) > 1 else next(iter(one.ends)) for one in drivers()]
    assert len(names) == len(load_cards()["drivers"]) == 14
    for one, two in combinations(drivers(), 2):
        for high in range(4):
            values = {key: ends[high % 2] for key, ends in one.ends.items()}
            values |= {key: ends[high // 2] for key, ends in two.ends.items()}
            assert grid.kind(BASE, values) == "simulated", (one.name, two.name)
            assert (BASE, tuple(sorted(values.items()))) in points
    for scenario in words()["presets"]:
        assert (scenario, ()) in points


def test_random_settings_are_off_the_grid_and_always_the_same() -> None:
    grid = full_grid()
    found = checks_of(grid, 5)
    assert found == checks_of(grid, 5)
    assert set(found) == set(KINDS)
    for kind, points in found.items():
        assert len(points) == 5
        for scenario, values in points:
            assert (scenario, values) not in grid.points
            assert grid.kind(scenario, dict(values)) == kind
            assert all(spans()[key][0] <= value <= spans()[key][1] for key, value in values)


def invented(chance: np.random.Generator) -> dict:
    """Return an answer of random numbers in the right shape."""
    months = ["2026-03", "2026-06", "2026-09"]

    def parts(names: object) -> dict:
        return dict(zip(names, chance.dirichlet(np.ones(len(names))).tolist(), strict=True))

    limits = {bloc: [parts(CONSTRAINTS) for _ in months] for bloc in BLOCS}
    return {
        "months": months,
        "fans": {
            name: {"quantiles": np.sort(chance.lognormal(5.0, 3.0, (3, 5)), axis=1).tolist()} for name in FANS
        },
        "shares": {name: {"2030": parts(LEADERS), "2040": parts(LEADERS)} for name in ("w1", "w2")},
        "binding": {
            bloc: {name: [one[name] for one in limits[bloc]] for name in CONSTRAINTS} for bloc in BLOCS
        },
        "third": 0.3,
    }


def test_an_answer_comes_back_from_its_vector_and_its_text() -> None:
    chance = np.random.default_rng(3)
    answers = [invented(chance) for _ in range(4)]
    layout: Layout = layout_of(answers[0])
    rows = np.stack([layout.vector(one) for one in answers])
    rows[2] = np.nan
    back = unpacked(packed(rows, layout, 16), layout)
    assert np.isnan(back[2]).all()
    for place in (0, 1, 3):
        for given, precision in ((rows[place], 1e-9), (back[place], 1e-3)):
            found = layout.answer(given)
            assert found["months"] == answers[place]["months"]
            for kind in ("fans", "shares", "binding"):
                assert flat(found[kind]) == pytest.approx(
                    flat(answers[place][kind]), rel=precision, abs=precision
                )
            assert found["third"] == pytest.approx(0.3, rel=precision)


def flat(given: object) -> list[float]:
    if isinstance(given, dict):
        return [one for key in sorted(given) for one in flat(given[key])]
    if isinstance(given, list):
        return [one for part in given for one in flat(part)]
    assert isinstance(given, int | float)
    return [given]


def test_a_name_stands_once() -> None:
    given = OmegaConf.to_container(OmegaConf.load(FILE))
    title = load_cards()["drivers"]["smuggling"]["title"]
    assert read_words(given)["advanced"]["chips.leakage"]["en"] == title["en"]
    with pytest.raises(ConfigError, match=r"chips\.leakage.*its card names it"):
        read_words({**given, "advanced": {"chips.leakage": {"en": "Smuggling", "de": "Schmuggel"}}})
    with pytest.raises(ConfigError, match=r"consumers\.habit_sigma.*expected a name"):
        read_words({**given, "advanced": {"consumers.habit_sigma": {}}})
