"""Draw all figures of a run, or some of them, one after the other or in two processes."""

import difflib
import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

from experiments.figures.adoption import adoption
from experiments.figures.charts import fan, multiples, stripes
from experiments.figures.data import MissingSeriesError, Run
from experiments.figures.fan import Drawing
from experiments.figures.labs import prices_and_runway
from experiments.figures.opening import load_run
from experiments.figures.outcome import binding, outcome
from experiments.figures.phase import phase_map
from experiments.figures.power import compute, queue_and_price
from experiments.figures.robots import BreakEven, robots
from experiments.figures.save import save
from experiments.figures.tables import Observation, observations
from experiments.figures.work import work

FIGURES: Final[dict[str, Callable[..., Drawing]]] = {
    "adoption": adoption,
    "compute": compute,
    "power_queue": queue_and_price,
    "prices_runway": prices_and_runway,
    "robots": robots,
    "work": work,
    "binding": binding,
    "outcome": outcome,
}
"""Every figure that a run draws, by name, in the order in which they are drawn."""
CHARTS: Final[dict[str, Callable[..., Drawing]]] = {
    "fan": fan,
    "multiples": multiples,
    "stripes": stripes,
    "map": phase_map,
}
"""Charts of series that the reader names."""
_PERIOD: Final = ("--from", "--to")
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "adoption": ("--region", *_PERIOD),
    "compute": _PERIOD,
    "power_queue": ("--region", *_PERIOD),
    "prices_runway": ("--firms", *_PERIOD),
    "robots": ("--firms", *_PERIOD),
    "work": ("--region", *_PERIOD),
    "binding": _PERIOD,
    "outcome": (),
    **dict.fromkeys(("fan", "multiples", "stripes"), ("--series", "--firms", "--region", *_PERIOD)),
    "map": ("--series", *_PERIOD),
}
"""What may be chosen of a figure or a chart."""


def chosen(only: Iterable[str] | None) -> list[str]:
    """Return the names of the figures asked for.

    Raises: ValueError naming an unknown figure and the nearest known one.
    """
    names = list(FIGURES) if only is None else list(only)
    for name in names:
        if name not in FIGURES:
            near = difflib.get_close_matches(name, FIGURES, n=1, cutoff=0.0)[0]
            raise ValueError(
                f"figure {name!r} is unknown (nearest: {near!r}); choose among {', '.join(FIGURES)}"
            )
    return names


def draw(
    name: str,
    run: Run,
    observed: Sequence[Observation] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    series: Sequence[str] = (),
) -> Drawing:
    """Draw one figure or chart by name; `options` holds arguments by figure, `series` what a chart shows.

    Raises: MissingSeriesError naming the figure and the series that it lacks.
    """
    try:
        if name in CHARTS:
            return CHARTS[name](run, observed, series=series)
        return FIGURES[name](run, observed, **(options or {}).get(name, {}))
    except MissingSeriesError as error:
        raise MissingSeriesError(f"figure {name!r}: {error.args[0]}") from error


def _draw_some(
    names: Sequence[str],
    folder: Path,
    out: Path,
    observed: Sequence[Observation],
    options: Mapping[str, Mapping[str, Any]],
    loading: Mapping[str, Any],
    svg: bool,
) -> list[Path]:
    """Open the run, draw some figures, then write them: nothing is written if one of them fails."""
    run = load_run(folder, **loading)
    drawings = [draw(name, run, observed, options) for name in names]
    return [path for drawing in drawings for path in save(drawing, run, out, formats=("svg",) if svg else ())]


def draw_all(
    run_folder: str | Path,
    out_folder: str | Path,
    observed: Iterable[Mapping[str, Any]] = (),
    only: Iterable[str] | None = None,
    *,
    break_even: BreakEven | None = None,
    lead_share: float = 0.55,
    short_runway_months: float = 12.0,
    response: str = "passive",
    budget: str | None = None,
    hindcast: str | Path | None = None,
    blocs: Mapping[str, str] | None = None,
    bloc_names: Mapping[str, str] | None = None,
    processes: int = 1,
    svg: bool = False,
) -> list[Path]:
    """Draw a run's figures into a folder and return the paths written: PNG, CSV, text, and SVG if asked.

    `observed` holds points with series, date, value, low, high, source. With two processes the figures are
    dealt out in turn; the files are the same bytes.

    Raises: MissingSeriesError, ValueError, FileNotFoundError, KeyError as the run lacks something.
    """
    names = chosen(only)
    points = observations(observed)
    options: dict[str, dict[str, Any]] = {
        "adoption": {"lead_share": lead_share},
        "prices_runway": {"short_runway_months": short_runway_months},
        "robots": {"break_even": break_even},
    }
    loading = {
        "response": response,
        "budget": budget,
        "hindcast": hindcast,
        "blocs": blocs,
        "bloc_names": bloc_names,
    }
    shared = (Path(run_folder), Path(out_folder), points, options, loading, svg)
    if processes <= 1 or len(names) < 2:
        return _draw_some(names, *shared)
    # Spawn: a forked child would inherit the locks of DuckDB's threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        hands = [names[i::processes] for i in range(processes)]
        waiting = [pool.submit(_draw_some, hand, *shared) for hand in hands if hand]
        written = [path for future in waiting for path in future.result()]
    return sorted(written, key=lambda path: (names.index(path.stem), path.suffix))
