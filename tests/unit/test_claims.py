"""Claim cards: what is measured decides the verdict, opposite measurements the opposite one."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from experiments.claims import arms, command, page, pictures
from experiments.claims.cards import Card, Figure, Part, read_card, read_cards
from experiments.claims.measures import DEFINITIONS, FORMULAS, Answers, Variant, variants, ways
from experiments.claims.verdict import (
    CONTRADICTED,
    DEPENDS,
    OUTSIDE,
    SUPPORTED,
    VERDICTS,
    depends_on,
    judge,
    judge_mechanism,
    strongest_split,
    word_of,
)
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, RunError
from sim.axes import BLOCS, CONSTRAINTS
from sim.units import Array

CARDS = read_cards()
MECHANISMS = [card for card in CARDS if card.kind == "mechanism"]
FACTS = [card for card in CARDS if card.kind == "fact"]
OUTSIDES = [card for card in CARDS if card.kind == "outside"]
YEARS = tuple(range(2026, 2041))
WORLDS = 12


def named(card: Card) -> str:
    return str(card.number)


class Told:
    """Worlds in which every series of an arm is one number, and one bloc leads in each arm."""

    worlds = WORLDS

    def __init__(self, card: Card, *, holds: bool) -> None:
        assert card.test is not None
        self.card, self.test, self.holds = card, card.test, holds

    def settings(self, name: str) -> str:
        return "" if name == "base" else self.card.arms[name]

    def beyond(self, far: float) -> float:
        """Return a number beyond every threshold, or before every one."""
        say = self.test.say
        levels = [float(level) for level in say.get("levels", [say.get("above", say.get("below"))])]
        wide = 1.0 + max(map(abs, levels))
        return max(levels) + far * wide if ("above" in say) == self.holds else min(levels) - far * wide

    def one(self, arm: str, name: str, year: int) -> float:
        say, kind = self.test.say, self.test.kind
        if kind == "level":
            above = say["of"].partition(" / ")[0]
            return self.beyond(1.0) / len(above.split(" + ")) if name in above.split(" + ") else 1.0
        if kind == "largest":
            return float((name == say["of"]) == self.holds)
        high, low = self.settings(say["arm"]), self.settings(say["against"])
        if kind == "effect":
            # A relative difference never passes 2: all or nothing is the farthest there is.
            if say.get("difference") == "plain":
                return self.beyond(1.0) if arm == high else 0.0
            up = ("above" in say) == self.holds
            return float(arm == high) if up else float(arm == low)
        if kind == "fades":
            gone = self.holds == ("below" in say) and year > int(say["since"])
            return 1.0 if arm == high or gone else 2.0
        assert kind == "stronger"
        moving = (say["arm"], say["against"]) if self.holds else (say["than"], say["than_against"])
        own = [self.settings(name) for name in moving]
        return {own[1]: 1.0, own[0]: 2.0}.get(arm, 1.0)

    def series(self, arm: str, name: str) -> tuple[tuple[int, ...], Array]:
        return YEARS, np.asarray([[self.one(arm, name, year)] * WORLDS for year in YEARS])

    def leader(self, arm: str, definition: str, year: int) -> Array:
        bloc = BLOCS.index(self.test.say["bloc"])
        given = self.test.given
        if given is not None and arm == self.settings(given.say["arm"]):
            leads = not given.say.get("not")
        else:
            leads = self.holds != bool(self.test.say.get("not"))
        return np.full(WORLDS, float(bloc if leads else 1 - bloc))

    def parameter(self, key: str) -> Array:
        # A cold and dark radiator absorbs more than it emits and needs endless area; a hot one does neither.
        cold = {"orbit.radiator_temperature": 200.0, "orbit.emissivity": 0.8, "orbit.absorbed_flux": 150.0}
        hot = {"orbit.radiator_temperature": 400.0, "orbit.emissivity": 0.9, "orbit.absorbed_flux": 1.0}
        return np.full(WORLDS, (cold if self.holds else hot)[key])

    def drawn(self) -> Mapping[str, Array]:
        return {}


# ---- the deck ------------------------------------------------------------------------------------------


def test_every_claim_has_its_card() -> None:
    assert [card.number for card in CARDS] == list(range(1, 68))
    assert len(MECHANISMS) >= 30


def test_no_card_holds_a_verdict() -> None:
    for file in sorted((Path(arms.__file__).parent / "cards").glob("*.yaml")):
        assert not re.search(r"^\s*(verdict|result|outcome):", file.read_text(), re.MULTILINE), file.name


@pytest.mark.parametrize("card", MECHANISMS, ids=named)
def test_arms_can_be_run(card: Card) -> None:
    for settings in card.arms.values():
        plan_from_config(compose_run([*arms.OVERRIDES, *settings.split()]))


def test_every_arm_is_asked() -> None:
    for card in MECHANISMS:
        tests = [card.test, card.test and card.test.given, card.mirror, card.mirror and card.mirror.given]
        read = {
            test.say.get(key)
            for test in tests
            if test is not None
            for key in ("arm", "against", "than", "than_against")
        }
        assert set(card.arms) <= read, card.number


# ---- verdicts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("card", MECHANISMS, ids=named)
def test_opposite_runs_give_opposite_verdicts(card: Card) -> None:
    assert judge(card, Told(card, holds=True)).word == SUPPORTED
    assert judge(card, Told(card, holds=False)).word == CONTRADICTED


@pytest.mark.parametrize("card", FACTS, ids=named)
def test_altered_figures_give_opposite_verdicts(card: Card) -> None:
    def altered(part: Part, *, holds: bool) -> Part:
        aim = part.threshold
        if part.rule == "near":
            aim = aim if holds else 3.0 * aim
        else:
            aim = aim * (2.0 if (part.rule == "above") == holds else 0.5)
        first, rest = part.figures[0], part.figures[1:]
        if part.join == "share":
            others = sum(figure.value for figure in rest)
            aim = min(aim, 0.9)
            aim = aim / (1.0 - aim) * others
        elif part.join == "ratio":
            aim = aim * rest[0].value
        exact = tuple(replace(figure, low=figure.value, high=figure.value) for figure in rest)
        return replace(part, figures=(replace(first, value=aim, low=aim, high=aim), *exact))

    for holds, word in ((True, SUPPORTED), (False, CONTRADICTED)):
        parts = tuple(altered(part, holds=holds) for part in card.parts)
        assert judge(replace(card, parts=parts), None).word == word


@pytest.mark.parametrize("card", OUTSIDES, ids=named)
def test_outside_cards_say_why(card: Card) -> None:
    verdict = judge(card, None)
    assert verdict.word == OUTSIDE
    assert len(verdict.on.split()) > 5


def test_a_range_across_the_threshold_depends_on_the_figure() -> None:
    figure = Figure("x", 1.5, 0.5, 2.5, "1", "s")
    card = replace(FACTS[0], parts=(Part("x is above one", "above", 1.0, 0.0, "single", (figure,)),))
    verdict = judge(card, None)
    assert verdict.word == DEPENDS
    assert "0.5 to 2.5" in verdict.on


def test_parts_that_disagree_are_named() -> None:
    figure = Figure("x", 1.5, 1.5, 1.5, "1", "s")
    parts = [Part(f"x is above {at}", "above", at, 0.0, "single", (figure,)) for at in (1.0, 2.0)]
    verdict = judge(replace(FACTS[0], parts=tuple(parts)), None)
    assert verdict.word == DEPENDS
    assert verdict.on == "x is above 1.0: supported; x is above 2.0: contradicted"


@pytest.mark.parametrize(
    ("share", "others", "word"),
    [
        (0.6, [0.6, 0.41], SUPPORTED),
        (0.6, [0.6, 0.4], DEPENDS),
        (0.59, [0.59], DEPENDS),
        (0.4, [0.4, 0.59], CONTRADICTED),
        (0.4, [0.4, 0.6], DEPENDS),
    ],
)
def test_rule_of_shares(share: float, others: list[float], word: str) -> None:
    assert word_of(share, others) == word


def asked(year: int, way: str, held: int, worlds: int = 20) -> Variant:
    return Variant(year, way, Answers(np.arange(worlds) < held, np.ones(worlds, np.bool_)))


def test_it_depends_on_the_year() -> None:
    told = judge_mechanism(MECHANISMS[0], [asked(2040, "1", 20), asked(2030, "1", 0)], {})
    assert told.word == DEPENDS
    assert told.on == "the year (2030: 0%, 2040: 100%)"
    assert told.range == (0.0, 1.0)


def test_it_depends_on_the_definition() -> None:
    assert "definition" in depends_on([asked(2040, "w1", 20), asked(2040, "w2", 0)], {})


def test_a_parameter_that_decides_is_found_and_one_that_does_not_is_not() -> None:
    held, every = np.arange(40) >= 20, np.ones(40, np.bool_)
    luck = {f"luck.{k}": np.random.default_rng(k).random(40) for k in range(200)}
    found = strongest_split(held, every, {**luck, "section.key": np.arange(40.0)})
    assert found == ("section.key", 0.0, 1.0)
    assert strongest_split(held, every, luck) is None


def test_too_few_worlds_tell_nothing() -> None:
    verdict = judge_mechanism(MECHANISMS[0], [asked(2040, "", 3, worlds=3)], {})
    assert verdict.word == DEPENDS
    assert "only 3" in verdict.on


def test_worlds_without_a_start_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    card = next(card for card in MECHANISMS if card.test and card.test.kind == "effect")
    worlds = Told(card, holds=True)
    whole = worlds.series
    monkeypatch.setattr(
        worlds,
        "series",
        lambda arm, name: (YEARS, np.where(np.arange(WORLDS) < 2, np.nan, whole(arm, name)[1])),
    )
    assert judge(card, worlds).worlds == WORLDS - 2


def test_what_is_given_limits_the_worlds() -> None:
    card = next(card for card in MECHANISMS if card.test and card.test.given)
    assert {one.answers.worlds for one in variants(card, Told(card, holds=True))} == {WORLDS}
    assert card.test is not None
    assert card.test.given is not None
    never = replace(card.test.given, say={**card.test.given.say, "not": not card.test.given.say.get("not")})
    without = replace(card, test=replace(card.test, given=never))
    worlds = Told(card, holds=True)
    assert judge(without, worlds).worlds == 0


def test_leads_are_asked_by_every_definition() -> None:
    for card in MECHANISMS:
        if card.test is not None and card.test.kind == "leads":
            assert ways(card.test) == DEFINITIONS


# ---- words and pictures --------------------------------------------------------------------------------


def all_verdicts() -> list:
    return [judge(card, Told(card, holds=card.number % 2 == 0) if card.test else None) for card in CARDS]


def test_page_says_all_and_no_verdict_of_its_own(tmp_path: Path) -> None:
    told = all_verdicts()
    text = page.page(told, "Written by a test.")
    for one in told:
        assert f"### {one.card.number}. {one.card.claim}" in text
        assert f"{one.card.counter} (rests on: {one.card.rests_on})" in text
        assert one.card.rests_on
        assert one.word in VERDICTS
    flipped = page.page([replace(told[0], word=SUPPORTED), *told[1:]], "Written by a test.")
    assert flipped != text
    page.write_csv(told, tmp_path / "claims.csv")
    rows = (tmp_path / "claims.csv").read_text().splitlines()
    assert {row.split(",")[0] for row in rows[1:]} == {str(number) for number in range(1, 68)}


def test_pictures_are_small_and_tell_what_they_show() -> None:
    from xml.etree import ElementTree

    for one in all_verdicts():
        drawn = pictures.svg(one)
        if one.word == OUTSIDE:
            assert drawn == pictures.strip(one) == ""
            continue
        assert len(drawn) < 4000
        assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
        root = ElementTree.fromstring(drawn)
        for node in root.iter():
            for key in ("cx", "x"):
                assert 0 <= float(node.get(key, 0)) <= pictures.WIDTH
        assert "●" in pictures.strip(one)


# ---- a few real ones -----------------------------------------------------------------------------------


def test_real_arms_are_stored_and_used_again(tmp_path: Path) -> None:
    overrides = ["worlds=8", "months=24"]
    wanted = ("power.permitting_speed_us=2", "responses=[us_resists] budget=grid")
    first = arms.run(wanted, overrides, tmp_path)
    assert (first.computed, len(first.kept)) == (3, 3)
    before = digest_of(tmp_path)
    again = arms.run(wanted, overrides, tmp_path)
    assert again.computed == 0
    assert digest_of(tmp_path) == before
    years, base = again.series("", "powered_compute_h100e.us")
    assert years == (2026, 2027)
    assert np.isfinite(base).all()
    np.testing.assert_array_equal(base, first.series("", "powered_compute_h100e.us")[1])
    # The same worlds: nobody has reacted yet, and a faster grid starts from the same state.
    np.testing.assert_array_equal(base[0], again.series(wanted[1], "powered_compute_h100e.us")[1][0])
    assert (again.series(wanted[0], "powered_compute_h100e.us")[1][1] != base[1]).all()
    binds = sum(again.series("", f"binds_{name}.us")[1] for name in CONSTRAINTS)
    np.testing.assert_allclose(binds, 1.0, atol=1e-6)
    # Alone or beside others, an arm has the same bits.
    alone = arms.run(wanted[:1], overrides, tmp_path / "alone")
    np.testing.assert_array_equal(alone.kept[wanted[0]].annual, first.kept[wanted[0]].annual)
    # What cannot be read is computed again.
    torn = sorted(tmp_path.glob("*.npz"))[0]
    torn.write_bytes(torn.read_bytes()[:1000])
    assert arms.run(wanted, overrides, tmp_path).computed == 1
    for formula in FORMULAS.values():
        assert (formula(first) > 0.0).all()


def digest_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.npz"))}


def test_command_of_facts_alone_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(arms, "compute", None)
    said = command.claims_command(["15", "39", "--page", "page.md"])
    assert "contradicted" in said
    assert "from figures alone" in (tmp_path / "page.md").read_text()
    assert (tmp_path / "outputs" / "claims" / "pictures" / "15.svg").is_file()


def test_command_refuses_what_it_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"claim=68: no such claim; expected a number from 1 to 67"):
        command.claims_command(["68"])
    with pytest.raises(ConfigError, match="wrlds"):
        command.claims_command(["9", "wrlds=3"])
    with pytest.raises(ConfigError, match="--page"):
        command.claims_command(["9", "--pgae", "x"])
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        command.claims_command(["15", "--out", "file"])
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("change", "named_key"),
    [
        ({"kind": "hunch"}, "kind=hunch.*fact, mechanism, outside"),
        ({"verdict": "supported"}, "verdict: no such key"),
        ({"test": {"is": "lvel", "of": "x", "arm": "base", "above": 1}}, "is=lvel.*level"),
        ({"test": {"is": "level", "of": "x", "arm": "bas", "above": 1}}, "arm=bas: no such arm.*base"),
        ({"test": {"is": "level", "of": "x", "arm": "base"}}, "either above or below"),
    ],
)
def test_cards_at_fault_are_refused(change: dict[str, object], named_key: str) -> None:
    row = {
        "id": 1, "claim": "c", "who": "musk", "variable": "v", "kind": "mechanism", "counter": "c",
        "rests_on": "judgement",
        "asks": "a", "experiment": "e", "years": [2030],
        "test": {"is": "level", "of": "x", "arm": "base", "above": 1},
    }  # fmt: skip
    read_card("energy", row)
    with pytest.raises(ConfigError, match=named_key):
        read_card("energy", {**row, **change})
