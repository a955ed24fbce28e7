"""Answers do not depend on what is simulated beside them, whatever the scenario, and leave nothing out."""

import numpy as np
import pytest

from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.runs.cases import cases_of
from experiments.runs.simulate import simulate_cases
from experiments.runs.summary import lead_shares
from experiments.teach import joined
from experiments.teach.answers import QUANTILES, Question, answer_all, prepared, side_by_side
from experiments.teach.composed import composed
from experiments.teach.sliders import FANS, override, words
from sim.memory import digest_of

WORLDS, MONTHS = 3, 60
ASKED = (
    ("baseline", {"power.lead_time_us": 21.5}),
    ("chip_wall", {"chips.export_stringency": 0.3}),
    ("cn_capital_squeeze", {"capital.investor_patience": 0.7, "chips.wafer_growth.cn": 0.3}),
    ("chip_wall", {}),
)
QUESTIONS = [Question(scenario, values, {}, WORLDS, MONTHS) for scenario, values in ASKED]


@pytest.mark.parametrize("scenario", words()["presets"])
def test_composes_what_hydra_composes(scenario):
    values = {"capital.investor_patience": 0.7, "chips.wafer_growth.cn": 0.3}
    for asked in (({}, {}), (values, {"noise": False})):
        assert composed(scenario, *asked, 2, 12) == compose_run(override(scenario, *asked, 2, 12))


def test_scenarios_in_one_batch_have_the_answers_that_they_have_alone():
    assert len({one.kind() for one in QUESTIONS}) == 1
    assert answer_all(QUESTIONS) == [answer_all([one])[0] for one in QUESTIONS]


def test_an_answer_is_what_a_whole_run_with_all_its_series_comes_to():
    question = QUESTIONS[3]
    plan = prepared(*question.base())
    whole = simulate_cases(plan, cases_of(plan, np.arange(WORLDS)), lambda month: None)
    found = answer_all([question])[0]
    names = [one.name for one in whole.series]
    for name in FANS:
        series = whole.record[names.index(name), 2::3].astype(np.float64)
        assert found["fans"][name]["quantiles"] == np.quantile(series, QUANTILES, axis=1).T.tolist()
    told = lead_shares({name: values[:, None] for name, values in whole.outcomes.items()}, 0)
    assert found["shares"] == {
        definition: {
            year: {leader: one["share"] for leader, one in by_leader.items()}
            for year, by_leader in years.items()
        }
        for definition, years in told.items()
    }
    assert set(found["shares"]["w1"]) == {"2030"}


def test_a_world_that_is_drawn_again_draws_what_it_draws_alone():
    plan, cases = side_by_side(QUESTIONS)
    attempts = np.arange(cases.size) % 2
    params = plan.params_for(cases.world_ids, attempts)
    for place, question in enumerate(QUESTIONS):
        own = slice(place * WORLDS, (place + 1) * WORLDS)
        alone = prepared(*question.base()).params_for(np.arange(WORLDS), attempts[own])
        for section in ("capital", "chips", "power"):
            for name, value in vars(getattr(alone, section)).items():
                table = getattr(getattr(params, section), name)
                assert (table[..., own] == value).all(), name


def test_only_what_has_the_same_structure_shares_a_batch():
    kinds = [
        Question("baseline", {}, {}, WORLDS, MONTHS),
        Question("baseline", {}, {"noise": False}, WORLDS, MONTHS),
        Question("baseline", {}, {}, WORLDS + 1, MONTHS),
        Question("baseline", {}, {}, WORLDS, MONTHS + 1),
    ]
    assert len({one.kind() for one in kinds}) == len(kinds)
    config = composed("baseline", {}, {}, WORLDS, MONTHS)
    other = compose_run([*override("baseline", {}, {}, WORLDS, MONTHS), "without=[xai]"])
    assert joined.structure(config) != joined.structure(other)


def test_a_plan_that_keeps_its_draws_draws_what_the_plan_draws():
    keeping = prepared(*Question("baseline", {}, {}, WORLDS, 12).base())
    plain = plan_from_config(keeping.config)
    ids = np.arange(WORLDS)
    for attempts in (0, ids % 2, 0):
        one, other = keeping.params_for(ids, attempts), plain.params_for(ids, attempts)
        assert digest_of(one) == digest_of(other)
    assert keeping.params_for(ids) is keeping.params_for(ids, 0 * ids)
    assert digest_of(keeping.params_for(ids, 1)) != digest_of(keeping.params_for(ids))
