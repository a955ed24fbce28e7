"""The synthetic runs of the figures, written and drawn once a process."""

import pytest

from experiments.figures import (
    FIGURES,
    draw,
    observations,
)
from tests.figures.synthetic import CASES, OBSERVED, OPTIONS, open_case, write_run


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    series = {name: write_run(root / name.replace(" ", "_"), **case) for name, case in CASES.items()}
    return root, series


@pytest.fixture(scope="session")
def drawings(folders):
    """Draw every figure of every case once."""
    points = observations(OBSERVED)
    made = {}
    for case in CASES:
        run = open_case(folders, case)
        for name in FIGURES:
            made[case, name] = draw(name, run, points, OPTIONS)
    return made
