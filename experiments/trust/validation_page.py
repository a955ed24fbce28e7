"""Say what a validation found: the table on the screen and docs/validation.md, numbers from the run alone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.trust.facts import FACTS, POSSIBLE
from experiments.trust.scores import GateResult, Score, expected_share
from experiments.trust.section import checks_section, forecasts_section

if TYPE_CHECKING:
    from experiments.trust.validate import Validation

ROLES = {
    "gate": "Gated",
    "entry": "Conditioned on the first point observed",
    "report": "Reported, without a gate",
}


def amount(value: float) -> str:
    """Return a number with three digits.

    >>> amount(1391249.0), amount(0.0421), amount(float("nan"))
    ('1,390,000', '0.0421', '–')
    """
    if not np.isfinite(value):
        return "–"
    if value == 0.0:
        return "0"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.{digits}f}"


def verdict(gate: GateResult) -> str:
    """Return whether a gate is passed, in a word."""
    return "passed" if gate.passed else "FAILED"


def relation(gate: GateResult) -> str:
    """Return a gate's bound with its direction."""
    return f"{'at least' if gate.name.startswith('least') else 'at most'} {gate.bound:g}"


def page(found: "Validation") -> str:
    """Return docs/validation.md."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: "Validation") -> Iterator[str]:
    plan, until = found.plan, found.targets.fit_until
    failed = [gate for gate in found.gates if not gate.passed]
    yield "# Validation"
    yield ""
    yield (
        f"What the model does with {plan.start.month} to the end of 2025, started from the end of 2022. "
        f"Parameters are fitted to points until {until}; 2025 is a test. The hindcast is given "
        "dated controls and product launches (conf/history) and nothing else from the years that it is held "
        "against. Written by `uncontested "
        f"validate --docs` ({found.worlds} worlds, seed {plan.seed}, "
        f"uncertainty={plan.config['choices']['uncertainty']}, configuration `{plan.config_hash[:12]}`)."
    )
    yield ""
    passed = len(found.gates) - len(failed)
    yield f"**{passed} of {len(found.gates)} gates are passed.** Their bounds were written before the fit."
    yield ""
    yield "| gate | bound | measured | |"
    yield "|---|---|--:|---|"
    for gate in found.gates:
        yield f"| {gate.meaning} | {relation(gate)} | {gate.found:.3g} | {verdict(gate)} |"
    yield ""
    yield (
        "2025 is no unseen year: laws were mended after it had been scored, each for a reason that is given "
        "([sim/README.md](../sim/README.md), decisions 31, 37 to 42 and 46 to 48)."
    )
    yield ""
    inside = 100 * expected_share(found.scores)
    yield (
        "The band is the spread of worlds alone. With the discrepancy added that each series was given "
        f"before the first fit (`experiments/targets.yaml`), it holds {inside:.0f} % of "
        "those points; that is no gate, since it was first measured after the gate."
    )
    yield ""
    yield "![The hindcast with observed points](hindcast.png)"
    for role, words in ROLES.items():
        chosen = [one for one in found.scores if one.target.role == role]
        yield ""
        yield f"## {words}"
        yield ""
        yield "Error and benchmark: log of the median, or of the naive forecast, over the observed value."
        yield ""
        yield "| series | date | observed | median | 90 % band | error | in band | benchmark | |"
        yield "|---|---|--:|--:|--:|--:|---|--:|---|"
        for one in chosen:
            yield _row(one)
    yield ""
    yield "## What misses"
    yield ""
    yield from _misses(found)
    yield ""
    yield "## Stylised facts"
    yield ""
    yield "| fact | share of worlds, % | |"
    yield "|---|--:|---|"
    least = found.targets.gates.least_fact_share
    for fact in FACTS:
        share = found.facts[fact.name]
        needed = POSSIBLE if fact.possible else least
        yield f"| {fact.meaning} | {100 * share:.0f} | {'holds' if share >= needed else 'does not hold'} |"
    yield ""
    yield from forecasts_section(found.compared)
    yield ""
    yield from checks_section(found.checks)
    yield ""
    yield "## What the model must not be used to claim"
    yield ""
    for claim in _claims(found):
        yield f"- {claim}"


def _row(one: Score) -> str:
    band = f"{amount(one.low)}–{amount(one.high)}"
    kind = "fitted" if one.fitted else "test"
    inside = "yes" if one.inside else "no"
    naive = f"{one.ln_naive_error:+.2f}" if np.isfinite(one.ln_naive_error) else "–"
    return (
        f"| `{one.target.series}` | {one.point.date} | {amount(one.point.centre)} | {amount(one.median)} "
        f"| {band} | {one.ln_error:+.2f} | {inside} | {naive} | {kind} |"
    )


def misses(scores: Iterable[Score]) -> list[Score]:
    """Return for each series its worst point outside the band, the worst series first."""
    worst: dict[str, Score] = {}
    for one in scores:
        if not one.inside and np.isfinite(one.ln_error):
            before = worst.get(one.target.series)
            if before is None or abs(one.ln_error) > abs(before.ln_error):
                worst[one.target.series] = one
    return sorted(worst.values(), key=lambda one: -abs(one.ln_error))


def _misses(found: "Validation") -> Iterator[str]:
    listed = misses(found.scores)
    if not listed:
        yield "No observed point lies outside the 90 % band of the worlds."
    for one in listed:
        factor = np.exp(abs(one.ln_error))
        way = "above" if one.ln_error > 0.0 else "below"
        yield (
            f"- `{one.target.series}` ({one.point.date}): the median is {factor:.2g} times "
            f"{way} the {amount(one.point.centre)} observed; band {amount(one.low)}–{amount(one.high)}."
        )


def _claims(found: "Validation") -> Iterator[str]:
    for gate in found.gates:
        if not gate.passed:
            yield f"A gate fails: {gate.meaning} is {gate.found:.3g}, the bound {relation(gate)}."
    for one in misses(found.scores):
        if one.target.role != "gate" and abs(one.ln_error) > np.log(2.0):
            yield f"Levels of `{one.target.series}`: missed by more than a factor of two in {one.point.date}."
    for fact in FACTS:
        share = found.facts[fact.name]
        if share < (POSSIBLE if fact.possible else found.targets.gates.least_fact_share):
            yield f"That {fact.meaning}: so in {100 * share:.0f} % of the worlds only."
    yield "Dates or levels as forecasts: a share counts sampled worlds of one model."


def show(found: "Validation", folder: Path, seconds: float) -> None:
    """Print gates, gated points and where the rest is."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=110, highlight=False)
    table = Table(
        "series", "date", "observed", "median", "90 % band", "error", "in band", "benchmark", "", box=None
    )
    for one in found.scores:
        if one.target.role == "gate":
            table.add_row(*[cell.strip().strip("`") for cell in _row(one).strip("|").split("|")])
    console.print(table)
    console.print()
    for gate in found.gates:
        console.print(f"{verdict(gate):7} {gate.meaning}: {gate.found:.3g} ({relation(gate)})")
    held = {fact.name: found.facts[fact.name] for fact in FACTS}
    console.print("Facts   " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in held.items()))
    console.print(
        f"\nAll {len(found.scores)} points, the page and the figure: {folder}\nThat took {seconds:.0f} s."
    )
