"""What conf holds, read without Hydra, fast enough for help: names and comments as text, records as YAML."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

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


def read_plain(path: Path) -> Any:
    """Return what one of conf's own files holds, read by the C parser where there is one.

    As Hydra reads it, but that a key written twice goes unseen: a test composes the records by Hydra too.
    """
    import yaml

    with path.open("rb") as file:
        return yaml.load(file, _loader())  # a safe loader


@cache
def _loader() -> Any:
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen as it runs
        pass

    # YAML 1.1 takes 1e9 for text.
    number = re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+0123456789"))
    return Loader


def record_sections() -> dict[str, Any]:
    """Return the sections of the parameters' records, in the order of conf/parameters.yaml."""
    sections: dict[str, Any] = {}
    for name in read_plain(CONF / "parameters.yaml")["defaults"]:
        path = CONF / f"{name}.yaml"
        sections[_section(path.read_text(encoding="utf-8"))] = read_plain(path)
    return sections


def _section(text: str) -> str:
    """Return the section that a file of records names in its first line, `# @package <section>`."""
    return text.partition("\n")[0].rpartition(" ")[2]


def parameter_keys() -> list[str]:
    """Return the key of every parameter, section first."""
    keys = []
    for folder in _RECORD_FOLDERS:
        for file in sorted((CONF / folder).glob("*.yaml")):
            text = file.read_text(encoding="utf-8")
            keys += [f"{_section(text)}.{name}" for indent, name, _ in _KEY.findall(text) if not indent]
    return keys
