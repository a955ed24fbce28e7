"""`uncontested cite`: how to cite a run or a sweep so that a reader can make it again."""

from collections.abc import Sequence

from experiments.cli.options import parse
from experiments.reading.stored import folder_of, is_sweep, made_by, title_of

AUTHORS = "The Uncontested authors"
TITLE = "Uncontested: an agent-based laboratory for leadership in AI and robotics"


def cite_command(arguments: Sequence[str]) -> str:
    """Return the citation of a run or a sweep: a sentence, a BibTeX entry, and what makes it again."""
    words, given = parse(arguments, ("run",), {})
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["cite"]
    folder = folder_of(words[0])
    made = made_by(folder)
    name, year = title_of(folder), str(made.get("started", ""))[:4] or "n.d."
    short, commit = made["configuration_hash"][:12], made.get("commit")
    if is_sweep(folder):
        what = f"sweep {name}, study {made['study']}, {made['runs']:,} runs at {made['points']:,} points"
        known = "runs"
    else:
        what, known = f"run {name}, scenario {made.get('scenario', '')}", "configuration"
    what += f", seed {made['seed']}"
    at = f", commit {commit[:12]}" if isinstance(commit, str) else ""
    lines = [
        f"{AUTHORS} ({year}). {TITLE}. Version {made['version']}, {what}, {known} {short}{at}.",
        "",
        f"@software{{uncontested_{name}_{short},",
        f"  author  = {{{{{AUTHORS}}}}},",
        f"  title   = {{{TITLE}}},",
        f"  year    = {{{year}}},",
        f"  version = {{{made['version']}}},",
        f"  note    = {{{what[0].upper()}{what[1:]}, {known} {made['configuration_hash']}}}",
        "}",
        "",
        "Made by:",
        f"  {made['command']}",
    ]
    if made.get("uncommitted_changes"):
        lines.append("The code had uncommitted changes: commit them and run again before you cite this.")
    lines.append(
        "A share counts sampled worlds of one model and is no forecast: cite it with its definition."
    )
    return "\n".join(lines)
