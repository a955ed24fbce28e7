"""Pieces of a page: a table, a bar of shares, a share with its error."""

from collections.abc import Mapping, Sequence
from html import escape

from experiments.figures.style import CN, MIXED, US
from experiments.runs.summary import wilson
from experiments.runs.terminal import percent


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, number: bool = True) -> str:
    """Return a table; its cells are HTML already, and numbers but for the first column unless told not."""
    kind = ' class="number"' if number else ""
    head = "".join(f'<th scope="col"{kind if at else ""}>{text}</th>' for at, text in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{cell}</td>" if at else f'<th scope="row">{cell}</th>' for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def bar(shares: Mapping[str, float]) -> str:
    """Return the three shares of worlds as a bar with its numbers."""
    wide, place, pieces = 180.0, 0.0, []
    for who, colour, ink in (("us", US, "#fff"), ("mixed", MIXED, "#1c1f24"), ("cn", CN, "#fff")):
        width = wide * shares[who]
        pieces.append(f'<rect x="{place:.1f}" width="{width:.1f}" height="18" fill="{colour}"/>')
        if width > 20.0:
            at = f'x="{place + width / 2.0:.1f}" y="13" text-anchor="middle"'
            pieces.append(f'<text {at} font-size="11" fill="{ink}">{percent(shares[who])}</text>')
        place += width
    told = ", ".join(f"{who} {percent(shares[who])} %" for who in ("us", "mixed", "cn"))
    size = f'viewBox="0 0 {wide:g} 18" width="{wide:g}" height="18"'
    return f'<svg {size} role="img" aria-label="{told}">{"".join(pieces)}</svg>'


def with_error(share: float, worlds: int) -> str:
    """Return a share in per cent with its 95 % sampling error."""
    low, high = wilson(share, worlds)
    return f"{percent(share)} ± {percent((high - low) / 2.0)}"


def span(ends: tuple[float, float]) -> str:
    """Return a range of shares in per cent."""
    return f"{percent(ends[0])}–{percent(ends[1])}"
