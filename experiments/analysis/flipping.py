"""`uncontested flip`: the least change, lever by lever and together, that changes who leads in a scenario."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np

from experiments.analysis.flip import (
    STEPS,
    Answer,
    Question,
    default_levers,
    named_levers,
    read_levers,
    search,
)
from experiments.cli.options import choose, parse
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError, RunError
from experiments.runs.crew import cores
from experiments.runs.manifest import version, write_json
from experiments.runs.store import OUTPUTS, shown_path
from experiments.runs.terminal import BLOCS, WIDTH
from sim.axes import RESPONSES
from sim.outcome import LEADERS, month_index

DEFINITIONS = ("w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w10")
WORLDS = 16
MOST_STEPS = 64
USUAL = (f"worlds={WORLDS}", "consumers=cohort")
"""What a search takes unless told otherwise; expected shares stand in for consumers on a network."""
HELP = f"""uncontested flip [key=value ...] [--definition W] [--by YEAR] [--response NAME] [--to LEADER]
                 [--levers A,B] [--steps N] [--lang en|de] [--out DIR] [--config-dir DIR]

Say what is the least change that makes another bloc, or none, lead: of one lever, either way, and of the
strongest ones together. Every world is compared with itself: same draws, same luck. A change that is undone
further on is shown as such. Keys are those of `uncontested run`; worlds={WORLDS} unless told otherwise.

  --definition W    how leading is defined: {", ".join(DEFINITIONS)} (w1)
  --by YEAR         2030, 2035 or 2040 (2035)
  --response NAME   passive, us_resists or cn_resists (passive)
  --to LEADER       us, cn, mixed or open: count this new leader only
  --levers A,B      other levers than those of conf/flip.yaml, by their keys, as capability.open_weight_spill
  --steps N         places that are scanned on the way to a limit ({STEPS})
  --lang en|de      language of the figure
  --out DIR         another folder than outputs/flip/<scenario>
  --config-dir DIR  a folder with groups of one's own

Examples:
  uncontested flip scenario=baseline
  uncontested flip scenario=article --by 2040 --to us
  uncontested flip scenario=baseline --definition w4 --levers robots.efficiency_ratio,chips.leakage"""
OPTIONS = {
    "--definition": "a definition of leading",
    "--by": "a year",
    "--response": "a response",
    "--to": "a leader",
    "--levers": "keys of parameters, separated by commas",
    "--steps": "a number",
    "--lang": "en or de",
    "--out": "a folder",
    "--config-dir": "a folder",
}
_NAMES = {**BLOCS, "mixed": "mixed", "open": "open"}


def flip_command(arguments: Sequence[str]) -> str:
    """Search for the least changes and return what is to be said.

    Raises: ConfigError on an unknown word; RunError if a world cannot run or nothing can be written.
    """
    keys = [word for word in arguments if "=" in word and not word.startswith("-")]
    _, given = parse([word for word in arguments if word not in keys], (), OPTIONS)
    if "--help" in given:
        return HELP
    question = Question(
        definition=choose("--definition", given.get("--definition", "w1"), DEFINITIONS),
        year=given.get("--by", "2035"),
        response=choose("--response", given.get("--response", "passive"), RESPONSES),
        towards=choose("--to", given["--to"], LEADERS) if "--to" in given else "",
    )
    steps = _steps(given.get("--steps", str(STEPS)))
    language = choose("--lang", given.get("--lang", "en"), ("en", "de"))
    plan = plan_to(question, keys, given.get("--config-dir"), shlex.join(["uncontested", "flip", *arguments]))
    levers = read_levers(default_levers(), plan)
    if "--levers" in given:
        levers = named_levers([word for word in given["--levers"].split(",") if word], levers, plan)
    workers = cores() if plan.workers is None else plan.workers
    answer = search(plan, question, levers, steps=steps, workers=workers)
    out = Path(given["--out"]).expanduser() if "--out" in given else OUTPUTS / "flip" / plan.scenario
    written = write(answer, plan, out, language)
    lines = [*told(answer, plan), "", *(f"Files    {shown_path(path.absolute())}" for path in written)]
    return "\n".join(lines)


def plan_to(question: Question, keys: Sequence[str], config_dir: str | None, command: str) -> RunPlan:
    """Plan the worlds of a search, no longer than to its horizon.

    Raises: ConfigError on a key of the run, or a year that is no horizon or out of reach.
    """
    given = {word.partition("=")[0] for word in keys}
    usual = [word for word in USUAL if word.partition("=")[0] not in given]
    composed = compose_run([*keys, *usual, f"responses=[{question.response}]"], config_dir)
    plan = plan_from_config(composed, command)
    years = [horizon[:4] for horizon in plan.outcome.horizons]
    choose("--by", question.year, years)
    needed = month_index(plan.start.month, plan.outcome.horizons[years.index(question.year)]) + 1
    if plan.months < needed:
        raise ConfigError("months", plan.months, f"the run ends before {question.year}; expected {needed}")
    return plan_from_config({**composed, "months": needed}, command)


def summary(answer: Answer) -> list[dict[str, Any]]:
    """Return a row a way: how many worlds change their leader, from which change on, and to whom.

    `first` is the least change of all worlds, `half` that by which half of them have another leader, both
    with the share of the way to the limit. Ways that reach half of the worlds soonest come first.
    """
    rows = answer.rows()
    found = []
    for place, way in enumerate(answer.ways):
        own = [row for row in rows if row["way"] == way.name]
        at = np.sort(answer.flips.place[place])
        middle = at[-(-at.size // 2) - 1]
        changed = [row for row in own[:: len(way.levers)] if row["flipped"]]
        found.append(
            {
                "way": way.name,
                "levers": len(way.levers),
                "worlds": int(at.size),
                "flipped": len(changed),
                "first_share_of_way": _known(at[0]),
                "first": change_at(answer, place, at[0], own),
                "half_share_of_way": _known(middle),
                "half": change_at(answer, place, middle, own),
                "new_leaders": {
                    name: count
                    for name in LEADERS
                    if (count := sum(row["new_leader"] == name for row in changed))
                },
                "undone_further_on": int(answer.flips.back[place].sum()),
                "no_answer": int(answer.flips.no_answer[place].sum()),
            }
        )
    return sorted(
        found,
        key=lambda row: (
            _or_inf(row["half_share_of_way"]),
            -row["flipped"],
            _or_inf(row["first_share_of_way"]),
            row["way"],
        ),
    )


def change_at(answer: Answer, way: int, place: float, rows: Sequence[Mapping[str, Any]]) -> str:
    """Say what is changed, and to what, in the world that changes its leader at a place of a way."""
    if not np.isfinite(place):
        return ""
    world = int(np.flatnonzero(answer.flips.place[way] == place)[0])
    return "; ".join(change_text(row) for row in rows if row["world"] == world)


def change_text(row: Mapping[str, Any]) -> str:
    """Say a change of one lever: by how much, and from where to where.

    >>> change_text({"measure": "months", "change": -12.0, "from": 38.0, "to": 26.0})
    '-12 months (38 to 26)'
    >>> change_text({"measure": "factor", "change": 0.5, "from": 30.0, "to": 15.0})
    'x 0.5 (30 to 15)'
    """
    span = f"({row['from']:.3g} to {row['to']:.3g})"
    if row["measure"] == "factor":
        return f"x {row['change']:.3g} {span}"
    return f"{row['change']:+.3g} {row['measure']} {span}"


def told(answer: Answer, plan: RunPlan) -> list[str]:
    """Return the answer as lines: leaders as they are, then a row a way, singles before combinations."""
    question, worlds = answer.question, answer.first.size
    counts = [
        f"{_NAMES[name]} {int((answer.first == code).sum())}"
        for code, name in enumerate(LEADERS)
        if (answer.first == code).any()
    ]
    what = f"to {_NAMES[question.towards]}" if question.towards else "to anybody else"
    scanned = ", ".join(f"{place:.3g}" for place in answer.flips.places)
    lines = [
        f"{plan.title}: who leads by {question.year} ({question.definition}, response {question.response}) "
        f"in {worlds} worlds: {', '.join(counts)}",
        f"The least change that gives the lead {what}, each world against itself; scanned at {scanned} of "
        "the way to a limit",
        "What changes and changes back between two of these places is not seen; --steps scans more of them",
    ]
    rows = summary(answer)
    for title, alone in (("One lever", True), ("Levers together, each the same share of its way", False)):
        own = [row for row in rows if (row["levers"] == 1) == alone]
        lines += ["", f"{title}:"] if own else []
        for row in (row for row in own if row["flipped"]):
            new = ", ".join(f"{_NAMES[name]} {count}" for name, count in row["new_leaders"].items())
            undone = f"; undone further on in {row['undone_further_on']}" if row["undone_further_on"] else ""
            lines.append(f"  {row['way']}: {row['flipped']} of {worlds} worlds (to: {new}){undone}")
            lines.append(f"    first by {row['first']}")
            lines.append(f"    half by {row['half']}" if row["half"] else "    never half of them")
        none = [row["way"] for row in own if not row["flipped"]]
        if none:
            lines += wrap(
                f"No world changes its leader by {', '.join(none)}.",
                width=WIDTH,
                initial_indent="  ",
                subsequent_indent="    ",
                break_on_hyphens=False,
            )
    unanswered = sum(row["no_answer"] for row in rows)
    if unanswered:
        lines.append(f"In {unanswered} cases a world could not start as moved; they count as no change.")
    return [*lines, "", "These describe sampled worlds of one model; they are no forecast."]


def write(answer: Answer, plan: RunPlan, out: Path, language: str) -> list[Path]:
    """Write the answer as JSON, as a tidy CSV and as a figure.

    Raises: RunError if that cannot be done.
    """
    from experiments.figures.flip import draw_flips
    from experiments.figures.origin import Origin

    question = answer.question
    made = Origin(version(), plan.config_hash, str(plan.seed), plan.command_line)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_json(
            out / "flip.json",
            {
                "scenario": plan.scenario,
                "definition": question.definition,
                "year": question.year,
                "response": question.response,
                "towards": question.towards or None,
                "worlds": plan.worlds,
                "first_leaders": [LEADERS[int(code)] for code in answer.first],
                "places_scanned": answer.flips.places.tolist(),
                "ways": summary(answer),
                **made.provenance(),
            },
        )
        with (out / "changes.csv").open("w", newline="", encoding="utf-8") as file:
            rows = answer.rows()
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        drawn = draw_flips(answer, summary(answer), plan.title, made, out, language)
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None
    return [out / "flip.json", out / "changes.csv", *drawn]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _or_inf(value: float | None) -> float:
    return np.inf if value is None else value


def _steps(given: str) -> int:
    if not given.isdecimal() or not 1 <= int(given) <= MOST_STEPS:
        raise ConfigError("--steps", given, f"expected a whole number within 1..{MOST_STEPS}")
    return int(given)
