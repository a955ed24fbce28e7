"""`uncontested claims [ID...]`: what sampled worlds and quoted figures say to the article, claim by claim."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from experiments.claims import arms, page
from experiments.claims.cards import Card, chosen, read_cards
from experiments.claims.measures import arms_of
from experiments.claims.pictures import strip, svg
from experiments.claims.verdict import Verdict, judge
from experiments.cli.options import parse
from experiments.config.errors import RunError
from experiments.runs.store import OUTPUTS, shown_path

HELP: Final = """uncontested claims [ID ...] [key=value ...] [--out DIR] [--page FILE]

Evaluate the article's claims: mechanisms by experiments in sampled worlds, facts by quoted figures. Without
numbers all 67; with some, their cards in full. Keys change the base of every experiment, as worlds=128 or
scenario=detente. What an experiment came to is stored in outputs/arms: a rerun computes only what is new.

  --out DIR         another folder than outputs/claims for the page, a table and a picture a card
  --page FILE       another file for the page, as docs/claims.md

Examples:
  uncontested claims
  uncontested claims 9 33 worlds=128"""
OPTIONS: Final = {"--out": "a folder", "--page": "a file"}
_MOST: Final = 1000


def claims_command(arguments: Sequence[str]) -> str:
    """Evaluate claims, write their page, and return what is to be said.

    Raises: ConfigError on an unknown claim or key; RunError if a run fails or nothing can be written.
    """
    overrides = [word for word in arguments if "=" in word and not word.startswith("-")]
    rest = [word for word in arguments if word not in overrides]
    numbers, given = parse(rest, ("ID",) * _MOST, OPTIONS, optional=_MOST)
    if "--help" in given:
        return HELP
    cards = chosen(numbers, read_cards())
    verdicts, made = evaluate(cards, overrides)
    command = shlex.join(["uncontested", "claims", *arguments])
    out = Path(given.get("--out", OUTPUTS / "claims")).expanduser()
    file = Path(given["--page"]).expanduser() if "--page" in given else out / "claims.md"
    write(verdicts, out, file, made_by(command, made))
    lines = [line for one in verdicts for line in _in_full(one)] if numbers else page.table(verdicts)
    lines += ["", f"{len(verdicts)} cards: {page.counts(verdicts)}."]
    if made is not None:
        computed = f"{made.computed} of {len(made.kept)} arms computed, the others stored"
        lines.append(f"{made.worlds} sampled worlds, {computed}.")
    lines += ["A share counts sampled worlds of one model; it is no forecast.", ""]
    return "\n".join(
        [*lines, f"Files    {shown_path(file.absolute())}", f"         {shown_path(out.absolute())}"]
    )


def evaluate(
    cards: Sequence[Card], overrides: Sequence[str] = (), beside: Sequence[str] = ()
) -> tuple[list[Verdict], arms.Arms | None]:
    """Return the verdict of every card, running what mechanisms need; without any, nothing is run.

    Arms named beside are run along with them.

    Raises: ConfigError or RunError as `experiments.claims.arms.run`.
    """
    made = None
    if any(card.kind == "mechanism" for card in cards):
        last_year = max(year for card in cards for year in card.years)
        made = arms.run((*arms_of(cards), *beside), overrides, last_year=last_year)
    return [judge(card, made) for card in cards], made


def made_by(command: str, made: arms.Arms | None) -> str:
    """Return how a page was made: the command, and the exact worlds."""
    if made is None:
        return f"Written by `{command}` from figures alone."
    plan = made.plan
    return (
        f"Written by `{command}`: {made.worlds} sampled worlds of the scenario `{plan.scenario}`, seed "
        f"{plan.seed}, {len(made.kept)} arms in the same worlds (configuration `{plan.config_hash[:12]}`)."
    )


def write(verdicts: Sequence[Verdict], out: Path, file: Path, how: str) -> None:
    """Write the page, the table and the pictures.

    Raises: RunError if a file cannot be written.
    """
    try:
        (out / "pictures").mkdir(parents=True, exist_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page.page(verdicts, how), encoding="utf-8")
        page.write_csv(verdicts, out / "claims.csv")
        for one in verdicts:
            picture = svg(one)
            if picture:
                (out / "pictures" / f"{one.card.number:02}.svg").write_text(picture, encoding="utf-8")
    except OSError as error:
        raise RunError(f"{error.filename or out}: cannot be written ({error.strerror})") from None


def _in_full(verdict: Verdict) -> list[str]:
    head = f"{verdict.card.number}. {verdict.card.claim}"
    return [head, strip(verdict), *page.card_lines(verdict), ""]
