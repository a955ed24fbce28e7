"""The kit: numbers come from the tables, both languages hold the same, and what is missing is named."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest

from experiments.cli.main import main
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError
from experiments.config.readers import plain
from experiments.kit import command
from experiments.kit.cards import load_cards, records_of
from experiments.kit.measure import BASE, driver_ends
from experiments.kit.puzzles import (
    PUZZLES,
    USERS,
    break_even,
    check_puzzles,
    free_tier,
    load_puzzles,
    share_of_users,
    third_market,
)
from experiments.kit.render import (
    MADE,
    PAGE_FILE,
    PAGES,
    Kit,
    filled_in,
    load_words,
    page_link,
    timed,
    to_html,
)
from experiments.kit.strategies import HOLD, LANGUAGES, load_roles, load_strategies
from experiments.kit.tunnel import SCENARIOS, Found, plans_of
from experiments.teach.server import PAGE
from experiments.teach.sliders import check
from sim.outcome import LEADERS

WORLDS = 97
US, CN, MIXED = (float(LEADERS.index(name)) for name in ("us", "cn", "mixed"))


def invented() -> dict[str, Any]:
    """Return numbers of which no two are the same by chance, in the shape of measured ones."""
    cards = load_cards()
    scenarios = [BASE, *SCENARIOS, *cards["shocks"]]
    roles = load_roles()
    plan = plans_of([BASE], 2)[BASE]
    strategies = load_strategies(roles, plan)
    puzzles = load_puzzles()
    first = {name: {"solved": True, "values": puzzles[name].tried[-1], "tried": 7} for name in PUZZLES}
    return {
        "version": "1.2.3", "sources_hash": "abc", "command": "uncontested kit", "seed": 1, "worlds": WORLDS,
        "lead": {
            name: {str(year): {"us": 20 + place, "cn": 40 + place} for year in (2030, 2035, 2040)}
            for place, name in enumerate(scenarios)
        },
        "drivers": {
            name: [{"us": 60 + place, "cn": 3}, {"us": 4, "cn": 75 + place}]
            for place, name in enumerate(cards["drivers"])
        },
        "windtunnel": {
            role: {
                name: {"scores": [11.0, 22.0, 33.0, 44.0], "worst_regret": 5.0}
                for name in (HOLD, *(one.name for one in strategies.values() if one.role == role))
            }
            for role in roles
        },
        "puzzles": {
            "break_even": {**first["break_even"], "us": 31, "cn": 30},
            "third_market": {
                **first["third_market"], "solved": False,
                "shares": dict(zip(SCENARIOS, (0.41, 0.52, 0.59, 0.71), strict=True)),
            },
            "smallest_change": {
                "solved": False, "worlds": 16,
                "ways": [{"way": "a up", "flipped": 3, "first": "+1 (2 to 3)", "half": "",
                          "half_share_of_way": None}],
            },
            "free_tier": {**first["free_tier"], "moved": 0.012, "most": 0.2, "changed": 1, "low": 0.01,
                          "high": 0.35},
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def numbers() -> dict[str, Any]:
    return invented()


@pytest.fixture(scope="module")
def pages(numbers: dict[str, Any]) -> Mapping[str, Mapping[str, str]]:
    plan = plans_of([BASE], 2)[BASE]
    roles = load_roles()
    strategies = load_strategies(roles, plan)
    return {language: Kit(language, numbers, plan, roles, strategies).pages() for language in LANGUAGES}


def test_every_page_says_that_it_is_a_model_and_what_made_its_numbers(
    pages: Mapping[str, Mapping[str, str]],
) -> None:
    for language, caveat in (("en", "A model, not a forecast"), ("de", "Ein Modell, keine Vorhersage")):
        assert set(pages[language]) == {*PAGES, *MADE}
        for text in pages[language].values():
            assert caveat in text
            assert str(WORLDS) in text
            assert "{{" not in text
            assert not re.search(r"\b(wins?|beats?|winner|gewinnt|besiegt)\b", text.replace("*wins*", "")
                                 .replace("*beats*", "").replace("*gewinnt*", ""))  # fmt: skip


def test_steps_of_a_lesson_add_up_and_say_when_they_begin(pages: Mapping[str, Mapping[str, str]]) -> None:
    for language, minutes in (("en", "minutes"), ("de", "Minuten")):
        lessons = re.split(r"^## (?=\d+ )", pages[language]["guide"], flags=re.MULTILINE)[1:]
        assert len(lessons) == 3
        for lesson in lessons:
            length = int(lesson.split()[0])
            steps = re.findall(r"^\| (\d+):(\d\d) \| (\d+) \|", lesson, re.MULTILINE)
            clock = 0
            for hours, rest, took in steps:
                assert clock == 60 * int(hours) + int(rest)
                clock += int(took)
            assert 0 < length - clock <= length / 20
            assert re.search(rf"{clock} {minutes}; {length - clock} ", lesson)


def test_what_a_step_names_is_on_the_screen(pages: Mapping[str, Mapping[str, str]]) -> None:
    words = (PAGE / "words.js").read_text(encoding="utf-8")
    for language, slides in (("en", "slide"), ("de", "Folie")):
        headings = re.findall(r"^## (.*)$", pages[language]["slides"], re.MULTILINE)
        of_page = words.partition("  de: {")[2 if language == "de" else 0]
        cells = re.findall(r"^\| \d:\d\d \|[^|]*\|[^|]*\|([^|]*)\|", pages[language]["guide"], re.MULTILINE)
        assert len(cells) == 9 + 7 + 12
        for screen in (one for cell in cells for one in cell.split("; ")):
            for name in re.findall(r"\*([^*]+)\*", screen):
                assert name in headings if f"{slides} *" in screen else f'"{name}"' in of_page, screen


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("| 3 | Look | page (2) | look |", "screens of 3 minutes, not 2"),
        ("| 3 | Look | page | look |", "not 0"),
        ("| 9 | Look | page (9) | look |\n| 9 | Again | page (4); slide (5) | look |", "at most 10 minutes"),
    ],
)
def test_a_lesson_that_does_not_add_up_is_refused(steps: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        timed(f"## 10 minutes, one role\n\n{steps}\n", "en/guide.md", load_words()["en"])


def test_both_languages_hold_the_same_cards(pages: Mapping[str, Mapping[str, str]]) -> None:
    kinds = {"## ": 4, "### ": 14 + 4 + 8 + 8}
    for language in LANGUAGES:
        lines = pages[language]["cards"].splitlines()
        for head, count in kinds.items():
            assert sum(line.startswith(head) for line in lines) == count
    for name in (*PAGES, *MADE):
        one, two = (pages[language][name].splitlines() for language in LANGUAGES)
        for head in ("#", "|", "- ", "1. "):
            assert sum(line.startswith(head) for line in one) == sum(line.startswith(head) for line in two)
        # What is quoted comes in the order of each language's sentences.
        links = [re.findall(r"\]\((.*?)\)|`([^`]*)`", pages[language][name]) for language in LANGUAGES]
        assert sorted(links[0]) == sorted(links[1])


def test_the_numbers_of_a_driver_card_are_those_of_the_table(pages: Mapping[str, Mapping[str, str]]) -> None:
    plan = plans_of([BASE], 2)[BASE]
    by_card = re.split(r"^### ", pages["en"]["cards"], flags=re.MULTILINE)[1:15]
    for place, (card, text) in enumerate(zip(load_cards()["drivers"].values(), by_card, strict=True)):
        for key, record in records_of(card, plan):
            assert f"`{key}`" in text
            assert f"range {plain(record.low or 0.0)}–{plain(record.high or 0.0)}" in text
            assert record.unit in text
            assert record.source in text
        assert f"lead in {60 + place}, China in 3 of {WORLDS}" in text
        assert f"lead in 4, China in {75 + place} of {WORLDS}" in text


def test_a_driver_is_set_to_both_ends_of_its_own_range() -> None:
    plan = plans_of([BASE], 2)[BASE]
    for name, (low, high) in driver_ends(load_cards()["drivers"], plan).items():
        for one, two in zip(low, high, strict=True):
            record = plan.catalogue[".".join(one.key.split(".")[:2])]
            ends = (record.low, record.high)
            against = one.key in load_cards()["drivers"][name]["against"]
            assert (one.how, one.by, two.by) == ("set", *(ends[::-1] if against else ends)), name


def test_every_command_on_a_page_can_be_given(pages: Mapping[str, Mapping[str, str]]) -> None:
    given = re.findall(r"`uncontested run ([^`]*)`", pages["en"]["answers"])
    assert len(given) == 1 + 4 + 1
    for words in given:
        compose_run(words.split())
    copied = re.findall(r"`(scenario=\w+)`", pages["en"]["cards"])
    assert len(copied) == 4 + 8
    for word in copied:
        compose_run([word])


def test_what_cannot_be_solved_is_said(pages: Mapping[str, Mapping[str, str]]) -> None:
    text = pages["en"]["answers"]
    assert "No setting of the 7 tried solves it" in text
    assert "No driver changes the leader of half of the worlds" in text
    assert "moves by 1.2 points between 0.01 and 0.35" in text
    assert "bewegt sich um 1,2 Punkte zwischen 0,01 und 0,35" in pages["de"]["answers"]


def found(us: int, cn: int, worlds: int, share: float = 0.5) -> Found:
    leaders = np.array([US] * us + [CN] * cn + [MIXED] * (worlds - us - cn))
    means = {USERS[0]: np.full(worlds, share), USERS[1]: np.full(worlds, 1.0 - share)}
    return Found(means, {2040: leaders})


def test_break_even_by_hand() -> None:
    puzzle = load_puzzles()["break_even"]
    answer = break_even(puzzle, [[found(30, 10, 100)], [found(21, 20, 100)], [found(50, 0, 100)]])
    assert answer == {"solved": True, "values": puzzle.tried[1], "us": 21, "cn": 20, "tried": 3}
    # 30 against 10 of 100 differ by 20; chance alone by 1.96 times the root of 40 - 4, which is 11.8.
    assert not break_even(puzzle, [[found(30, 10, 100)]])["solved"]
    assert not break_even(puzzle, [[found(0, 0, 100)]])["solved"]


def test_the_third_market_by_hand() -> None:
    puzzle = load_puzzles()["third_market"]
    near = [found(0, 0, 3, share) for share in (0.45, 0.5, 0.55, 0.6)]
    far = [found(0, 0, 3, share) for share in (0.5, 0.5, 0.5, 0.7)]
    answer = third_market(puzzle, [far, near])
    assert answer["solved"]
    assert answer["values"] == puzzle.tried[1]
    assert not third_market(puzzle, [far])["solved"]
    assert share_of_users(near[2]) == 0.55


def test_a_free_tier_without_effect_by_hand() -> None:
    puzzle = load_puzzles()["free_tier"]
    moved = [found(50, 0, 100, 0.3), found(40, 0, 100, 0.5)]
    still = [found(50, 0, 100, 0.30), found(49, 1, 100, 0.31)]
    answer = free_tier(puzzle, [moved, still])
    assert answer["solved"]
    assert answer["changed"] == 1
    assert answer["moved"] == pytest.approx(0.01)
    assert answer["most"] == pytest.approx(0.2)
    assert not free_tier(puzzle, [moved])["solved"]


def test_puzzles_stay_within_the_limits_of_their_parameters() -> None:
    plan = plans_of([BASE], 2)[BASE]
    puzzles = dict(load_puzzles())
    check_puzzles(puzzles, plan)
    from dataclasses import replace

    bad = replace(puzzles["break_even"], fixed={"chips.export_stringency": 1.5})
    with pytest.raises(ConfigError, match=r"within 0\.\.1"):
        check_puzzles({"break_even": bad}, plan)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ConfigError, match="Nearest valid name: worlds"):
        filled_in("{{wolds}}", "en/guide.md", {"worlds": "3"}, lambda name: {}[name])


def test_links_are_safe_in_an_address() -> None:
    assert page_link({"scenario": "a b", "x.y": "1"}) == "teach.html#scenario=a%20b&x.y=1"


def test_cards_and_slides_print_on_pieces_of_their_own(pages: Mapping[str, Mapping[str, str]]) -> None:
    cards = to_html("cards", "Cards", pages["en"]["cards"], "en")
    assert cards.count('<section class="card">') == cards.count("</section>") == 34
    assert cards.count('<div class="cards">') == 4
    slides = to_html("slides", "Slides", pages["de"]["slides"], "de")
    assert slides.count('<section class="slide">') == pages["de"]["slides"].count("\n## ")
    assert "landscape" in slides


def test_the_command_writes_from_numbers_and_says_where(
    numbers: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "numbers.json"
    file.write_text(json.dumps(numbers), encoding="utf-8")
    assert main(["kit", "--numbers", str(file), "--lang", "de", "--out", str(tmp_path / "kit")]) == 0
    out = capsys.readouterr().out
    assert "model or conf have changed" in out
    assert {one.suffix for one in (tmp_path / "kit" / "de").iterdir()} == {".md", ".html"}
    assert not (tmp_path / "kit" / "en").exists()
    assert json.loads((tmp_path / "kit" / "numbers.json").read_text(encoding="utf-8")) == numbers


def test_without_a_browser_the_remedy_is_named_and_nothing_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "BROWSERS", ("no-such-browser",))
    assert main(["kit", "--pdf", "--out", str(tmp_path / "kit")]) == 2
    error = capsys.readouterr().err
    assert "apt-get install chromium" in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    shutil.which("chromium") is None, reason="Chromium is not installed: apt-get install chromium"
)
def test_a_page_is_printed(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(to_html("rubric", "Rubric", "# Rubric\n\nText.\n", "en"), encoding="utf-8")
    command.print_pdf(command.find_browser(), page, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--lagn de", "Nearest valid name: --lang."),
        ("--lang fr", "expected one of en, de, both"),
        ("--worlds many", "expected a whole number"),
        ("--worlds 4 --numbers x", "either --worlds or --numbers"),
        ("--numbers nowhere.json", "cannot be read"),
        ("--numbers .", "cannot be read"),
    ],
)
def test_words_at_fault(words: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kit", *words.split()]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("missing", ["lead", "worlds"])
def test_numbers_that_are_not_complete_are_refused(
    numbers: dict[str, Any], missing: str, tmp_path: Path
) -> None:
    file = tmp_path / "numbers.json"
    kept = {key: value for key, value in numbers.items() if key != missing}
    file.write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"numbers.{missing}: missing"):
        command.read_numbers(file)


def test_every_link_to_the_page_sets_what_it_says(pages: Mapping[str, Mapping[str, str]]) -> None:
    made = [text for language in LANGUAGES for text in pages[language].values()]
    stored = [file.read_text(encoding="utf-8") for file in sorted(command.DOCS.rglob("*.md"))]
    links = [link for text in (*made, *stored) for link in re.findall(rf"{PAGE_FILE}#([^)\s]*)", text)]
    assert len(links) > 2 * (4 + 8 + 6)
    for link in links:
        asked = dict(parse_qsl(link))
        check(asked.pop("scenario"), {key: float(value) for key, value in asked.items()}, {})
