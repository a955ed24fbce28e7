"""The least changes that flip the leader, searched for in a few worlds and kept with what made them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from experiments import analysis
from experiments.analysis.flip import Question, default_levers, read_levers, search
from experiments.analysis.flipping import plan_to, summary
from experiments.runs.crew import cores
from experiments.runs.manifest import digest, write_json
from experiments.runs.store import OUTPUTS
from experiments.sweeping.identity import code_hash
from experiments.sweeping.study import INSTEAD
from sim.outcome import LEADERS

FOLDER: Final = OUTPUTS / "report_flips"
QUESTION: Final = Question(definition="w1", year="2035", response="passive")
MOST_WORLDS: Final = 6


@dataclass(frozen=True)
class Flipped:
    """Who leads before anything is moved, and a row a way, as `summary` has it."""

    question: Question
    first: tuple[str, ...]
    places: tuple[float, ...]
    """What was scanned of each way."""
    rows: tuple[dict[str, Any], ...]


def least_changes(overrides: Sequence[str], worlds: int) -> tuple[Flipped, bool]:
    """Return the least changes, and whether they had to be computed.

    Raises: ConfigError on a key that the search cannot take; RunError if a world cannot run.
    """
    own = [word for word in overrides if word.partition("=")[0] not in (*INSTEAD, "months")]
    plan = plan_to(QUESTION, [*own, f"worlds={min(worlds, MOST_WORLDS)}"], None, "")
    written = default_levers()
    levers = read_levers(written, plan)
    files = Path(analysis.__file__).parent.glob("flip*.py")
    made_by = "|".join(
        (plan.config_hash, code_hash(), digest(files), json.dumps([written, asdict(QUESTION)]))
    )
    file = FOLDER / f"{hashlib.sha256(made_by.encode()).hexdigest()[:20]}.json"
    stored = read(file)
    if stored is not None:
        return stored, False
    answer = search(plan, QUESTION, levers, workers=min(cores(), 2) if plan.workers is None else plan.workers)
    found = Flipped(
        QUESTION,
        tuple(LEADERS[int(code)] for code in answer.first),
        tuple(answer.flips.places.tolist()),
        tuple(summary(answer)),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, {"first": found.first, "places": found.places, "rows": found.rows})
    return found, True


def read(file: Path) -> Flipped | None:
    """Return what is kept; nothing where there is none, or it cannot be read."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return Flipped(QUESTION, tuple(kept["first"]), tuple(kept["places"]), tuple(kept["rows"]))
    except (OSError, ValueError, KeyError):
        return None
