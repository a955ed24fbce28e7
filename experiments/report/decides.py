"""Sections of the page on what decides: leads that cannot be undone, studies, and the least changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from experiments.analysis.irreversible import LEAD_MONTHS, WITHIN_MONTHS, Irreversible
from experiments.report.flips import Flipped
from experiments.report.pieces import table
from experiments.report.studies import Studied
from experiments.runs.terminal import BLOCS, percent
from sim.axes import LEVERS

BUDGET_WORDS: Final = {
    "all": "all levers",
    "sanctions": "sanctions",
    "grid": "grid",
    "free_tiers": "free tiers",
    "parts": "parts of robots",
    "fabs_hbm": "fabs and memory",
    "orbit": "orbit",
}
MOST_WAYS: Final = 12


@dataclass(frozen=True)
class Decided:
    """What the runs say about what decides."""

    irreversible: Mapping[str, Irreversible]
    """By the bloc that leads."""
    studies: Sequence[Studied]
    flips: Flipped


def irreversible_section(found: Mapping[str, Irreversible]) -> Iterable[str]:
    """Return in how many worlds no single action of the rival takes a lead away (W9)."""
    yield "<h2 id=irreversible>Can one action still undo a lead? (W9)</h2>"
    yield (
        f"<p>Once a bloc has led overall for {LEAD_MONTHS} months, its rival reacts with all its means on "
        "one lever. Until then these runs are the passive one to the last bit: all are branches of one past. "
        f"A lead is irreversible if it is held through the {WITHIN_MONTHS} months after that whatever the "
        "lever. It says nothing of later: leads that are irreversible so are lost in slower ways.</p>"
    )
    rows = []
    for bloc, one in found.items():
        told = [one.irreversible, one.lost_anyway, *(one.lost[lever] for lever in LEVERS)]
        cells = [percent(share) if one.leads else "–" for share in told]
        rows.append([BLOCS[bloc], str(one.leads), *cells])
    yield table(
        "Of the worlds in which a lead lasts so long and can be watched, in %: irreversible, and lost by "
        "what the rival does.",
        ["lead of", "worlds", "irreversible", "nothing", *(BUDGET_WORDS[lever] for lever in LEVERS)],
        rows,
    )


def studies_section(studies: Sequence[Studied]) -> Iterable[str]:
    """Return what every study says, both ways."""
    yield "<h2 id=studies>What decides: the studies</h2>"
    yield (
        "<p>Each study asks one question of its own runs, in few worlds here. Paired effects are in points "
        "of the share of worlds, the same worlds with one factor changed, with a 95 % interval over worlds; "
        "the strongest come first. <code>uncontested sweep</code> and <code>uncontested analyse</code> run a "
        "study at any size and draw it.</p>"
    )
    rows = []
    for one in studies:
        cells = "".join(
            f"<p><b>{escape(found.asked)}</b>, mean {100.0 * found.mean:.0f} %<br>"
            f"{'<br>'.join(map(escape, found.told))}</p>"
            for found in one.findings
        )
        rows.append(
            [
                f'{escape(one.question)}<br><span class="small"><code>{escape(one.name)}</code>, '
                f"{escape(one.design)}</span>",
                cells,
            ]
        )
    yield table("What each study finds.", ["study", "the strongest factors"], rows, number=False)


def named(leader: str) -> str:
    """Return a leader's name, a bloc's in words."""
    return BLOCS.get(leader, leader)


def flips_section(flips: Flipped) -> Iterable[str]:
    """Return the least changes that give the lead to another."""
    question, worlds = flips.question, len(flips.first)
    yield "<h2 id=flips>The least change that flips it</h2>"
    leaders = ", ".join(f"{named(name)} {flips.first.count(name)}" for name in dict.fromkeys(flips.first))
    scanned = ", ".join(f"{place:.3g}" for place in flips.places)
    yield (
        f"<p>Who leads by {question.year} ({question.definition.upper()}) in {worlds} worlds before "
        f"anything is moved: {escape(leaders)}. Each lever is moved from where a world has it towards a "
        "limit, and the strongest ones together, until another leads; every world is compared with itself. "
        f"The way is scanned at {scanned} of it: what changes and changes back in between is not seen, and "
        "what is undone further on is counted apart.</p>"
    )
    moved = [row for row in flips.rows if row["flipped"]]
    rows = [
        [
            escape(row["way"]),
            f"{row['flipped']} of {row['worlds']}",
            escape(", ".join(f"{named(name)} {count}" for name, count in row["new_leaders"].items())),
            escape(row["first"]),
            escape(row["half"] or "never"),
            str(row["undone_further_on"]),
        ]
        for row in moved[:MOST_WAYS]
    ]
    heads = ["way", "worlds flipped", "to", "first by", "half of them by", "undone further on"]
    shown = (
        f"the {len(rows)} that flip half of the worlds soonest" if len(moved) > len(rows) else "all of them"
    )
    yield table(
        f"Of {len(flips.rows)} ways {len(moved)} flip a world; shown: {shown}.", heads, rows, number=False
    )
