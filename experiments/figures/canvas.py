"""The canvas of a figure: Matplotlib's own, but that the letters of a text share what they have in common.

Matplotlib 3.11 sets the font's size anew for each letter. FreeType then runs the font's own program again,
which takes twice as long as drawing the letter. Of other versions nothing is assumed, and they draw their
letters; one that does so faster makes this file needless.
"""

import math
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag

KNOWN = mpl.__version_info__[:2] == (3, 11)
"""Whether this is the version whose ways are known."""
UNIT = 0x10000
"""FreeType's fixed point of a matrix."""
PIXEL = 0x40
"""FreeType's fixed point of a place."""


class Renderer(RendererAgg):
    """Draws the same pixels as Matplotlib's."""

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        """Draw a text, its font's size and its angle set once."""
        if ismath or not gc.get_antialiased():
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)  # type: ignore[no-untyped-call]  # Matplotlib has no types here
            return
        from matplotlib.ft2font import RenderMode  # not in other versions

        flags = get_hinting_flag()  # type: ignore[no-untyped-call]  # Matplotlib has no types here
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        turn = (UNIT * np.array([[cos, -sin], [sin, cos]])).round().astype(int)
        bottom = self.height - y
        # The fonts that stand in for missing letters are given the size with it.
        font: Any = self._prepare_font(prop)  # type: ignore[no-untyped-call]  # Matplotlib has no types here
        letters = font._layout(
            s,
            flags=flags,
            features=mtext.get_fontfeatures() if mtext is not None else None,
            language=mtext.get_language() if mtext is not None else None,
        )
        for letter in letters:
            font = letter.ft_object
            across = x + letter.x * cos - letter.y * sin
            up = bottom + letter.x * sin + letter.y * cos
            font._set_transform(turn, [round(PIXEL * across), round(PIXEL * up)])
            drawn = font._render_glyph(letter.glyph_index, flags, RenderMode.NORMAL)
            pixels = drawn.buffer
            lower = int(self.height) - drawn.top + pixels.shape[0]
            self._renderer.draw_text_image(pixels, drawn.left, lower, 0, gc)


class Canvas(FigureCanvasAgg):
    """A canvas with this renderer."""

    def get_renderer(self) -> RendererAgg:
        """Return the renderer of the figure's size, the same as long as that is."""
        if not KNOWN:
            plain: RendererAgg = super().get_renderer()  # type: ignore[no-untyped-call]  # Matplotlib has no types here
            return plain
        size = (*self.get_width_height(physical=True), self.figure.dpi)
        if self._lastKey != size:
            self.renderer: RendererAgg = Renderer(*size)  # type: ignore[no-untyped-call]  # Matplotlib has no types here
            self._lastKey = size
        return self.renderer
