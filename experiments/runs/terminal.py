"""What a person sees: how far the run is, then who leads in what share of sampled worlds, and what next."""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from experiments.runs.summary import HEADLINE, PASSIVE

WIDTH = 100
BLOCS = {"us": "US + allies", "cn": "China"}
VERBS = {"us": "lead", "cn": "leads"}
SENSE_WORDS = {
    "calm": ("calm", "no fight in the run without a reaction"),
    "survives_resistance": ("survives resistance", "still leads when the other bloc resists"),
    "undone_by_resistance": ("undone by resistance", "leads no longer when the other resists"),
    "untested": ("untested", "the other bloc never had cause to resist"),
    "created_by_resistance": ("created by resistance", "leads only where the other bloc resists"),
}
NOT_A_FORECAST = (
    "A share counts sampled worlds of one model. It is no forecast and does not say how likely a future is: "
    "read it with its definition, its horizon and the ranges drawn from."
)
RUN_COMMANDS = (
    ("scenario=article", "the world as the article tells it"),
    ("scenario=baseline", "the state and policies announced at the end of 2025"),
    ("power.lead_time_us=12..24", "one assumption as a range of your own"),
    ("--help", "every scenario, setting and parameter"),
)
_STEPS = 10


class Meter(Protocol):
    """Shows how far a run is."""

    def show(self, done: int) -> None:
        """Show that so many of the months are done."""

    def stage(self, what: str) -> None:
        """Show what is being done now."""


@contextmanager
def meter(total: int, what: str, stream: IO[str] | None = None) -> Iterator[Meter]:
    """Show a bar on a terminal, else a line for every tenth, on standard error."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _Lines(total, what, stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(file=stream),
        transient=True,
    ) as bar:
        yield _Bar(bar, total, what)


def counted_from(before: int, show: Callable[[int], None]) -> Callable[[int], None]:
    """Return what tells of each month of a run whose first follows `before` others."""
    return lambda month: show(before + month + 1)


class _Bar:
    """Move a bar, which then stays full while results are written."""

    def __init__(self, bar: Any, total: int, what: str) -> None:
        self._bar, self._task = bar, bar.add_task(what, total=total)

    def show(self, done: int) -> None:
        self._bar.update(self._task, completed=done)

    def stage(self, what: str) -> None:
        self._bar.update(self._task, description=what)


class _Lines:
    """Write a line for every tenth of the way, and one for every stage after it."""

    def __init__(self, total: int, what: str, stream: IO[str]) -> None:
        self._total, self._what, self._stream = total, what, stream
        self._shown = 0

    def show(self, done: int) -> None:
        tenth = _STEPS * done // self._total
        if tenth > self._shown:
            self._shown = tenth
            print(f"{self._what}: {100 * tenth // _STEPS} %", file=self._stream, flush=True)

    def stage(self, what: str) -> None:
        print(what, file=self._stream, flush=True)


def report(
    summary: Mapping[str, Any],
    folder: Path,
    warnings: Sequence[str] = (),
    stream: IO[str] | None = None,
    command: str | None = None,
) -> None:
    """Print what a run found, what it is not, and what to do next."""
    from rich.console import Console
    from rich.padding import Padding

    console = Console(file=stream or sys.stdout, width=WIDTH, highlight=False)
    worlds = f"{summary['worlds']:,} sampled world{'s' if summary['worlds'] != 1 else ''}"
    console.print()
    console.print(f"[bold]{_plain(summary['title'])}[/bold]: {worlds}, {span(summary)}")
    console.print()
    response = summary["responses"][0] if PASSIVE not in summary["responses"] else PASSIVE
    if summary["shares"].get(response):
        console.print(lead_table(summary, response))
        console.print(
            f"± 95 % sampling error; in brackets the range over all definitions of leading; {_told(response)}"
        )
        if summary["without_a_fight"]:
            console.print()
            console.print(sense_table(summary))
    else:
        console.print(f"The run ends in {summary['horizon']}, before the first horizon: nobody leads yet.")
    console.print()
    for line in (binding_sentence(summary, response), redrawn_sentence(summary), NOT_A_FORECAST):
        if line:
            console.print(line)
    console.print()
    console.print(f"Files    {folder}", soft_wrap=True)
    console.print(
        f"Figures  {folder / 'figures'}" if (folder / "figures").is_dir() else "Figures  not drawn",
        soft_wrap=True,
    )
    for warning in warnings:
        console.print(Padding(f"Warning: {_plain(warning)}", 0))
    console.print()
    prefix = command or command_prefix()
    commands = next_commands(summary["scenario"], prefix)
    wide = max(len(text) for text, _ in commands)
    for number, (text, why) in enumerate(commands):
        console.print(
            f"{'Next' if number == 0 else '    '}     {text:<{wide}}  {why}", soft_wrap=True, markup=False
        )
    console.print()
    console.print(f"The run took {summary['wall_seconds']:.0f} s.")


def _told(response: str) -> str:
    return "nobody reacts" if response == PASSIVE else f"response {response}"


def span(summary: Mapping[str, Any]) -> str:
    """Say which months were simulated."""
    return f"{summary['first_month']} to {summary['horizon']}"


def lead_table(summary: Mapping[str, Any], response: str) -> Any:
    """Return the table of who leads by horizon, with the range over the definitions."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("in % of sampled worlds")
    for bloc in ("us", "cn"):
        table.add_column(f"{BLOCS[bloc]} {VERBS[bloc]}", justify="right")
        if bloc == "us":
            table.add_column("mixed", justify="right")
    shares = summary["shares"][response]
    headline = HEADLINE if HEADLINE in shares else next(iter(shares))
    for year in sorted(shares[headline]):
        cells = [lead_cell(summary, response, headline, year, leader) for leader in ("us", "mixed", "cn")]
        table.add_row(f"by {year}", *cells)
    return table


def lead_cell(summary: Mapping[str, Any], response: str, definition: str, year: str, leader: str) -> str:
    """Return a share with its sampling error, and its range over the definitions, in per cent."""
    one = summary["shares"][response][definition][year][leader]
    over = summary["range_over_definitions"][response][year][leader]
    error = percent((one["high_95"] - one["low_95"]) / 2.0)
    return f"{percent(one['share'])} ± {error} ({percent(over['low'])}–{percent(over['high'])})"


def sense_table(summary: Mapping[str, Any]) -> Any:
    """Return the table of leads without a fight at the last horizon reached."""
    from rich.table import Table

    year, by_bloc = max(summary["without_a_fight"].items())
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(f"without a fight, by {year}")
    for bloc in ("us", "cn"):
        table.add_column(f"{BLOCS[bloc]} {VERBS[bloc]}", justify="right")
    table.add_column("")
    for sense, (name, meaning) in SENSE_WORDS.items():
        cells = [
            percent(by_bloc[bloc][sense]["share"]) if sense in by_bloc[bloc] else "" for bloc in ("us", "cn")
        ]
        table.add_row(name, *cells, meaning)
    return table


def binding_sentence(summary: Mapping[str, Any], response: str) -> str:
    """Say what bound each bloc most."""
    parts = []
    for bloc, shares in summary["binding"].get(response, {}).items():
        limits = {name: share for name, share in shares.items() if name != "none"}
        name = max(limits, key=lambda one: limits[one])
        if limits[name] > 0.0:
            parts.append(f"{BLOCS[bloc]} by {name} (in {percent(limits[name])} % of world-months)")
    return f"Bound most: {', '.join(parts)}." if parts else ""


def redrawn_sentence(summary: Mapping[str, Any]) -> str:
    """Say how many draws could not be started from."""
    rejected, worlds = summary["rejected_draws"], summary["worlds_drawn_again"]
    if not rejected:
        return ""
    return (
        f"{rejected} draw{'s' if rejected != 1 else ''} of {worlds} world{'s' if worlds != 1 else ''} "
        "could not continue the observed start and were drawn again."
    )


def next_commands(scenario: str, prefix: str) -> list[tuple[str, str]]:
    """Return three commands worth trying after a run of a scenario."""
    return [
        (f"{prefix} {arguments}", why)
        for arguments, why in RUN_COMMANDS
        if arguments != ("scenario=baseline" if scenario != "article" else "scenario=article")
    ]


def command_prefix() -> str:
    """Return how `uncontested run` can be typed here."""
    if shutil.which("uncontested"):
        return "uncontested run"
    script = Path(sys.executable).with_name("uncontested")
    if script.is_file():
        here = Path.cwd()
        return f"{script.relative_to(here) if script.is_relative_to(here) else script} run"
    return "python -m experiments run"


def percent(share: float) -> str:
    """Write a share in per cent; 0 and 100 stand for exactly none and all.

    >>> percent(0.0), percent(0.001), percent(0.256), percent(0.999), percent(1.0)
    ('0', '<1', '26', '>99', '100')
    """
    value = 100.0 * share
    if 0.0 < value < 0.5:
        return "<1"
    if 99.5 <= value < 100.0:
        return ">99"
    return f"{value:.0f}"


def _plain(text: str) -> str:
    """Keep text from being read as markup."""
    from rich.markup import escape

    return escape(text)
