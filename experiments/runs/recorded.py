"""What a run records: from the code book of a run, or as the code declares it for the roster of conf."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.config.errors import ConfigError
from experiments.reading.find import find
from experiments.runs.codebook import KEYS, SERIES
from experiments.runs.store import Entry, shown_path

if TYPE_CHECKING:
    from experiments.config.build import RunPlan

CODE_BOOK = "columns.csv"


def declared(plan: "RunPlan | None" = None) -> list[Entry]:
    """Return an entry for every series that a plan records, or a run without overrides."""
    import numpy as np

    from experiments.config.build import plan_from_config
    from experiments.config.compose import compose_run
    from sim.context import Context
    from sim.recorder import declare

    plan = plan or plan_from_config(compose_run(["worlds=1"]))
    ids, response = plan.columns(np.arange(1))
    params, settings = plan.params_for(ids), plan.settings_for(ids, response)
    series = declare(Context(plan.axes, params, plan.start, settings, plan.history))
    return [
        Entry(SERIES, one.name, one.unit, one.kind, one.when, one.definition, one.equation) for one in series
    ]


def of_run(run: str) -> list[Entry]:
    """Return an entry for every series of a run, by its name or path."""
    return [entry for entry in code_book(find(run)) if entry.file == SERIES and entry.column not in KEYS]


def code_book(folder: Path) -> list[Entry]:
    """Return the code book of a run's folder.

    Raises: ConfigError if it cannot be read.
    """
    try:
        with (folder / CODE_BOOK).open(newline="", encoding="utf-8") as file:
            return [Entry(**row) for row in csv.DictReader(file)]
    except (OSError, TypeError, UnicodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no code book"
        where = shown_path(folder)
        raise ConfigError("run", where, f"{CODE_BOOK} cannot be read ({reason}); run it again") from None
