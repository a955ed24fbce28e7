"""`uncontested cite`: how to cite a run so that a reader can make it again."""

from collections.abc import Sequence

from experiments.cli_options import parse
from experiments.find import find, manifest_of, name_of

AUTHORS = "The Uncontested authors"
TITLE = "Uncontested: an agent-based laboratory for leadership in AI and robotics"


def cite_command(arguments: Sequence[str]) -> str:
    """Return a run's citation: a sentence, a BibTeX entry, and the lines that make it again."""
    words, given = parse(arguments, ("run",), {})
    if "--help" in given:
        from experiments.cli_help import HELP

        return HELP["cite"]
    folder = find(words[0])
    made = manifest_of(folder)
    name, year = name_of(folder), str(made.get("started", ""))[:4] or "n.d."
    short, commit = made["configuration_hash"][:12], made.get("commit")
    what = f"version {made['version']}, run {name}, scenario {made.get('scenario', '')}, seed {made['seed']}"
    at = f", commit {commit[:12]}" if isinstance(commit, str) else ""
    lines = [
        f"{AUTHORS} ({year}). {TITLE}. {what}, configuration {short}{at}.",
        "",
        f"@software{{uncontested_{name}_{short},",
        f"  author  = {{{{{AUTHORS}}}}},",
        f"  title   = {{{TITLE}}},",
        f"  year    = {{{year}}},",
        f"  version = {{{made['version']}}},",
        f"  note    = {{Run {name}, scenario {made.get('scenario', '')}, seed {made['seed']}, "
        f"configuration {made['configuration_hash']}}}",
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
