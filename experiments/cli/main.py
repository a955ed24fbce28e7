"""The command line: what there is to run, and how what goes wrong is said.

Only the standard library is imported here, so that help and completion answer at once.
"""

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from experiments.config.errors import MISSING, ConfigError, RunError, nearest
from experiments.runs.shadow import check_packages

if TYPE_CHECKING:
    from experiments.config.build import RunPlan

OK, FAILED, BAD_CONFIGURATION, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
RUN_OPTIONS = ("--help", "--cfg", "--config-dir")
TOP_OPTIONS = ("--help", "--version", "--shell-completion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 it ran, 1 it failed, 2 its configuration is wrong and nothing was written, 130 it was interrupted.
    """
    try:
        return _dispatch(list(sys.argv[1:] if arguments is None else arguments))
    except ConfigError as error:
        print(f"uncontested: {error}", file=sys.stderr)
        return BAD_CONFIGURATION
    except RunError as error:
        print(f"uncontested: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("uncontested: interrupted; nothing that looks finished is left.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone; keep Python from complaining once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _dispatch(arguments: list[str]) -> int:
    first, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if first in ("--help", "-h"):
        from experiments.cli.help import commands_help

        print(commands_help())
    elif first == "--version":
        print(f"uncontested {version()}")
    elif first == "--shell-completion":
        from experiments.cli.complete import shell_script

        print(shell_script(rest[0] if rest else ""))
    elif first == "--complete":
        from experiments.cli.complete import complete

        print("\n".join(complete(os.environ.get("COMP_LINE", ""), os.environ.get("COMP_POINT"))))
    elif first in COMMANDS:
        check_packages()
        return COMMANDS[first](rest)
    else:
        valid = [*COMMANDS, *TOP_OPTIONS]
        raise ConfigError(
            first, MISSING, f"no such command; expected {', '.join(valid)}", nearest(first, valid)
        )
    return OK


def _run(arguments: list[str]) -> int:
    overrides, given = run_options(arguments)
    if "--help" in given:
        from experiments.cli.help import run_help

        print(run_help())
        return OK
    if given.get("--cfg", "job") != "job":
        raise ConfigError("--cfg", given["--cfg"], "expected job", "--cfg job")

    command_line = shlex.join(["uncontested", "run", *arguments])
    if "--cfg" in given:
        from experiments.cli.show_config import describe

        print("\n".join(describe(_plan(overrides, given, command_line))))
        return OK

    from experiments.runs.crew import hired

    with hired(overrides) as team:
        from experiments.runs.command import execute

        execute(_plan(overrides, given, command_line), team=team)
    return OK


def _plan(overrides: list[str], given: dict[str, str], command_line: str) -> "RunPlan":
    from experiments.config.build import plan_from_config
    from experiments.config.compose import compose_run

    return plan_from_config(compose_run(overrides, given.get("--config-dir")), command_line)


def _printing(module: str, function: str) -> Callable[[list[str]], int]:
    """Return a command that prints the text which a function of a module, imported only then, returns."""

    def command(arguments: list[str]) -> int:
        print(getattr(import_module(f"experiments.{module}"), function)(arguments))
        return OK

    return command


def _calling(module: str, function: str) -> Callable[[list[str]], int]:
    """Return a command that a function of a module, imported only then, carries out."""

    def command(arguments: list[str]) -> int:
        status: int = getattr(import_module(f"experiments.{module}"), function)(arguments)
        return status

    return command


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": _run,
    "sweep": _calling("cli.sweep", "sweep"),
    "list": _printing("cli.listing", "list_command"),
    "params": _printing("cli.listing", "params_command"),
    "plot": _printing("reading.plotting", "plot_command"),
    "reproduce": _printing("reading.plotting", "reproduce_command"),
    "analyse": _printing("analysis.analyse", "analyse_command"),
    "kit": _printing("kit.command", "kit_command"),
    "windtunnel": _printing("kit.windtunnel", "windtunnel_command"),
    "flip": _printing("analysis.flipping", "flip_command"),
    "break-even": _printing("analysis.break_even", "break_even_command"),
    "variants": _printing("trust.variants", "variants_command"),
    "tiers": _printing("trust.free_tiers", "tiers_command"),
    "compare": _printing("cli.compare", "compare_command"),
    "explain": _printing("reading.explaining", "explain_command"),
    "cite": _printing("reading.citing", "cite_command"),
    "claims": _printing("claims.command", "claims_command"),
    "report": _printing("report.command", "report_command"),
    "query": _calling("reading.results", "query_command"),
    "export": _calling("reading.results", "export_command"),
    "status": _printing("reading.results", "status_command"),
    "verify": _calling("sweeping.verify", "verify_command"),
    "calibrate": _calling("trust.calibration", "calibrate_command"),
    "validate": _calling("trust.validate", "validate_command"),
    "teach": _calling("cli.teach", "teach_command"),
}


def run_options(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Separate options, with their values, from overrides."""
    overrides: list[str] = []
    given: dict[str, str] = {}
    waiting = iter(arguments)
    for word in waiting:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            overrides.append(word)
        elif name in ("--help", "-h") and not equals:
            given["--help"] = ""
        elif name in RUN_OPTIONS and name != "--help":
            given[name] = value if equals else next(waiting, "")
            if not given[name]:
                raise ConfigError(
                    name, MISSING, f"expected {'job' if name == '--cfg' else 'a folder'} after it"
                )
        else:
            near = nearest(name, RUN_OPTIONS)
            raise ConfigError(word, MISSING, f"no such option; expected {', '.join(RUN_OPTIONS)}", near)
    return overrides, given


def version() -> str:
    """Return the version of the installed project."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("uncontested")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
