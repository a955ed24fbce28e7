"""The figures of a run: one style, one function a figure, titles filled from the data."""

from experiments.figures.data import MissingSeriesError, Run
from experiments.figures.draw import FIGURES, draw, draw_all
from experiments.figures.fan import Drawing
from experiments.figures.opening import load_run
from experiments.figures.robots import BreakEven
from experiments.figures.save import accessible_copies, save
from experiments.figures.tables import Observation, observations

__all__ = [
    "FIGURES",
    "BreakEven",
    "Drawing",
    "MissingSeriesError",
    "Observation",
    "Run",
    "accessible_copies",
    "draw",
    "draw_all",
    "load_run",
    "observations",
    "save",
]
