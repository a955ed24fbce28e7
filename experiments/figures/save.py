"""Write a drawing: PNG with its origin inside, tidy CSV, alternative text, SVG and copies on request."""

import csv
import functools
import io
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import duckdb
import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib import image

from experiments.figures.data import Run
from experiments.figures.fan import Drawing, plain
from experiments.figures.manner import manner
from experiments.figures.origin import Origin
from experiments.figures.style import Page, house_style
from experiments.figures.tables import Row
from experiments.runs.store import OFFLINE

# Machado, Oliveira and Fernandes (2009), deuteranopia at full severity, on linear red, green and blue.
DEUTERANOPIA: Final = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    dtype=np.float64,
)
COMPRESSION: Final = 3
"""Level of a picture's deflate: 5 makes it a twentieth smaller and takes half as long again."""
LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float64)


def _write(path: Path, put: Callable[[IO[bytes]], object]) -> Path:
    """Write a file beside its place and move it there, so that a reader never sees half of it."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            put(stream)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def metadata(drawing: Drawing, run: Run | Origin, request: str) -> dict[str, str]:
    """Return what is embedded in the picture: title, alternative text, what made the run and the picture."""
    made = run.provenance()
    return {
        "Title": plain(drawing.title),
        "Description": drawing.alt.strip(),
        "Software": f"uncontested {made['version']}",
        "Version": made["version"],
        "Configuration": made["configuration_hash"],
        "Seed": made["seed"],
        "Command": made["command"],
        "Sources": str(run.manifest.get("sources_hash", "")),
        "Figure": request,
        "Drawn with": f"matplotlib {matplotlib.__version__}",
    }


def _png(drawing: Drawing, made: dict[str, str]) -> Callable[[IO[bytes]], object]:
    """Return a writer of the picture, with where it comes from inside."""
    canvas: Any = drawing.figure.canvas
    return lambda stream: canvas.print_png(stream, metadata=made, pil_kwargs={"compress_level": COMPRESSION})


def tidy(rows: list[Row]) -> bytes:
    """Write rows as CSV; a missing value is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(row if math.isfinite(row.value) else (*row[:4], "", *row[5:]) for row in rows)
    return text.getvalue().encode("utf-8")


def save(
    drawing: Drawing,
    run: Run | Origin,
    folder: str | Path,
    *,
    formats: Sequence[str] = (),
    request: str | None = None,
) -> list[Path]:
    """Write <name>.png, .csv and .txt (and .svg, .pdf) into a folder and return their paths.

    `request` is what `uncontested plot <run>` would be given to draw it again: the name alone if absent.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with house_style():
        made = metadata(drawing, run, drawing.name if request is None else request)
        png = _png(drawing, made)
        paths = [
            _write(folder / f"{drawing.name}.png", png),
            _write(folder / f"{drawing.name}.csv", lambda stream: stream.write(tidy(drawing.rows))),
            _write(folder / f"{drawing.name}.txt", lambda stream: stream.write(drawing.alt.encode("utf-8"))),
        ]
        origin = (
            f"{made['Command']} (configuration {made['Configuration']}, seed {made['Seed']}); "
            f"uncontested plot: {made['Figure']}"
        )
        words: dict[str, dict[str, Any]] = {
            "svg": {
                "Title": made["Title"],
                "Description": made["Description"],
                "Creator": made["Software"],
                "Date": None,
                "Source": origin,
            },
            # A PDF would else hold the time at which it was written.
            "pdf": {
                "Title": made["Title"],
                "Subject": made["Description"],
                "Creator": made["Software"],
                "Keywords": origin,
                "CreationDate": None,
            },
        }
        for one in formats:
            put = functools.partial(_vector, drawing.figure, one, words[one])
            paths.append(_write(folder / f"{drawing.name}.{one}", put))
    return paths


def rehearse() -> None:
    """Draw a page for nobody, with what the first drawing of a process has to set up."""
    with house_style():
        page = Page("Title", "Subtitle", "Footer", 1.0)
        page.axes(1.0, 0.0, 1.0, 1.0).plot([0.0, 1.0], [0.0, 1.0])
        page.text(0.0, 0.0, "Text", weight="bold")
        page.figure.canvas.print_png(io.BytesIO())  # type: ignore[attr-defined]  # an Agg canvas
    duckdb.connect(config=OFFLINE).close()


def written(
    draw: Callable[[], Drawing],
    made: Run | Origin,
    out: Path,
    language: str,
    *,
    request: str = "",
    formats: Sequence[str] = ("svg",),
) -> list[Path]:
    """Draw in a language and write it, named by the figure and the language; return the files."""
    with manner(language), house_style():
        drawing = draw()
        named = drawing if language == "en" else replace(drawing, name=f"{drawing.name}-{language}")
        return save(named, made, out, request=request or drawing.name, formats=formats)


def _vector(figure: Any, kind: str, words: dict[str, Any], stream: IO[bytes]) -> None:
    """Write a figure as lines and letters."""
    figure.savefig(stream, format=kind, metadata=words)


def _linear(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Turn sRGB bytes into linear light (IEC 61966-2-1)."""
    levels = np.arange(256) / 255.0
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return np.asarray(table[pixels], dtype=np.float64)


def _bytes(light: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Turn linear light into sRGB bytes."""
    light = np.clip(light, 0.0, 1.0)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1.0 / 2.4) - 0.055)
    return np.asarray(np.rint(255.0 * encoded), dtype=np.uint8)


def accessible_copies(png: str | Path) -> list[Path]:
    """Write <name>.grey.png (a photocopy) and <name>.deuteranopia.png (red-green blindness) beside it."""
    png = Path(png)
    pixels = np.rint(255.0 * image.imread(png)[..., :3]).astype(np.uint8)
    light = _linear(pixels)
    grey = np.repeat((light @ LUMINANCE)[..., None], 3, axis=-1)
    copies = {"grey": grey, "deuteranopia": light @ DEUTERANOPIA.T}
    return [
        _write(png.with_name(f"{png.stem}.{name}.png"), functools.partial(_put, _bytes(seen)))
        for name, seen in copies.items()
    ]


def _put(pixels: npt.NDArray[np.uint8], stream: Any) -> None:
    """Write pixels as PNG."""
    image.imsave(stream, pixels, format="png")
