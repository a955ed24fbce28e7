"""Identity: a run is the hash of what can move its numbers, never of where a value was written.

It holds the resolved parameters, what else the simulation is given, response, budget, world, and the code.
A parameter that a factor, a scenario or the command line sets to the same number makes the same run. Drawn
parameters enter by their distribution and address, from which (seed, world) gives their value.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from experiments.config.build import RunPlan, moving
from experiments.config.design import Column
from experiments.config.parameters import Cell
from experiments.runs import manifest
from experiments.runs.cases import Patch
from sim.axes import RESPONSES

PASSIVE = RESPONSES[0]
NO_BUDGET = "none"
"""Budget of the passive response, in which nobody spends on resistance."""
ID_DIGITS = 20
"""Hexadecimal digits of a run's name: among 10 million runs, two share one with a chance of 4e-11."""
LEVER_WEIGHTS = "policy.lever_weights"
CODE_FOLDERS = ("sim", "agents")
CODE_FILES = (
    "experiments/runs/cases.py",
    "experiments/config/design.py",
    "experiments/config/parameters.py",
    "experiments/runs/simulate.py",
    "experiments/config/sobol_directions.csv",
)
"""What turns a configuration into a batch: a change there may move numbers as one in `sim` does."""
LOCK = "requirements/main.lock"
_MODULUS = 1 << 256
_ELSEWHERE = ("parameters", "uncertainty", "worlds", "responses", "budget")


@cache
def code_hash() -> str:
    """Return the SHA-256 of the simulation, the minds, what builds a batch, and the pinned packages."""
    root = manifest.ROOT
    files = [file for folder in CODE_FOLDERS for file in (root / folder).rglob("*.py")]
    files += [file for folder in CODE_FOLDERS for file in (root / folder).rglob("*.csv")]
    files += [root / name for name in CODE_FILES]
    total = hashlib.sha256(manifest.digest(files).encode())
    total.update(_locked(root / LOCK))
    return total.hexdigest()


def _locked(lock: Path) -> bytes:
    """Return the pinned packages; where the project is installed without its lock, those installed."""
    if lock.is_file():
        return lock.read_bytes()
    return json.dumps(manifest.packages(), sort_keys=True).encode()


class Fingerprint:
    """The resolved parameters of a plan, so hashed that a point's can be told by what it changes.

    The hashes of all numbers are added up, so that neither their order nor which of them a design varies
    matters; changing one means to subtract its old hash and add its new one.
    """

    def __init__(self, plan: RunPlan) -> None:
        kept = {key: value for key, value in moving(plan.config).items() if key not in _ELSEWHERE}
        text = json.dumps(kept, sort_keys=True, separators=(",", ":"), allow_nan=False)
        self.settings = hashlib.sha256(text.encode()).hexdigest()
        self._cells: dict[tuple[str, int | None], int] = {}
        for key, cells in plan.table.cells.items():
            rows: Iterable[tuple[int | None, Cell]] = (
                enumerate(cells) if isinstance(cells, tuple) else [(None, cells)]
            )
            for row, cell in rows:
                column = None if cell.row is None else plan.table.columns[cell.row]
                self._cells[key, row] = _drawn(key, row, column) if column else fixed(key, row, cell.value)
        self._total = sum(self._cells.values()) % _MODULUS
        weights = sum(value for (key, _), value in self._cells.items() if key == LEVER_WEIGHTS)
        self._passive_total = (self._total - weights) % _MODULUS

    def points(self, patches: Iterable[Patch], points: int) -> list[int]:
        """Return what each point adds to the total. Patches: values (point,)."""
        sums = [0] * points
        for patch in patches:
            key = f"{patch.section}.{patch.name}"
            for row in (None,) if patch.rows is None else patch.rows:
                old = self._cells[key, row]
                # A grid repeats its levels.
                new = {value: fixed(key, row, value) - old for value in set(patch.values.tolist())}
                for place, value in enumerate(patch.values.tolist()):
                    sums[place] += new[value]
        return sums

    def of(self, change: int, response: str) -> str:
        """Return the hash of a point's parameters under a response.

        Where nobody resists, nobody spends: the weights of the levers are left out, so that all budgets share
        their passive runs.
        """
        total = self._passive_total if response == PASSIVE else self._total
        return f"{(total + change) % _MODULUS:064x}"


def fixed(key: str, row: int | None, value: float) -> int:
    """Return the hash of a fixed number of a parameter."""
    return _number(f"{key}|{row}|{float(value).hex()}")


def _drawn(key: str, row: int | None, column: Column) -> int:
    mode = None if column.mode is None else float(column.mode).hex()
    ends = f"{float(column.low).hex()}|{float(column.high).hex()}"
    return _number(f"{key}|{row}|{ends}|{mode}|{column.log}|{column.key}|{column.dimension}")


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def run_id(settings: str, parameters: str, response: str, budget: str, world: int) -> str:
    """Return the name of a run."""
    text = f"{settings}|{parameters}|{response}|{budget}|{world}|{code_hash()}"
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def budget_of(response: str, budget: str) -> str:
    """Return the budget that a response spends."""
    return NO_BUDGET if response == PASSIVE else budget


def hash_of(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of plain data."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
