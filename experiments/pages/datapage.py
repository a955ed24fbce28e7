"""Write tables of docs/data.md and docs/parameters.md from conf: `python -m experiments.pages.datapage`."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from omegaconf import OmegaConf

from experiments.config.catalogue import SECTIONS, Record
from experiments.config.compose import base_catalogue

REPOSITORY: Final = Path(__file__).parents[2]
CONF: Final = REPOSITORY / "conf"
DATA: Final = REPOSITORY / "docs" / "data.md"
PARAMETERS: Final = REPOSITORY / "docs" / "parameters.md"
OPEN_LICENCE: Final = "CC BY 4.0"
OPEN_SOURCES: Final = (OPEN_LICENCE, "Epoch AI", "Our World in Data")
OWN_BASES: Final = ("judgement", "judged", "deep", "fixed")


def load(path: Path) -> dict[str, Any]:
    """Return a YAML file of conf as plain containers."""
    plain: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(path))  # type: ignore[assignment]  # the file is a mapping
    return plain


def start_rows(start: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the start table: what, value, unit, basis, source, terms."""
    for kind, entities in start.items():
        if isinstance(entities, Mapping):
            for entity, fields in entities.items():
                for name, record in fields.items():
                    what = f"{kind}.{entity}.{name}"
                    source = record["source"]
                    licence = licence_of(source, record["basis"])
                    yield what, shown(record["value"]), record["unit"], record["basis"], source, licence


def parameter_tables() -> str:
    """Return a table a section of the parameters, under the section's heading and purpose."""
    head = ("parameter", "value", "range", "unit", "kind", "tag", "equation", "source", "terms")
    records = base_catalogue()
    parts = []
    for section, kind in SECTIONS.items():
        own = [record for key, record in records.items() if key.startswith(f"{section}.")]
        parts.append(f"## {section}\n\n{kind.__doc__}\n\n{table(head, map(parameter_row, own))}")
    return "\n\n".join(parts)


def parameter_row(record: Record) -> tuple[str, ...]:
    """Return the row of a parameter."""
    drawn = record.low is not None and record.high is not None
    span = f"{shown(record.low)} to {shown(record.high)}" if drawn else ""
    return (
        record.key,
        shown(record.value),
        f"{span}, log" if drawn and record.scale == "log" else span,
        record.unit,
        record.kind,
        record.tag,
        record.equation,
        record.source,
        licence_of(record.source, record.kind),
    )


def observation_rows(points: list[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the observed points: series, date, value, range, unit, confidence, source, terms."""
    for point in points:
        span = f"{shown(point['low'])} to {shown(point['high'])}" if "low" in point else ""
        source = point["source"]
        yield (
            point["series"],
            str(point["date"]),
            shown(point["value"]),
            span,
            point["unit"],
            point["confidence"],
            source,
            licence_of(source, "observed"),
        )


def licence_of(source: str, basis: str) -> str:
    """Name the terms under which a figure is used: open data, a quoted fact, or this project's own."""
    if any(name in source for name in OPEN_SOURCES):
        return OPEN_LICENCE
    return "own" if basis in OWN_BASES else "quoted fact"


def shown(value: object) -> str:
    """Return a value as people read it: thousands apart, members of a mapping in a row."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(item)}" for key, item in value.items())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value)


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def tables() -> dict[Path, dict[str, str]]:
    """Return every generated part of each page by the name of its mark."""
    head = ("start value", "value", "unit", "basis", "source", "terms")
    starts = {path.stem: load(path) for path in sorted((CONF / "start").glob("*.yaml"))}
    points = load(CONF / "observations" / "baseline.yaml")["points"]
    return {
        DATA: {
            **{f"start {month}": table(head, start_rows(start)) for month, start in starts.items()},
            "observations": table(
                ("series", "date", "value", "range", "unit", "confidence", "source", "terms"),
                observation_rows(points),
            ),
        },
        PARAMETERS: {"parameters": parameter_tables()},
    }


def renewed(page: str, parts: Mapping[str, str]) -> str:
    """Return the page with every part between its two marks replaced by what conf says now.

    Raises: ValueError if a mark is missing.
    """
    for name, text in parts.items():
        first, last = f"<!-- {name}: generated -->\n", f"<!-- {name}: end -->"
        if page.count(first) != 1 or page.count(last) != 1:
            raise ValueError(f"expected one {first.strip()!r} and one {last!r} in the page; put them back")
        before, rest = page.split(first)
        page = before + first + "\n" + text + "\n\n" + last + rest.split(last)[1]
    return page


def main() -> int:
    """Rewrite the generated parts of both pages."""
    for path, parts in tables().items():
        path.write_text(renewed(path.read_text(encoding="utf-8"), parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
