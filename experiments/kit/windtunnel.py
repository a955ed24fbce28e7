"""`uncontested windtunnel`: strategies of each role in the four classroom scenarios, and their regret."""

import csv
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.cli.options import choose, parse, whole
from experiments.config.errors import RunError
from experiments.kit.strategies import HOLD, HOLD_TITLE, Strategy, load_roles, load_strategies
from experiments.kit.tunnel import SCENARIOS, WORLDS, Scored, plans_of, wind_tunnel
from experiments.runs.store import OUTPUTS, shown_path

OPTIONS = {
    "--role": "a role, or all",
    "--worlds": "a number of worlds",
    "--lang": "en or de",
    "--workers": "a number of processes",
    "--out": "a folder",
    "--config-dir": "a folder",
}
MAIN, ALL = "main", "all"
HELP = f"""uncontested windtunnel [--role NAME|main|all] [--worlds N] [--lang en|de] [--out DIR] [--workers N]
                       [--config-dir DIR]

Try the strategies of each role in the four classroom scenarios ({", ".join(SCENARIOS)}), all in the same
sampled worlds, and score them by the role's own goals (conf/roles.yaml). Regret is what a strategy falls
short of the best one of the same role in a scenario; roles are never compared with each other.

  --role NAME       one role; main for the four of the 90-minute lesson (as without it), all for the eight
  --worlds N        worlds a scenario ({WORLDS})
  --config-dir DIR  a folder with strategies of one's own, as DIR/strategy/mine.yaml

Examples:
  uncontested windtunnel
  uncontested windtunnel --role chip_control_office --worlds 64"""


def windtunnel_command(arguments: Sequence[str]) -> str:
    """Run the wind tunnel and return the table, having written it with its figure.

    Raises: ConfigError on an unknown word or a strategy at fault; RunError if a world cannot run.
    """
    _, given = parse(arguments, (), OPTIONS)
    if "--help" in given:
        return HELP
    roles = load_roles()
    role = choose("--role", given.get("--role", MAIN), [MAIN, ALL, *roles])
    shown = {name: one for name, one in roles.items() if role in (ALL, name) or (role == MAIN and one.main)}
    worlds = whole("--worlds", given.get("--worlds", str(WORLDS)), 2, 4096)
    language = choose("--lang", given.get("--lang", "en"), ("en", "de"))
    config_dir = given.get("--config-dir")
    plans = plans_of(SCENARIOS, worlds, config_dir=None)
    first = next(iter(plans.values()))
    strategies = load_strategies(roles, first, config_dir)
    scored = wind_tunnel(shown, strategies, plans, workers_of(given))
    out = Path(given["--out"]).expanduser() if "--out" in given else OUTPUTS / "windtunnel"
    command = shlex.join(["uncontested", "windtunnel", *arguments])
    written = write(scored, strategies, worlds, command, out, language)
    lines = [*told(scored, strategies, worlds, language), ""]
    return "\n".join([*lines, *(f"Files    {shown_path(path.absolute())}" for path in written)])


def workers_of(given: Mapping[str, str]) -> int:
    """Return how many processes to use: those asked for, or one a core."""
    from experiments.runs.crew import cores

    return whole("--workers", given["--workers"], 1, 1024) if "--workers" in given else cores()


def titles_of(strategies: Mapping[str, Strategy]) -> dict[str, Mapping[str, str]]:
    """Return the title of every strategy, holding included, by language."""
    return {HOLD: HOLD_TITLE, **{name: one.title for name, one in strategies.items()}}


def scenario_titles(language: str, scenarios: Sequence[str] = SCENARIOS) -> dict[str, str]:
    """Return how the scenarios are called in a language."""
    from experiments.kit.cards import load_cards

    known = load_cards()["scenarios"]
    return {name: known[name]["title"][language] for name in scenarios}


def told(
    scored: Sequence[Scored], strategies: Mapping[str, Strategy], worlds: int, language: str = "en"
) -> list[str]:
    """Return the scores as lines, a block a role, the safest first."""
    titles, names = titles_of(strategies), scenario_titles(language)
    lines = [f"Points from 0 to 100 by the goals of the role, mean of {worlds} worlds a scenario"]
    for one in scored:
        head = "".join(f"{names[name][:16]:>18}" for name in one.scenarios)
        lines += ["", f"{one.role.title[language]:<28}{head}{'worst regret':>14}"]
        order = sorted(range(len(one.strategies)), key=lambda place: one.worst_regret[place])
        for place in order:
            cells = "".join(f"{value:>18.0f}" for value in one.scores[place])
            title = titles[one.strategies[place]][language]
            lines.append(f"  {title:<26}{cells}{one.worst_regret[place]:>14.1f}")
    return [*lines, "", "These describe sampled worlds of one model; they are no forecast."]


def write(
    scored: Sequence[Scored],
    strategies: Mapping[str, Strategy],
    worlds: int,
    command: str,
    out: Path,
    language: str,
) -> list[Path]:
    """Write the scores as a tidy CSV and as a figure.

    Raises: RunError if that cannot be done.
    """
    from experiments.figures.origin import Origin
    from experiments.figures.windtunnel import draw_wind_tunnel
    from experiments.runs.manifest import sources_hash, version

    made = Origin(version(), sources_hash(), "1", command)
    try:
        out.mkdir(parents=True, exist_ok=True)
        table = out / "scores.csv"
        write_scores(scored, table)
        drawn = draw_wind_tunnel(
            scored, titles_of(strategies), scenario_titles(language), worlds, made, out, language
        )
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None
    return [table, *drawn]


def write_scores(scored: Sequence[Scored], path: Path) -> None:
    """Write a row a role, strategy and scenario."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["role", "strategy", "scenario", "score", "error_against_hold", "regret"])
        for one in scored:
            for at, strategy in enumerate(one.strategies):
                for place, scenario in enumerate(one.scenarios):
                    values = (one.scores[at, place], one.errors[at, place], one.regret[at, place])
                    writer.writerow(
                        [one.role.name, strategy, scenario, *(f"{value:.4f}" for value in values)]
                    )
