"""The report as one HTML page: no script, no request, every number from the runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from experiments.claims.cards import SECTIONS
from experiments.claims.page import RULE, TITLES, counts
from experiments.claims.verdict import VERDICTS, Verdict
from experiments.figures.names import DEFINITIONS as DEFINED
from experiments.report.answer import BUDGETS, HEADLINE, YEARS, Answer
from experiments.report.cards import card_html
from experiments.report.decides import (
    BUDGET_WORDS,
    Decided,
    flips_section,
    irreversible_section,
    studies_section,
)
from experiments.report.figures import Picture
from experiments.report.pieces import bar, span, table, with_error
from experiments.runs.terminal import BLOCS, NOT_A_FORECAST, SENSE_WORDS, VERBS, percent

STYLE: Final = Path(__file__).parent / "style.css"
TITLE: Final = "Uncontested"
QUESTION: Final = "Does China lead in AI and robots without a fight? Does the United States, with its allies?"
METHOD: Final = (
    "Each sampled world is one history from the state at the end of 2025: its uncertain parameters are "
    "drawn from ranges with sources, its luck from numbers with an address. Firms, consumers, "
    "factories, investors, grids and governments of both blocs decide every month by the same rules; "
    "money, chips, power, robots and people are conserved.",
    "Every world is run without any reaction and again with one bloc resisting, with the same luck, so "
    "that what differs has one cause. A bloc leads a dimension above 55 % of both blocs' sum over "
    "twelve months; overall it leads at least three of five while the other leads at most one. The "
    "other definitions stand beside it.",
    "A claim about a mechanism is an experiment: the same worlds with one thing changed. A claim about "
    "a fact is compared with quoted figures. The verdict is a rule applied to what was measured; none "
    "is written by hand.",
)
LIMITS: Final = (
    "A share counts draws from stated ranges. Other ranges, equally defensible, give other shares.",
    "It is one model. That its laws are wrong is in no band and in no interval.",
    "Consumers are expected shares here, unless consumers=agents puts agents on a network.",
    "Left out: military use, politics inside countries, talent, single plants, water, the quality of "
    "products.",
    "Facts rest on the sources named, some of them second-hand; conflicting counts are carried as ranges.",
)


@dataclass(frozen=True)
class Made:
    """What made a report: how, with which configuration, and what could not be drawn."""

    command: str
    version: str
    facts: Mapping[str, str]
    """What identifies it, by name: configuration, seed, commit."""
    summary: Mapping[str, Any]
    settings: Sequence[str]
    """The exact configuration, a line a value."""
    failures: Sequence[str] = ()


def report_page(
    answer: Answer,
    decided: Decided,
    verdicts: Sequence[Verdict],
    pictures: Sequence[Picture],
    made: Made,
) -> str:
    """Return the page."""
    parts = [
        f"<h1>{TITLE}: {escape(QUESTION)}</h1>",
        f'<p class="small">{answer.worlds} sampled worlds to {YEARS[-1]}. Made by '
        f"<code>{escape(made.command)}</code>, version {escape(made.version)}.</p>",
        *answer_section(answer, made.summary),
        *definitions_section(answer),
        *budgets_section(answer),
        *irreversible_section(decided.irreversible),
        *studies_section(decided.studies),
        *flips_section(decided.flips),
        *figures_section(pictures, made.failures),
        *claims_section(verdicts),
        "<h2 id=method>Method</h2>",
        *(f"<p>{escape(text)}</p>" for text in METHOD),
        f"<p>{escape(RULE.replace('*', ''))}</p>",
        "<h2 id=limits>Limits</h2>",
        f"<p>{escape(NOT_A_FORECAST)}</p><ul>",
        *(f"<li>{escape(text)}</li>" for text in LIMITS),
        "</ul>",
        *configuration_section(made),
    ]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{TITLE}: report</title>'
        f"<style>{STYLE.read_text(encoding='utf-8')}</style>"
    )
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body><main>\n{body}\n</main></body></html>\n'
    )


# ---- sections -----------------------------------------------------------------------------------------


def answer_section(answer: Answer, summary: Mapping[str, Any]) -> Iterable[str]:
    """Return the answer both ways, by the headline definition and with all its ranges."""
    year = YEARS[-1]
    yield "<h2 id=answer>The answer, both ways</h2>"
    yield '<div class="answer">'
    for bloc in ("us", "cn"):
        share = answer.leads[HEADLINE][year][bloc]
        calm = answer.senses[BUDGETS[0]][HEADLINE][year][bloc]
        held = answer.over_budgets(year, bloc, "survives_resistance")
        ranged, budgets = span(answer.over_definitions(year, bloc)), span(held)
        yield (
            f"<p><b>{BLOCS[bloc]} {VERBS[bloc]}</b> overall by {year} in {percent(share)} % of sampled "
            f"worlds ({ranged} over all definitions): in {percent(calm['calm'])} % calmly, in "
            f"{percent(calm['survives_resistance'])} % also when the other bloc resists with all levers "
            f"({budgets} over all budgets).</p>"
        )
    yield f"<p>In {percent(answer.leads[HEADLINE][year]['mixed'])} % nobody leads overall.</p></div>"
    rows = [
        [
            f"by {at}",
            *(
                f"{with_error(answer.leads[HEADLINE][at][who], answer.worlds)} "
                f"({span(answer.over_definitions(at, who))})"
                for who in ("us", "mixed", "cn")
            ),
        ]
        for at in YEARS
    ]
    heads = ["overall (W1)", f"{BLOCS['us']} {VERBS['us']}", "mixed", f"{BLOCS['cn']} {VERBS['cn']}"]
    yield table(
        "In % of sampled worlds, ± 95 % sampling error; in brackets the range over all definitions.",
        heads,
        rows,
    )
    binding = summary.get("binding", {}).get("passive", {})
    if binding:
        rows = [
            [BLOCS[bloc], *(percent(binding[bloc][name]) for name in binding[bloc])] for bloc in ("us", "cn")
        ]
        yield table("What binds, in % of world-months.", ["bloc", *binding["us"]], rows)


def definitions_section(answer: Answer) -> Iterable[str]:
    """Return who leads by every definition and horizon."""
    yield "<h2 id=definitions>Under every definition of leading</h2>"
    yield "<p>From left to right: US + allies lead, nobody does, China leads, in % of sampled worlds.</p>"
    rows = [
        [escape(DEFINED[definition]), *(bar(by_year[year]) for year in YEARS)]
        for definition, by_year in answer.leads.items()
    ]
    yield table("Nobody reacts.", ["definition", *(f"by {year}" for year in YEARS)], rows, number=False)


def budgets_section(answer: Answer) -> Iterable[str]:
    """Return what every budget of resistance does, both ways, and by every definition."""
    year = YEARS[-1]
    yield "<h2 id=budgets>Under every budget of resistance</h2>"
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in SENSE_WORDS.values())
    yield f"<p>{escape(meanings)}.</p>"
    for bloc, other in (("us", "cn"), ("cn", "us")):
        rows = [
            [BUDGET_WORDS[budget], *(percent(by[HEADLINE][year][bloc][sense]) for sense in SENSE_WORDS)]
            for budget, by in answer.senses.items()
        ]
        leads = f"{BLOCS[bloc]} {VERBS[bloc]}"
        caption = f"{leads} overall by {year}, in % of sampled worlds; {BLOCS[other]} may resist."
        yield table(caption, ["it spends on", *(name for name, _ in SENSE_WORDS.values())], rows)
    for bloc in ("us", "cn"):
        rows = [
            [
                escape(DEFINED[definition]),
                *(percent(answer.senses[b][definition][year][bloc]["survives_resistance"]) for b in BUDGETS),
            ]
            for definition in answer.leads
        ]
        caption = (
            f"{BLOCS[bloc]} {VERBS[bloc]} by {year} and still when the other bloc resists, by definition "
            "and by what that bloc spends on, in % of sampled worlds."
        )
        yield table(caption, ["definition", *(BUDGET_WORDS[b] for b in BUDGETS)], rows)


def figures_section(pictures: Sequence[Picture], failures: Sequence[str]) -> Iterable[str]:
    """Return the figures, each with what it shows in words."""
    yield "<h2 id=figures>Figures</h2>"
    if pictures:
        yield '<p class="small">Each was also written as PNG, SVG and CSV into <code>figures/</code>.</p>'
    for one in pictures:
        yield (
            f'<figure id="figure-{one.name}"><img src="data:image/png;base64,{one.png}" '
            f'alt="{escape(one.alt, quote=True)}"><figcaption>{escape(one.title)}</figcaption></figure>'
        )
    for failure in failures:
        yield f'<p class="small">{escape(failure)}</p>'


def claims_section(verdicts: Sequence[Verdict]) -> Iterable[str]:
    """Return the claim cards, and where to find each verdict's."""
    yield "<h2 id=claims>The article, claim by claim</h2>"
    yield f"<p>{len(verdicts)} claims: {escape(counts(verdicts))}.</p>"
    rows = []
    for word in VERDICTS:
        numbers = [one.card.number for one in verdicts if one.word == word]
        links = " ".join(f'<a href="#claim-{number}">{number}</a>' for number in numbers)
        rows.append([escape(word), f'<span class="numbers">{links}</span>'])
    yield table("Which claims, by verdict.", ["verdict", "claims"], rows, number=False)
    for section in SECTIONS:
        yield f'<h3>{escape(TITLES[section])}</h3><div class="cards">'
        yield from (card_html(one) for one in verdicts if one.card.section == section)
        yield "</div>"


def configuration_section(made: Made) -> Iterable[str]:
    """Return the exact configuration."""
    yield "<h2 id=configuration>Exact configuration</h2>"
    rows = [[escape(name), f"<code>{escape(value)}</code>"] for name, value in made.facts.items()]
    yield table("What identifies this report.", ["", "value"], rows, number=False)
    yield '<p class="small">With every source it was written to <code>configuration.json</code>.</p>'
    yield f"<pre>{escape(chr(10).join(made.settings))}</pre>"
