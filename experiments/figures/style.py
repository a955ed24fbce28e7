"""One style for every figure: colours, sizes, fonts and the page (title, subtitle, panels, footer).

Figures are built on `matplotlib.figure.Figure` with the Agg canvas, never on pyplot, so that drawing leaves
no global state behind and the same run gives the same bytes on every call.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import matplotlib
from matplotlib import font_manager, ft2font, patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.figures.canvas import Canvas

US: Final = "#1B4B8F"
CN: Final = "#D2451E"
INK: Final = "#1C1F24"
MUTED: Final = "#5B626D"
GREY: Final = "#D3D7DD"
PALE: Final = "#F3F4F6"
WHITE: Final = "#FFFFFF"
MIXED: Final = "#DFE2E7"
TEAL: Final = "#1F6F68"
BLOC_COLOURS: Final = {"us": US, "cn": CN}
BLOC_MARKERS: Final = {"us": "o", "cn": "s"}

CONSTRAINT_COLOURS: Final = {
    "none": "#EDEFF2",
    "demand": "#C9D8A4",
    "power": "#DDB23A",
    "capital": "#A06FB4",
    "chips": "#1F7670",
    "parts": "#4B2E2B",
}
"""Colours of the binding constraints: no country colour, and lightness steps that survive a photocopy."""

TITLE_PT: Final = 17.0
TEXT_PT: Final = 12.0
LABEL_PT: Final = 10.0
FOOTER_PT: Final = 8.5
LINE_HEIGHT: Final = 1.22
HINTING_MARGIN: Final = 1.03

WIDTH_INCHES: Final = 10.0
DPI: Final = 160
LEFT_INCHES: Final = 0.45
RIGHT_INCHES: Final = 0.3
FONT_FOLDER: Final = Path(__file__).parent / "fonts"
FONT_FILES: Final = {
    "regular": FONT_FOLDER / "Lato-Regular.ttf",
    "bold": FONT_FOLDER / "Lato-Bold.ttf",
    "italic": FONT_FOLDER / "Lato-Italic.ttf",
}

RC: Final[dict[str, Any]] = {
    "font.family": ["Lato", "DejaVu Sans"],
    "font.size": LABEL_PT,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 1.0,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": LABEL_PT,
    "ytick.labelsize": LABEL_PT,
    "hatch.linewidth": 0.6,
    "figure.facecolor": WHITE,
    "savefig.facecolor": WHITE,
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
    "svg.fonttype": "path",
    "svg.hashsalt": "uncontested",
}


@functools.cache
def register_fonts() -> None:
    """Make the vendored Lato known to matplotlib, once a process."""
    for path in FONT_FILES.values():
        font_manager.fontManager.addfont(path)


@functools.cache
def _house_rc() -> Any:
    """Return matplotlib's own defaults with this style on top, whatever the user's matplotlibrc says."""
    defaults: dict[Any, Any] = {
        key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")
    }
    return {**defaults, **RC}


@contextmanager
def house_style() -> Iterator[None]:
    """Apply the style inside a `with` block and restore the caller's settings afterwards."""
    register_fonts()
    with matplotlib.rc_context(_house_rc()):
        yield


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def styled(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run a drawing function under the house style."""

    @functools.wraps(draw)
    def wrapper(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with house_style():
            return draw(*args, **kwargs)

    return wrapper


@functools.cache
def _advance_em(character: str, weight: str) -> float:
    """Return a character's advance in em, from the font's own units."""
    font = font_manager.get_font(FONT_FILES[weight])
    glyph = font.load_char(ord(character), flags=ft2font.LoadFlags.NO_SCALE)
    return float(glyph.horiAdvance) / font.units_per_EM


def text_width_inches(text: str, size_pt: float, weight: str = "regular") -> float:
    """Measure one line of text in inches as the sum of advances.

    Kerning and ligatures, left out, make it narrower; hinting makes small text up to 2.5 % wider,
    hence the margin. Laying the text out instead is a hundred times slower.
    """
    return HINTING_MARGIN * sum(_advance_em(character, weight) for character in text) * size_pt / 72.0


def wrap(text: str, width_inches: float, size_pt: float, weight: str = "regular") -> list[str]:
    """Break text at plain spaces into lines no wider than the width; a no-break space never breaks.

    Raises: ValueError if one word alone is wider than the width.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        current = ""
        for word in paragraph.split(" "):
            if text_width_inches(word, size_pt, weight) > width_inches:
                raise ValueError(
                    f"word {word!r} is wider than {width_inches:.2f} in at {size_pt} pt: shorten it"
                )
            longer = f"{current} {word}" if current else word
            if text_width_inches(longer, size_pt, weight) <= width_inches:
                current = longer
            else:
                lines.append(current)
                current = word
        lines.append(current)
    return lines


def balanced(text: str, width_inches: float, size_pt: float, weight: str = "regular") -> list[str]:
    """Wrap text into as few lines as fit, then even out their lengths."""
    best = wrap(text, width_inches, size_pt, weight)
    narrower = width_inches
    while len(best) > 1 and narrower > 0.5 * width_inches:
        narrower -= 0.1
        try:
            lines = wrap(text, narrower, size_pt, weight)
        except ValueError:
            break
        if len(lines) > len(best):
            break
        best = lines
    return best


def line_inches(size_pt: float) -> float:
    """Return the height of one line of text in inches."""
    return size_pt * LINE_HEIGHT / 72.0


def halo(artist: Any, width_pt: float = 2.6) -> Any:
    """Put a white outline behind a text or line drawn over data."""
    artist.set_path_effects([patheffects.withStroke(linewidth=width_pt, foreground=WHITE)])
    return artist


class Page:
    """A canvas 10 in wide: title and subtitle on top, panels in inches below, footer at the bottom.

    Positions are inches from the canvas' left edge and from the top of the body downwards, so that a longer
    title makes the page taller and moves no panel.
    """

    def __init__(self, title: str, subtitle: str, footer: str, body_inches: float) -> None:
        usable = WIDTH_INCHES - LEFT_INCHES - RIGHT_INCHES
        # "US + allies" is one name: no line break inside it.
        title, subtitle, footer = (text.replace(" + ", "\u00a0+\u00a0") for text in (title, subtitle, footer))
        blocks = (
            (balanced(title, usable, TITLE_PT, "bold"), TITLE_PT, "bold", INK),
            (wrap(subtitle, usable, TEXT_PT), TEXT_PT, "normal", MUTED),
        )
        top, gap = 0.36, 0.14
        header = top + sum(len(lines) * line_inches(size) + gap for lines, size, _, _ in blocks) + 0.12
        footer_lines = wrap(footer, usable, FOOTER_PT)
        below = 0.16 + len(footer_lines) * line_inches(FOOTER_PT) + 0.22
        self.height = header + body_inches + below
        self.header = header
        self.body_inches = body_inches
        self.figure = Figure(figsize=(WIDTH_INCHES, self.height), dpi=DPI)
        Canvas(self.figure)
        y = top
        for lines, size, weight, colour in blocks:
            for line in lines:
                self._line(LEFT_INCHES, y, line, size=size, weight=weight, colour=colour)
                y += line_inches(size)
            y += gap
        y = header + body_inches + 0.16
        for line in footer_lines:
            self._line(LEFT_INCHES, y, line, size=FOOTER_PT, weight="normal", colour=MUTED)
            y += line_inches(FOOTER_PT)

    def _line(self, x: float, y: float, text: str, *, size: float, weight: str, colour: str) -> Text:
        """Write one line, its box starting y inches below the top of the canvas."""
        return self.figure.text(
            x / WIDTH_INCHES,
            1.0 - y / self.height,
            text,
            fontsize=size,
            fontweight=weight,
            color=colour,
            va="top",
        )

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add a bare panel: baseline only, light horizontal grid, ticks outside."""
        bottom = 1.0 - (self.header + top + height) / self.height
        rectangle = (left / WIDTH_INCHES, bottom, width / WIDTH_INCHES, height / self.height)
        axes = self.figure.add_axes(rectangle)
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        axes.set_axisbelow(True)
        axes.tick_params(axis="x", length=4, width=1.0, pad=3)
        axes.tick_params(axis="y", length=0, pad=4)
        axes.grid(axis="y", color=GREY, linewidth=0.7)
        axes.set_facecolor("none")
        return axes

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = LABEL_PT,
        weight: str = "normal",
        colour: str = INK,
        ha: str = "left",
        va: str = "top",
        style: str = "normal",
    ) -> Text:
        """Write text at x inches from the left edge and y inches below the top of the body."""
        return self.figure.text(
            x / WIDTH_INCHES,
            1.0 - (self.header + y) / self.height,
            text,
            fontsize=size,
            fontweight=weight,
            fontstyle=style,
            color=colour,
            ha=ha,
            va=va,
        )
