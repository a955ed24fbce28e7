"""Write what docs/studies.md says of the studies.

`python -m experiments.analysis.page` writes their table; with `sensitivity` it also runs what is missing of
the two sensitivity studies, at the size documented here, and writes what they find.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.analysis.analyse import Asked, analyse
from experiments.analysis.stored import StoredStudy, run_study
from experiments.config.conf_files import options
from experiments.sweeping.plan import SweepPlan
from experiments.sweeping.progress import duration
from experiments.sweeping.running import estimate, prepare
from experiments.sweeping.study import compose_sweep
from sim.dimensions import HEADLINE

PAGE = Path(__file__).parents[2] / "docs" / "studies.md"
BEGIN, END = "<!-- studies:begin -->\n", "<!-- studies:end -->"
WORKERS = 2
SENSITIVITY_BEGIN, SENSITIVITY_END = "<!-- sensitivity:begin -->\n", "<!-- sensitivity:end -->"
SCREENED, SIZED = "global_sensitivity", "global_sensitivity_sobol"
SIZE = "study.design.points=4096"
"""At this size the strongest total-order indices of shares are known to 0.05, those of the leader to 0.1:
by 2035 another than the US leads in a twentieth of the runs."""
METRICS = (*(f"share.{name}.2035" for name in HEADLINE), "leader.w1.2035")
STRONGEST = 5
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


def sensitivity(screened: StoredStudy, sized: StoredStudy) -> str:
    """Return what the two studies find, the strongest factors of every metric."""
    screens = [analyse(screened, Asked(metric, "us")) for metric in METRICS]
    indices = [analyse(sized, Asked(metric, "us")) for metric in METRICS]
    halves = [float(row["total_half_width"]) for one in indices for row in one["rows"][:STRONGEST]]
    lines = [
        f"`{SCREENED}`: {len(screened.names)} numbers, {len(screened.points):,} points. The mean size of a "
        "factor's effect over its whole range, in points of the share of US + allies (of worlds for the "
        "leader), ± a 95 % half-width:",
        "",
        f"| Metric | The {STRONGEST} strongest |",
        "|---|---|",
        *(_strongest(one, "mean_size", 100.0, 1) for one in screens),
        "",
        f"`{SIZED}` with `{SIZE}`: {len(sized.points):,} points. Total order, ± a 95 % half-width by "
        f"bootstrap, of which the largest here is {max(halves):.3f}; `seed` is all else that is drawn, and "
        "luck:",
        "",
        f"| Metric | The {STRONGEST} strongest |",
        "|---|---|",
        *(_strongest(one, "total", 1.0, 3) for one in indices),
    ]
    return "\n".join(lines) + "\n"


def _strongest(result: dict[str, Any], key: str, scale: float, digits: int) -> str:
    cells = [
        f"{row['factor']} {scale * row[key]:.{digits}f} ± {scale * row[f'{key}_half_width']:.{digits}f}"
        for row in result["rows"][:STRONGEST]
    ]
    return f"| `{result['metric']}` | {'; '.join(cells)} |"


def written(page: str, begin: str, end: str, text: str) -> str:
    """Return the page with what stands between two marks anew."""
    before, rest = page.split(begin)
    return f"{before}{begin}{text}{end}{rest.split(end)[1]}"


def main(arguments: Sequence[str]) -> None:
    """Write the page."""
    page = written(PAGE.read_text(encoding="utf-8"), BEGIN, END, table())
    if "sensitivity" in arguments:
        found = sensitivity(run_study(SCREENED), run_study(SIZED, [SIZE]))
        page = written(page, SENSITIVITY_BEGIN, SENSITIVITY_END, found)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
