"""The least change of a lever, or of levers together, that changes the leader in the same worlds."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.analysis.flip_search import Ask, Flips, find_flips
from experiments.config.build import RunPlan
from experiments.config.errors import ConfigError, nearest
from experiments.config.parameters import axis_members
from experiments.config.readers import exactly, number, one_of
from experiments.runs.cases import Cases, Patch, params_of
from experiments.runs.team import Team, note
from experiments.runs.terminal import counted_from, meter
from experiments.sweeping.factors import record_of, rows_of, split_address
from sim.axes import RESPONSES
from sim.dimensions import HEADLINE
from sim.outcome import LEADERS
from sim.units import Array, IntArray

MEASURES = ("plain", "factor", "gw_us", "gw_cn")
STEPS = 4
HALVINGS = 4
"""With four steps, a change is known to 1/64 of the way to the limit."""
STRONGEST = 4
"""Levers towards either bloc that are moved together as well."""
MOST_TOGETHER = STRONGEST * (STRONGEST - 1) + 2
"""By twos towards either bloc, and all of them."""
_COLUMNS = 192
"""Columns of a batch: as many as a sweep takes."""
_MOST_BATCHES = 4096
_GW_A_YEAR = "GW a year"


@dataclass(frozen=True)
class Lever:
    """A parameter that is moved, how far, and how a change of it is counted."""

    key: str
    low: float
    high: float
    measure: str
    unit: str
    gw: float
    """Firm GW a year that a change by one stands for; 1 unless it is counted in them."""

    def change(self, before: Array, after: Array) -> Array:
        """Return a change in the lever's own measure. Shapes: any, kept."""
        if self.measure == "factor":
            ratio: Array = np.divide(after, before, out=np.full(np.shape(after), np.nan), where=before != 0.0)
            return ratio
        return (after - before) * self.gw


@dataclass(frozen=True)
class Way:
    """Levers moved together, each towards one of its limits."""

    levers: tuple[Lever, ...]
    upward: tuple[bool, ...]

    @property
    def name(self) -> str:
        """Return the levers with the direction of each."""
        pairs = zip(self.levers, self.upward, strict=True)
        return " and ".join(f"{lever.key} {'up' if up else 'down'}" for lever, up in pairs)

    def moved(self, lever: Lever, before: Array, place: Array) -> Array:
        """Return a lever's value at places of the way, where it lies on it. Shapes: (column,)."""
        if lever not in self.levers:
            return before
        up = self.upward[self.levers.index(lever)]
        limit = np.maximum(before, lever.high) if up else np.minimum(before, lever.low)
        if lever.measure == "factor":
            after: Array = before * (limit / np.where(before > 0.0, before, 1.0)) ** place
            return np.where(before > 0.0, after, before)
        return before + place * (limit - before)


@dataclass(frozen=True)
class Question:
    """What a leader is, when, where who reacts, and what counts as a change."""

    definition: str
    year: str
    response: str
    towards: str = ""
    """The new leader that counts; any if empty."""

    @property
    def outcome(self) -> str:
        """Return the column of the leader."""
        return f"leader.{self.definition}.{self.year}"


@dataclass(frozen=True)
class Answer:
    """What a search found: the leaders as they are, and where each way changes them."""

    question: Question
    first: Array
    """(world,): code of the leader before anything is moved."""
    ways: tuple[Way, ...]
    flips: Flips
    before: Mapping[str, Array]
    """Lever -> its value in each world. Shapes: (world,)."""

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for every way, world and lever in it, in plain data."""
        found = []
        for place, way in enumerate(self.ways):
            for world in range(self.first.size):
                at = self.flips.place[place, world]
                flipped = bool(np.isfinite(at))
                for lever in way.levers:
                    before = self.before[lever.key][world : world + 1]
                    after = way.moved(lever, before, np.asarray([at])) if flipped else np.asarray([np.nan])
                    found.append(
                        {
                            "way": way.name,
                            "levers": len(way.levers),
                            "lever": lever.key,
                            "world": world,
                            "leader": LEADERS[int(self.first[world])],
                            "flipped": flipped,
                            "share_of_way": float(at) if flipped else None,
                            "from": float(before[0]) * lever.gw,
                            "to": float(after[0]) * lever.gw if flipped else None,
                            "change": float(lever.change(before, after)[0]) if flipped else None,
                            "measure": "factor" if lever.measure == "factor" else lever.unit,
                            "new_leader": LEADERS[int(self.flips.leader[place, world])] if flipped else None,
                            "undone_further_on": bool(self.flips.back[place, world]),
                            "no_answer": bool(self.flips.no_answer[place, world]),
                        }
                    )
        return found


def read_levers(given: Any, plan: RunPlan) -> tuple[Lever, ...]:
    """Check levers as conf/flip.yaml writes them.

    Raises: ConfigError on the first that is no parameter, or whose limits it cannot take.
    """
    levers = []
    for key, written in exactly("flip", given, ("levers",))["levers"].items():
        name = f"flip.levers.{key}"
        entry = exactly(name, written, ("limits", "as"))
        measure = one_of(f"{name}.as", entry["as"], MEASURES)
        record = record_of(str(key), plan, name)
        low, high = (number(f"{name}.limits", end, record.minimum, record.maximum) for end in entry["limits"])
        levers.append(_lever(str(key), low, high, measure, plan))
    return tuple(levers)


def named_levers(names: Sequence[str], known: Sequence[Lever], plan: RunPlan) -> tuple[Lever, ...]:
    """Return the levers named: as known, or any other parameter between the ends of its prior or its limits.

    Raises: ConfigError on a name that is no parameter, or one of a parameter with members.
    """
    by_key = {lever.key: lever for lever in known}
    found = []
    for name in dict.fromkeys(names):
        if name in by_key:
            found.append(by_key[name])
            continue
        if split_address(name)[0] not in plan.catalogue:
            valid = [*by_key, *plan.catalogue]
            raise ConfigError("--levers", name, "no such parameter", nearest(name, valid))
        record = record_of(name, plan, "--levers")
        if record.by is not None and split_address(name)[1] is None:
            members = axis_members(record, plan.axes)
            raise ConfigError(
                "--levers", name, f"expected one member, of {', '.join(members)}", f"{name}.{members[0]}"
            )
        low = record.minimum if record.low is None else record.low
        high = record.maximum if record.high is None else record.high
        measure = "factor" if record.scale == "log" and low > 0.0 else "plain"
        found.append(_lever(name, low, high, measure, plan))
    return tuple(found)


def _lever(key: str, low: float, high: float, measure: str, plan: RunPlan) -> Lever:
    if not low < high:
        raise ConfigError(
            f"flip.levers.{key}.limits", [low, high], "expected two limits, the lower one first"
        )
    unit, gw = plan.catalogue[split_address(key)[0]].unit, 1.0
    if measure.startswith("gw_"):
        market = plan.axes.markets.names.index(measure.removeprefix("gw_"))
        unit, gw = _GW_A_YEAR, float(plan.start.markets.firm_additions_gw_per_year[market])
    return Lever(key, low, high, measure, unit, gw)


class Asking:
    """Asks the model who leads, many columns at a time, in the same worlds with the same luck."""

    def __init__(
        self,
        plan: RunPlan,
        question: Question,
        levers: Sequence[Lever],
        team: Team | None,
        on_months: Callable[[float], None],
    ) -> None:
        self.plan, self.question, self.levers, self.team = plan, question, tuple(levers), team
        self._on_months, self._done, self._batches = on_months, 0.0, 0
        ids = np.arange(plan.worlds, dtype=np.int64)
        self.first, self.share, self.attempts = self._simulate(self._cases(ids, ()), plan.months)
        params = params_of(plan, self._cases(ids, ()), self.attempts)
        self.before = {lever.key: self._value(params, lever) for lever in self.levers}

    def _value(self, params: Any, lever: Lever) -> Array:
        section, name = split_address(lever.key)[0].split(".")
        values = np.asarray(getattr(getattr(params, section), name), np.float64)
        rows = rows_of(lever.key, self.plan)
        found: Array = values if rows is None else values[rows[0]]
        return found

    def _cases(self, ids: IntArray, patches: tuple[Patch, ...]) -> Cases:
        return Cases(ids, np.full(ids.size, RESPONSES.index(self.question.response)), patches)

    def asker(self, ways: Sequence[Way], shares: list[Array]) -> Ask:
        """Return a function that says who leads at places of some ways; it adds mean shares to a list.

        Its first question is the scan; the others, of fewer columns, count as one batch each.
        """
        used = [lever for lever in self.levers if any(lever in way.levers for way in ways)]

        def ask(way: IntArray, world: IntArray, place: Array) -> Array:
            patches = []
            for lever in used:
                values = self.before[lever.key][world]
                for number_of_way, one in enumerate(ways):
                    own = way == number_of_way
                    values = np.where(own, one.moved(lever, values, place), values)
                section, name = split_address(lever.key)[0].split(".")
                patches.append(Patch(section, name, rows_of(lever.key, self.plan), values))
            cases = self._cases(world.astype(np.int64), tuple(patches))
            months = self.plan.months * (1 if shares else batches(cases.size))
            leader, share, attempts = self._simulate(cases, months)
            shares.append(share)
            # A world that starts from another draw is another world.
            return np.where(attempts == self.attempts[world], leader, np.nan)

        return ask

    def _simulate(self, cases: Cases, promised: int) -> tuple[Array, Array, IntArray]:
        """Return leader, mean share of the US in the headline's dimensions, and the draw of each case."""
        parts = np.split(np.arange(cases.size), range(_COLUMNS, cases.size, _COLUMNS))
        arguments = [(self.plan, cases.take(part), self.question) for part in parts]
        scale = promised / (len(parts) * self.plan.months)

        def show(months: float) -> None:
            self._on_months(self._done + scale * months)

        found = self._by_team(arguments, show) if self.team else self._alone(arguments, show)
        self._done += promised
        leader, share, attempts = (np.concatenate(values) for values in zip(*found, strict=True))
        return leader, share, attempts

    def _alone(self, arguments: Sequence[Any], show: Callable[[float], None]) -> list[Any]:
        found = []
        for done, one in enumerate(arguments):
            before = done * self.plan.months
            plan, cases, question = one
            found.append(run_columns(plan, cases, question, counted_from(before, show)))
        return found

    def _by_team(self, arguments: Sequence[Any], show: Callable[[float], None]) -> list[Any]:
        assert self.team is not None
        before = self.team.progress
        futures = []
        for one in arguments:
            futures.append(self.team.submit(run_in_worker, *one, self._batches % _MOST_BATCHES))
            self._batches += 1
        return self.team.wait_for(futures, lambda done: show(done - before))


def batches(columns: int) -> int:
    """Return how many batches columns are run in."""
    return -(-columns // _COLUMNS)


def run_in_worker(
    plan: RunPlan, cases: Cases, question: Question, slot: int
) -> tuple[Array, Array, IntArray]:
    """Do as `run_columns` in a worker process, which notes its months."""
    return run_columns(plan, cases, question, lambda month: note(slot, month + 1))


def run_columns(
    plan: RunPlan, cases: Cases, question: Question, on_month: Callable[[int], None]
) -> tuple[Array, Array, IntArray]:
    """Run cases and return who leads, the mean share of the US, and the draw. Shapes: -> (case,) each."""
    # Only a process that simulates imports this: Mesa takes a second.
    from experiments.runs.simulate import simulate_cases

    found = simulate_cases(plan, cases, on_month)
    shares = [found.outcomes[f"share.{name}.{question.year}"] for name in HEADLINE]
    mean = np.mean([np.where(np.isfinite(share), share, 0.5) for share in shares], axis=0)
    return found.outcomes[question.outcome], mean, found.attempts


def search(
    plan: RunPlan,
    question: Question,
    levers: Sequence[Lever],
    *,
    steps: int = STEPS,
    workers: int = 1,
    combine: bool = True,
) -> Answer:
    """Find the least change of each lever, both ways, and of the strongest together, that changes the leader.

    The strongest are those whose whole way moves the mean of the shares of D1-D5 most, towards either bloc.

    Raises: RunError if a worker dies or a world cannot start.
    """
    singles = [Way((lever,), (up,)) for lever in levers for up in (False, True)]
    places = np.arange(1, steps + 1) / steps
    towards = float(LEADERS.index(question.towards)) if question.towards else None
    counts = [len(singles), *([MOST_TOGETHER] if combine else [])]
    total = plan.months * (1 + sum(batches(count * steps * plan.worlds) + HALVINGS for count in counts))
    crew: AbstractContextManager[Team | None] = (
        Team(workers, _MOST_BATCHES) if workers > 1 else nullcontext(None)
    )
    with crew as team, meter(total, "Least changes") as shown:
        asking = Asking(plan, question, levers, team, lambda done: shown.show(min(int(done), total)))
        shares: list[Array] = []
        ask = asking.asker(singles, shares)
        flips = find_flips(ask, asking.first, len(singles), places, HALVINGS, towards)
        ways = singles
        if combine:
            full = shares[0].reshape(len(singles), steps, plan.worlds)[:, -1]
            together = combinations(singles, (full - asking.share).mean(axis=1))
            if together:
                more = find_flips(
                    asking.asker(together, []), asking.first, len(together), places, HALVINGS, towards
                )
                ways, flips = [*singles, *together], joined(flips, more)
        shown.show(total)
    return Answer(question, asking.first, tuple(ways), flips, asking.before)


def combinations(singles: Sequence[Way], shift: Array) -> list[Way]:
    """Return the strongest ways towards each bloc by twos, and all of them at once. Shapes: shift (way,)."""
    found = []
    for sign in (1.0, -1.0):
        strongest: dict[str, Way] = {}
        # A lever may move a share the same way up and down: it is taken once, the stronger way.
        for place in np.argsort(-sign * shift, kind="stable"):
            if sign * shift[place] > 0.0 and len(strongest) < STRONGEST:
                strongest.setdefault(singles[place].levers[0].key, singles[place])
        able = list(strongest.values())
        groups = [[a, b] for place, a in enumerate(able) for b in able[place + 1 :]]
        if len(able) > 2:
            groups.append(able)
        found += [
            Way(tuple(way.levers[0] for way in group), tuple(way.upward[0] for way in group))
            for group in groups
        ]
    return found


def joined(one: Flips, other: Flips) -> Flips:
    """Return the ways of two searches of the same worlds."""
    return Flips(
        one.places,
        *(
            np.concatenate([getattr(one, name), getattr(other, name)])
            for name in ("scanned", "place", "leader", "back", "no_answer")
        ),
    )


def default_levers() -> Any:
    """Return conf/flip.yaml."""
    from omegaconf import OmegaConf

    import conf

    return OmegaConf.to_container(OmegaConf.load(Path(conf.__file__).parent / "flip.yaml"))
