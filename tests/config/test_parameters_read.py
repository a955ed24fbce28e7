"""Every parameter of conf is read by the simulation or a mind; one that nobody reads is deleted, not kept."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from agents.roster import build_model
from experiments.config.build import RunPlan
from experiments.config.catalogue import SECTIONS
from sim.params import Params


def watched(section: str, record: Any, seen: set[str]) -> Any:
    """Return a copy of a section that notes which of its fields are read."""
    names = {field.name for field in fields(record)}

    def read(self: Any, name: str) -> Any:
        if name in names:
            seen.add(f"{section}.{name}")
        return object.__getattribute__(self, name)

    kind = type(type(record).__name__, (type(record),), {"__getattribute__": read})
    copy = object.__new__(kind)
    for name in names:
        object.__setattr__(copy, name, getattr(record, name))
    return copy


def test_a_run_reads_every_parameter(plan: Callable[..., RunPlan]) -> None:
    run = plan("worlds=2", "months=2", "agents_per_world=400")
    ids, response = run.columns(np.arange(2))
    given, seen = run.params_for(ids), set[str]()
    spies = Params(**{section: watched(section, getattr(given, section), seen) for section in SECTIONS})
    assert not seen
    build_model(spies, run.axes, run.start, run.settings_for(ids, response), run.history).run()
    every = {f"{section}.{field.name}" for section, kind in SECTIONS.items() for field in fields(kind)}
    assert sorted(every - seen) == [], (
        "nobody reads these: delete them from conf and sim/params.py, and let their lines in "
        "conf/sobol_dimensions.csv stay, so that no dimension is used twice"
    )
