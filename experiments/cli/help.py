"""What the commands are and what each accepts, as text."""

from experiments.config.conf_files import GROUPS, options, parameter_keys, run_keys

COMMAND_GROUPS = {
    "Simulate": {
        "run": "sampled worlds of one scenario, from today to a verdict",
        "sweep": "the runs of a study's design, stored as they finish; the same command goes on",
        "status": "sweeps: how many of their runs are stored, which failed and why",
    },
    "Look at": {
        "analyse": "what decides in a sweep: Sobol, Morris, scenario discovery or paired effects",
        "flip": "the least change, lever by lever and together, that changes who leads in a scenario",
        "variants": "which results survive another structure: pricing, allocation, capability, consumers",
        "tiers": "what tripled or withdrawn free tiers change in each market",
        "compare": "two runs or sweeps world by world: who changes sides, by how much, and which keys differ",
        "break-even": "one Optimus against AgiBots, orbit against the ground: found, over their closed forms",
        "explain": "what bound whom, when, and what one more unit would have earned",
        "cite": "how to cite a run or a sweep",
        "claims": "the article weighed claim by claim: supported, contradicted, depends on what, or outside",
        "report": "the whole answer on one page: tables, figures, claims, method, limits, configuration",
        "query": "the tables of a run or a sweep, asked with SQL",
        "export": "the tables of a run or a sweep as CSV, Parquet or netCDF",
        "plot": "a figure of a run or a sweep, or any recorded series as a fan, multiples, stripes or a map",
        "reproduce": "a figure again from what is written inside it, byte for byte",
    },
    "Teach": {
        "teach": "a page for a class: sliders, charts at once, bets; live, or baked into one file",
        "kit": "the lesson in print: guide, sheets, cards, puzzles and slides, in English and German",
        "windtunnel": "strategies of each role in the four classroom scenarios, with their regret",
    },
    "Trust": {
        "validate": "the hindcast of 2023-2025 against what was observed, and its gates",
        "verify": "a random sample of a sweep's runs again, compared bit for bit",
        "calibrate": "fit the parameters to 2023 and 2024",
    },
    "Look up": {
        "list": "scenarios, studies, firms, series, figures, runs",
        "params": "every parameter: value, range, unit, confidence, source",
    },
}
HELP = {
    "teach": """uncontested teach [--host ADDRESS] [--port NUMBER] [--grid FILE] [--worlds N] [--months N]
uncontested teach bake [--out FILE] [--worlds N] [--months N] [--workers N] [--small]

Serve a page for a class in a browser: 64 worlds to 2040 are simulated on each change. It answers this
computer only (127.0.0.1) unless another address is given: --host 0.0.0.0 lets a class in the same network
use it. Where a baked page of the same model, worlds and months lies in outputs/teach.html, or where --grid
says, a change shows at once an estimate with its error, and the simulated answer as soon as it is there.

With bake, write the page as one HTML file that opens without a server and a network, from a stick: settings
are run now, and what lies between them is composed, with the error measured and shown on the page. What has
been run is kept in outputs/bake, so that the same command goes on after an interruption.

  --grid FILE  a baked page elsewhere than in outputs/teach.html
  --out FILE   outputs/teach.html unless told otherwise
  --worlds N   worlds of every setting (64)
  --months N   months from the start (180)
  --workers N  processes; as many as there are cores unless told otherwise
  --small      a few sliders and scenarios only, to try it

Examples:
  uncontested teach --port 9000
  uncontested teach bake --out teach.html""",
    "compare": """uncontested compare A B [--response NAME] [--lang en|de] [--out DIR]

Compare two runs or sweeps by their names or paths: worlds with the same number, seed and values of a design's
factors are the same world, so that a difference is due to what differs, and not to which worlds were drawn.

Example:
  uncontested run scenario=us_grid_doubled name=grid
  uncontested compare baseline grid""",
    "explain": """uncontested explain RUN [--world K [--point P]] [--response NAME] [--out DIR]

Say which limit (power, chips, capital, demand, parts) bound each bloc, when, and what one more unit would
have earned; over all worlds, or in one, with a picture. A sweep tells it if its study records
binding_constraint_code.*, shadow_* and share.*; its worlds are those of a point of its design (0 unless
told otherwise).

Examples:
  uncontested explain latest
  uncontested explain grid --world 17""",
    "cite": """uncontested cite RUN

Show how to cite a run or a sweep: a sentence, a BibTeX entry and the command that makes it again.""",
    "plot": """uncontested plot RUN FIGURE [options]

Draw a figure of a run or a sweep: PNG, a tidy CSV of all it shows, and a text alternative, in its folder.

Figures: adoption compute power_queue prices_runway robots work binding outcome
Charts of the series you name: fan multiples stripes map

Options:
  --series A,B       series, or a quantity for all its series (uncontested list series); a map takes two,
                     across and up, and parameters by their key too
  --firms A,B        some firms                   --region us,allies,cn,row   some places
  --from 2028        first year or month          --to 2035-06                last year or month
  --lang en|de       language                     --title finding|plain       what the title says
  --response NAME    passive, us_resists or cn_resists
  --observations F   points of your own (CSV: series,date,value,low,high,source), drawn over the series
  --svg --pdf        other formats beside the PNG --out DIR                   another folder

Examples:
  uncontested plot latest adoption --region row --lang de --svg
  uncontested plot grid fan --series humanoids_working --region us,cn --from 2030
  uncontested plot grid multiples --series capability_orders --firms openai,deepseek,moonshot
  uncontested plot grid map --series power_queue_gw.us,chips.leakage""",
    "reproduce": """uncontested reproduce FIGURE.png [FIGURE.png ...] [--keep DIR]

Draw a figure again from what is written inside it and say whether it is the same, byte for byte. Its run is
found by configuration and code, or made again. --keep DIR keeps the new picture.""",
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
