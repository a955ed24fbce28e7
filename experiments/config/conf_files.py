"""What conf holds, read as text: names and comments, fast enough for help and for completing a word."""

import re
from collections.abc import Sequence
from pathlib import Path

import conf

CONF = Path(conf.__file__).parent
GROUPS = ("scenario", "start", "history", "uncertainty", "roster", "outcome", "firm")
"""Groups of which a run chooses an option; of `firm`, any number."""
SWEEP_GROUPS = ("study", "executor")
"""Groups of which a sweep chooses an option as well."""
_RECORD_FOLDERS = ("behaviour", "physics", "policy")
_KEY = re.compile(r"^( *)(\w+):(.*)$", re.MULTILINE)


def options(group: str, folders: Sequence[Path] = (CONF,)) -> list[str]:
    """Return the names of a group's files."""
    return sorted(file.stem for folder in folders for file in (folder / group).glob("*.yaml"))


def run_keys() -> dict[str, tuple[str, str]]:
    """Return the keys of conf/run.yaml with their value and comment, as written there."""
    keys: dict[str, tuple[str, str]] = {}
    above = ""
    for indent, name, rest in _KEY.findall((CONF / "run.yaml").read_text(encoding="utf-8")):
        value, _, comment = rest.partition("#")
        above = above if indent else name
        key = f"{above}.{name}" if indent else name
        if value.strip():
            keys[key] = (value.strip(), comment.strip())
    return keys


def parameter_keys() -> list[str]:
    """Return the key of every parameter, section first."""
    keys = []
    for folder in _RECORD_FOLDERS:
        for file in sorted((CONF / folder).glob("*.yaml")):
            header, _, body = file.read_text(encoding="utf-8").partition("\n")
            section = header.rpartition(" ")[2]
            keys += [f"{section}.{name}" for indent, name, _ in _KEY.findall(body) if not indent]
    return keys
