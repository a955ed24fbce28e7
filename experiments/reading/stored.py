"""What is stored of a run or of a sweep, found by name and read alike: tables as SQL, and what made them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.cli.options import choose
from experiments.config.errors import ConfigError, RunError
from experiments.reading.find import find, manifest_of, name_of
from experiments.runs.codebook import SERIES, WORLDS
from experiments.runs.store import OFFLINE, OUTPUTS
from experiments.sweeping import folder as sweep_folder
from experiments.sweeping import parts

SWEEP_KEYS = ("run_id", "status", "error")
"""Columns that a sweep's table of worlds has beside those of a run's."""


def is_sweep(folder: Path) -> bool:
    """Say whether a folder is a sweep's."""
    try:
        return folder.is_dir() and bool(sweep_folder.plans_in(folder))
    except (OSError, ValueError):  # too long a name, or one that no file can have
        return False


def sweeps(outputs: Path = OUTPUTS) -> list[Path]:
    """Return the folders of all sweeps, by name."""
    place = outputs / "sweep"
    return [one for one in sorted(place.iterdir()) if is_sweep(one)] if place.is_dir() else []


def folder_of(text: str) -> Path:
    """Return the folder of a run or a sweep by its name or path, or of the latest run.

    Raises: ConfigError naming the nearest that there is.
    """
    if text:
        for folder in (Path(text).expanduser(), OUTPUTS / "sweep" / text):
            if is_sweep(folder):
                return folder
    names = [one.name for one in sweeps()]
    try:
        return find(text)
    except ConfigError:
        from difflib import get_close_matches

        if get_close_matches(text, names, 1):
            choose("sweep", text, names)
        raise


def selects(folder: Path) -> dict[str, str]:
    """Return SQL for the tables `worlds` and, where any are stored, `series` of a run or a sweep.

    Raises: RunError if nothing is stored yet, or a part of a sweep is damaged.
    """
    if not is_sweep(folder):
        return {
            "worlds": f"SELECT * FROM read_parquet({_text(folder / WORLDS)})",
            "series": f"SELECT * FROM read_parquet({_text(folder / SERIES)})",
        }
    plan = sweep_folder.newest_plan(folder)
    planned, told = _text(plan.runs), plan.read()
    found = parts.check_parts(folder, told["record_hash"], bool(told["record"]["series"]))
    if found.damaged:
        raise RunError(
            f"{found.damaged[0].path}: damaged, one of {len(found.damaged)} such parts; this sets them "
            f"aside and computes their runs again: {told['command']}"
        )
    runs = _list([part.path for part in found.sound if part.kind == parts.RUNS])
    series = _list([part.path for part in found.sound if part.kind == parts.SERIES])
    if not runs:
        raise RunError(f"{folder}: no run of this sweep is stored yet")
    tables = {
        "worlds": "SELECT planned.point, runs.* "
        f"FROM read_parquet({runs}, union_by_name=true) runs "
        f"JOIN (SELECT run_id, point FROM {planned}) planned USING (run_id) "
        # A run that failed and was done when tried again counts once, as done.
        "QUALIFY row_number() OVER (PARTITION BY point, run_id ORDER BY status) = 1"
    }
    if series:
        tables["series"] = (
            "SELECT point, world, response, budget, series.* "
            f"FROM read_parquet({series}, union_by_name=true) series "
            f"JOIN {planned} planned USING (run_id)"
        )
    return tables


def done(folder: Path) -> dict[str, str]:
    """Return the same, of a sweep without runs that failed and with the columns that a run has.

    Raises: RunError if no run is stored yet.
    """
    tables = selects(folder)
    if is_sweep(folder):
        kept = f"* EXCLUDE ({', '.join(SWEEP_KEYS)})"
        tables["worlds"] = f"SELECT {kept} FROM ({tables['worlds']}) WHERE status = '{parts.DONE}'"
        if "series" in tables:
            tables["series"] = f"SELECT * EXCLUDE (run_id) FROM ({tables['series']})"
    return tables


def made_by(folder: Path) -> dict[str, Any]:
    """Return what made a run or a sweep, with the same keys for both.

    Raises: ConfigError or RunError if it cannot be read.
    """
    if not is_sweep(folder):
        return manifest_of(folder)
    plan = sweep_folder.newest_plan(folder).read()
    return {
        **plan,
        # A sweep is known by its runs, each of which is known by its configuration and code.
        "configuration_hash": plan["runs_hash"],
        "sources_hash": plan["code_hash"],
        "study": plan["study"]["name"],
        "figures": _figures(plan),
    }


def points_of(folder: Path) -> dict[int, tuple[tuple[str, Any], ...]]:
    """Return, by point of a design, its factors with their values; a run has one point without any."""
    if not is_sweep(folder):
        return {}
    import duckdb

    with duckdb.connect(config=OFFLINE) as connection:
        file = str(sweep_folder.newest_plan(folder).points)
        answer = connection.execute("SELECT * FROM read_parquet(?)", [file])
        names = [column[0] for column in answer.description or ()]
        rows = answer.fetchall()
    return {row[0]: tuple(sorted(zip(names[1:], row[1:], strict=True))) for row in rows}


def title_of(folder: Path) -> str:
    """Return the name of a run or a sweep."""
    return folder.name if is_sweep(folder) else name_of(folder)


def _figures(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what figures need beside the tables, as far as a sweep's plan tells it."""
    from sim.axes import BLOCS

    config = plan["configuration"]
    firms = {**config["roster"]["labs"], **config["roster"]["robot_makers"]}
    return {
        "lead_share": config["outcome"]["lead_share"],
        "response": plan["study"]["headline"]["response"],
        "blocs": {name: firm["bloc"] for name, firm in firms.items() if firm.get("bloc") in BLOCS},
    }


def _text(path: Path) -> str:
    quoted = str(path).replace("'", "''")
    return f"'{quoted}'"


def _list(paths: list[Path]) -> str:
    return "[" + ", ".join(_text(path) for path in paths) + "]" if paths else ""
