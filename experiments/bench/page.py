"""Print what was measured, and write it between the marks of docs/performance.md."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from experiments.bench.adoption import ARRAYS, DOCK, EVERY_CORE, OURS, PEERS, USUAL, Timing, installed
from experiments.bench.whole import Cost, Launch
from experiments.pages.datapage import renewed, table
from experiments.runs.crew import cores

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
PACKAGES = ("numpy", "scipy", "mesa", "agentpy", "ambr", "polars", "networkx")
_LEFT_OUT = "–"


@dataclass(frozen=True)
class Table:
    """A table of the page: the mark it stands between, what it says, its head and its rows."""

    mark: str
    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def adoption_tables(
    distances: Mapping[str, float],
    timings: Sequence[Timing],
    floors: Mapping[str, float],
    profile: Sequence[tuple[str, float]],
) -> list[Table]:
    """Return the tables of the adoption submodel."""
    sizes = sorted({one.consumers for one in timings})
    found = {(one.who, one.consumers, one.reconsider): one.nanoseconds for one in timings}
    clock = {(one.who, one.consumers, one.reconsider): one.clock_nanoseconds for one in timings}
    head = ("", *(f"{size:,} consumers" for size in sizes))
    tables = [
        Table(
            mark,
            f"Nanoseconds {of} a consumer and month, {reconsider:.0%} choosing; in brackets over {first}",
            head,
            compared((first, *others), sizes, reconsider, times),
        )
        for mark, reconsider, of, times, first, others in (
            ("all choose", 1.0, "of the processor", found, OURS, (ARRAYS, *distances)),
            ("on the clock", 1.0, "on the clock", clock, EVERY_CORE, distances),
            ("a share chooses", USUAL, "of the processor", found, OURS, (ARRAYS, *distances)),
        )
    ]
    consumers, months, worlds = DOCK
    tables.append(
        Table(
            "docking",
            f"Largest distance from {worlds} worlds of {OURS} ({consumers:,} consumers, {months} months)",
            ("", "standard errors"),
            [(who, f"{distance:.1f}") for who, distance in distances.items()],
        )
    )
    rows: list[tuple[str, ...]] = [
        (f"{rho:.0%}", *(f"{found[ARRAYS, n, rho] / found[OURS, n, rho]:.1f}" for n in sizes))
        for rho in (1.0, USUAL)
    ]
    head = ("choosing", *(f"{size:,} consumers" for size in sizes))
    tables.append(Table("compiled", "Time of NumPy's arrays over that of the compiled law", head, rows))
    best = min(found[OURS, size, 1.0] for size in sizes)
    rows = [(name, f"{floor:.1f}", f"{floor / best:.1%}") for name, floor in floors.items()]
    tables.append(
        Table(
            "floor",
            "The least that a choice needs on this machine",
            ("by", "nanoseconds", f"share of the {best:.0f} ns of {OURS}"),
            rows,
        )
    )
    rows = [(f"`{name}`", f"{share:.0%}") for name, share in profile]
    tables.append(Table("profile", "Where Mesa's time goes", ("function", "own share"), rows))
    return tables


def compared(
    names: Sequence[str],
    sizes: Sequence[int],
    reconsider: float,
    times: Mapping[tuple[str, int, float], float],
) -> list[tuple[str, ...]]:
    """Return rows of what each took at each size, and how many times what the first took."""
    rows = []
    for who in names:
        cells = [who]
        for size in sizes:
            took, own = times[who, size, reconsider], times[names[0], size, reconsider]
            ratio = "" if who == names[0] else f" ({took / own:{',.0f' if took > 10.0 * own else '.1f'}} x)"
            cells.append(_LEFT_OUT if np.isnan(took) else f"{took:,.0f}{ratio}")
        rows.append(tuple(cells))
    return rows


def whole_tables(
    acts: Cost,
    parts: Mapping[str, float],
    whole: Cost,
    by_arrays: Cost,
    tapes: Sequence[tuple[Cost, Cost]],
    cohorts: Cost,
    clock: Mapping[int, float],
    growth: Mapping[str, Sequence[Cost]],
) -> list[Table]:
    """Return the tables of the whole model."""
    rows: list[tuple[str, ...]] = [
        (name, f"{spent:.1f}", f"{spent / acts.microseconds:.0%}") for name, spent in parts.items()
    ]
    rows.append(("all", f"{acts.microseconds:.1f}", ""))
    rows.append(("all, nothing compiled", f"{by_arrays.microseconds:.1f}", ""))
    rows.append(("all, played from a tape", f"{whole.microseconds:.1f}", ""))
    title = f"Microseconds a world and month by act, months by NumPy (`{acts.words}`)"
    tables = [Table("acts", title, ("act", "microseconds", "share"), rows)]
    head: tuple[str, ...] = ("run", "by NumPy", "played", "ratio", "writing the tape, seconds")
    rows = [
        (
            f"`{one.words}`",
            *(f"{way.microseconds:.0f}" for way in (one, other)),
            f"{one.microseconds / other.microseconds:.1f}",
            f"{other.writing_seconds:.2f}",
        )
        for one, other in tapes
    ]
    tables.append(Table("tapes", "Microseconds a world and month", head, rows))
    title = f"Seconds on the clock of the months of `{cohorts.words}`"
    rows = [(f"{threads}", f"{seconds:.2f}") for threads, seconds in clock.items()]
    tables.append(Table("cohorts", title, ("threads", "seconds, median of five"), rows))
    rows = [
        (name, f"`{one.words}`", f"{one.start_seconds:.2f}", f"{one.microseconds:.0f}")
        for name, costs in {**growth, "cohorts": [cohorts]}.items()
        for one in costs
    ]
    head = ("growth with", "run", "start, seconds", "microseconds a world and month")
    return [*tables, Table("growth", "One process, one batch", head, rows)]


def launch_tables(launches: Sequence[Launch], both: Sequence[tuple[Launch, Launch]]) -> list[Table]:
    """Return the tables of commands as users start them, and of those started compiled and not."""
    rows: list[tuple[str, ...]] = [
        (
            f"`uncontested {one.words}`",
            f"{one.wall_seconds:.1f}",
            f"{one.processor_seconds:.1f}",
            f"{one.peak_mib:,.0f}",
        )
        for one in launches
    ]
    head: tuple[str, ...] = ("command", "seconds on the clock", "processor seconds", "largest process, MiB")
    tables = [Table("launches", "Commands as they are started", head, rows)]
    rows = [
        (
            f"`uncontested {one.words}`",
            *(f"{way.processor_seconds:.1f}" for way in (other, one)),
            f"{other.processor_seconds / one.processor_seconds:.2f}",
        )
        for one, other in both
    ]
    head = ("command", "processor seconds, by NumPy", "compiled", "ratio")
    return [*tables, Table("compiled runs", "Whole runs compiled and not", head, rows)]


def machine() -> str:
    """Return one sentence on what was measured with."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        processor = named[0] if named else processor
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return f"{processor}, {cores()} cores, Python {platform.python_version()}, {', '.join(versions)}."


def missing() -> list[str]:
    """Return the peers that are not installed."""
    return [name for name in PEERS if name not in installed()]


def show(tables: Sequence[Table]) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Printed

    console = Console(width=max(100, Console().width), highlight=False)
    for one in tables:
        title = escape(one.title)
        printed = Printed(*map(escape, one.head), title=title, title_justify="left", title_style="bold")
        for row in one.rows:
            printed.add_row(*map(escape, row))
        console.print(printed)
    if missing():
        console.print(f"Not installed, so left out: {', '.join(missing())}. `make bench` installs them.")


def write(tables: Sequence[Table]) -> None:
    """Put the tables that were made, and the machine, between the marks of the page."""
    parts = {one.mark: f"{one.title}.\n\n{table(one.head, one.rows)}" for one in tables}
    parts["machine"] = machine()
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
