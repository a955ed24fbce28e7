"""Complete the word under the cursor, in bash and zsh, from the names in conf."""

from experiments.cli.main import COMMANDS, RUN_OPTIONS, TOP_OPTIONS
from experiments.config.conf_files import GROUPS, options, parameter_keys, run_keys
from experiments.config.errors import ConfigError, nearest
from experiments.reading.find import finished, name_of

_BASH = """_uncontested() {
    local IFS=$'\\n'
    COMPREPLY=($(COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" "${COMP_WORDS[0]}" --complete 2>/dev/null))
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
complete -o nospace -o default -F _uncontested uncontested"""
RUNS_OF = {"plot": 1, "compare": 2, "explain": 1, "cite": 1}
"""How many runs a command takes."""
FIGURE_NAMES = (
    *("adoption", "compute", "power_queue", "prices_runway", "robots", "work", "binding", "outcome"),
    *("fan", "multiples", "stripes", "map"),
)
"""Written here as well, since importing the figures takes a second; a test compares them."""
_SCRIPTS = {"bash": _BASH, "zsh": f"autoload -Uz bashcompinit && bashcompinit\n{_BASH}"}


def shell_script(shell: str) -> str:
    """Return the script that a shell evaluates to complete words.

    Raises: ConfigError for another shell.
    """
    if shell not in _SCRIPTS:
        names = ", ".join(_SCRIPTS)
        raise ConfigError("--shell-completion", shell, f"expected {names}", nearest(shell, _SCRIPTS))
    return _SCRIPTS[shell]


def complete(line: str, point: str | None = None) -> list[str]:
    """Return what the last word of a command line may become.

    A finished word ends in a space; a key waits for its value and a section for its name.
    """
    typed = line[: int(point)] if point and point.isdigit() else line
    words = typed.split(" ")
    before, word = [w for w in words[:-1] if w], words[-1]
    if len(before) <= 1:
        found = [f"{name} " for name in (*COMMANDS, *TOP_OPTIONS)]
    elif before[1] in ("list", "params"):
        found = _listed(before, word)
    elif before[1] in RUNS_OF:
        found = _of_runs(before)
    elif before[1] != "run" or before[-1] == "--config-dir":
        found = []
    elif before[-1] == "--cfg":
        found = ["job "]
    elif word.startswith("-"):
        found = [f"{name} " for name in RUN_OPTIONS]
    elif "=" in word:
        key = word.partition("=")[0]
        found = [f"{key}={value} " for value in _values(key)]
    else:
        found = _keys(word)
    return sorted(name for name in found if name.startswith(word))


def _listed(before: list[str], word: str) -> list[str]:
    """Return what may follow the commands that look things up."""
    if before[1] == "params":
        return [f"{key} " for key in parameter_keys()] if len(before) == 2 else []
    from experiments.cli.listing import KINDS

    return [f"{kind} " for kind in KINDS] if len(before) == 2 else []


def _of_runs(before: list[str]) -> list[str]:
    """Return the runs that a command may take, then the figures that can be plotted of one."""
    given = len(before) - 2
    if given < RUNS_OF[before[1]]:
        return [f"{name} " for name in dict.fromkeys(["latest", *map(name_of, finished())])]
    return [f"{name} " for name in FIGURE_NAMES] if before[1] == "plot" and given == 1 else []


def _keys(word: str) -> list[str]:
    parameters = parameter_keys()
    if "." in word:
        return [f"{key}=" for key in (*parameters, *run_keys())]
    sections = {key.partition(".")[0] for key in parameters}
    nested = {key.partition(".")[0] for key in run_keys() if "." in key}
    single = [key for key in (*GROUPS, *run_keys()) if "." not in key]
    return [*(f"{key}=" for key in single), *(f"{name}." for name in sections | nested)]


def _values(key: str) -> list[str]:
    if key in GROUPS:
        return options(key)
    from sim.axes import LEVERS, RESPONSES

    few = {
        "budget": ("all", *LEVERS),
        "consumers": ("agents", "cohort"),
        "noise": ("true", "false"),
        "output.figures": ("true", "false"),
        "responses": (f"[{','.join(RESPONSES)}]", *(f"[{name}]" for name in RESPONSES)),
        "steps_per_month": ("1", "2"),
    }
    return list(few.get(key, ()))
