"""The composition root: joins the world of `sim` to the minds that live in it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

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
from sim.actors import Actor
from sim.axes import BLOCS, Axes
from sim.cast import Cast
from sim.context import Context
from sim.history import History
from sim.model import RaceModel
from sim.params import Params
from sim.settings import Settings
from sim.start import Start

KINDS: Final[Mapping[str, type[Actor]]] = {
    "labs": AiLab,
    "clouds": Cloud,
    "chip_makers": ChipMaker,
    "robot_makers": RobotMaker,
    "factories": Factories,
    "consumers": Consumers,
    "enterprises": Enterprises,
    "investors": Investor,
    "governments": Government,
    "grids": GridOperator,
    "orbital_operators": OrbitalOperator,
}
"""The mind of each kind of actor."""


def build_model(
    params: Params,
    axes: Axes,
    start: Start,
    settings: Settings,
    history: History,
    minds: Mapping[str, type[Actor]] = MappingProxyType({}),
) -> RaceModel:
    """Return a model with one mind for every firm, place and bloc on the axes.

    `minds` puts classes in the place of others: by a firm's name, else by its kind.
    """
    model = RaceModel(Context(axes, params, start, settings, history))
    places = axes.markets.names

    def cast(kind: str, names: Sequence[str]) -> list[Actor]:
        return [minds.get(name, minds.get(kind, KINDS[kind]))(model, name) for name in names]

    model.cast = Cast(
        labs=cast("labs", axes.labs.names),
        clouds=cast("clouds", axes.clouds.names),
        chip_makers=cast("chip_makers", axes.chip_makers.names),
        robot_makers=cast("robot_makers", axes.robot_makers.names),
        factories=cast("factories", [f"factories of {place}" for place in places]),
        consumers=cast("consumers", ["consumers"])[0],
        enterprises=cast("enterprises", [f"enterprises of {place}" for place in places]),
        investors=cast("investors", [f"capital of {bloc}" for bloc in BLOCS]),
        governments=cast("governments", [f"government of {bloc}" for bloc in BLOCS]),
        grids=cast("grids", [f"grid of {place}" for place in places]),
        orbital_operators=cast("orbital_operators", axes.orbital_operators.names),
    )
    return model
