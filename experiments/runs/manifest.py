"""What made a run, so that it can be made again: configuration, version, commit, packages, sources."""

import hashlib
import json
import platform
import subprocess
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.config.build import RunPlan

ROOT = Path(__file__).parents[2]
SOURCES = ("sim", "agents", "conf")
"""What a result depends on beside the configuration; experiments only ask, store and draw."""
SOURCE_FILES = ("*.py", "*.yaml", "*.csv")
LEVER_TABLE = "tests/levers.csv"
PACKAGES = ("mesa", "numpy", "scipy", "duckdb", "matplotlib", "hydra-core", "omegaconf", "rich", "networkx")
_GIT_SECONDS = 10.0


def describe_run(plan: RunPlan, started: str, workers: int, batches: int) -> dict[str, Any]:
    """Return the content of manifest.json, apart from what is known at the end only."""
    commit = git("rev-parse", "HEAD") if is_checkout() else None
    return {
        "version": version(),
        "command": plan.command_line,
        "configuration_hash": plan.config_hash,
        "seed": plan.seed,
        "scenario": plan.scenario,
        "commit": commit,
        "uncommitted_changes": None
        if commit is None
        else bool(git("status", "--porcelain", "--", *tracked())),
        "sources_hash": sources_hash(),
        "lever_table": lever_table(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "packages": packages(),
        "started": started,
        "workers": workers,
        "batches": batches,
        "configuration": plan.config,
    }


def version() -> str:
    """Return the version of the project, installed or run from its folder."""
    try:
        return metadata.version("uncontested")
    except metadata.PackageNotFoundError:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])


def tracked() -> tuple[str, ...]:
    """Return the folders whose uncommitted changes make a run hard to repeat."""
    return (*SOURCES, "experiments")


@cache
def is_checkout() -> bool:
    """Say whether the project lies in a Git checkout of its own, and not inside somebody else's."""
    top = git("rev-parse", "--show-toplevel")
    return top is not None and Path(top).resolve() == ROOT.resolve()


def git(*arguments: str) -> str | None:
    """Return what Git says, or None where there is no Git, no checkout, or no answer."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_GIT_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def lever_table() -> dict[str, str | None] | None:
    """Return which table of expected signs stood beside the run: its content's hash and its last commit.

    None where the project is installed without its tests.
    """
    table = ROOT / LEVER_TABLE
    if not table.is_file():
        return None
    commit = git("log", "-1", "--format=%H", "--", LEVER_TABLE) if is_checkout() else None
    return {"file": LEVER_TABLE, "sha256": digest([table]), "commit": commit or None}


def sources_hash() -> str:
    """Return the SHA-256 of what a result depends on: the simulation, the minds, and conf."""
    return digest(
        file for folder in SOURCES for pattern in SOURCE_FILES for file in (ROOT / folder).rglob(pattern)
    )


def digest(files: Iterable[Path]) -> str:
    """Return the SHA-256 of files with their names, in the order of their names."""
    total = hashlib.sha256()
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(ROOT).as_posix()} {content}\n".encode())
    return total.hexdigest()


def packages() -> dict[str, str]:
    """Return the versions of the packages that a run uses."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "(not installed)"
    return found


def write_json(path: Path, content: Any) -> None:
    """Write JSON that every reader takes: no NaN, keys in the order given."""
    path.write_text(
        json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )
