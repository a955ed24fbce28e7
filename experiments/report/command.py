"""`uncontested report`: the whole answer on one page, from nothing, with everything stored used again."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from experiments.analysis import irreversible
from experiments.claims import arms
from experiments.claims.cards import read_cards
from experiments.claims.command import evaluate
from experiments.cli.options import parse
from experiments.config.build import RunPlan, plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import RunError
from experiments.reading.find import manifest_of, read_json
from experiments.report import figures
from experiments.report.answer import YEARS, answer_of, arms_needed
from experiments.report.decides import Decided
from experiments.report.flips import least_changes
from experiments.report.page import Made, report_page
from experiments.report.studies import run_studies
from experiments.runs import manifest
from experiments.runs.store import OUTPUTS, shown_path
from sim.axes import RESPONSES

HELP: Final = """uncontested report [key=value ...] [--out DIR] [--page FILE]

Make the whole answer on one page: the question both ways, under every definition and budget, whether a lead
can be undone, what decides it by every study, the least changes that flip it, figures, the
article's 67 claims, method, limits and the exact configuration. The page asks for nothing from anywhere and
prints well; the figures lie beside it as PNG and SVG. What is stored is used again.

  --out DIR         another folder than outputs/report
  --page FILE       another file for the page than report.html in that folder

Examples:
  uncontested report                                96 worlds
  uncontested report worlds=24 --page quick.html    a first look
  uncontested report scenario=article --out outputs/article"""
OPTIONS: Final = {"--out": "a folder", "--page": "a file"}


def report_command(arguments: Sequence[str]) -> str:
    """Make the report and return what is to be said.

    Raises: ConfigError on an unknown key; RunError if a run fails or nothing can be written.
    """
    overrides = [word for word in arguments if "=" in word and not word.startswith("-")]
    _, given = parse([word for word in arguments if word not in overrides], (), OPTIONS)
    if "--help" in given:
        return HELP
    out = Path(given.get("--out", OUTPUTS / "report")).expanduser()
    file = Path(given["--page"]).expanduser() if "--page" in given else out / "report.html"
    usable(out, file)
    verdicts, made = evaluate(read_cards(), overrides, (*arms_needed(), *irreversible.arms_needed()))
    assert made is not None
    studies, study_runs = run_studies(overrides, made.worlds)
    flips, searched = least_changes(overrides, made.worlds)
    decided = Decided(irreversible.irreversible(made), studies, flips)
    responses = f"responses=[{','.join(RESPONSES)}]"
    given_to_run = [*arms.OVERRIDES[:-1], *overrides, responses, "output.figures=false"]
    command = shlex.join(["uncontested", "run", *given_to_run])
    plan = plan_from_config(compose_run(given_to_run), command)
    folder = figures.run_of(plan)
    failed = figures.draw(folder, out / "figures")
    from experiments.figures import FIGURES

    pictures = figures.pictures(out / "figures", list(FIGURES))
    record = Made(
        command=shlex.join(["uncontested", "report", *arguments]),
        version=manifest.version(),
        facts={
            "scenario": plan.scenario,
            "configuration": made.plan.config_hash,
            "seed": str(plan.seed),
            "sources": manifest.sources_hash(),
            "commit": str(manifest_of(folder).get("commit") or "(no checkout)"),
            "run": f"{plan.command_line} (configuration {plan.config_hash[:12]})",
            "arms": f"{len(made.kept)} in the same {made.worlds} worlds",
        },
        summary=read_json(folder, "summary.json"),
        settings=list(settings(plan)),
        failures=failed,
    )
    text = report_page(answer_of(made), decided, verdicts, pictures, record)
    try:
        manifest.write_json(out / "configuration.json", plan.config)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(f"{error.filename or file}: cannot be written ({error.strerror})") from None
    lines = [f"{len(verdicts)} claims, {len(pictures)} figures, {made.worlds} sampled worlds to {YEARS[-1]}."]
    lines.append(f"{made.computed} of {len(made.kept)} arms were computed, the others stored.")
    lines.append(
        f"{study_runs:,} runs of {len(studies)} studies were computed, the others stored; the search for the "
        f"least changes was {'made' if searched else 'stored'}."
    )
    lines += [f"Warning: {text}" for text in failed]
    lines += [
        "",
        f"Report   {shown_path(file.absolute())}",
        f"Figures  {shown_path((out / 'figures').absolute())}",
    ]
    return "\n".join(lines)


def usable(out: Path, file: Path) -> None:
    """Make the folders that will be written to, before anything is computed.

    Raises: RunError if one cannot be used.
    """
    try:
        for folder in (out / "figures", file.parent):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{error.filename}: cannot be written ({error.strerror})") from None


def settings(plan: RunPlan) -> Iterator[str]:
    """Yield `key: value` for the run's keys and every parameter, with the range it is drawn from."""
    for key in (
        "scenario",
        "worlds",
        "seed",
        "months",
        "consumers",
        "budget",
        "responses",
        "noise",
        "without",
    ):
        value = plan.config[key]
        yield f"{key}: {value['name'] if key == 'scenario' else value}"
    for key, cells in plan.table.cells.items():
        row = cells if isinstance(cells, tuple) else (cells,)
        told = []
        for cell in row:
            if cell.row is None:
                told.append(f"{cell.value:g}")
            else:
                column = plan.table.columns[cell.row]
                shape = "uniform" if column.mode is None else f"around {column.mode:g}"
                told.append(f"{column.low:g}..{column.high:g} {shape}{', log' if column.log else ''}")
        unique = list(dict.fromkeys(told))
        yield f"{key}: {unique[0] if len(unique) == 1 else ' | '.join(told)} {plan.catalogue[key].unit}"
