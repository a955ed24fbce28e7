"""Say in docs/validation.md how the model stands beside other forecasts, and what single markets show."""

from collections.abc import Iterator, Sequence

import numpy as np

from experiments.figures.forms import number
from experiments.trust.checks import Check
from experiments.trust.forecasts import Comparison


def forecasts_section(compared: Sequence[Comparison]) -> Iterator[str]:
    """Return the lines on other forecasts: every one with the model's worlds, then why it misses."""
    inside = sum(one.verdict == "inside" for one in compared)
    yield "## Beside other forecasts"
    yield ""
    yield (
        f"Published forecasts beside the run forward, for their own years; {inside} of {len(compared)} hold "
        "its median. None is a target of the fit. A forecast of one value counts as met where it lies in the "
        "90 % band. What the model leaves out (data centres without AI) is added as it was; sources and "
        "what is added stand in conf/forecasts.yaml."
    )
    yield ""
    yield "![The model beside published forecasts](forecasts.png)"
    yield ""
    yield "| quantity | forecast | for | said | model | 90 % band | |"
    yield "|---|---|---|--:|--:|--:|---|"
    for one in compared:
        said, (low, median, high) = one.forecast, one.quantiles
        yield (
            f"| {said.of.title}, {said.of.unit} | {said.by} {said.published} | {said.year} | {_said(one)} "
            f"| {number(median)} | {number(low)}–{number(high)} | {one.verdict} |"
        )
    missed = {(one.forecast.of.title, one.verdict): one.reason for one in compared if one.reason}
    if missed:
        yield ""
        yield "Where it misses, the likely reason:"
        yield ""
    for (title, verdict), reason in missed.items():
        yield f"- {title}, {verdict}: {reason}."


def _said(one: Comparison) -> str:
    """Return a forecast in numbers."""
    said = one.forecast
    limits = "–".join(number(value) for value in (said.low, said.high) if np.isfinite(value))
    if np.isfinite([said.low, said.high]).sum() == 1:
        limits = f"{'from' if np.isfinite(said.low) else 'to'} {limits}"
    if not np.isfinite(said.value):
        return limits
    return f"{number(said.value)} ({limits})" if limits else number(said.value)


def checks_section(checks: Sequence[Check]) -> Iterator[str]:
    """Return the lines on single markets."""
    yield "## Single markets"
    yield ""
    yield "Not gates; the bounds are observed or published."
    yield ""
    yield "| asked | bound | measured | |"
    yield "|---|---|---|---|"
    for one in checks:
        yield f"| {one.asks} | {one.bound} | {one.measured} | {'holds' if one.holds else 'does not hold'} |"
