"""From overrides in Hydra's grammar to one resolved configuration: groups, scenario, values and ranges.

Hydra parses the overrides and composes the files. The records of the parameters are composed apart, so that a
scenario and the command line are layers of plain values over them and can never edit a record.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, cast

from experiments.config.build import PARTS, RUN_KEYS
from experiments.config.catalogue import SECTIONS, Catalogue, as_conf, read_catalogue
from experiments.config.conf_files import (
    CONF,
    GROUPS,
    SWEEP_GROUPS,
    options,
    parameter_keys,
    read_plain,
    record_sections,
    run_keys,
)
from experiments.config.errors import MISSING, ConfigError, nearest, show
from experiments.config.minds import read_rules
from experiments.config.parameters import EVERY
from experiments.trust.observed import read_points
from sim.settings import OutcomeRules

MANY = "firm"
START = "start"
TEXT_KEYS = ("name", "output.dir", "rules", "observations")
"""Keys whose value is taken as it is typed, so that name=10 is text."""

_GRAMMAR = "expected key=value, as worlds=64, scenario=article or robots.optimus_unit_cost=20..40"


def compose_run(overrides: Sequence[str], config_dir: str | None = None) -> dict[str, Any]:
    """Compose a run from conf, a folder of one's own, and overrides; later ones lie over earlier ones.

    Raises: ConfigError on the first override or file that cannot be used.
    """
    return compose_values([parse_override(text) for text in overrides], config_dir)


def compose_values(given: Sequence[tuple[str, Any]], config_dir: str | None = None) -> dict[str, Any]:
    """Compose a run from conf, a folder of one's own, and values by key; later ones lie over earlier ones.

    Raises: ConfigError on the first key or file that cannot be used.
    """
    folders = [CONF, *own_folder(config_dir)]
    values: list[tuple[str, Any]] = []
    chosen: dict[str, Any] = {}
    for key, value in given:
        if key in GROUPS:
            chosen[key] = _option(key, value, folders)
        else:
            values.append((key, value))
    layer, choices = composed_files("run", chosen, folders)
    config = _resolve(layer, choices)
    for key, value in values:
        _write(config, key, value)
    config["rules"] = read_rules(config["rules"])
    config["observations"] = read_points(config["observations"])
    return config


def parse_override(
    text: str, *, sweeps: bool = False, text_keys: Sequence[str] = TEXT_KEYS
) -> tuple[str, Any]:
    """Read one override in Hydra's grammar: key=value, without the signs that add, delete or rename.

    With `sweeps`, several values, as 1,2,4, are read as a list.

    Raises: ConfigError on anything else, with what is meant to be written instead.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import OverrideType

    typed, equals, raw = text.partition("=")
    if text[:1] in ("+", "~"):
        bare = text.lstrip("+~")
        sign = text[: len(text) - len(bare)]
        near = nearest(bare.partition("=")[0], valid_keys())
        raise ConfigError(show(text), MISSING, f"{sign} is not used; {_GRAMMAR}", near)
    try:
        override = OverridesParser.create().parse_override(text)
        key, value = override.key_or_group, cast(Any, override.value())
    except Exception as error:  # Hydra's parser lets errors of its own, of ANTLR and of Python through
        near = None if equals else nearest(typed, valid_keys())
        reason = show(str(error).strip().splitlines()[0]) if str(error).strip() else type(error).__name__
        raise ConfigError(show(text), MISSING, f"cannot be read ({reason}); {_GRAMMAR}", near) from None
    if override.package is not None:
        raise ConfigError(show(text), MISSING, f"@ is not used; {_GRAMMAR}", nearest(key, valid_keys()))
    if key == "hydra" or key.startswith(("hydra.", "hydra/")):
        raise ConfigError(show(text), MISSING, f"Hydra's own settings are not used; {_GRAMMAR}")
    if sweeps and override.is_choice_sweep():
        value = value.list
    elif override.type is not OverrideType.CHANGE or override.is_sweep_override():
        raise ConfigError(key, raw, "one run takes one value; expected a value, or a range as 1..2", None)
    if key in (*text_keys, *GROUPS) and isinstance(value, (bool, int, float)):
        value = raw.strip()
    return key, _plain(key, value)


def valid_keys() -> list[str]:
    """Return every key that can be written on the command line, below roster and start apart."""
    outcome = [f"outcome.{field.name}" for field in fields(OutcomeRules)]
    return [*GROUPS, *run_keys(), "uncertainty.draw", "uncertainty.posterior", *outcome, *parameter_keys()]


@cache
def base_catalogue() -> Catalogue:
    """Return the parameters' records as conf has them, without any override."""
    return read_catalogue(record_sections())


def own_folder(config_dir: str | None) -> Iterator[Path]:
    """Yield the folder given, if any; it may add options to the groups but replace none."""
    if config_dir is None:
        return
    folder = Path(config_dir).absolute()
    if not folder.is_dir():
        expected = f"expected a folder with groups ({', '.join((*GROUPS, *SWEEP_GROUPS))})"
        raise ConfigError("--config-dir", config_dir, expected)
    for group in (*GROUPS, *SWEEP_GROUPS):
        for name in set(options(group)) & set(options(group, [folder])):
            file = folder / group / f"{name}.yaml"
            raise ConfigError("--config-dir", file, f"{group}={name} exists already; expected another name")
    yield folder


def _option(group: str, value: Any, folders: Sequence[Path]) -> str | list[str]:
    valid = options(group, folders)
    several = group == MANY and isinstance(value, list)
    for name in value if several else [value]:
        if not isinstance(name, str) or name not in valid:
            expected = f"expected one of {', '.join(valid)}" if valid else f"no file in the group {group}/"
            near = nearest(str(name), valid)
            raise ConfigError(group, name, expected, f"{group}={near}" if near else None)
    return [value] if group == MANY and not several else value


def composed_files(
    name: str, chosen: Mapping[str, Any], folders: Sequence[Path]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let Hydra compose a file with its groups; return a copy of it and the options chosen."""
    written = [f"{group}={_quoted(option)}" for group, option in chosen.items()]
    if len(folders) > 1:
        written.append(f"hydra.searchpath={_quoted([f'file://{folder}' for folder in folders[1:]])}")
        layer, taken = _composed.__wrapped__(name, *written)
    elif name == "run":
        layer, taken = _over_start(chosen)
    else:
        layer, taken = deepcopy(_composed(name, *written))
    if name == "run":
        taken[MANY] = chosen.get(MANY, [])
    return layer, taken


def _over_start(chosen: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Let Hydra compose a run without its start, and lay that over the start.

    The start is four fifths of what a run is composed of, and Hydra takes ten times as long to read it.
    """
    start = chosen.get(START) or _default(START)
    written = [f"{group}={_quoted(option)}" for group, option in chosen.items() if group != START]
    layer, taken = deepcopy(_composed("run", *written, f"~{START}"))
    whole = _laid_over(deepcopy(_start(start)), layer.pop(START, {}))
    return _inserted(layer, START, whole, "uncertainty"), _inserted(taken, START, start, "roster")


def _inserted(mapping: Mapping[str, Any], name: str, value: Any, before: str) -> dict[str, Any]:
    """Return a mapping with one entry more, where Hydra would have put it."""
    found: dict[str, Any] = {}
    for key, one in mapping.items():
        if key == before:
            found[name] = value
        found[key] = one
    return found


@cache
def _start(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_plain(CONF / START / f"{name}.yaml")
    return found


@cache
def _default(group: str) -> str:
    defaults: list[Any] = read_plain(CONF / "run.yaml")["defaults"]
    return str(next(one[group] for one in defaults if isinstance(one, Mapping) and group in one))


def _laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a mapping over another: where both have a mapping, key by key."""
    for name, value in above.items():
        both = isinstance(value, Mapping) and isinstance(below.get(name), Mapping)
        below[name] = _laid_over(below[name], value) if both else value
    return below


@cache
def _composed(name: str, *written: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Compose with these overrides, once a process: conf does not change while it runs."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    try:
        with initialize_config_module("conf", version_base="1.3"):
            composed = compose(name, list(written), return_hydra_config=True)
        choices: Any = OmegaConf.to_container(composed.hydra.runtime.choices)
        OmegaConf.set_struct(composed, False)
        del composed["hydra"]
        layer: Any = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except Exception as error:  # a file may be anything: unreadable, not YAML, with a broken interpolation
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(" ".join([name, *written]), MISSING, f"cannot be composed: {reason}") from None
    known = (*GROUPS, *SWEEP_GROUPS)
    return layer, {group: option for group, option in choices.items() if group in known}


def _quoted(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(_quoted(entry) for entry in value)}]"
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _resolve(layer: dict[str, Any], choices: dict[str, Any]) -> dict[str, Any]:
    """Take the composed files apart: what sets parameters is laid over the records of the catalogue."""
    for name in layer:
        known = name in RUN_KEYS or name in PARTS or (name in SECTIONS and isinstance(layer[name], Mapping))
        if not known:
            raise _no_such_key(name, layer[name], [*RUN_KEYS, *PARTS, *SECTIONS])
    sections = {name: layer.pop(name) for name in SECTIONS if isinstance(layer.get(name), Mapping)}
    # `consumers` is a setting of the run and a section of the parameters: a mapping is the section.
    if "consumers" in sections:
        layer["consumers"] = run_keys()["consumers"][0]
    config = {
        **layer,
        "choices": choices,
        "parameters": {key: {**as_conf(record), "set": {}} for key, record in base_catalogue().items()},
    }
    for section, written in sections.items():
        _write(config, section, written)
    return config


def _write(config: dict[str, Any], key: str, value: Any) -> None:
    """Lay a value over a configuration.

    Raises: ConfigError if there is no such key.
    """
    head, _, rest = key.partition(".")
    if head in SECTIONS and not (key == "consumers" and not isinstance(value, Mapping)):
        _write_parameter(config["parameters"], key, value)
    elif head in ("roster", "start") and rest:
        _write_entity(config[head], head, rest.split("."), key, value)
    elif key in RUN_KEYS and not isinstance(config[key], Mapping):
        config[key] = value
    elif head in ("output", "outcome", "uncertainty") and isinstance(value, Mapping) and not rest:
        for name, inner in value.items():
            _write(config, f"{key}.{name}", inner)
    elif head in ("output", "outcome", "uncertainty") and rest in config[head]:
        config[head][rest] = value
    else:
        raise _no_such_key(key, value, valid_keys())


def _write_parameter(parameters: dict[str, Any], key: str, value: Any) -> None:
    section, *path = key.split(".")
    if isinstance(value, Mapping) and not path:
        for name, inner in value.items():
            _write_parameter(parameters, f"{section}.{name}", inner)
        return
    record = ".".join([section, *path[:1]])
    if record not in parameters or len(path) > 2:
        raise _no_such_key(key, value, valid_keys())
    if len(path) == 2:
        parameters[record]["set"][path[1]] = value
    elif isinstance(value, Mapping):
        for member, inner in value.items():
            _write_parameter(parameters, f"{key}.{member}", inner)
    else:
        parameters[record]["set"] = {EVERY: value}


def _write_entity(node: Any, above: str, path: list[str], key: str, value: Any) -> None:
    """Write below roster or start; a start record takes the value and keeps its unit."""
    if not isinstance(node, dict):
        raise _no_such_key(key, value, [above])
    name, *below = path
    if name not in node:
        raise _no_such_key(key, value, [f"{above}.{n}" for n in node])
    target = node[name]
    here = f"{above}.{name}"
    if isinstance(target, dict) and "value" in target and "basis" in target:
        if below and (len(below) > 1 or not isinstance(target["value"], Mapping)):
            raise _no_such_key(key, value, [here])
        if below:
            target["value"][below[0]] = value
        elif isinstance(value, Mapping) and isinstance(target["value"], dict):
            target["value"].update(value)
        else:
            target["value"] = value
    elif below:
        _write_entity(target, here, below, key, value)
    elif isinstance(target, Mapping) and isinstance(value, Mapping) and name != "site_share":
        for inner, given in value.items():
            _write_entity(target, here, [str(inner)], f"{key}.{inner}", given)
    else:
        node[name] = value


def _no_such_key(key: str, value: Any, valid: Sequence[str]) -> ConfigError:
    expected = "no such key; expected one of those that uncontested run --cfg job shows"
    return ConfigError(key, value, expected, nearest(key, valid))


def _plain(key: str, value: Any) -> Any:
    """Turn what Hydra parsed into plain types."""
    if isinstance(value, Mapping):
        return {str(name): _plain(f"{key}.{name}", inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(key, inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)
