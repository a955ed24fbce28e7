"""The composition root: joins the world of `sim` to the minds that live in it."""

from agents.ai_lab import AiLab
from agents.chip_maker import ChipMaker
from agents.cloud import Cloud
from agents.consumers import Consumers
from agents.enterprises import Enterprises
from agents.factory import Factories
from agents.government import Government
from agents.grid_operator import GridOperator
from agents.investor import Investor
from agents.orbital_operator import OrbitalOperator
from agents.robot_maker import RobotMaker
from sim.axes import BLOCS, Axes
from sim.context import Context
from sim.history import History
from sim.model import Cast, RaceModel
from sim.params import Params
from sim.settings import Settings
from sim.start import Start


def build_model(params: Params, axes: Axes, start: Start, settings: Settings, history: History) -> RaceModel:
    """Return a model with one mind for every firm, place and bloc on the axes."""
    model = RaceModel(Context(axes, params, start, settings, history))
    places = axes.markets.names
    model.cast = Cast(
        labs=[AiLab(model, name) for name in axes.labs.names],
        clouds=[Cloud(model, name) for name in axes.clouds.names],
        chip_makers=[ChipMaker(model, name) for name in axes.chip_makers.names],
        robot_makers=[RobotMaker(model, name) for name in axes.robot_makers.names],
        factories=[Factories(model, f"factories of {place}") for place in places],
        consumers=Consumers(model, "consumers"),
        enterprises=[Enterprises(model, f"enterprises of {place}") for place in places],
        investors=[Investor(model, f"capital of {bloc}") for bloc in BLOCS],
        governments=[Government(model, f"government of {bloc}") for bloc in BLOCS],
        grids=[GridOperator(model, f"grid of {place}") for place in places],
        orbital_operators=[OrbitalOperator(model, name) for name in axes.orbital_operators.names],
    )
    return model
