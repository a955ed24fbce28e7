"""`uncontested compare A B`: two runs or sweeps paired by world, in words, with a figure of both."""

from collections.abc import Sequence
from pathlib import Path

from experiments.cli.options import choose, parse
from experiments.reading.pairing import LEADERS, Comparison, compare_runs, write_changes
from experiments.runs.store import shown_path
from experiments.runs.terminal import BLOCS, percent

_NAMES = {**BLOCS, "mixed": "mixed", "open": "open"}
_MOST_KEYS = 12


def compare_command(arguments: Sequence[str]) -> str:
    """Compare two runs and return what is to be said."""
    options = {"--response": "passive, us_resists or cn_resists", "--lang": "en or de", "--out": "a folder"}
    words, given = parse(arguments, ("A", "B"), options)
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["compare"]
    response = choose(
        "--response", given.get("--response", "passive"), ("passive", "us_resists", "cn_resists")
    )
    language = choose("--lang", given.get("--lang", "en"), ("en", "de"))
    comparison = compare_runs(words[0], words[1], response)
    lines = told(comparison)
    from experiments.figures import MissingSeriesError
    from experiments.figures.ghost import draw_comparison

    stem = f"{comparison.folders[0].name}_to_{comparison.folders[1].name}"
    out = Path(given["--out"]).expanduser() if "--out" in given else Path("outputs") / "compare" / stem
    try:
        written = draw_comparison(comparison, out, language)
    except (MissingSeriesError, ValueError) as error:  # a study records only what its question needs
        written = []
        lines += ["", f"No figure: {' '.join(str(error.args[0]).split())}"]
    out.mkdir(parents=True, exist_ok=True)
    written.append(write_changes(comparison, out / "changes.csv"))
    return "\n".join([*lines, "", *(str(shown_path(path.absolute())) for path in written)])


def told(comparison: Comparison) -> list[str]:
    """Return a comparison as lines."""
    one, other = comparison.names
    how = f"{comparison.worlds:,} worlds, the same in both" if comparison.paired else (
        "two samples of worlds that cannot be paired, so that chance tells more than in pairs"
    )  # fmt: skip
    if comparison.points > 1:
        how += f"; {comparison.points:,} points of the design share them, so a world counts once for chance"
    lines = [f"{one} and {other}: {how}; response {comparison.response}"]
    if comparison.code:
        lines.append(f"Not only the configuration differs: {comparison.code}.")
    for year, shifts in comparison.shifts.items():
        lines += ["", f"by {year}, in % of sampled worlds"]
        lines.append(f"  {'':<14}{one[:14]:>14}  {other[:14]:>14}  {'difference':>12}  95 % interval")
        for name in LEADERS:
            s = shifts[name]
            span = f"{100 * s.low:+.1f} to {100 * s.high:+.1f}"
            verb = {"us": " lead", "cn": " leads"}.get(name, "")
            lines.append(
                f"  {_NAMES[name] + verb:<17}{percent(s.before):>11}  {percent(s.after):>14}  "
                f"{100 * s.difference:>+12.1f}  {span}"
            )
        if comparison.paired:
            changed = {pair: n for pair, n in comparison.changes[year].items() if pair[0] != pair[1]}
            listed = ", ".join(
                f"{n} from {_NAMES.get(a, a)} to {_NAMES.get(b, b)}"
                for (a, b), n in sorted(changed.items(), key=lambda item: -item[1])
            )
            total = sum(changed.values())
            lines.append(
                f"  {total} of {comparison.worlds} worlds change who leads{': ' if total else '.'}{listed}"
            )
    lines += ["", "Keys that differ:" if comparison.keys else "No key differs."]
    lines += [f"  {key}: {a} -> {b}" for key, a, b in comparison.keys[:_MOST_KEYS]]
    if len(comparison.keys) > _MOST_KEYS:
        lines.append(f"  and {len(comparison.keys) - _MOST_KEYS} more")
    lines += ["", "Shares count sampled worlds of one model; they are no forecast."]
    return lines
