"""Write the table of studies in docs/studies.md: `python -m experiments.analysis.page`."""

from pathlib import Path

from experiments.conf_files import options
from experiments.sweeping.plan import SweepPlan
from experiments.sweeping.progress import duration
from experiments.sweeping.running import estimate, prepare
from experiments.sweeping.study import compose_sweep

PAGE = Path(__file__).parents[2] / "docs" / "studies.md"
BEGIN, END = "<!-- studies:begin -->\n", "<!-- studies:end -->"
WORKERS = 2
FIGURES = {
    "grid": "effects",
    "morris": "morris",
    "saltelli": "sobol",
    "latin_hypercube": "discovery",
    "sobol": "discovery",
}
"""What `analyse` draws, by the kind of a study's design."""


def row(name: str, plan: SweepPlan) -> str:
    """Return a study's line: question, design, what it costs, and what is drawn of it."""
    study, runs = plan.study, len(set(plan.run_ids))
    points = f"{len(plan.points):,} points × " if plan.factors else ""
    worlds = f"{points}{study.replications:,} worlds"
    cost = f"{runs:,} runs, {duration(60.0 * estimate(plan, runs, WORKERS).minutes)}"
    figure = FIGURES[study.design.kind] if plan.factors else "none: shares of worlds"
    return f"| `{name}` | {study.question} | {study.design.describe()}; {worlds} | {cost} | {figure} |"


def table() -> str:
    """Return the table of all studies of conf."""
    lines = [
        f"| Study | Question | Design | Cost, about, by {WORKERS} processes | Figure |",
        "|---|---|---|---|---|",
    ]
    for name in options("study"):
        plan, _ = prepare(compose_sweep([f"study={name}"]))
        lines.append(row(name, plan))
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """Return the page with its table anew."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
