"""Find a finished run by its name, by `latest`, or by the path of its folder.

Only the standard library is imported here: every command that reads a run starts with this.
"""

import json
import re
from pathlib import Path
from typing import Any

from experiments.config.errors import ConfigError, nearest
from experiments.runs.store import LATEST, OUTPUTS, WRITTEN_LAST, shown_path

_LONGEST_PATH = 255
_STAMPED = re.compile(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_(?P<name>.+)", re.ASCII)


def find(text: str, outputs: Path = OUTPUTS) -> Path:
    """Return the folder of a finished run: `latest`, a folder's path, or a name, of which the newest counts.

    Raises: ConfigError naming the nearest run there is, or how to make one.
    """
    if text == LATEST:
        return _latest(outputs)
    folder = Path(text).expanduser()
    if text and is_run(folder):
        return folder.resolve()
    found = finished(outputs)
    for one in found:
        if text in (one.name, name_of(one)):
            return one
    names = [LATEST, *dict.fromkeys(name_of(one) for one in found)] if found else []
    here = len(text) in range(1, _LONGEST_PATH) and "\0" not in text and folder.is_dir()
    what = "the folder holds no finished run" if here else "no run has this name or path"
    raise ConfigError("run", text, f"{what}; {_expected(outputs, names)}", nearest(text, names))


def _latest(outputs: Path) -> Path:
    link = outputs / LATEST
    if is_run(link):
        return link.resolve()
    found = finished(outputs)
    if not found:
        raise ConfigError("run", LATEST, f"there is no run yet; {_expected(outputs, [])}")
    return found[0]


def _expected(outputs: Path, names: list[str]) -> str:
    if not names:
        return f"none is in {outputs}/ here: make one with uncontested run, or go to where {outputs}/ lies"
    return "expected latest, a name that uncontested list runs shows, or a run's folder"


def is_run(folder: Path) -> bool:
    """Say whether a folder holds a finished run: the manifest appears with or after everything else."""
    try:
        return (folder / WRITTEN_LAST).is_file()
    except (OSError, ValueError):  # too long a name, or one that no file can have
        return False


def finished(outputs: Path = OUTPUTS) -> list[Path]:
    """Return the folders of all finished runs, the newest first."""
    found = [file.parent.resolve() for file in outputs.glob(f"*/*/{WRITTEN_LAST}")]
    # The date in the name, not that of the file: copying must not reorder runs.
    return sorted(set(found), key=lambda folder: folder.name, reverse=True)


def name_of(folder: Path) -> str:
    """Return a run's name: that of its folder without the date and time.

    >>> name_of(Path("outputs/run/2026-11-24_19-39-42_grid"))
    'grid'
    """
    stamped = _STAMPED.fullmatch(folder.name)
    return stamped["name"] if stamped else folder.name


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Return the content of a JSON file of a run.

    Raises: ConfigError if it is missing or cannot be read.
    """
    file = folder / name
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise ConfigError(
            "run", shown_path(folder), f"{name} cannot be read ({reason}); run it again"
        ) from None
    if not isinstance(content, dict):
        raise ConfigError("run", shown_path(folder), f"{name} does not describe a run; run it again")
    return content


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return what made a run.

    Raises: ConfigError if it cannot be read or lacks what every run has.
    """
    manifest = read_json(folder, WRITTEN_LAST)
    for key in ("version", "command", "configuration_hash", "seed", "configuration"):
        if key not in manifest:
            raise ConfigError("run", shown_path(folder), f"{WRITTEN_LAST} lacks {key}; run it again")
    return manifest
