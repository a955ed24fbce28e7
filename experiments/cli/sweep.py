"""The command `uncontested sweep`."""

import shlex
import sys
from collections.abc import Sequence

from experiments.config.errors import MISSING, ConfigError, nearest

OPTIONS = ("--plan", "--config-dir", "--help")
INTERRUPTED = 130


def sweep(arguments: Sequence[str]) -> int:
    """Plan and run a sweep; return its exit status."""
    overrides, given = split_options(arguments)
    if "--help" in given:
        print(sweep_help())
        return 0
    from experiments.sweeping.running import execute, make_executor, prepare, stored_of
    from experiments.sweeping.study import compose_sweep

    request = compose_sweep(overrides, given.get("--config-dir"))
    plan, folder = prepare(request, given.get("--config-dir"))
    command = shlex.join(["uncontested", "sweep", *arguments])
    executor = make_executor(request.executor)
    if "--plan" in given:
        from experiments.sweeping.report import plan_lines

        print("\n".join(plan_lines(plan, folder, stored_of(plan, folder), executor.workers)))
        if request.executor["kind"] == "slurm":
            from experiments.sweeping.cluster import job_script

            print(f"\nEach job of Slurm:\n\n{job_script(request.executor)}")
        return 0
    ended = execute(request, plan, folder, command, executor)

    from experiments.sweeping.report import report

    report(ended, command, sys.stdout)
    if ended.interrupted:
        return INTERRUPTED
    return 1 if ended.failed else 0


def split_options(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Separate options from overrides.

    Raises: ConfigError on an option that there is not.
    """
    overrides: list[str] = []
    given: dict[str, str] = {}
    waiting = iter(arguments)
    for word in waiting:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            overrides.append(word)
        elif word in ("--plan", "--help", "-h"):
            given["--help" if word != "--plan" else word] = ""
        elif name == "--config-dir":
            given[name] = value if equals else next(waiting, "")
            if not given[name]:
                raise ConfigError(name, MISSING, "expected a folder after it")
        else:
            raise ConfigError(
                word, MISSING, f"no such option; expected {', '.join(OPTIONS)}", nearest(name, OPTIONS)
            )
    return overrides, given


def sweep_help() -> str:
    """Return what `sweep` accepts."""
    from experiments.config.conf_files import options

    return "\n".join(
        [
            "uncontested sweep study=<name> [key=value ...] [--plan] [--config-dir DIR] [--help]",
            "",
            f"Studies: {', '.join(options('study'))}",
            "",
            "Examples:",
            "  uncontested sweep study=one_optimus_or_three --plan",
            "  uncontested sweep study=one_optimus_or_three study.replications=64",
            "  uncontested sweep study=one_optimus_or_three study.factors.robots.overhead_per_unit=1..20",
            "  uncontested sweep study=baseline_worlds scenario=article stop_at_standard_error=0.01",
            "",
            "Keys:",
            "  study.replications, study.factors.<factor>, study.design, study.responses, study.budgets, ...",
            f"  executor={'|'.join(options('executor'))}, executor.workers, executor.time_limit_seconds, ...",
            "  stop_at_standard_error, retry_failed, sweep_dir",
            "  every other key is one of `uncontested run` and lies over the study's base",
            "",
            "Options:",
            "  --plan             print runs, minutes, megabytes, design and factors, and run nothing",
            "  --config-dir DIR   a folder with groups of one's own, as DIR/study/mine.yaml",
            "",
            "Exit status: 0 all runs are stored, 1 some failed, 2 wrong configuration, 130 interrupted.",
        ]
    )
