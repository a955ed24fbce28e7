"""The command `uncontested teach`: the page for a class, live or baked into one file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.cli.options import parse, whole
from experiments.config.errors import ConfigError

OPTIONS = {
    "--host": "an address",
    "--port": "a number",
    "--grid": "a baked page",
    "--worlds": "a number of worlds",
    "--months": "a number of months",
}
BAKE = "bake"
BAKE_OPTIONS = {
    "--out": "a file",
    "--worlds": "a number of worlds",
    "--months": "a number of months",
    "--workers": "a number of processes",
    "--small": "",
}
PORT, LARGEST_PORT = 8765, 65535
LOCAL_ADDRESS = "127.0.0.1"
REMEDY = 'this needs an extra package: pip install ".[teach]"'
LEAST_PROCESSES, MOST_PROCESSES = 2, 8


def teach_command(arguments: Sequence[str]) -> int:
    """Serve the page until it is interrupted, or write it as one file.

    Raises: ConfigError if an option is wrong or the extra is missing; RunError if the file cannot be made.
    """
    if arguments and arguments[0] == BAKE:
        print(bake_command(arguments[1:]))
        return 0
    _, given = parse(arguments, [], OPTIONS)
    if "--help" in given:
        from experiments.cli.help import HELP

        print(HELP["teach"])
        return 0
    host, port = given.get("--host", LOCAL_ADDRESS), port_of(given.get("--port", str(PORT)))
    try:
        import fastapi  # noqa: F401  # is it installed?
        import uvicorn
    except ImportError as error:
        raise ConfigError("teach", error.name, REMEDY) from None
    from experiments.teach.engine import Engine
    from experiments.teach.server import LOCAL, make_app

    worlds, months = size_of(given)
    grid, note = grid_for(given.get("--grid"), worlds, months)
    engine = Engine(worlds, months, processes())
    try:
        print(f"{note}\nPreparing {worlds} worlds ...", flush=True)
        engine.warm_up()
        shown = f"[{host}]" if ":" in host else host
        print(f"The page is at http://{shown}:{port}/ (Ctrl+C ends it).", flush=True)
        # Asked to listen to others, it answers under whatever name they call it.
        app = make_app(engine, LOCAL if host in LOCAL else ("*",), grid)
        uvicorn.run(app, host=host, port=port, log_level="warning")
    finally:
        engine.close()
    return 0


def processes() -> int:
    """Return how many processes simulate: one a core, since they give way to all else."""
    from experiments.runs.crew import cores

    return max(LEAST_PROCESSES, min(MOST_PROCESSES, cores()))


def size_of(given: Mapping[str, str]) -> tuple[int, int]:
    """Return the worlds of every answer and their months.

    Raises: ConfigError if one is out of limits.
    """
    from experiments.teach.answers import MONTHS, WORLDS

    return (
        whole("--worlds", given.get("--worlds", str(WORLDS)), 2, 1024),
        whole("--months", given.get("--months", str(MONTHS)), 12, 600),
    )


def grid_for(page: str | None, worlds: int, months: int) -> tuple[dict[str, Any] | None, str]:
    """Return the grid to estimate from, if there is one that fits, and a line that says so.

    Raises: ConfigError if a page was named that does not fit.
    """
    from experiments.teach.kept import PAGE, grid_of

    file = PAGE if page is None else Path(page).expanduser()
    try:
        grid = grid_of(file, worlds, months)
    except ConfigError as error:
        if page is not None:
            raise
        return None, f"Each change is shown when it has been simulated; no estimate before: {error}"
    settings = grid["grid"]["settings"]
    return grid, f"Estimates at once from {settings:,} settings in {file}; simulated numbers follow."


def bake_command(arguments: Sequence[str]) -> str:
    """Write the page as one file and say where it is and how good its answers are.

    Raises: ConfigError if an option is wrong; RunError if a worker dies or the file cannot be written.
    """
    _, given = parse(arguments, [], BAKE_OPTIONS)
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["teach"]
    from experiments.runs.crew import cores
    from experiments.runs.store import shown_path
    from experiments.teach.bake import CHECKS, SMALL_CHECKS, Size, bake, told, write_page
    from experiments.teach.kept import PAGE

    out = Path(given.get("--out", PAGE)).expanduser()
    if out.is_dir() or not out.name.endswith(".html"):
        raise ConfigError("--out", out, "expected the name of a file that ends in .html")
    small = "--small" in given
    size = Size(
        *size_of(given),
        small,
        SMALL_CHECKS if small else CHECKS,
    )
    workers = whole("--workers", given.get("--workers", str(cores())), 1, 1024)
    content = bake(size, workers)
    write_page(content, out)
    return "\n".join(
        [*told(content), f"File     {shown_path(out.absolute())}, {out.stat().st_size / 1e6:.1f} MB"]
    )


def port_of(given: str) -> int:
    """Return a port.

    Raises: ConfigError if it is none.
    """
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= LARGEST_PORT):
        raise ConfigError("--port", given, f"expected a whole number from 1 to {LARGEST_PORT}")
    return int(given)
