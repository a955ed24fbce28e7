"""Take measures by name and write what was measured, now and before, into a page."""

import json
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.pages.readme_answer import replaced
from experiments.runs import manifest
from experiments.runs.crew import cores

BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    measured: str
    wanted: str
    kept: bool
    """Whether what was wanted is so."""


Measures = Mapping[str, Callable[[], list[Row]]]


def take(arguments: Sequence[str], measures: Measures, page: Path, stored: Path, module: str) -> int:
    """Take the measures named, or all, and write all that is stored of them into the page.

    Returns 1 if one misses what is wanted, 2 if one cannot be taken.
    """
    names = list(arguments) or list(measures)
    try:
        for name in names:
            if name not in measures:
                expected = f"expected some of {', '.join(measures)}"
                raise ConfigError(name, MISSING, expected, nearest(name, measures))
        kept = json.loads(stored.read_text()) if stored.is_file() else {}
        for name in names:
            rows = measures[name]()
            for row in rows:
                print(f"{row.what}: {row.measured} (wanted {row.wanted}){'' if row.kept else ', missed'}")
            kept[name] = {
                "rows": [vars(row) for row in rows],
                "machine": f"{cores()} cores, Python {platform.python_version()}",
                "date": time.strftime("%Y-%m-%d"),
            }
            stored.parent.mkdir(parents=True, exist_ok=True)
            manifest.write_json(stored, kept)
    except ConfigError as error:
        print(f"measure: {error}", file=sys.stderr)
        return 2
    if page.is_file():
        text = replaced(page.read_text(encoding="utf-8"), table(kept, measures, module), (BEGIN, END))
        page.write_text(text, encoding="utf-8")
    return 0 if all(row["kept"] for one in kept.values() for row in one["rows"]) else 1


def table(kept: Mapping[str, Mapping[str, Any]], measures: Measures, module: str) -> str:
    """Return what was measured as a table in Markdown."""
    lines = ["| | measured | wanted | |", "|---|--:|--:|---|"]
    for name in measures:
        for row in kept.get(name, {}).get("rows", []):
            lines.append(
                f"| {row['what']} | {row['measured']} | {row['wanted']} | {'' if row['kept'] else 'missed'} |"
            )
    machines = {f"{one['machine']}, {one['date']}" for one in kept.values()}
    lines += ["", f"Written by `python -m {module}` ({'; '.join(sorted(machines))})."]
    return "\n".join(lines)
