"""`uncontested analyse STUDY`: what decides in a stored sweep, by the method that its design allows."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.analysis import discovery, effects, sensitivity
from experiments.errors import ConfigError, RunError, nearest
from experiments.manifest import write_json
from experiments.outcome_columns import is_date, is_leader
from experiments.store import OUTPUTS, shown_path
from experiments.sweeping import parts
from experiments.sweeping.plan import SweepPlan
from experiments.sweeping.running import prepare
from experiments.sweeping.sampling import unit_cube
from experiments.sweeping.study import compose_sweep
from sim.axes import RESPONSES
from sim.outcome import LEADERS
from sim.units import Array

HELP = """uncontested analyse STUDY [key=value ...] [--metric NAME] [--is LEADER] [--response NAME]
                    [--budget NAME] [--above NUMBER] [--out DIR]

Say what decides in a stored sweep: indices of Morris or Sobol, a box and a tree of scenario discovery, or
paired effects of a grid, as the study's design allows. Keys are those the sweep was run with.

  --metric NAME     an outcome that the study records; its headline unless told otherwise
  --is LEADER       us, cn, mixed or open: what a leader's name is compared with
  --response NAME   passive, us_resists or cn_resists          --budget NAME  a budget of the study
  --above NUMBER    scenario discovery of a number: what counts is above it
  --out DIR         another folder than outputs/analysis/<study>

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
}


def analyse_command(arguments: Sequence[str]) -> str:
    """Analyse a stored sweep and return what is to be said.

    Raises: ConfigError on an unknown word; RunError where what is stored does not allow the analysis.
    """
    words, given = _split(arguments)
    if "--help" in given:
        return HELP
    study, *overrides = words
    request = compose_sweep([f"study={study}", *overrides])
    plan, folder = prepare(request)
    headline = plan.study.headline
    metric = _one("--metric", given.get("--metric", headline.outcome), plan.outcomes)
    if is_date(metric):
        raise ConfigError("--metric", metric, "expected a leader or a number; this is a month")
    leader = _one("--is", given.get("--is", headline.value), LEADERS)
    response = _one("--response", given.get("--response", headline.response), plan.study.responses)
    budget = _one("--budget", given.get("--budget", plan.study.budgets[0]), plan.study.budgets)
    above = _number("--above", given["--above"]) if "--above" in given else 0.5
    values = stored_values(plan, folder, metric, leader, response, budget, " ".join(words))
    what = f"{metric} is {leader}" if is_leader(metric) else metric
    method, found = _found(plan, values, what, above)
    result = {
        "study": study,
        "question": plan.study.question,
        "metric": metric,
        "is": leader if is_leader(metric) else None,
        "response": response,
        "budget": budget,
        "points": len(plan.points),
        "worlds": int(values.shape[1]),
        "mean": float(np.mean(values)),
        "method": method,
        **found,
    }
    out = Path(given["--out"]).expanduser() if "--out" in given else OUTPUTS / "analysis" / study
    written = _write(out, result)
    lines = [
        plan.study.question,
        "",
        f"{what}, response {response}, budget {budget}: mean {result['mean']:.3f}",
    ]
    lines.append(f"{method}; {result['points']:,} points × {result['worlds']:,} worlds")
    lines += _table(found["rows"])
    lines += [f"{name}: {_shown(found[name])}" for name in found if name not in ("rows", "tree")]
    lines += [found["tree"]] if "tree" in found else []
    lines += ["", "These describe sampled worlds of one model; they are no forecast."]
    return "\n".join([*lines, *(f"Files    {shown_path(path.absolute())}" for path in written)])


def stored_values(
    plan: SweepPlan, folder: Path, metric: str, leader: str, response: str, budget: str, asked: str
) -> Array:
    """Return an outcome at every point and world, 1 and 0 for who leads. Shapes: -> (point, world).

    Raises: RunError if runs are missing or a number is.
    """
    from experiments.sweeping.identity import PASSIVE

    found = parts.parts_in(folder, plan.record_hash)
    status, stored = parts.stored_runs(found, metric)
    wanted = RESPONSES.index(response)
    values = np.full((len(plan.points), plan.study.replications), np.nan)
    missing = 0
    for place, name in enumerate(plan.run_ids):
        own_budget = plan.kinds[plan.kind[place]].budget
        if plan.response[place] != wanted or (response != PASSIVE and own_budget != budget):
            continue
        if status.get(name) != parts.DONE:
            missing += 1
            continue
        value = stored[name]
        known = float(value == leader) if is_leader(metric) else np.nan if value is None else float(value)
        values[plan.point[place], plan.world[place]] = known
    if missing:
        raise RunError(
            f"{folder}: incomplete, {missing:,} runs are not stored. Run uncontested sweep study={asked}"
        )
    if not np.isfinite(values).all():
        raise RunError(
            f"{metric}: {int((~np.isfinite(values)).sum()):,} of {values.size:,} runs have no number; "
            "expected one in every run. Take a metric that always exists"
        )
    return values


def _found(plan: SweepPlan, values: Array, what: str, above: float) -> tuple[str, dict[str, Any]]:
    """Return the method that a design allows and what it finds. Shapes: values (point, world)."""
    design = plan.study.design
    names = [factor.name for factor in plan.factors]
    if not names:
        raise RunError(f"{plan.study.name}: has no factors, so that nothing can decide. Take another study")
    means = values.mean(axis=1)
    if design.kind in sensitivity.LEAST:
        method = {"saltelli": "Sobol indices", "morris": "Morris effects over each factor's range"}
        return method[design.kind], {"rows": sensitivity.indices(design, plan.factors, means, what)}
    if design.kind == "grid":
        return "paired effects", {"rows": effects.paired_effects(names, plan.points, values)}
    if design.kind == "table":
        raise RunError("study.design.kind=table: no analysis reads it; expected a design with a law")
    unit, cases = unit_cube(design, plan.factors), means > above
    box, scores = discovery.discover(unit, cases, what)
    text, right = discovery.tree(names, unit, cases)
    ends = [np.asarray([limit]) for limit in (*box.low, *box.high)]
    rows = [
        {
            "factor": name,
            "from": factor.at(ends[place])[0],
            "to": factor.at(ends[place + len(names)])[0],
            "share_of_range": float(box.high[place] - box.low[place]),
        }
        for place, (name, factor) in enumerate(zip(names, plan.factors, strict=True))
    ]
    rows.sort(key=lambda row: row["share_of_range"])
    found = {"rows": rows, **scores, "tree_right_held_out": right, "tree": text}
    return "scenario discovery (PRIM, CART)", found


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
    from experiments.cli_options import parse

    keys = [word for word in arguments if "=" in word and not word.startswith("-")]
    words, given = parse([word for word in arguments if word not in keys], ("STUDY",), OPTIONS)
    return [*words, *keys], given


def _one(key: str, given: str, valid: Sequence[str]) -> str:
    if given not in valid:
        raise ConfigError(key, given, f"expected one of {', '.join(valid)}", nearest(given, valid))
    return given


def _number(key: str, given: str) -> float:
    try:
        return float(given)
    except ValueError:
        raise ConfigError(key, given, "expected a number") from None
