"""Write the numbers of docs/doubt.md from a run: `python -m experiments.pages.doubt outputs/latest`."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.config.errors import ConfigError, RunError
from experiments.reading.find import find, manifest_of, read_json
from experiments.runs.summary import PASSIVE
from experiments.runs.terminal import BLOCS, VERBS, percent

PAGE = Path(__file__).parents[2] / "docs" / "doubt.md"
BEGIN, END = "<!-- doubt:begin -->", "<!-- doubt:end -->"


def numbers(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return what the run says of its own doubts: by definition, in the mirror, by threshold, by the draw.

    Raises: RunError if the run reached no horizon without a reaction.
    """
    shares = summary["shares"].get(PASSIVE)
    if not shares:
        raise RunError(
            "the run has no passive response with a horizon; run `uncontested run`, then try again"
        )
    year = max(year for by_year in shares.values() for year in by_year)
    heads = [f"{BLOCS[bloc]} {VERBS[bloc]}" for bloc in ("us", "cn")]
    lines = [
        f"**How the definition moves the answer**, by {year}, in % of {summary['worlds']:,} sampled worlds:",
        "",
        f"| definition | {heads[0]} | mixed or open | {heads[1]} |",
        "|---|--:|--:|--:|",
    ]
    for name, by_year in shares.items():
        if year in by_year:
            one = by_year[year]
            rest = sum(one[key]["share"] for key in one if key not in BLOCS)
            cells = [percent(one["us"]["share"]), percent(rest), percent(one["cn"]["share"])]
            lines.append(f"| {name.upper()} | {' | '.join(cells)} |")
    without = summary["without_a_fight"].get(year, {})
    if without:
        lines += ["", f"**The same question in the mirror**, leads without a fight by {year}:", ""]
        lines += [f"| | {heads[0]} | {heads[1]} |", "|---|--:|--:|"]
        senses = list(next(iter(without.values())))
        for sense in senses:
            cells = [percent(without[bloc][sense]["share"]) if bloc in without else "" for bloc in BLOCS]
            lines.append(f"| {sense.replace('_', ' ')} | {' | '.join(cells)} |")
    lines += [
        "",
        "**What bound**, in % of world-months:",
        "",
        f"| limit | {' | '.join(BLOCS.values())} |",
        "|---|--:|--:|",
    ]
    bound = summary["binding"].get(PASSIVE, {})
    for limit in next(iter(bound.values()), {}):
        lines.append(f"| {limit} | {' | '.join(percent(bound[bloc][limit]) for bloc in BLOCS)} |")
    lines += [
        "",
        f"{summary['rejected_draws']:,} draws could not continue the observed start and were drawn again. "
        f"Written from `{manifest['command']}` (seed {manifest['seed']}, configuration "
        f"`{manifest['configuration_hash'][:12]}`).",
    ]
    return "\n".join(lines)


def write(run: str, page: Path = PAGE) -> None:
    """Put a run's numbers between the marks of the page.

    Raises: ConfigError if the run cannot be read, RunError if it or the page lacks what is needed.
    """
    folder = find(run)
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise RunError(f"{page} has no place for the numbers; expected a line {BEGIN} and, below it, {END}")
    block = numbers(read_json(folder, "summary.json"), manifest_of(folder))
    page.write_text(f"{before}{BEGIN}\n{block}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Write the numbers of the run named; return the exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python -m experiments.pages.doubt RUN", file=sys.stderr)
        return 2
    try:
        write(arguments[0])
    except (ConfigError, RunError) as error:
        print(f"doubt: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
