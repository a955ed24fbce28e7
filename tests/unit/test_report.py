"""The report: one page that asks for nothing, opens from a file with the network off, and shows its runs."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import sync_playwright

from experiments.analysis import irreversible
from experiments.analysis.flip import Question
from experiments.analysis.irreversible import Irreversible, kept
from experiments.analysis.stored import open_study
from experiments.claims.cards import read_cards
from experiments.claims.measures import DEFINITIONS, Answers, Variant, ways
from experiments.claims.verdict import VERDICTS, Verdict, judge, judge_mechanism
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, RunError
from experiments.report import command, figures, flips, studies
from experiments.report.answer import BUDGETS, YEARS, Answer, arm_of, arms_needed, leaders, share
from experiments.report.decides import Decided
from experiments.report.figures import Picture
from experiments.report.flips import QUESTION, Flipped
from experiments.report.page import Made, report_page
from experiments.report.pieces import bar
from experiments.report.studies import Finding, Studied
from experiments.runs.summary import SENSES
from sim.axes import LEVERS
from tests.unit.analysis_studies import invented

CHROMIUM = Path("/usr/bin/chromium")
WORLDS = 20
LEVER = {"limits": [6, 84], "as": "plain"}


def verdicts() -> list[Verdict]:
    """Judge every card: facts by their figures, mechanisms by worlds made up here."""
    told = []
    for card in read_cards():
        if card.test is None:
            told.append(judge(card, None))
            continue
        made = [
            Variant(
                year,
                way,
                Answers(np.arange(WORLDS) < (card.number * 7) % (WORLDS + 1), np.ones(WORLDS, bool)),
            )
            for year in card.years
            for way in ways(card.test)
        ]
        told.append(judge_mechanism(card, made, {}))
    return told


def answer() -> Answer:
    """Return an answer whose every share can be told from the others."""
    leads = {
        definition: {year: {"us": 0.5 - at / 50, "mixed": 0.3, "cn": 0.2 + at / 50} for year in YEARS}
        for at, definition in enumerate(DEFINITIONS)
    }
    senses = {
        budget: {
            definition: {
                year: {
                    bloc: {sense: (at + 7 * here + 3 * there) / 100 for there, sense in enumerate(SENSES)}
                    for here, bloc in enumerate(("us", "cn"))
                }
                for year in YEARS
            }
            for definition in DEFINITIONS
        }
        for at, budget in enumerate(BUDGETS)
    }
    return Answer(WORLDS, leads, senses)


def picture() -> Picture:
    stream = io.BytesIO()
    Image.new("RGB", (8, 4), "#1b4b8f").save(stream, "PNG")
    return Picture(
        "outcome", "A title", 'Words with "quotes" & signs', base64.b64encode(stream.getvalue()).decode()
    )


def decided() -> Decided:
    """Return what decides, with a study whose words need escaping."""
    found = Finding("US + allies lead", 0.25, ("a factor 1 to <2>: +12 points (+3 to +21)",))
    row = {
        "way": "power.lead_time_us down",
        "flipped": 3,
        "worlds": 8,
        "new_leaders": {"cn": 3},
        "first": "-11 months (38 to 27)",
        "half": "",
        "undone_further_on": 1,
    }
    idle = {**row, "way": "idle up", "flipped": 0, "new_leaders": {}, "first": "", "undone_further_on": 0}
    lost = dict.fromkeys(LEVERS, 0.125)
    return Decided(
        {"us": Irreversible(16, 0.0, lost, 0.75), "cn": Irreversible(0, np.nan, lost, np.nan)},
        (Studied("a_study", "What decides?", "grid; 4 points × 2 worlds", (found,)),),
        Flipped(QUESTION, ("us",) * 7 + ("mixed",), (0.5, 1.0), (row, idle)),
    )


MADE = Made(
    command="uncontested report 'name=<b>'",
    version="0",
    facts={"configuration": "c" * 64},
    summary={"binding": {"passive": {bloc: {"power": 0.75, "chips": 0.25} for bloc in ("us", "cn")}}},
    settings=["worlds: 20"],
)


@pytest.fixture(scope="module")
def html() -> str:
    return report_page(answer(), decided(), verdicts(), [picture()], MADE)


class Reader(HTMLParser):
    """Check that tags close in order, and collect ids, links and what would be fetched."""

    VOID = frozenset({"meta", "link", "img", "br", "path", "rect", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given["href"]))
        elif given.get("src") or given.get("href"):
            self.fetched.append(str(given.get("src") or given.get("href")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()


def test_page_is_whole_and_asks_for_nothing(html: str) -> None:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert {link.removeprefix("#") for link in reader.links} <= set(reader.ids)
    assert all(one.startswith("data:") for one in reader.fetched)
    assert not re.search(r"@import|url\(|<script|<iframe|https?://(?!www\.w3\.org/2000/svg)", html)
    assert "<b>'" not in html


def test_page_shows_every_claim_definition_and_budget(html: str) -> None:
    for one in verdicts():
        card = html[html.index(f'id="claim-{one.card.number}"') :].partition("</article>")[0]
        assert f">{one.word}</span>" in card
        assert (one.word == VERDICTS[-1]) == ("<svg" not in card)
    for row, definition in enumerate(DEFINITIONS):
        assert f'aria-label="us {50 - 2 * row} %, mixed 30 %, cn {20 + 2 * row} %"' in html, definition
    made = answer()
    for budget in BUDGETS:
        for bloc in ("us", "cn"):
            cells = [f"{100 * made.senses[budget]['w1'][2040][bloc][sense]:.0f}" for sense in SENSES]
            assert "".join(f'<td class="number">{cell}</td>' for cell in cells if cell != "0") in html
    assert "34–50 over all definitions" in html
    assert "20–36 over all definitions" in html
    assert "worlds: 20" in html


def test_page_shows_what_decides(html: str) -> None:
    def section(name: str) -> str:
        return html[html.index(f"id={name}") :].partition("<h2")[0]

    undone = section("irreversible")
    assert '>16</td><td class="number">75</td><td class="number">0</td>' in undone
    assert undone.count("–</td>") == 2 + len(LEVERS)
    assert "a factor 1 to &lt;2&gt;: +12 points (+3 to +21)" in section("studies")
    flipped = section("flips")
    assert "US + allies 7, mixed 1" in flipped
    assert "<td>China 3</td>" in flipped
    assert "Of 2 ways 1 flip a world" in flipped
    assert "-11 months (38 to 27)</td><td>never</td><td>1</td>" in flipped
    assert "idle up" not in flipped


def test_a_lead_is_kept_through_the_months_after_the_reaction() -> None:
    months = 12 + irreversible.WITHIN_MONTHS + 2
    leads, reacting = np.full((months, 6), True), np.full((months, 6), False)
    reacting[12:] = True
    leads[12 + irreversible.WITHIN_MONTHS, 1] = False  # lost in the last month that counts
    leads[13 + irreversible.WITHIN_MONTHS :, 2] = False  # lost after it
    reacting[:, 3] = False  # no reaction
    leads[12, 4] = False  # over when the rival reacts
    reacting[: months - irreversible.WITHIN_MONTHS, 5] = False  # too late to be watched
    np.testing.assert_array_equal(kept(leads, reacting), [1.0, 0.0, 1.0, np.nan, np.nan, np.nan])


def test_every_lever_of_both_rivals_is_tried_on_a_lead_of_a_year() -> None:
    needed = irreversible.arms_needed()
    assert len(set(needed)) == 2 * (len(LEVERS) + 1)
    for settings in needed:
        plan = plan_from_config(compose_run(settings.split()))
        assert plan.budget in LEVERS
        assert plan.responses[0].endswith("_resists")
        cells = plan.table.cells
        assert cells["policy.trigger_months"].value + cells["policy.decision_lag"].value == 12.0


def test_every_study_has_its_words_and_size() -> None:
    words = studies.words_for("definitions", ["worlds=96", "scenario=article", "power.spare_draw=0.3"], 96)
    assert "study.replications=4" in words
    assert "power.spare_draw=0.3" in words
    # A factor of the study is not overridden, and worlds are the study's own.
    assert not {"worlds=96", "scenario=article"} & set(words)
    assert "study.replications=2" in studies.words_for("definitions", [], 8)


def test_what_a_study_cannot_tell_is_said(tmp_path: Path) -> None:
    words = invented(tmp_path / "s", "open_weights", lambda numbers, _: 0.0 * numbers[:, 0])
    found = studies.studied(open_study("open_weights", words))
    assert [one.told for one in found.findings] == [("no factor changes anything in any world",)] * 2
    assert "though" not in found.findings[0].asked
    words = invented(tmp_path / "r", "irreversible", lambda numbers, _: 0.0 * numbers[:, 0])
    reacted = studies.studied(open_study("irreversible", words)).findings
    assert [one.asked for one in reacted] == [
        "US + allies lead (W1, 2040, though China resists)",
        "China leads (W1, 2040, though US + allies resist)",
    ]
    few = ["study.design.points=16"]
    words = invented(tmp_path / "few", "scenario_discovery", lambda numbers, _: numbers[:, 0], *few)
    found = studies.studied(open_study("scenario_discovery", words))
    assert "too few samples" in found.findings[0].told[0]


def test_least_changes_are_searched_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flips, "FOLDER", tmp_path)
    monkeypatch.setattr(flips, "QUESTION", Question("w4", "2030", "passive"))
    monkeypatch.setattr(flips, "default_levers", lambda: {"levers": {"power.lead_time_us": LEVER}})
    asked = ["workers=1"]
    first, searched = flips.least_changes(asked, 2)
    assert searched
    assert len(first.first) == len(first.rows) == 2
    monkeypatch.setattr(flips, "search", None)
    assert flips.least_changes(asked, 2) == (first, False)
    (file,) = tmp_path.iterdir()
    file.write_text("{")
    with pytest.raises(TypeError):
        flips.least_changes(asked, 2)


def test_shares_of_a_bar_fill_it() -> None:
    widths = [
        float(found)
        for found in re.findall(
            r'width="([\d.]+)" height="18" fill', bar({"us": 0.2, "mixed": 0.3, "cn": 0.5})
        )
    ]
    assert widths == pytest.approx([36.0, 54.0, 90.0])


def test_leaders_leave_out_worlds_without_a_start() -> None:
    codes = np.asarray([0.0, 1.0, 2.0, 3.0, np.nan])
    assert leaders(codes) == {"us": 0.25, "mixed": 0.5, "cn": 0.25}
    assert np.isnan(share(np.asarray([np.nan])))


def test_every_budget_is_run_for_both_blocs() -> None:
    needed = arms_needed()
    assert len(set(needed)) == 2 * len(BUDGETS)
    for budget in BUDGETS:
        for bloc in ("us", "cn"):
            plan = plan_from_config(compose_run(arm_of(budget, bloc).split()))
            assert (plan.budget, plan.responses) == (budget, (f"{bloc}_resists",))


def test_a_picture_keeps_size_and_colours_of_the_blocs(tmp_path: Path) -> None:
    whole = Image.effect_noise((64, 32), 90).convert("RGB")
    whole.putpixel((3, 3), (0x1B, 0x4B, 0x8F))
    whole.putpixel((9, 9), (0xD2, 0x45, 0x1E))
    whole.save(tmp_path / "a.png")
    small = Image.open(io.BytesIO(base64.b64decode(figures.embedded(tmp_path / "a.png"))))
    assert small.size == (64, 32)
    assert small.mode == "P"
    seen = small.convert("RGB")
    assert seen.getpixel((3, 3)) == (0x1B, 0x4B, 0x8F)
    assert seen.getpixel((9, 9)) == (0xD2, 0x45, 0x1E)


def test_figures_are_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"configuration_hash": "a", "sources_hash": "b", "figures": {}}
    monkeypatch.setattr(figures, "manifest_of", lambda _: made)
    out = tmp_path / "figures"
    out.mkdir()
    monkeypatch.setattr(figures, "draw_one", lambda *_: [])
    stamp = {"configuration": "a", "sources": "b", "figures": "old"}
    (out / figures.STAMP).write_text(json.dumps(stamp))
    monkeypatch.setattr(figures.manifest, "digest", lambda _: "old")
    monkeypatch.setattr(figures, "Team", None)
    assert figures.draw(tmp_path, out) == []
    monkeypatch.setattr(figures.manifest, "digest", lambda _: "new")
    with pytest.raises(TypeError):
        figures.draw(tmp_path, out)


def test_command_refuses_before_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("experiments.claims.arms.compute", None)
    for words, told in (
        (["wrlds=3"], "wrlds=3.*Nearest valid name: worlds"),
        (["months=60"], "months=60: expected at least 180"),
        (["responses=[us_resists]"], "each arm sets its own"),
        (["--pgae", "x"], "--pgae.*--page"),
        (["latest"], "one word too many"),
    ):
        with pytest.raises(ConfigError, match=told):
            command.report_command(words)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        command.report_command(["--out", "file"])
    assert "--page FILE" in command.report_command(["--help"])


def test_page_opens_from_a_file_with_the_network_off(html: str, tmp_path: Path) -> None:
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    file = tmp_path / "report.html"
    file.write_text(html, encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_context(offline=True, viewport={"width": 390, "height": 800}).new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        loaded = page.evaluate("[...document.images].map(one => one.complete && one.naturalWidth)")
        wide = page.evaluate("document.documentElement.scrollWidth")
        printed = page.pdf(format="A4")
        # What counts is what the page asks for itself; the check below brings a script of its own.
        own = list(asked)
        found = Axe().run(page)
        browser.close()
    assert said == []
    assert [url for url in own if not url.startswith("data:")] == [file.as_uri()]
    assert loaded == [8]
    assert wide <= 390
    assert printed.startswith(b"%PDF")
    assert [
        one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")
    ] == []


@pytest.mark.full
def test_report_from_nothing_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = command.report_command(["worlds=8"])
    assert re.search(r"67 claims, 8 figures, 8 sampled worlds to 2040", first)
    out = tmp_path / "outputs" / "report"
    page = (out / "report.html").read_bytes()
    drawn = {file.stem for file in (out / "figures").glob("*.png")}
    assert drawn == {file.stem for file in (out / "figures").glob("*.svg")}
    assert len(drawn) == 8
    stamps = {file: file.stat().st_mtime_ns for file in (out / "figures").iterdir()}
    again = command.report_command(["worlds=8"])
    assert re.search(r"^0 of \d+ arms were computed", again, re.MULTILINE)
    assert re.search(r"^[1-9][\d,]* runs of 16 studies were computed.* was made", first, re.MULTILINE)
    assert re.search(r"^0 runs of 16 studies were computed.* was stored", again, re.MULTILINE)
    assert (out / "report.html").read_bytes() == page
    assert stamps == {file: file.stat().st_mtime_ns for file in (out / "figures").iterdir()}
    plan = plan_from_config(json.loads((out / "configuration.json").read_text()))
    assert plan.config_hash[:12] in page.decode()
