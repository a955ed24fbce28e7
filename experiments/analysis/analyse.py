"""`uncontested analyse STUDY`: what decides in a stored sweep, by the method that its design allows."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.analysis import discovery, effects, sensitivity
from experiments.analysis.stored import StoredStudy, open_study
from experiments.cli.options import choose, parse
from experiments.config.errors import ConfigError, RunError
from experiments.runs.manifest import write_json
from experiments.runs.outcome_columns import is_leader
from experiments.runs.store import OUTPUTS, shown_path
from experiments.runs.terminal import meter
from experiments.sweeping.sampling import unit_cube
from sim.outcome import LEADERS
from sim.units import Array

if TYPE_CHECKING:
    from experiments.figures.analysis import Cloud

HELP = """uncontested analyse STUDY [key=value ...] [--metric NAME] [--is LEADER] [--response NAME]
                    [--budget NAME] [--above NUMBER] [--out DIR]

Say what decides in a stored sweep: indices of Morris or Sobol, a box and a tree of scenario discovery, or
paired effects of a grid, as the study's design allows. Without keys, the sweep that was run last is read, as
it was run; with keys, the one that was run with those.

  --metric NAME     an outcome that the study records; its headline unless told otherwise
  --is LEADER       us, cn, mixed or open: what a leader's name is compared with
  --response NAME   passive, us_resists or cn_resists          --budget NAME  a budget of the study
  --above NUMBER    scenario discovery of a number: what counts is above it
  --lang en|de      language of the figure
  --out DIR         another folder than outputs/analysis/<study>
  --config-dir DIR  a folder with studies of one's own

Examples:
  uncontested sweep study=global_sensitivity
  uncontested analyse global_sensitivity --metric share.d1.2035
  uncontested analyse chip_access_and_ceiling --is cn"""
OPTIONS = {
    "--metric": "an outcome",
    "--is": "a leader",
    "--response": "a response",
    "--budget": "a budget",
    "--above": "a number",
    "--out": "a folder",
    "--config-dir": "a folder",
    "--lang": "en or de",
}
_STAGES = 4
_MOST_ROWS = 20
_SCORES = ("found", "held_out", "share_of_cases", "tree_right_held_out")


@dataclass(frozen=True)
class Asked:
    """What is asked of a study; what is empty is its headline's."""

    metric: str = ""
    leader: str = ""
    response: str = ""
    budget: str = ""
    above: float = 0.5


HEADLINE = Asked()
"""What a study is about."""


def analyse(stored: StoredStudy, asked: Asked = HEADLINE) -> dict[str, Any]:
    """Return what decides in a stored study, by the method that its design allows, as plain data.

    Raises: ConfigError on what the study has not; RunError where what is stored does not allow the analysis.
    """
    study = stored.study
    metric = asked.metric or study.headline.outcome
    leader = choose("--is", asked.leader or study.headline.value, LEADERS)
    values = stored.values(metric, leader, asked.response, asked.budget)
    what = f"{metric} is {leader}" if is_leader(metric) else metric
    found = _found(stored, values, what, asked.above)
    return {
        "study": study.name,
        "title": study.title,
        "question": study.question,
        "metric": metric,
        "is": leader if is_leader(metric) else None,
        "response": asked.response or study.headline.response,
        "budget": asked.budget or study.budgets[0],
        "points": len(stored.points),
        "worlds": int(values.shape[1]),
        "mean": float(np.mean(values)),
        "notes": list(stored.notes),
        **found,
    }


def analyse_command(arguments: Sequence[str]) -> str:
    """Analyse a stored sweep and return what is to be said.

    Raises: ConfigError on an unknown word; RunError where what is stored does not allow the analysis.
    """
    words, given = _split(arguments)
    if "--help" in given:
        return HELP
    study, *overrides = words
    asked = Asked(
        given.get("--metric", ""),
        given.get("--is", ""),
        given.get("--response", ""),
        given.get("--budget", ""),
        _number("--above", given["--above"]) if "--above" in given else 0.5,
    )
    language = choose("--lang", given.get("--lang", "en"), ("en", "de"))
    command = shlex.join(["uncontested", "analyse", *arguments])
    with meter(_STAGES, f"Read {study}") as shown:
        stored = open_study(study, overrides, given.get("--config-dir"))
        shown.show(1)
        shown.stage(f"Analyse {study}")
        result = analyse(stored, asked)
        shown.show(2)
        out = Path(given["--out"]).expanduser() if "--out" in given else OUTPUTS / "analysis" / study
        written = _write(out, result)
        shown.show(3)
        shown.stage(f"Draw {study}")
        written += draw(stored, result, asked, out, command, language)
        shown.show(_STAGES)
    return "\n".join([*told(result), *(f"Files    {shown_path(path.absolute())}" for path in written)])


def draw(
    stored: StoredStudy,
    result: Mapping[str, Any],
    asked: Asked,
    out: Path,
    command: str,
    language: str = "en",
) -> list[Path]:
    """Draw an analysis and return the files written.

    Raises: RunError if they cannot be.
    """
    from experiments.figures.analysis import draw_analysis
    from experiments.figures.origin import Origin

    plan = stored.plan
    made = Origin(plan["version"], plan["kinds"][0]["configuration_hash"], str(plan["seed"]), command)
    cloud = None
    if result["kind"] == "discovery":
        values = stored.values(result["metric"], result["is"] or "", result["response"], result["budget"])
        cloud = cloud_of(stored, values, asked.above)
    try:
        return draw_analysis(result, made, out, language, cloud)
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None


def told(result: Mapping[str, Any]) -> list[str]:
    """Return an analysis as lines."""
    what = f"{result['metric']} is {result['is']}" if result["is"] else result["metric"]
    lines = [result["question"], ""]
    lines += [f"Note: {note}." for note in result["notes"]]
    lines.append(
        f"{what}, response {result['response']}, budget {result['budget']}: mean {result['mean']:.3f}"
    )
    lines.append(f"{result['method']}; {result['points']:,} points × {result['worlds']:,} worlds")
    lines += _table(result["rows"][:_MOST_ROWS])
    more = len(result["rows"]) - _MOST_ROWS
    lines += [f"and {more:,} more, weaker ones in analysis.csv"] if more > 0 else []
    lines += [f"{name}: {_shown(result[name])}" for name in _SCORES if name in result]
    lines += [result["tree"]] if "tree" in result else []
    return [*lines, "", "These describe sampled worlds of one model; they are no forecast."]


def _found(stored: StoredStudy, values: Array, what: str, above: float) -> dict[str, Any]:
    """Return the method that a design allows and what it finds. Shapes: values (point, world)."""
    design, names = stored.study.design, stored.names
    if not names:
        raise RunError(f"{stored.study.name}: has no factors, so that nothing can decide. Take another study")
    means = values.mean(axis=1)
    if design.kind in sensitivity.LEAST:
        method = {"saltelli": "Sobol indices", "morris": "Morris effects over each factor's range"}
        rows = sensitivity.indices(design, stored.factors, means, what)
        return {"method": method[design.kind], "kind": design.kind, "rows": rows}
    if design.kind == "grid":
        rows = effects.paired_effects(names, stored.points, values)
        return {"method": "paired effects", "kind": "paired", "rows": rows}
    if design.kind == "table":
        raise RunError("study.design.kind=table: no analysis reads it; expected a design with a law")
    cloud = cloud_of(stored, values, above)
    box, scores = discovery.discover(cloud.unit, cloud.cases, what)
    text, right = discovery.tree(names, cloud.unit, cloud.cases)
    rows = [
        {
            "factor": name,
            "from": factor.at(np.asarray([low]))[0],
            "to": factor.at(np.asarray([high]))[0],
            "unit_from": float(low),
            "unit_to": float(high),
            "share_of_range": float(high - low),
        }
        for name, factor, low, high in zip(names, stored.factors, box.low, box.high, strict=True)
    ]
    return {
        "method": "scenario discovery (PRIM, CART)",
        "kind": "discovery",
        "rows": sorted(rows, key=lambda row: row["share_of_range"]),
        **scores,
        "above": above,
        "share_of_cases": float(cloud.cases.mean()),
        "tree_right_held_out": right,
        "tree": text,
    }


def cloud_of(stored: StoredStudy, values: Array, above: float) -> "Cloud":
    """Return a design's points and where the mean over worlds is above a number. Shapes: (point, world)."""
    from experiments.figures.analysis import Cloud

    unit = unit_cube(stored.study.design, stored.factors)
    return Cloud(unit, values.mean(axis=1) > above, tuple(stored.names))


def _write(out: Path, result: dict[str, Any]) -> list[Path]:
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / "analysis.json", result)
        with (out / "analysis.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(result["rows"][0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(result["rows"])
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None
    return [out / "analysis.json", out / "analysis.csv"]


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    heads = list(rows[0])
    cells = [heads, *([_shown(row[head]) for head in heads] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(heads))]
    return ["  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in cells]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in value.items())
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _split(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    keys = [word for word in arguments if "=" in word and not word.startswith("-")]
    words, given = parse([word for word in arguments if word not in keys], ("STUDY",), OPTIONS)
    return [*words, *keys], given


def _number(key: str, given: str) -> float:
    try:
        return float(given)
    except ValueError:
        raise ConfigError(key, given, "expected a number") from None
