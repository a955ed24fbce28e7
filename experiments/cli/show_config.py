"""Show a resolved configuration: every value with its unit and source, in lines that YAML can read."""

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.config.build import RUN_KEYS, RunPlan
from experiments.config.catalogue import Range, Record
from experiments.config.conf_files import run_keys
from experiments.config.readers import plain


def describe(plan: RunPlan) -> Iterator[str]:
    """Yield `key: value  # unit; source` for all that is set, composed or drawn."""
    config = plan.config
    yield f"# {plan.title}: {' '.join(plan.sentence.split())}"
    yield f"# configuration {plan.config_hash}"
    for group, option in config["choices"].items():
        yield f"# {group}={_text(option)}"
    comments = run_keys()
    for key in RUN_KEYS:
        for name, value in _leaves(key, _shown(key, config[key])):
            yield _line(name, value, comments.get(name, ("", ""))[1])
    for part in ("uncertainty", "outcome"):
        for name, value in _leaves(part, config[part]):
            yield _line(name, value, "")
    for key, record in plan.catalogue.items():
        yield from _parameter(record, config["parameters"][key]["set"], config["uncertainty"]["draw"])
    for name, value in _leaves("roster", config["roster"]):
        yield _line(name, value, "")
    for name, value in _leaves("start", config["start"]):
        if isinstance(value, Mapping):
            about = f"{value['unit']}; {value['basis']}: {' '.join(value['source'].split())}"
            yield _line(name, value["value"], about)
        else:
            yield _line(name, value, "first month simulated")


def _shown(key: str, value: Any) -> Any:
    """Return a file of one's own by its name or its length, not with all its lines."""
    if key == "rules" and isinstance(value, Mapping):
        return value["file"]
    if key == "observations":
        return f"{len(value)} points" if value else ""
    return value


def _parameter(record: Record, written: Mapping[str, Any], draw: bool) -> Iterator[str]:
    source = " ".join(record.source.split())
    if not written:
        drawn = ""
        if draw and record.low is not None and record.high is not None:
            shape = "uniform" if record.kind == "deep" else "triangular"
            prior = Range(record.low, record.high)
            drawn = f"drawn from {prior}, {shape}{', log' if record.scale == 'log' else ''}; "
        yield _line(record.key, record.value, f"{record.unit}; {drawn}{source}")
        return
    if "*" not in written:
        yield _line(record.key, record.value, f"{record.unit}; {source}")
    for member, value in written.items():
        key = record.key if member == "*" else f"{record.key}.{member}"
        drawn = "set"
        if isinstance(value, str):
            drawn = "drawn uniformly" + (" in logs" if record.scale == "log" else "")
        yield _line(key, value, f"{record.unit}; {drawn} in place of {_text(record.value)}; {source}")


def _leaves(key: str, node: Any) -> Iterator[tuple[str, Any]]:
    """Yield what stands at the ends of a mapping; a start record and a table by member are ends."""
    numbers = isinstance(node, Mapping) and all(isinstance(value, (int, float)) for value in node.values())
    end = not isinstance(node, Mapping) or "basis" in node or ("." in key and numbers)
    if not end:
        for name, value in node.items():
            yield from _leaves(f"{key}.{name}", value)
    else:
        yield key, node


def _line(key: str, value: Any, about: str) -> str:
    line = f"{key}: {_text(value)}"
    return f"{line}  # {about}" if about else line


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return plain(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_text(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_text(inner) for inner in value) + "]"
    return str(value) or "''"
