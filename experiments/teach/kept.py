"""What `uncontested teach bake` leaves behind: every answer in full, and a page that holds the grid.

An answer is kept by the hash of its configuration, as JSON, in a folder of its own for each model and size:
read again, it is the answer of a run to the last digit. Where no world can start, nothing (null) is kept.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.errors import MISSING, ConfigError
from experiments.runs import summary
from experiments.runs.manifest import digest, sources_hash, version
from experiments.runs.store import OUTPUTS
from experiments.teach import answers

KEPT = OUTPUTS / "bake"
PAGE = OUTPUTS / "teach.html"
GRID_KEYS = ("layout", "grid", "bases", "effects", "interactions", "errors")
"""What a page composes answers from."""
HOW = "`uncontested teach bake` makes one"


def keep_of(worlds: int, months: int, root: Path = KEPT) -> Path:
    """Return the folder of what is run with this model at this size."""
    shaped = digest([Path(answers.__file__), Path(summary.__file__)]) + np.__version__
    shape = hashlib.sha256(shaped.encode()).hexdigest()
    return root / f"{version()}-{sources_hash()[:16]}-{shape[:8]}-{worlds}x{months}"


def file_of(name: str, keep: Path) -> Path:
    """Return the file of an answer by the hash of its configuration."""
    return keep / f"{name}.json.gz"


def keep_answer(name: str, answer: Mapping[str, Any] | None, keep: Path) -> None:
    """Keep an answer, or that no world can start."""
    # Without a time inside, the same answer is the same file.
    put(file_of(name, keep), gzip.compress(json.dumps(answer, allow_nan=False).encode(), 6, mtime=0))


def kept_answer(name: str, keep: Path) -> bytes | None:
    """Return a kept answer as JSON; nothing where there is none, it cannot be read or no world can start."""
    try:
        found = gzip.decompress(file_of(name, keep).read_bytes())
    except (OSError, EOFError):
        return None
    return None if found == b"null" else found


def kept_trials(keep: Path) -> Mapping[str, Any]:
    """Return the strategies' points by role, as far as they are kept."""
    found: dict[str, Any] = {}
    for small in (True, False):
        file = trials_file(keep, small)
        if file.is_file():
            found |= json.loads(file.read_text())
    return found


def trials_file(keep: Path, small: bool) -> Path:
    """Return the file of the wind tunnel of all roles, or of the few of a small page."""
    return keep / ("tunnel_small.json" if small else "tunnel.json")


def put(file: Path, content: bytes) -> None:
    """Write a file at once or not at all."""
    part = file.with_suffix(f".part-{os.getpid()}")
    part.write_bytes(content)
    part.replace(file)


def content_of(page: Path) -> dict[str, Any]:
    """Return what a baked page holds.

    Raises: ConfigError if it cannot be read or is no such page.
    """
    try:
        text = page.read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text.partition('id="baked">')[2].partition("</script>")[0])
    except FileNotFoundError:
        raise ConfigError(str(page), MISSING, f"expected a baked page; {HOW}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it holds no grid"
        raise ConfigError(str(page), MISSING, f"cannot be read ({reason}); {HOW}") from None
    return content


def grid_of(page: Path, worlds: int, months: int) -> dict[str, Any]:
    """Return the part of a baked page that answers are composed from, if it is of this model and size.

    Raises: ConfigError saying what does not fit.
    """
    content = content_of(page)
    made, given = content.get("model", {}), (worlds, months)
    size = (made.get("worlds"), made.get("months"))
    if content.get("sources") != sources_hash() or made.get("version") != version():
        raise ConfigError(str(page), made.get("version"), f"was baked with another model or conf; {HOW}")
    if size != given:
        raise ConfigError(
            str(page),
            f"{size[0]} worlds x {size[1]} months",
            f"expected {worlds} x {months} as served; {HOW}, or serve as many with --worlds {size[0]}",
        )
    return {key: content[key] for key in GRID_KEYS}
