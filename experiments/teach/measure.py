"""Measure the page for docs/teach_page.md: `python -m experiments.teach.measure [NAME ...]`.

The names are those of MEASURES; all without one. It needs a quiet machine, Chromium on the path, Playwright,
and a page made by `uncontested teach bake`: the live page estimates from it, with as many worlds. What was
measured before stays in outputs/measure.
"""

import asyncio
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from experiments.cli.teach import processes
from experiments.config.errors import ConfigError
from experiments.pages.measured import Measures, Row, take
from experiments.runs import manifest
from experiments.runs.store import OUTPUTS
from experiments.teach.answers import MONTHS, WORLDS
from experiments.teach.bake import KIND_WORDS
from experiments.teach.engine import Engine
from experiments.teach.kept import PAGE as BAKED
from experiments.teach.kept import content_of, grid_of
from experiments.teach.server import LOCAL, make_app
from experiments.teach.watch import PAUSE_SECONDS, Pupil, browser_file, moves, seated

PAGE = manifest.ROOT / "docs" / "teach_page.md"
KEPT = OUTPUTS / "measure" / "teach.json"


def grid_here() -> tuple[dict[str, Any] | None, int, int]:
    """Return the grid of the baked page with its worlds and months; none if it is of another model."""
    try:
        made = content_of(BAKED)["model"]
        return grid_of(BAKED, made["worlds"], made["months"]), made["worlds"], made["months"]
    except ConfigError:
        return None, WORLDS, MONTHS


@contextmanager
def served(grid: dict[str, Any] | None, worlds: int, months: int) -> Iterator[tuple[str, Engine]]:
    """Serve the page as `uncontested teach` does, and give its address."""
    import uvicorn

    engine = Engine(worlds, months, processes())
    engine.warm_up()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    app = make_app(engine, LOCAL, grid)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}", engine
    finally:
        server.should_exit = True
        thread.join()
        engine.close()


def moved(found: Sequence[float], what: str, most: float) -> list[Row]:
    """Return the median of moves as a row."""
    middle = statistics.median(found)
    told = f"{middle:.0f} ms (slowest of {len(found)}: {max(found):.0f} ms)"
    return [Row(f"{what}, median", told, f"{most:.0f} ms", middle <= most)]


def live() -> list[Row]:
    """Time the live page: with the grid there is, and with the usual worlds if it has others."""
    grid, worlds, months = grid_here()
    rows = []
    if grid is not None:
        rows += alone(grid, worlds, months, f"live with a grid, {worlds} worlds x {months} months")
    if grid is None or (worlds, months) != (WORLDS, MONTHS):
        rows += alone(None, WORLDS, MONTHS, f"live without a grid, {WORLDS} worlds x {MONTHS} months")
    return rows


def alone(grid: dict[str, Any] | None, worlds: int, months: int, what: str) -> list[Row]:
    """Let one page move sliders, each when the last has been answered."""
    with served(grid, worlds, months) as (address, _):
        found = moves(address, grid is not None)
    rows = moved([one.simulated for one in found if one.simulated is not None],
                 f"slider to all charts simulated, {what}", 400.0)  # fmt: skip
    if grid is None:
        return rows
    exact = sum(one.first_is_simulated for one in found)
    told = f"slider to all charts, first answer ({exact} of {len(found)} simulated), {what}"
    return moved([one.first for one in found if one.first is not None], told, 50.0) + rows


def baked() -> list[Row]:
    """Time the page in one file, and tell its size and the errors it states.

    Raises: ConfigError if it has not been made.
    """
    content = content_of(BAKED)
    megabytes = BAKED.stat().st_size / 1e6
    settings = f"{content['grid']['settings']:,} settings x {content['model']['worlds']} worlds"
    found = [one.first for one in moves(BAKED.absolute().as_uri(), False) if one.first is not None]
    rows = moved(found, f"slider to all charts, in one file, {settings}", 50.0)
    rows.append(Row("size of the file", f"{megabytes:.1f} MB", "20 MB", megabytes <= 20.0))
    for kind, one in content["errors"].items():
        points, medians = one["points"], one["medians"]
        told = (
            f"{points['typical']:g} points, at most {points['largest']:g}; "
            f"medians {medians['typical']:g} %, at most {medians['largest']:g} %"
        )
        rows.append(Row(f"error of shares, {KIND_WORDS[kind]}", told, "stated on the page", True))
    return rows


def together() -> list[Row]:
    """Let a class sit at the live page; the browser with all its pages takes its share of the same machine.

    Raises: ConfigError if there is no browser.
    """
    browser_file()
    grid, worlds, months = grid_here()
    with served(grid, worlds, months) as (address, engine):
        pupils = asyncio.run(seated(address))
        replaced = engine.counts["replaced"]
    estimates = "with a grid" if grid is not None else "without a grid"
    return told_of(pupils, replaced, f"{len(pupils)} clients, {worlds} worlds {estimates}")


def told_of(pupils: Sequence[Pupil], replaced: int, what: str) -> list[Row]:
    """Return what a class has seen as rows."""
    changes = [change for one in pupils for change in one.changes]
    first = [one.first for one in changes if one.first is not None]
    simulated = [one.simulated for one in changes if one.simulated is not None]
    exact = 100.0 * sum(one.first_is_simulated for one in changes) / max(1, len(changes))
    refused, mixed = sum(one.refused for one in pupils), sum(one.mixed for one in pupils)

    def spread_of(found: Sequence[float]) -> tuple[str, bool]:
        if len(found) < 2:
            return f"none of {len(changes)} changes", False
        p95 = statistics.quantiles(found, n=20)[-1]
        middle = statistics.median(found)
        return f"median {middle / 1e3:.2f} s, p95 {p95 / 1e3:.2f} s", p95 <= 2000.0

    told, kept = spread_of(first)
    later, soon = spread_of(simulated)
    late = len(changes) - len(simulated)
    every = f"{what}: {len(changes)} changes, each a change every {PAUSE_SECONDS:.0f} s"
    return [
        Row(f"{every}: first answer ({exact:.0f} % simulated)", told, "p95 2 s", kept),
        Row(f"{what}: simulated answer, where it came before the next change", later, "p95 2 s", soon),
        Row(f"{what}: simulated only after the next change, or never", str(late), "0", late == 0),
        Row(f"{what}: refused", str(refused), "0", refused == 0),
        Row(f"{what}: answers to another's question", str(mixed), "0", mixed == 0),
        Row(f"{what}: replaced by the client's newer question", str(replaced), "", True),
    ]


MEASURES: Measures = {"live": live, "baked": baked, "together": together}


def main(arguments: Sequence[str]) -> int:
    """Take the measures named, or all; return 1 if one misses what is wanted, 2 if one cannot be taken."""
    return take(arguments, MEASURES, PAGE, KEPT, "experiments.teach.measure")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
