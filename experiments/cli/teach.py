"""The command `uncontested teach`: the page for a class, live or baked into one file."""

import os
from collections.abc import Sequence
from pathlib import Path

from experiments.cli.options import parse, whole
from experiments.config.errors import ConfigError

OPTIONS = {"--host": "an address", "--port": "a number"}
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
MOST_PROCESSES = 4


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

    engine = Engine(processes=min(MOST_PROCESSES, os.cpu_count() or 1))
    try:
        print("Preparing 64 worlds ...", flush=True)
        engine.warm_up()
        shown = f"[{host}]" if ":" in host else host
        print(f"The page is at http://{shown}:{port}/ (Ctrl+C ends it).", flush=True)
        # Asked to listen to others, it answers under whatever name they call it.
        app = make_app(engine, LOCAL if host in LOCAL else ("*",))
        uvicorn.run(app, host=host, port=port, log_level="warning")
    finally:
        engine.close()
    return 0


def bake_command(arguments: Sequence[str]) -> str:
    """Write the page as one file and say where it is and how good its answers are.

    Raises: ConfigError if an option is wrong; RunError if a worker dies or the file cannot be written.
    """
    _, given = parse(arguments, [], BAKE_OPTIONS)
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["teach"]
    from experiments.runs.command import cores
    from experiments.runs.store import OUTPUTS, shown_path
    from experiments.teach.answers import MONTHS, WORLDS
    from experiments.teach.bake import CHECKS, SMALL_CHECKS, Size, bake, told, write_page

    out = Path(given.get("--out", OUTPUTS / "teach.html")).expanduser()
    if out.is_dir() or not out.name.endswith(".html"):
        raise ConfigError("--out", out, "expected the name of a file that ends in .html")
    small = "--small" in given
    size = Size(
        whole("--worlds", given.get("--worlds", str(WORLDS)), 2, 1024),
        whole("--months", given.get("--months", str(MONTHS)), 12, 600),
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
