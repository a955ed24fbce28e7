"""The command `uncontested teach`: the page for a class."""

import os
from collections.abc import Sequence

from experiments.cli_options import parse
from experiments.errors import ConfigError

OPTIONS = {"--host": "an address", "--port": "a number"}
PORT, LARGEST_PORT = 8765, 65535
LOCAL_ADDRESS = "127.0.0.1"
REMEDY = 'this needs an extra package: pip install ".[teach]"'
MOST_PROCESSES = 4


def teach_command(arguments: Sequence[str]) -> int:
    """Serve the page until it is interrupted.

    Raises: ConfigError if an option is wrong or the extra is missing.
    """
    _, given = parse(arguments, [], OPTIONS)
    if "--help" in given:
        from experiments.cli_help import HELP

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


def port_of(given: str) -> int:
    """Return a port.

    Raises: ConfigError if it is none.
    """
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= LARGEST_PORT):
        raise ConfigError("--port", given, f"expected a whole number from 1 to {LARGEST_PORT}")
    return int(given)
