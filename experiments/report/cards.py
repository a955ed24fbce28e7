"""A claim card as HTML."""

from html import escape

from experiments.claims.cards import WHO
from experiments.claims.page import measured, ranged
from experiments.claims.pictures import svg
from experiments.claims.verdict import DEPENDS, OUTSIDE, Verdict


def card_html(verdict: Verdict) -> str:
    """Return a card: claim, verdict, picture, and all that it rests on."""
    card = verdict.card
    rows: list[tuple[str, str]] = []
    if verdict.word == DEPENDS:
        rows.append(("depends on", verdict.on))
    if verdict.word == OUTSIDE:
        rows.append(("why", verdict.on))
    if card.asks:
        rows.append(("asked", card.asks))
    for one in verdict.measured:
        for figure in one.part.figures:
            shown = f"{ranged(figure.value, figure.low, figure.high)} {figure.unit}"
            rows.append(("figure", f"{figure.what}: {shown}; {figure.source}"))
    if verdict.variants:
        headline = verdict.variants[0]
        way = f", {headline.way}" if headline.way else ""
        rows.append(("holds in", f"{measured(verdict)}; headline {headline.year}{way}; 95 % interval "
                     f"{verdict.low_95:.0%}–{verdict.high_95:.0%}"))  # fmt: skip
        rows.append(("experiment", card.experiment))
        arms = "; ".join(f"{name}: {settings}" for name, settings in card.arms.items())
        if arms:
            rows.append(("arms", arms))
    elif verdict.measured:
        rows.append(("comes to", measured(verdict)))
    if verdict.mirror is not None:
        rows.append(("mirror", f"of the other bloc it holds in {verdict.mirror.share:.0%} of "
                     f"{verdict.mirror.worlds} worlds"))  # fmt: skip
    if card.conditions:
        rows.append(("conditions", card.conditions))
    rows.append(("against it", f"{card.counter} (rests on: {card.rests_on})"))
    rows.append(("variable", card.variable))
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    word = verdict.word.partition(" ")[0]
    picture = f"{svg(verdict)}<dl>{told}</dl>"
    return (
        f'<article class="card" id="claim-{card.number}"><h3>{card.number}. {escape(card.claim)}</h3>'
        f'<p class="said">{escape(WHO[card.who])} · {escape(card.kind)}</p>'
        f'<p><span class="verdict {word}">{escape(verdict.word)}</span></p>{picture}</article>'
    )
