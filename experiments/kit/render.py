"""Fill the kit's pages with numbers, in English and German; as Markdown and as HTML to print."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from experiments.config.build import RunPlan
from experiments.config.catalogue import Record
from experiments.config.errors import ConfigError, nearest
from experiments.config.readers import exactly, filled, plain
from experiments.kit.cards import CONFIDENCE, load_cards, number_of, records_of
from experiments.kit.measure import BASE, lead_of
from experiments.kit.puzzles import YEAR, Puzzle, load_puzzles
from experiments.kit.strategies import HOLD, HOLD_TITLE, HOLD_WHY, LANGUAGES, Role, Strategy, load_yaml
from experiments.kit.tunnel import SCENARIOS

PAGES = ("guide", "worksheets", "debrief", "glossary", "rubric", "slides")
"""Pages whose words stand in a file; `cards`, `puzzles` and `answers` are made of cards."""
MADE = ("cards", "puzzles", "answers")
TEMPLATES = Path(__file__).parent
WORDS = TEMPLATES / "words.yaml"
PAGE_FILE = "teach.html"
_FIELD = re.compile(r"\{\{([^{}]+)\}\}")
_LESSON = re.compile(r"## (\d+) (?:minutes|Minuten)\b")
_STEPS = re.compile(r"\| (?:minutes|Minuten) \|")
_STEP = re.compile(r"\| (\d+) \|[^|]*\|([^|]*)\|")
_SCREEN = re.compile(r"\((\d+)\)")


@cache
def load_words() -> Mapping[str, Mapping[str, str]]:
    """Return what the pages say around their numbers, by language.

    Raises: ConfigError if a language lacks what the other one has.
    """
    given = exactly("words", load_yaml(WORDS), LANGUAGES)
    for language in LANGUAGES:
        for name, text in exactly(f"words.{language}", given[language], tuple(given[LANGUAGES[0]])).items():
            filled(f"words.{language}.{name}", text)
    return given


class Kit:
    """Everything that the pages are made of, in one language."""

    def __init__(
        self,
        language: str,
        numbers: Mapping[str, Any],
        plan: RunPlan,
        roles: Mapping[str, Role],
        strategies: Mapping[str, Strategy],
    ) -> None:
        self.language, self.numbers, self.plan = language, numbers, plan
        self.roles, self.strategies = roles, strategies
        self.cards = load_cards()
        self.words = load_words()[language]

    def pages(self) -> dict[str, str]:
        """Return every page as Markdown, by name.

        Raises: ConfigError if a page asks for what there is not.
        """
        fields = self._fields()
        found = {}
        for name in PAGES:
            text = (TEMPLATES / self.language / f"{name}.md").read_text(encoding="utf-8")
            found[name] = filled_in(text, f"{self.language}/{name}.md", fields, self._lead)
        found["guide"] = timed(found["guide"], f"{self.language}/guide.md", self.words)
        found["cards"], found["puzzles"], found["answers"] = self._cards(), self._puzzles(), self._answers()
        return found

    def _fields(self) -> dict[str, str]:
        scenarios = [self.cards["scenarios"][name]["title"][self.language] for name in SCENARIOS]
        drivers = [card["title"][self.language] for card in self.cards["drivers"].values()]
        rows = [
            f"| {title} | {self._lead(f'us:{name}')} | {self._lead(f'cn:{name}')} "
            f"| {self._lead(f'neither:{name}')} |"
            for name, title in zip(SCENARIOS, scenarios, strict=True)
        ]
        return {
            "caveat": self._caveat(),
            "worlds": str(self.numbers["worlds"]),
            "drivers": str(len(drivers)),
            "scenarios": str(len(scenarios)),
            "shocks": str(len(self.cards["shocks"])),
            "scenario_names": ", ".join(f"*{title}*" for title in scenarios),
            "scenario_columns": " | ".join(scenarios),
            "scenario_rules": "|".join("---" for _ in scenarios),
            "scenario_blanks": "|".join(" " for _ in scenarios),
            "scenario_list": " · ".join(
                f"**{title}**" for title in scenarios
            ),
            "driver_list": " · ".join(drivers),
            "main_roles": ", ".join(
                f"*{one.title[self.language]}*" for one in self.roles.values() if one.main
            ),
            "scenario_table": "\n".join(
                [
                    f"| | {self.words['us']} | {self.words['cn']} | {self.words['neither']} |",
                    "|---|--:|--:|--:|",
                    *rows,
                ]
            ),
        }  # fmt: skip

    def _caveat(self) -> str:
        made = {key: self.numbers[key] for key in ("worlds", "seed", "version", "command")}
        return f"{self.words['caveat']}\n{self.words['made'].format(**made)}"

    def _lead(self, asked: str) -> str:
        """Return a share as a count, from what is written as bloc:scenario or bloc:scenario:year."""
        bloc, scenario, *year = asked.split(":")
        return str(lead_of(self.numbers, scenario, bloc, int(year[0]) if year else YEAR))

    def _sentence(self, lead: Mapping[str, int]) -> str:
        return self.words["lead"].format(**lead, worlds=self.numbers["worlds"], year=YEAR)

    def _cards(self) -> str:
        language, words = self.language, self.words
        lines = [f"# {words['cards']}", "", self._caveat(), "", f"## {words['drivers']}", ""]
        base = self._sentence(self.numbers["lead"][BASE][str(YEAR)])
        for place, (name, card) in enumerate(self.cards["drivers"].items(), 1):
            lines += [f"### {place}. {card['title'][language]}", "", card["fact"][language], ""]
            for key, record in records_of(card, self.plan):
                lines += [self._parameter(key, record)]
            low, high = self.numbers["drivers"][name]
            lines += [
                f"- {words['at_low']}: {self._sentence(low)}",
                f"- {words['at_high']}: {self._sentence(high)}",
                f"- {words['now']}: {base}",
                "",
            ]
        for kind in ("scenarios", "shocks"):
            lines += [f"## {words[kind]}", ""]
            for name, card in self.cards[kind].items():
                lines += [
                    f"### {card['title'][language]}",
                    "",
                    card["story"][language],
                    "",
                    f"- {self._sentence(self.numbers['lead'][name][str(YEAR)])}",
                    *([f"- {words['now']}: {base}"] if kind == "shocks" else []),
                    f"- {words['override']}: `scenario={name}`",
                    f"- {words['page']}: [{PAGE_FILE}]({page_link({'scenario': name})})",
                    "",
                ]
        lines += [f"## {words['roles']}", ""]
        for role in self.roles.values():
            lines += [f"### {role.title[language]}", "", f"{words['wants']}:", ""]
            for goal in role.goals:
                weight = words["weight"].format(weight=goal.weight)
                lines.append(f"- {goal.text[language]} ({weight})")
            lines += ["", f"{words['may']}:", "", f"- **{HOLD_TITLE[language]}.** {HOLD_WHY[language]}"]
            lines += [
                f"- **{one.title[language]}.** {one.why[language]}"
                for one in self.strategies.values()
                if one.role == role.name
            ]
            lines.append("")
        return "\n".join(lines)

    def _parameter(self, key: str, record: Record) -> str:
        words = self.words
        assert record.low is not None
        assert record.high is not None
        parts = [
            f"{words['usually']} {self._local(number_of(record, key))} {record.unit}",
            f"{words['range']} {self._local(plain(record.low))}–{self._local(plain(record.high))}",
            f"{words['confidence']}: {CONFIDENCE[record.kind][self.language]}",
            f"{words['source']}: {record.source}",
        ]
        return f"- `{key}`: {'; '.join(parts)}"

    def _local(self, text: str) -> str:
        """Return a number as it is written in the language."""
        return text.replace(".", ",") if self.language == "de" else text

    def _puzzles(self) -> str:
        lines = [f"# {self.words['puzzles']}", "", self._caveat(), ""]
        for place, puzzle in enumerate(load_puzzles().values(), 1):
            lines += [f"## {place}. {puzzle.title[self.language]}", "", puzzle.task[self.language], ""]
            if puzzle.grid:
                keys = ", ".join(f"`{key}`" for key in puzzle.grid)
                lines += [f"{self.words['hint']}: {keys}.", ""]
        return "\n".join(lines)

    def _answers(self) -> str:
        words = self.words
        lines = [f"# {words['answers']}", "", self._caveat(), ""]
        for place, puzzle in enumerate(load_puzzles().values(), 1):
            answer = self.numbers["puzzles"][puzzle.name]
            lines += [f"## {place}. {puzzle.title[self.language]}", ""]
            lines += (
                self._changes(answer) if puzzle.name == "smallest_change" else self._found(puzzle, answer)
            )
            lines.append("")
        lines += [f"## {words['tunnel']}", ""]
        for name, table in self.numbers["windtunnel"].items():
            titles = [self.cards["scenarios"][one]["title"][self.language] for one in SCENARIOS]
            lines += [f"### {self.roles[name].title[self.language]}", ""]
            lines += [f"| {words['strategy']} | {' | '.join(titles)} | {words['worst']} |"]
            lines += ["|---|" + "--:|" * (len(titles) + 1)]
            for strategy, row in sorted(table.items(), key=lambda item: float(item[1]["worst_regret"])):
                title = HOLD_TITLE if strategy == HOLD else self.strategies[strategy].title
                cells = " | ".join(f"{value:.0f}" for value in row["scores"])
                lines.append(f"| {title[self.language]} | {cells} | {row['worst_regret']:.0f} |")
            lines.append("")
        return "\n".join(lines)

    def _found(self, puzzle: Puzzle, answer: Mapping[str, Any]) -> list[str]:
        words = self.words
        head = words["found" if answer["solved"] else "nearest"].format(tried=answer["tried"])
        text = " ".join(f"{key}={plain(value)}" for key, value in answer["values"].items())
        usual = f"worlds={self.numbers['worlds']} consumers=cohort responses=[passive]"
        lines = [f"{head}: `{text}`", ""]
        if puzzle.name == "break_even":
            lines.append(f"- {self._sentence({'us': answer['us'], 'cn': answer['cn']})}")
        elif puzzle.name == "third_market":
            listed = ", ".join(
                f"{self.cards['scenarios'][name]['title'][self.language]} {100 * share:.0f} %"
                for name, share in answer["shares"].items()
            )
            lines.append(f"- {words['share']}: {listed}")
        else:
            lines.append("- " + self._moved(answer))
        for scenario in puzzle.scenarios:
            values = {"scenario": scenario, **{key: plain(value) for key, value in answer["values"].items()}}
            lines += [
                f"- {words['page']}: [{scenario}]({page_link(values)})",
                f"- {words['command']}: `uncontested run scenario={scenario} {text} {usual}`",
            ]
        return lines

    def _moved(self, answer: Mapping[str, Any]) -> str:
        return self.words["moved"].format(
            moved=self._local(f"{100 * answer['moved']:.1f}"),
            most=self._local(f"{100 * answer['most']:.1f}"),
            low=self._local(plain(answer["low"])),
            high=self._local(plain(answer["high"])),
            key="labs.free_budget_share",
            changed=answer["changed"],
            worlds=self.numbers["worlds"],
        )

    def _changes(self, answer: Mapping[str, Any]) -> list[str]:
        """Return the drivers that change leaders soonest, with the command that looks for them."""
        lines = [] if answer["solved"] else [self.words["none"], ""]
        for row in answer["ways"]:
            kind = "way" if row["half_share_of_way"] is not None else "never"
            lines.append("- " + self.words[kind].format(**row, worlds=answer["worlds"]))
        levers = ",".join(card["keys"][0] for card in self.cards["drivers"].values())
        asked = f"uncontested flip scenario={BASE} worlds={answer['worlds']} --by {YEAR} --levers {levers}"
        return [*lines, f"- {self.words['command']}: `{asked}`"]


def filled_in(text: str, where: str, fields: Mapping[str, str], lead: Callable[[str], str]) -> str:
    """Return a page with its fields filled in: a name, or bloc:scenario:year for a count of worlds.

    Raises: ConfigError naming the page and the nearest field.
    """

    def put(found: "re.Match[str]") -> str:
        name = found[1]
        if name in fields:
            return fields[name]
        try:
            return lead(name)
        except (KeyError, ValueError):
            raise ConfigError(where, name, "no such field", nearest(name, fields)) from None

    return _FIELD.sub(put, text)


def timed(text: str, where: str, words: Mapping[str, str]) -> str:
    """Return a guide with the time at which each step begins, and what its steps add up to.

    A step is a row that begins with its minutes; the screens it names say theirs in brackets.

    Raises: ConfigError if screens do not add up to their step, or steps take longer than the lesson.
    """
    lines: list[str] = []
    lesson, clock, rows = 0, 0, False
    for line in [*text.splitlines(), ""]:
        heading, step = _LESSON.match(line), _STEP.match(line)
        if heading:
            lesson, clock = int(heading[1]), 0
        if step:
            minutes, screens = int(step[1]), [int(one) for one in _SCREEN.findall(step[2])]
            if sum(screens) != minutes:
                raise ConfigError(where, line, f"expected screens of {minutes} minutes, not {sum(screens)}")
            line, rows = f"| {clock // 60}:{clock % 60:02d} {line}", True
            clock += minutes
        elif rows and not line.startswith("|"):
            if clock > lesson:
                raise ConfigError(where, clock, f"expected steps of at most {lesson} minutes")
            lines += ["", words["together"].format(total=clock, left=lesson - clock)]
            rows = False
        elif _STEPS.match(line):
            line = f"| {words['from']} {line}"
        elif line.startswith("|--:|---|---|---|"):
            line = f"|--:{line}"
        lines.append(line)
    return "\n".join(lines)


def page_link(values: Mapping[str, str]) -> str:
    """Return a link into the class's page: the values to set, behind the number sign.

    >>> page_link({"scenario": "chip_wall", "chips.leakage": "0"})
    'teach.html#scenario=chip_wall&chips.leakage=0'
    """
    return f"{PAGE_FILE}#" + "&".join(f"{quote(key)}={quote(str(value))}" for key, value in values.items())


STYLE = """
@page { size: A4; margin: 15mm } body { font: 11pt/1.4 Lato, "DejaVu Sans", sans-serif; color: #1C1F24 }
h1 { font-size: 20pt } h2 { font-size: 15pt; break-after: avoid } h3 { font-size: 12pt; margin: 0 0 4pt }
table { border-collapse: collapse; width: 100%; margin: 6pt 0 } tr { break-inside: avoid }
td, th { border: 1px solid #5B626D; padding: 4pt 6pt; text-align: left; vertical-align: top; min-width: 14mm }
em:only-child { color: #5B626D } code { font-size: 9.5pt; overflow-wrap: anywhere } a { color: #1F6F68 }
section.card { border: 1px dashed #5B626D; padding: 8pt; margin: 0 0 8pt; break-inside: avoid }
section.card { font-size: 10pt } div.cards { columns: 2; column-gap: 8pt }
section.sheet { break-before: page } section.sheet td { height: 9mm }
section.slide { break-before: page; min-height: 165mm; font-size: 20pt } section.slide h2 { font-size: 30pt }
section.slide td, section.slide th { font-size: 18pt }
"""
SLIDES = """
@page { size: A4 landscape }
@media screen { html { scroll-snap-type: y mandatory } body { margin: 0 4vw; font-size: 24pt }
section.slide { min-height: 100vh; box-sizing: border-box; padding-top: 6vh; scroll-snap-align: start } }
"""


def to_html(name: str, title: str, text: str, language: str) -> str:
    """Return a page as one HTML file to print: cards to cut out, sheets and slides on pages of their own."""
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark").enable("table").render(text)
    if name == "cards":
        body = _boxed(body, "h3", "card", ("h2",))
        body = re.sub(r"((?:<section class=\"card\">.*?</section>\s*)+)", r'<div class="cards">\1</div>',
                      body, flags=re.DOTALL)  # fmt: skip
    elif name in ("worksheets", "slides"):
        body = _boxed(body, "h2", "sheet" if name == "worksheets" else "slide", ())
    style = STYLE + (SLIDES if name == "slides" else "")
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{style}</style></head><body>{body}</body></html>\n"
    )


def _boxed(body: str, heading: str, name: str, ends: Sequence[str]) -> str:
    """Put every heading of a kind with what follows it into a section of its own."""
    parts = re.split(rf"(?=<(?:{'|'.join((heading, *ends))})>)", body)
    return "".join(
        f'<section class="{name}">{part}</section>\n' if part.startswith(f"<{heading}>") else part
        for part in parts
    )
