"""Turn a composed configuration into frozen records: the one place where conf becomes numbers.

A configuration is a plain dictionary (the shape is in `plan_from_config`), so that it can be stored, hashed
and sent to a spawned process, which builds the same plan from it without Hydra.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import numpy as np

from experiments.config.catalogue import FIXED_MEMBERS, Catalogue
from experiments.config.design import LARGEST_WORLD, draw
from experiments.config.entities import FIRM_SECTIONS, firms_of, first_month, read_axes, read_start
from experiments.config.errors import MISSING, ConfigError, nearest
from experiments.config.history import read_history
from experiments.config.minds import check_rules
from experiments.config.parameters import ALL, ParameterTable, read_parameters
from experiments.config.readers import exactly, filled, flag, integer, month_text, number, one_of
from experiments.trust.posterior import PosteriorTable, digest
from experiments.trust.posterior import read as read_posterior
from sim.axes import LEVERS, RESPONSES, Axes
from sim.history import History
from sim.params import Params
from sim.settings import OutcomeRules, Settings
from sim.start import Start
from sim.units import Array, IntArray

AUTO = "auto"
CONSUMERS = ("agents", "cohort")
LEVER_WEIGHTS = "policy.lever_weights"
RUN_KEYS = (
    "responses",
    "budget",
    "worlds",
    "seed",
    "months",
    "steps_per_month",
    "consumers",
    "agents_per_world",
    "network_degree",
    "rewired_share",
    "noise",
    "without",
    "rules",
    "observations",
    "workers",
    "name",
    "output",
)
PARTS = ("scenario", "choices", "uncertainty", "outcome", "roster", "start", "history", "parameters")
NOT_RESULTS = ("observations", "workers", "name", "output")
"""Keys that say how to run or where to write, and move no result."""

_LARGEST_SEED = 2**63 - 1
_LARGEST_CROWD = 10_000_000
_LONGEST_NAME = 60
_NAME = re.compile(r"(?![.-])[\w.-]*", re.ASCII)


@dataclass(frozen=True)
class RunPlan:
    """Everything that a run needs to know, checked; nothing has been computed or written yet.

    A run simulates columns: every world of `range(worlds)` once for each response. A batch of them needs

        ids, response = plan.columns(np.arange(64))
        context = Context(
            plan.axes, plan.params_for(ids), plan.start, plan.settings_for(ids, response), plan.history
        )

    Worlds whose start is infeasible are drawn again with `params_for(ids, attempt)`; `attempt` may differ
    between columns, and the columns of a world must share it. The batch, its size and its order change no
    bit of a world. `drawn(ids, attempt)` gives the same draws by name, for the record of the worlds.

    In another process, `plan_from_config(plan.config)` builds an equal plan; it needs neither Hydra nor conf.
    """

    config: Mapping[str, Any]
    config_hash: str
    """SHA-256 of what can move a result; workers, name, output, units and sources are left out."""
    command_line: str
    scenario: str
    title: str
    sentence: str
    """Why the scenario exists, as its file says it."""
    responses: tuple[str, ...]
    budget: str
    worlds: int
    seed: int
    months: int
    steps_per_month: int
    consumers: str
    agents_per_world: int
    network_degree: int
    rewired_share: float
    noise: bool
    rules: tuple[str, str] | None
    """Name and text of a file whose minds replace others; None without."""
    workers: int | None
    """None for one process a core."""
    name: str
    output_dir: str
    """Empty for outputs/run/<date>_<time>_<name>."""
    figures: bool
    axes: Axes
    start: Start
    history: History
    outcome: OutcomeRules
    catalogue: Catalogue
    table: ParameterTable
    posterior: PosteriorTable | None

    def columns(self, world_ids: IntArray) -> tuple[IntArray, IntArray]:
        """Return id and response of the columns that worlds take, all worlds of one response side by side.

        Shapes: world_ids (world,) -> two arrays (response * world,).
        """
        ids = np.asarray(world_ids, np.int64)
        places = np.asarray([RESPONSES.index(name) for name in self.responses], np.int64)
        return np.tile(ids, len(places)), np.repeat(places, ids.size)

    def params_for(self, world_ids: IntArray, attempt: IntArray | int = 0) -> Params:
        """Draw the parameters of columns that carry these world ids.

        Shapes: ids (world,), attempt broadcasts -> fields 0-d or (world,), with their axis first if any.
        """
        return self.table.params(self.values_for(world_ids, attempt), world_ids.size)

    def values_for(self, world_ids: IntArray, attempt: IntArray | int = 0) -> Array:
        """Draw each drawn parameter, by the posterior if it has one. Shapes: -> (column, world)."""
        values = draw(self.seed, self.table.columns, world_ids, attempt)
        if self.posterior is None:
            return values
        return self.posterior.laid_over(self.table.columns, values, self.seed, world_ids, attempt)

    def drawn(self, world_ids: IntArray, attempt: IntArray | int = 0) -> dict[str, Array]:
        """Return every drawn number by its key, `section.name` or `section.name.member`; each (world,)."""
        values = self.values_for(world_ids, attempt)
        return {column.key: row for column, row in zip(self.table.columns, values, strict=True)}

    def settings_for(self, world_ids: IntArray, response: IntArray) -> Settings:
        """Return the settings of a batch. Shapes: ids and response (world,)."""
        markets = len(self.axes.markets.names)
        share, rest = divmod(self.agents_per_world, markets)
        return Settings(
            seed=self.seed,
            world_ids=np.asarray(world_ids, np.int64),
            response=np.asarray(response, np.int64),
            start_month=self.start.month,
            months=self.months,
            steps_per_month=self.steps_per_month,
            consumers=self.consumers,
            agents_by_market=np.asarray([share + (place < rest) for place in range(markets)], np.int64),
            network_degree=self.network_degree,
            rewired_share=self.rewired_share,
            noise=self.noise,
        )


def plan_from_config(config: Mapping[str, Any], command_line: str = "") -> RunPlan:
    """Check a resolved configuration and build the plan of its run.

    The configuration holds the keys of conf/run.yaml (RUN_KEYS) and the PARTS: `scenario` (name, title,
    why), `choices` (group -> option), `uncertainty`, `outcome`, `roster`, `start` and `history` as composed,
    and `parameters`, each record as conf writes it with `set`: member or `*` -> a number or `20..40`.

    Raises: ConfigError on the first key that is unknown, missing, mistyped or out of range.
    """
    for key in config:
        if key not in RUN_KEYS and key not in PARTS:
            valid = [*RUN_KEYS, *PARTS]
            raise ConfigError(
                str(key), config[key], "unknown; expected a key of run", nearest(str(key), valid)
            )
    for key in (*RUN_KEYS, *PARTS):
        if key not in config:
            raise ConfigError(key, MISSING, "missing; expected in every configuration")
    scenario = _scenario(config["scenario"], config["choices"])
    output = exactly("output", config["output"], ("dir", "figures"))
    without = _without(config["without"], config["roster"])
    months = integer("months", config["months"], 1, 600)
    axes = read_axes(config["roster"], first_month(config["start"]), without)
    start = read_start(config["start"], axes, without)
    history = read_history(config["history"], axes, start.month, months, without)
    budget = one_of("budget", config["budget"], (ALL, *LEVERS))
    degree = _even("network_degree", config["network_degree"], 2, 32)
    uncertainty = exactly("uncertainty", config["uncertainty"], ("draw", "posterior"))
    posterior = read_posterior(uncertainty["posterior"]) if uncertainty["draw"] is True else None
    catalogue, table = read_parameters(
        config["parameters"], axes, flag("uncertainty.draw", uncertainty["draw"]), budget
    )
    return RunPlan(
        config=config,
        config_hash=config_hash(config),
        command_line=command_line,
        scenario=scenario["name"],
        title=scenario["title"],
        sentence=scenario["why"],
        responses=_responses(config["responses"]),
        budget=budget,
        worlds=integer("worlds", config["worlds"], 1, LARGEST_WORLD + 1),
        seed=integer("seed", config["seed"], 0, _LARGEST_SEED),
        months=months,
        steps_per_month=integer("steps_per_month", config["steps_per_month"], 1, 2),
        consumers=one_of("consumers", config["consumers"], CONSUMERS),
        agents_per_world=integer(
            "agents_per_world",
            config["agents_per_world"],
            least_agents(axes, degree),
            _LARGEST_CROWD,
        ),
        network_degree=degree,
        rewired_share=number("rewired_share", config["rewired_share"], 0.0, 1.0),
        noise=flag("noise", config["noise"]),
        rules=check_rules(config["rules"], axes),
        workers=_workers(config["workers"]),
        name=_name(config["name"]),
        output_dir=_path("output.dir", output["dir"]),
        figures=flag("output.figures", output["figures"]),
        axes=axes,
        start=start,
        history=history,
        outcome=_outcome(config["outcome"]),
        catalogue=catalogue,
        table=table,
        posterior=posterior,
    )


def least_agents(axes: Axes, degree: int) -> int:
    """Return the fewest agents of a world.

    Each market has more than the degree, and each of its classes one for every tier of every lab, for
    non-users and for the unaware.
    """
    options = 2 * len(axes.labs.names) + 2
    return max(degree + 2, options * len(FIXED_MEMBERS["class"])) * len(axes.markets.names)


def config_hash(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the part of a configuration that can move a result, as canonical JSON."""
    content = json.dumps(moving(config), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()


def moving(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a configuration that can move a result, without units and sources."""
    kept = {key: value for key, value in config.items() if key not in (*NOT_RESULTS, "scenario", "choices")}
    documented = frozenset(("unit", "source", "equation", "tag", "basis"))

    def strip(node: Any) -> Any:
        if isinstance(node, dict):  # to ask whether it is any mapping takes ten times as long
            return {str(key): strip(value) for key, value in node.items() if key not in documented}
        return [strip(value) for value in node] if isinstance(node, list) else node

    if isinstance(config["rules"], Mapping):
        kept["rules"] = config["rules"].get("code")
    stripped = {part: strip(config[part]) for part in ("start", "history", "parameters")}
    return {**kept, **stripped, "posterior": digest(config["uncertainty"]["posterior"])}


def _scenario(given: Any, choices: Any) -> Mapping[str, str]:
    scenario = exactly("scenario", given, ("name", "title", "why"))
    for name, text in scenario.items():
        filled(f"scenario.{name}", text)
    chosen = choices.get("scenario") if isinstance(choices, Mapping) else None
    if scenario["name"] != chosen:
        raise ConfigError("scenario.name", scenario["name"], f"expected the name of its file, {chosen}")
    return scenario


def _without(given: Any, roster: Any) -> tuple[str, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise ConfigError("without", given, "expected a list of firms, as [xai,spacex]")
    firms = firms_of(roster)
    for name in given:
        if name not in firms:
            near = nearest(str(name), firms)
            raise ConfigError(
                "without", name, f"expected firms of the roster ({', '.join(FIRM_SECTIONS)})", near
            )
    return tuple(given)


def _responses(given: Any) -> tuple[str, ...]:
    expected = f"expected a list of {', '.join(RESPONSES)}, each at most once"
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ConfigError("responses", given, expected)
    for name in given:
        one_of("responses", name, RESPONSES)
    if len(set(given)) < len(given):
        raise ConfigError("responses", given, expected)
    return tuple(given)


def _workers(given: Any) -> int | None:
    if given == AUTO:
        return None
    if isinstance(given, str):
        raise ConfigError("workers", given, f"expected {AUTO} or an integer within 1..1024", AUTO)
    return integer("workers", given, 1, 1024)


def _even(key: str, given: Any, low: int, high: int) -> int:
    value = integer(key, given, low, high)
    if value % 2:
        raise ConfigError(key, given, f"expected an even integer within {low}..{high}")
    return value


def _name(given: Any) -> str:
    if not isinstance(given, str) or len(given) > _LONGEST_NAME or not _NAME.fullmatch(given):
        raise ConfigError("name", given, f"expected at most {_LONGEST_NAME} letters, digits, _ . and -")
    return given


def _path(key: str, given: Any) -> str:
    if not isinstance(given, str) or not (given == "" or given.isprintable()):
        raise ConfigError(key, given, "expected a path, or '' for a new folder below outputs/run")
    return given


def _outcome(given: Any) -> OutcomeRules:
    names = get_type_hints(OutcomeRules)
    rules = exactly("outcome", given, list(names))
    read: dict[str, Any] = {}
    for name, kind in names.items():
        key, value = f"outcome.{name}", rules[name]
        if kind is int:
            read[name] = integer(key, value, 1, 1_000_000)
        elif kind is float:
            read[name] = number(key, value, 0.0, 1.0)
        elif not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise ConfigError(key, value, "expected a list")
        elif name == "horizons":
            read[name] = tuple(month_text(key, month) for month in value)
        else:
            read[name] = np.asarray([number(key, entry, 0.0, 1.0) for entry in value])
    return OutcomeRules(**read)
