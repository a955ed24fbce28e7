"""`uncontested list`: what there is to choose from. `uncontested params`: every parameter and its record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.cli.options import choose, parse
from experiments.config.catalogue import Range, Record
from experiments.config.conf_files import CONF
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.reading.find import finished, name_of, read_json

Table = list[tuple[str, ...]]
_WIDTH = 110
_LONGEST_CELL = 44


def list_command(arguments: Sequence[str]) -> str:
    """Return what there is of a kind, or of every kind how many, as text."""
    words, given = parse(
        arguments, ("kind", "word"), {"--config-dir": "a folder", "--run": "a run's name or path"}, optional=2
    )
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["list"]
    own = given.get("--config-dir")
    if own is not None and not Path(own).is_dir():
        raise ConfigError("--config-dir", own, "expected a folder")
    folders = [CONF, *([Path(own)] if own is not None else [])]
    if not words:
        return _overview(folders)
    table = KINDS[choose("list", words[0], list(KINDS))](folders, given.get("--run"))
    return _matching(words[0], table, words[1]) if len(words) > 1 else columns(table)


def _overview(folders: Sequence[Path]) -> str:
    """Say how many there are of each kind that is quickly counted."""
    counts = {
        kind: str(len(KINDS[kind](folders, None)))
        for kind in ("scenarios", "studies", "firms", "figures", "runs")
    }
    lines = [(f"uncontested list {kind}", counts.get(kind, "")) for kind in KINDS]
    return columns([*lines, ("uncontested params [word]", "every parameter: value, range, unit, source")])


def _matching(kind: str, table: Table, word: str) -> str:
    found = [row for row in table if word.lower() in " ".join(row).lower()]
    if not found:
        expected = f"nothing in {kind} has this word"
        raise ConfigError(f"list {kind}", word, expected, nearest(word, [row[0] for row in table]))
    return columns(found)


def _titled(group: str) -> Callable[[Sequence[Path], str | None], Table]:
    """Return a lister of a group of conf whose files have a name and a title."""

    def rows(folders: Sequence[Path], run: str | None) -> Table:
        found: Table = []
        for file in sorted(file for folder in folders for file in (folder / group).glob("*.yaml")):
            content = _yaml(file).get(group)
            own = content if isinstance(content, Mapping) else {}
            found.append((file.stem, str(own.get("title", "")), " ".join(str(own.get("why", "")).split())))
        return found

    return rows


def _yaml(file: Path) -> Mapping[str, Any]:
    from omegaconf import OmegaConf

    try:
        content: Any = OmegaConf.to_container(OmegaConf.load(file))
    except Exception as error:  # a file of one's own may be anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(str(file), MISSING, f"cannot be read as YAML ({reason})") from None
    return content if isinstance(content, Mapping) else {}


def _firms(folders: Sequence[Path], run: str | None) -> Table:
    roster = _yaml(CONF / "roster" / "base.yaml")
    found: Table = [
        (name, kind.removesuffix("s").replace("_", " "), str(traits["bloc"]))
        for kind, firms in roster.items()
        if kind != "markets"
        for name, traits in firms.items()
    ]
    for file in sorted(file for folder in folders for file in (folder / "firm").glob("*.yaml")):
        own = _yaml(file).get("roster", {})
        kind = ", ".join(own) if isinstance(own, Mapping) else ""
        found.append((file.stem, kind.replace("_", " "), f"firm={file.stem}"))
    return found


def _series(folders: Sequence[Path], run: str | None) -> Table:
    """List what a run records: of a run from its code book, else as the code declares it."""
    from experiments.runs.recorded import declared, of_run

    return [(one.column, one.unit, one.definition) for one in (of_run(run) if run else declared())]


def _figures(folders: Sequence[Path], run: str | None) -> Table:
    from experiments.figures.draw import CHARTS, FIGURES

    every = {**FIGURES, **CHARTS}
    return [(name, (draw.__doc__ or "").strip().partition("\n")[0]) for name, draw in every.items()]


def _runs(folders: Sequence[Path], run: str | None) -> Table:
    found: Table = []
    for folder in finished():
        summary = read_json(folder, "summary.json") if (folder / "summary.json").is_file() else {}
        worlds = summary.get("worlds")
        what = f"{worlds:,} worlds" if isinstance(worlds, int) else ""
        found.append((name_of(folder), str(summary.get("scenario", "")), what, folder.name[:16]))
    return found


KINDS: dict[str, Callable[[Sequence[Path], str | None], Table]] = {
    "scenarios": _titled("scenario"),
    "studies": _titled("study"),
    "firms": _firms,
    "series": _series,
    "figures": _figures,
    "runs": _runs,
}


def params_command(arguments: Sequence[str]) -> str:
    """Return the records of the parameters that a word matches, or a line for each of them all."""
    words, given = parse(arguments, ("word",), {}, optional=1)
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["params"]
    from experiments.config.compose import base_catalogue

    records = base_catalogue()
    if not words:
        rows = [(key, _value(record), _range(record), record.unit) for key, record in records.items()]
        return columns(rows)
    word = words[0].lower()
    if word in records:
        return "\n".join(_record(records[word]))
    found = [
        record
        for key, record in records.items()
        if word in f"{key} {record.unit} {record.source} {record.equation} {record.tag} {record.kind}".lower()
    ]
    found.sort(key=lambda record: word not in record.key)
    if not found:
        pieces = [piece for key in records for piece in [key, *key.replace(".", "_").split("_")]]
        raise ConfigError("params", words[0], "no parameter has this word", nearest(words[0], pieces))
    return "\n\n".join("\n".join(_record(record)) for record in found)


def _record(record: Record) -> list[str]:
    """Return a record as lines: the value as it would be written, then what it is and rests on."""
    span = _range(record)
    lines = [f"{record.key}={_value(record)}  ({record.unit})"]
    drawn = {
        "deep": "drawn uniformly, as nobody knows where it lies",
        "fixed": "not drawn",
    }.get(record.kind, "drawn, most often near its value")
    log = ", over logs" if span and record.scale == "log" else ""
    limits = Range(record.minimum, record.maximum)
    about = [
        ("range", f"{span}; {drawn}{log}" if span else drawn),
        ("limits", f"{limits}"),
        ("by", record.by or ""),
        ("confidence", record.kind),
        ("tag", record.tag),
        ("equation", record.equation),
        ("source", " ".join(record.source.split())),
    ]
    return [*lines, *(f"    {name:<11}{text}" for name, text in about if text)]


def _value(record: Record) -> str:
    from experiments.config.readers import plain

    if isinstance(record.value, Mapping):
        return "{" + ", ".join(f"{member}: {plain(value)}" for member, value in record.value.items()) + "}"
    return plain(record.value)


def _range(record: Record) -> str:
    return "" if record.low is None or record.high is None else str(Range(record.low, record.high))


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as text whose columns stand under one another; the last may be cut to fit a line."""
    table = [[str(cell) for cell in row] for row in rows]
    if not table:
        return "(none)"
    count = max(map(len, table))
    widths = [
        max((min(len(row[i]), _LONGEST_CELL) for row in table if i < len(row)), default=0)
        for i in range(count)
    ]
    lines = []
    for row in table:
        line = ""
        for i, cell in enumerate(row):
            line += cell if i == len(row) - 1 else f"{cell:<{widths[i]}}  "
        lines.append(line.rstrip() if len(line.rstrip()) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…")
    return "\n".join(lines)
