"""Write the answer of a run into README.md: `python -m experiments.pages.readme_answer outputs/latest`.

The block between the two marks is the run's own words and numbers; nothing in it is typed by hand.
"""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.config.errors import RunError
from experiments.runs.summary import HEADLINE, PASSIVE
from experiments.runs.terminal import (
    BLOCS,
    NOT_A_FORECAST,
    SENSE_WORDS,
    VERBS,
    binding_sentence,
    lead_cell,
    percent,
    span,
)

BEGIN, END = "<!-- answer:begin -->", "<!-- answer:end -->"
ROOT = Path(__file__).parents[2]
PICTURE = "outcome.png"


def answer(summary: Mapping[str, Any], manifest: Mapping[str, Any], picture: str | None, alt: str) -> str:
    """Return the block as Markdown.

    Raises: RunError if the run has no answer: a short one, or one without the passive response.
    """
    shares = summary["shares"].get(PASSIVE, {}).get(HEADLINE)
    if not shares:
        raise RunError(
            "the run has no answer to write: it needs the passive response and months up to a horizon; "
            "run `uncontested run`, then try again"
        )
    blocs = [f"{BLOCS[bloc]} {VERBS[bloc]}" for bloc in ("us", "cn")]
    lines = [
        f"**The answer of version {manifest['version']}**: {summary['worlds']:,} sampled worlds, scenario "
        f"`{summary['scenario']}`, {span(summary)}.",
        "",
        f"| in % of sampled worlds | {blocs[0]} | mixed | {blocs[1]} |",
        "|---|--:|--:|--:|",
    ]
    for year in sorted(shares):
        cells = [lead_cell(summary, PASSIVE, HEADLINE, year, leader) for leader in ("us", "mixed", "cn")]
        lines.append(f"| by {year} | {' | '.join(cells)} |")
    lines += ["", "± 95 % sampling error; in brackets the range over all definitions of leading."]
    if summary["without_a_fight"]:
        year, by_bloc = max(summary["without_a_fight"].items())
        lines += ["", f"| without a fight, by {year} | {blocs[0]} | {blocs[1]} | |", "|---|--:|--:|---|"]
        for sense, (name, meaning) in SENSE_WORDS.items():
            cells = [percent(by_bloc[bloc][sense]["share"]) for bloc in ("us", "cn")]
            lines.append(f"| {name} | {' | '.join(cells)} | {meaning} |")
    lines += ["", binding_sentence(summary, PASSIVE), NOT_A_FORECAST]
    if picture:
        lines += ["", f"![{alt}]({picture})"]
    made_by = f"Written by `{manifest['command']}` (seed {manifest['seed']}, configuration "
    lines += ["", f"{made_by}`{manifest['configuration_hash'][:12]}`)."]
    return "\n".join(lines)


def replaced(page: str, block: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """Return a page with the block between its marks replaced.

    Raises: RunError if the page lacks the marks.
    """
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not (begin and end):
        raise RunError(f"the page has no place for it; expected a line {marks[0]} and, below it, {marks[1]}")
    return f"{before}{marks[0]}\n{block}\n{marks[1]}{after}"


def write(run: Path, root: Path = ROOT) -> None:
    """Write a run's answer and its picture into the README of a checkout.

    Raises: RunError if the folder holds no finished run, or the README has no place for it.
    """
    try:
        summary, manifest = (
            json.loads((run / f"{name}.json").read_text()) for name in ("summary", "manifest")
        )
    except FileNotFoundError as error:
        raise RunError(f"{error.filename} is missing; expected the folder of a finished run") from None
    page = root / "README.md"
    drawn, told = run / "figures" / PICTURE, run / "figures" / "outcome.txt"
    alt = told.read_text(encoding="utf-8").partition("\n")[0] if told.is_file() else ""
    picture = f"docs/{PICTURE}" if drawn.is_file() else None
    text = replaced(page.read_text(encoding="utf-8"), answer(summary, manifest, picture, alt))
    if picture:
        (root / "docs").mkdir(exist_ok=True)
        shutil.copyfile(drawn, root / picture)
    page.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Write the answer of the run named; return the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m experiments.pages.readme_answer FOLDER_OF_A_RUN", file=sys.stderr)
        return 2
    try:
        write(Path(arguments[0]))
    except RunError as error:
        print(f"readme_answer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
