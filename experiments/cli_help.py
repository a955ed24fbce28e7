"""What the commands are and what each accepts, as text."""

from experiments.conf_files import GROUPS, options, parameter_keys, run_keys

COMMAND_GROUPS = {
    "Simulate": {"run": "sampled worlds of one scenario, from today to a verdict"},
    "Look up": {
        "list": "scenarios, studies, firms, series, figures, runs",
        "params": "every parameter: value, range, unit, confidence, source",
    },
}
HELP = {
    "list": """uncontested list [scenarios|studies|firms|series|figures|runs] [word] [--run RUN]
                 [--config-dir DIR]

Show what there is to choose from; with a word, only what has it.

Examples:
  uncontested list scenarios
  uncontested list series robot              recorded series with a word, their units and definitions
  uncontested list series --run grid         what one run has recorded
  uncontested list runs                      finished runs below outputs/, the newest first""",
    "params": """uncontested params [word]

Show the parameters that have a word in their key, unit, source, equation, kind or tag; a whole key shows one.

Examples:
  uncontested params optimus
  uncontested params robots.optimus_unit_cost
  uncontested params policy""",
}
"""What a command's --help shows."""

_WIDTH = 104


def commands_help() -> str:
    """Return the list of commands, in groups."""
    lines = ["Uncontested: when do power, chips, robots and free tiers let a bloc lead AI and robotics?", ""]
    for group, commands in COMMAND_GROUPS.items():
        lines.append(f"{group}:")
        lines += [f"  uncontested {name:<12} {what}" for name, what in commands.items()]
    lines += [
        "",
        "Options:",
        "  uncontested <command> --help            what a command accepts",
        "  uncontested --version",
        "  uncontested --shell-completion bash     a script that completes words, to eval (also zsh)",
    ]
    return "\n".join(lines)


def run_help() -> str:
    """Return what `run` accepts: groups, settings, sections of parameters, examples."""
    sections: dict[str, int] = {}
    for key in parameter_keys():
        section = key.partition(".")[0]
        sections[section] = sections.get(section, 0) + 1
    lines = [
        "uncontested run [key=value ...] [--cfg job] [--config-dir DIR] [--help]",
        "",
        "Examples:",
        "  uncontested run scenario=article worlds=64",
        "  uncontested run robots.optimus_unit_cost=30 chips.node_ceiling_x_max=20..60",
        "  uncontested run chips.wafer_growth.us=0.3 uncertainty=none worlds=1 responses=[passive]",
        "",
        "Choices:",
    ]
    for group in GROUPS:
        lines += _wrapped(f"  {group}=", options(group) or ["(none in conf; add files with --config-dir)"])
    lines += ["", "Settings:"]
    width = max(len(f"{key}={value}") for key, (value, _) in run_keys().items())
    lines += [f"  {f'{key}={value}':<{width}}  {what}" for key, (value, what) in run_keys().items()]
    lines += ["", "Parameters (section.name=value, =low..high, or section.name.member=value):"]
    lines += _wrapped("  ", [f"{section} ({count})" for section, count in sections.items()])
    lines += [
        "",
        "Start values and traits, as --cfg job names them:",
        "  start.labs.openai.cash_usd=20e9 roster.labs.meta.open_weights=false",
        "",
        "Options:",
        "  --cfg job          show every resolved value with unit and source, and run nothing",
        "  --config-dir DIR   a folder with groups of one's own, as DIR/scenario/mine.yaml",
    ]
    return "\n".join(lines)


def _wrapped(head: str, words: list[str]) -> list[str]:
    """Break a list of words over lines that stand under one another."""
    lines, line = [], head
    for number, word in enumerate(words):
        piece = word if number == len(words) - 1 else f"{word}, "
        if len(line) + len(piece.rstrip()) > _WIDTH and line != head:
            lines.append(line.rstrip())
            line = " " * len(head)
        line += piece
    return [*lines, line]
