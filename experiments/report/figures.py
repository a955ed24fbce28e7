"""The report's run and its figures as PNG and SVG: made once, and used again while nothing has changed."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from experiments.config.build import RunPlan
from experiments.reading import drawing
from experiments.reading.find import finished, manifest_of
from experiments.runs import manifest, terminal
from experiments.runs.command import execute
from experiments.runs.team import Team

STAMP: Final = "made_of.json"
_COLOURS: Final = 48
"""Colours of an embedded picture: enough for the house style, a fifth of the bytes."""
_DRAWERS: Final = 2


@dataclass(frozen=True)
class Picture:
    """A figure inside the page."""

    name: str
    title: str
    alt: str
    png: str
    """Base64."""


def run_of(plan: RunPlan) -> Path:
    """Return the folder of a finished run of this plan by this code; run it if there is none.

    Raises: RunError if the run fails.
    """
    for folder in finished():
        made = manifest_of(folder)
        same = made.get("configuration_hash") == plan.config_hash
        if same and made.get("sources_hash") == manifest.sources_hash():
            return folder
    return execute(plan, quiet=True)


def draw(folder: Path, out: Path) -> list[str]:
    """Draw the figures of a run as PNG and SVG, unless they are there; return what could not be drawn."""
    from experiments.figures import FIGURES

    made = manifest_of(folder)
    stamp = {
        "configuration": made["configuration_hash"],
        "sources": made["sources_hash"],
        "figures": manifest.digest((manifest.ROOT / "experiments" / "figures").glob("*.py")),
    }
    if stamped(out) == stamp:
        return []
    failed = []
    with terminal.meter(len(FIGURES), "Drawing figures") as meter, Team(_DRAWERS, 1) as team:
        tasks = [team.submit(draw_one, name, folder, out, made["figures"]) for name in FIGURES]
        for done, task in enumerate(tasks, 1):
            failed += team.wait_for([task], lambda _: None)[0]
            meter.show(done)
    if not failed:
        manifest.write_json(out / STAMP, stamp)
    return failed


def stamped(out: Path) -> Any:
    """Return what the figures of a folder were made of; nothing if that is not known."""
    try:
        return json.loads((out / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def draw_one(name: str, folder: Path, out: Path, given: Mapping[str, Any]) -> list[str]:
    """Draw one figure, in a worker process; return what kept it from being drawn."""
    from experiments.figures import BreakEven, draw_all

    break_even = BreakEven(**given["break_even"])
    options = {**given, "break_even": break_even, "observed": drawing.observed_points()}
    try:
        draw_all(folder, out, only=[name], svg=True, **options)
    except Exception as error:  # a figure that cannot be drawn does not cost the report
        return [f"the figure {name} was not drawn ({type(error).__name__}: {error})"]
    return []


def pictures(out: Path, names: Sequence[str]) -> list[Picture]:
    """Return the figures that were drawn, ready to stand inside a page."""
    found = []
    for name in names:
        file = out / f"{name}.png"
        if file.is_file():
            alt = file.with_suffix(".txt").read_text(encoding="utf-8")
            found.append(Picture(name, alt.partition("\n")[0], alt, embedded(file)))
    return found


def embedded(file: Path) -> str:
    """Return a picture in few colours, as text. The file beside the page keeps them all."""
    from PIL import Image

    with Image.open(file) as whole:
        # By coverage, so that the few dots in a bloc's colour keep it; a median would mix it with greys.
        few = whole.convert("RGB").quantize(
            _COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    stream = io.BytesIO()
    few.save(stream, "PNG", optimize=True)
    return base64.b64encode(stream.getvalue()).decode("ascii")
