"""Studies: a question with the factors, design, replications and records that answer it.

`compose_sweep` reads what follows `uncontested sweep`: keys below `study.` and `executor.` change those, some
are the sweep's own, and all others are keys of a run, laid over the study's base.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.config.compose import composed_files, own_folder, parse_override
from experiments.config.conf_files import CONF, options
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.readers import exactly, filled, flag, integer, number, one_of
from experiments.sweeping.sampling import Design, read_design
from sim.axes import LEVERS, RESPONSES
from sim.outcome import LEADERS

STUDY_KEYS = (
    "title",
    "question",
    "base",
    "factors",
    "design",
    "replications",
    "responses",
    "budgets",
    "record",
    "headline",
)
SWEEP_KEYS = ("stop_at_standard_error", "retry_failed", "sweep_dir")
_EXECUTOR_KEYS = ("kind", "workers", "runs_per_unit", "time_limit_seconds")
EXECUTOR_KEYS = {
    "local": _EXECUTOR_KEYS,
    "dask": (*_EXECUTOR_KEYS, "results", "address", "tls_ca", "tls_cert", "tls_key"),
    "slurm": (
        *_EXECUTOR_KEYS,
        "results",
        *("cores_per_job", "memory_per_job", "walltime", "queue", "account", "interface"),
    ),
}
RESULTS = ("folder", "engine")
"""Where the workers of a cluster leave their results: in the sweep's folder, or with the driver."""
INSTEAD = {
    "worlds": "study.replications",
    "responses": "study.responses",
    "budget": "study.budgets",
    "output": "sweep_dir",
    "output.dir": "sweep_dir",
    "workers": "executor.workers",
}
"""Keys of a run that a sweep sets otherwise."""
_TEXT_KEYS = (
    "sweep_dir",
    "study.design.file",
    *(
        f"executor.{key}"
        for key in ("address", "tls_ca", "tls_cert", "tls_key", "walltime", "memory_per_job")
    ),
)
_MOST_REPLICATIONS = 1_000_000


@dataclass(frozen=True)
class Headline:
    """The answer that is shown while a sweep runs: the share of runs in which an outcome has a value."""

    outcome: str
    value: str
    response: str

    @property
    def sentence(self) -> str:
        """Say what is counted."""
        return f"{self.outcome} is {self.value}"


@dataclass(frozen=True)
class Study:
    """A question and the runs that are to answer it."""

    name: str
    title: str
    question: str
    base: tuple[tuple[str, Any], ...]
    """What every run takes, as keys of a run, in the order in which they are laid."""
    factors: Any
    """As written; they are checked against the base run."""
    design: Design
    replications: int
    responses: tuple[str, ...]
    budgets: tuple[str, ...]
    outcomes: tuple[str, ...]
    """Patterns of outcomes that are recorded."""
    series: tuple[str, ...]
    """Patterns of series that are recorded."""
    headline: Headline


@dataclass(frozen=True)
class SweepRequest:
    """What was asked for: a study, who computes it, and how the sweep ends."""

    study: Study
    executor: Mapping[str, Any]
    stop_at_standard_error: float
    retry_failed: bool
    sweep_dir: str
    written: Mapping[str, Any] = field(compare=False)
    """The study as resolved, in plain data."""


def compose_sweep(overrides: Sequence[str], config_dir: str | None = None) -> SweepRequest:
    """Compose a sweep from conf, a folder of one's own, and overrides.

    Raises: ConfigError on the first that cannot be used.
    """
    folders = [CONF, *own_folder(config_dir)]
    chosen: dict[str, str] = {}
    changes: list[tuple[str, Any]] = []
    base: list[tuple[str, Any]] = []
    for text in overrides:
        key, value = parse_override(text, sweeps=True, text_keys=_TEXT_KEYS)
        if key in ("study", "executor"):
            chosen[key] = _option(key, value, folders)
        elif key.startswith("study.base."):
            base.append((key.removeprefix("study.base."), value))
        elif key in SWEEP_KEYS or key.startswith(("study.", "executor.")):
            changes.append((key, value))
        elif key in INSTEAD:
            raise ConfigError(key, value, "a sweep sets this otherwise", INSTEAD[key])
        else:
            base.append((key, value))
    if "study" not in chosen:
        valid = options("study", folders)
        raise ConfigError("study", MISSING, f"expected one of {', '.join(valid)}", f"study={valid[0]}")
    layer, taken = composed_files("sweep", chosen, folders)
    for key, value in changes:
        _write(layer, key, value)
    study = read_study(chosen["study"], layer["study"], base)
    return SweepRequest(
        study=study,
        executor=read_executor(taken["executor"], layer["executor"]),
        stop_at_standard_error=number("stop_at_standard_error", layer["stop_at_standard_error"], 0.0, 1.0),
        retry_failed=flag("retry_failed", layer["retry_failed"]),
        sweep_dir=_path(layer["sweep_dir"]),
        written={**layer["study"], "base": dict(study.base), "name": study.name},
    )


def read_study(name: str, given: Any, over: Sequence[tuple[str, Any]] = ()) -> Study:
    """Check a study; `over` is laid over its base.

    Raises: ConfigError on the first key that is unknown, missing or wrong.
    """
    written = exactly("study", given, STUDY_KEYS)
    record = exactly("study.record", written["record"], ("outcomes", "series"))
    headline = exactly("study.headline", written["headline"], ("outcome", "is", "response"))
    base = written["base"] or {}
    if not isinstance(base, Mapping):
        raise ConfigError("study.base", base, "expected keys of a run with their values")
    for key in base:
        if key in INSTEAD:
            raise ConfigError(f"study.base.{key}", base[key], "a sweep sets this otherwise", INSTEAD[key])
    responses = _names("study.responses", written["responses"], RESPONSES)
    return Study(
        name=name,
        title=filled("study.title", written["title"]),
        question=filled("study.question", written["question"]),
        base=(*((str(key), value) for key, value in base.items()), *over),
        factors=written["factors"],
        design=read_design(written["design"]),
        replications=integer("study.replications", written["replications"], 1, _MOST_REPLICATIONS),
        responses=responses,
        budgets=_names("study.budgets", written["budgets"], ("all", *LEVERS)),
        outcomes=_patterns("study.record.outcomes", record["outcomes"]),
        series=_patterns("study.record.series", record["series"]),
        headline=Headline(
            filled("study.headline.outcome", headline["outcome"]),
            one_of("study.headline.is", headline["is"], LEADERS),
            one_of("study.headline.response", headline["response"], responses),
        ),
    )


def read_executor(name: str, given: Any) -> Mapping[str, Any]:
    """Check who computes a sweep.

    Raises: ConfigError on the first key that is unknown, missing or wrong.
    """
    if not isinstance(given, Mapping) or given.get("kind") not in EXECUTOR_KEYS:
        kind = given.get("kind") if isinstance(given, Mapping) else given
        raise ConfigError("executor.kind", kind, f"expected one of {', '.join(EXECUTOR_KEYS)}")
    read = dict(exactly("executor", given, EXECUTOR_KEYS[given["kind"]]))
    if read["workers"] != "auto":
        if isinstance(read["workers"], str):
            raise ConfigError("executor.workers", read["workers"], "expected auto or an integer", "auto")
        integer("executor.workers", read["workers"], 1, 1024)
    integer("executor.runs_per_unit", read["runs_per_unit"], 1, 10_000)
    number("executor.time_limit_seconds", read["time_limit_seconds"], 0.001, 1e9)
    if "results" in read:
        one_of("executor.results", read["results"], RESULTS)
    if given["kind"] == "dask":
        _check_address(read)
    if given["kind"] == "slurm":
        integer("executor.cores_per_job", read["cores_per_job"], 1, 1024)
        for key in ("memory_per_job", "walltime"):
            filled(f"executor.{key}", read[key])
    return {**read, "name": name}


def _check_address(read: Mapping[str, Any]) -> None:
    address = read["address"]
    if not isinstance(address, str) or (address and not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d+", address)):
        expected = "expected tcp://host:port or tls://host:port, or '' for a cluster on this machine"
        raise ConfigError("executor.address", address, expected)
    given = {key: read[key] for key in ("tls_ca", "tls_cert", "tls_key")}
    for key, file in given.items():
        if address.startswith("tls://") and not file:
            raise ConfigError(f"executor.{key}", MISSING, "expected a file, as the address is tls://")
        if file and not Path(file).is_file():
            raise ConfigError(f"executor.{key}", file, "there is no such file")


def _option(group: str, value: Any, folders: Sequence[Path]) -> str:
    valid = options(group, folders)
    if not isinstance(value, str) or value not in valid:
        near = nearest(str(value), valid)
        raise ConfigError(group, value, f"expected one of {', '.join(valid)}", f"{group}={near}")
    return value


def _write(layer: dict[str, Any], key: str, value: Any) -> None:
    """Lay a value over the composed sweep; the names of factors hold dots."""
    if key in SWEEP_KEYS:
        layer[key] = value
        return
    head, _, rest = key.partition(".")
    node = layer[head]
    if head == "study" and rest.startswith("factors."):
        node["factors"] = {**(node.get("factors") or {}), rest.removeprefix("factors."): value}
        return
    *above, last = rest.split(".")
    for name in above:
        node = node.get(name) if isinstance(node, Mapping) else None
    if not isinstance(node, dict) or (last not in node and above != ["design"]):
        valid = [f"{head}.{name}" for name in _keys(layer[head])]
        raise ConfigError(key, value, "no such key", nearest(key, valid))
    node[last] = value


def _keys(node: Mapping[str, Any], above: str = "") -> list[str]:
    keys = []
    for name, inner in node.items():
        keys.append(f"{above}{name}")
        if isinstance(inner, Mapping):
            keys += _keys(inner, f"{above}{name}.")
    return keys


def _names(key: str, given: Any, valid: Sequence[str]) -> tuple[str, ...]:
    expected = f"expected a list of {', '.join(valid)}, each at most once"
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ConfigError(key, given, expected)
    for name in given:
        one_of(key, name, valid)
    if len(set(given)) < len(given):
        raise ConfigError(key, given, expected)
    return tuple(given)


def _patterns(key: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigError(key, given, "expected a list of names or patterns, as [leader.*, share.d1.2040]")
    return tuple(filled(key, one) for one in given)


def _path(given: Any) -> str:
    if not isinstance(given, str) or not (given == "" or given.isprintable()):
        raise ConfigError("sweep_dir", given, "expected a path, or '' for outputs/sweep/<study>")
    return given
