"""`uncontested teach bake`: the page as one HTML file that answers by itself, from settings run now.

What has been run is kept in outputs/bake and used again while model, values and size are the same: a bake
that was broken off goes on where it was.
"""

import base64
import gc
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.config.errors import RunError
from experiments.runs.manifest import sources_hash, version
from experiments.runs.summary import HEADLINE
from experiments.runs.team import Team, note
from experiments.runs.terminal import counted_from, meter
from experiments.teach.answers import Question, answer_all
from experiments.teach.grid import BASE, Grid, Point, Table, by_size, full_grid
from experiments.teach.kept import KEPT, file_of, keep_answer, keep_of, kept_answer, put, trials_file
from experiments.teach.server import PAGE, SCRIPTS
from experiments.teach.sliders import describe, is_log, spans, usual
from experiments.teach.tunnel import describe_roles, trial
from experiments.teach.vectors import Layout, differences, layout_of, packed, spread
from sim.units import Array

KIND_WORDS = {
    "one": "one slider between its places",
    "two": "two sliders of a pair",
    "more": "others around the baseline",
    "elsewhere": "other sliders in another scenario",
}
KINDS = tuple(KIND_WORDS)
"""How an answer can be composed; the error of each is measured apart."""
CHECKS, SMALL_CHECKS = 12, 2
"""Random settings of each kind."""
MOST_MOVED = 4
COLUMNS = 768
"""Worlds in a batch: more are hardly cheaper each, and need more memory."""
SEED = 20260101


@dataclass(frozen=True)
class Size:
    """How large a baked page is."""

    worlds: int
    months: int
    small: bool
    checks: int = CHECKS


def checks_of(grid: Grid, count: int) -> dict[str, list[Point]]:
    """Return random settings off the grid, so many of each kind, always the same."""
    chance = np.random.default_rng(SEED)
    alone = [name for name in grid.alone[BASE] if name in spans()]
    pairs = [pair for pair in grid.pairs if pair[0] in spans() and pair[1] in spans()]
    elsewhere = [scenario for scenario in grid.alone if scenario != BASE]

    def some(names: Sequence[str], least: int) -> list[str]:
        size = int(chance.integers(least, MOST_MOVED + 1))
        return [names[at] for at in chance.choice(len(names), min(size, len(names)), replace=False)]

    def drawn(kind: str) -> tuple[str, Sequence[str]]:
        if kind == "one":
            scenario = (BASE, elsewhere[int(chance.integers(len(elsewhere)))])[int(chance.integers(2))]
            names = [name for name in grid.alone[scenario] if name in spans()]
            return scenario, [names[int(chance.integers(len(names)))]]
        if kind == "two":
            return BASE, pairs[int(chance.integers(len(pairs)))]
        if kind == "more":
            return BASE, some(alone, 3)
        return elsewhere[int(chance.integers(len(elsewhere)))], some(alone, 2)

    found: dict[str, list[Point]] = {}
    for kind in KINDS:
        found[kind] = []
        while len(found[kind]) < count:
            scenario, names = drawn(kind)
            point = grid.point(scenario, {name: float(chance.uniform()) for name in names})
            if grid.kind(scenario, dict(point[1])) == kind:
                found[kind].append(point)
    return found


def batches(points: Sequence[Point], worlds: int) -> Iterator[list[Point]]:
    """Yield settings of the same scenario, as many as one batch takes."""
    at_once = max(1, COLUMNS // worlds)
    by_scenario: dict[str, list[Point]] = {}
    for point in points:
        by_scenario.setdefault(point[0], []).append(point)
    for some in by_scenario.values():
        for first in range(0, len(some), at_once):
            yield some[first : first + at_once]


def run_points(
    points: Sequence[Point], size: Size, keep: Path, workers: int
) -> tuple[Layout, dict[Point, Array]]:
    """Return what settings came to, as vectors, those kept from before included; NaN where none can start.

    Raises: RunError if a worker dies, or no world of any setting can start.
    """
    keep.mkdir(parents=True, exist_ok=True)
    names = {point: question_of(point, size).key() for point in points}
    missing = [point for point in points if not file_of(names[point], keep).is_file()]
    waiting = list(batches(missing, size.worlds))
    if waiting:
        crew: AbstractContextManager[Team | None] = (
            Team(workers, len(waiting)) if workers > 1 and len(waiting) > 1 else nullcontext(None)
        )
        with crew as team, meter(len(waiting) * size.months, "Worlds") as shown:
            if team is None:
                for done, some in enumerate(waiting):
                    run_batch(some, size, keep, counted_from(done * size.months, shown.show))
            else:
                futures = [
                    team.submit(run_in_worker, some, size, keep, at) for at, some in enumerate(waiting)
                ]
                team.wait_for(futures, shown.show)
    return vectors_of(names, keep)


def vectors_of(names: Mapping[Point, str], keep: Path) -> tuple[Layout, dict[Point, Array]]:
    """Return kept answers as vectors, and their layout.

    Raises: RunError if no world of any setting can start.
    """
    layout: Layout | None = None
    found: dict[Point, Array | None] = {}
    for point, name in names.items():
        text = kept_answer(name, keep)
        answer = None if text is None else json.loads(text)
        if answer is not None and layout is None:
            layout = layout_of(answer)
        found[point] = None if answer is None or layout is None else layout.vector(answer)
    if layout is None:
        raise RunError("no world can start; try another number of --worlds")
    nothing = np.full(sum(layout.sizes.values()), np.nan)
    return layout, {point: nothing if vector is None else vector for point, vector in found.items()}


def question_of(point: Point, size: Size) -> Question:
    """Return a setting of the grid as a page asks for it."""
    return Question(point[0], dict(point[1]), {}, size.worlds, size.months)


def run_in_worker(points: Sequence[Point], size: Size, keep: Path, slot: int) -> None:
    """Do as `run_batch` in a worker process, which notes its months."""
    run_batch(points, size, keep, lambda month: note(slot, month + 1))
    # A model and its agents hold one another: without this, the next batch would need twice the memory.
    gc.collect()


def run_batch(points: Sequence[Point], size: Size, keep: Path, on_month: Callable[[int], None]) -> None:
    """Run settings of one scenario and keep the answer of each; nothing where no world can start."""
    questions = [question_of(point, size) for point in points]
    answers: Sequence[Mapping[str, Any] | None]
    try:
        answers = answer_all(questions, on_month)
    except RunError:
        if len(points) > 1:
            for point in points:
                run_batch([point], size, keep, on_month)
            return
        answers = [None]
    for question, found in zip(questions, answers, strict=True):
        keep_answer(question.key(), found, keep)


def bake(size: Size, workers: int, root: Path = KEPT) -> dict[str, Any]:
    """Run what is missing, measure the error of what is composed, and return the content of the page.

    What is run is kept under `root`.

    Raises: RunError if a worker dies, or no world of the baseline can start.
    """
    grid = full_grid(size.small)
    checks = checks_of(grid, size.checks)
    keep = keep_of(size.worlds, size.months, root)
    asked = [*grid.points, *(point for points in checks.values() for point in points)]
    layout, vectors = run_points(list(dict.fromkeys(asked)), size, keep, workers)
    if any(np.isnan(vectors[grid.point(scenario, {})]).any() for scenario in grid.alone):
        raise RunError("a scenario cannot start in these worlds; try another number of --worlds")
    table = Table(grid, vectors)
    content: dict[str, Any] = {
        "model": {
            "version": version(),
            "worlds": size.worlds,
            "months": size.months,
            "usual": usual(size.worlds, size.months),
            **described(grid, size),
        },
        "tunnel": tunnel_of(size, keep, workers),
        "sources": sources_hash(),
        "layout": layout.describe(),
        "grid": {
            "axes": [
                {"name": axis.name, "ends": {key: [*ends, is_log(key)] for key, ends in axis.ends.items()}}
                for axis in by_size(grid)
            ],
            "alone": grid.alone,
            "pairs": [[*pair, *places] for pair, places in grid.pairs.items()],
        },
        "bases": packed(np.stack([table.bases[name] for name in grid.alone]), layout, 16),
        "effects": {
            scenario: packed(np.concatenate([table.effects[scenario, name] for name in axes]), layout, 16)
            for scenario, axes in grid.alone.items()
        },
        "interactions": [
            packed(table.interactions[pair].reshape(-1, table.bases[BASE].size), layout, 8)
            for pair in grid.pairs
        ],
    }
    table.replace_by(content, layout)
    content["errors"], content["checks"] = measured(table, layout, checks, vectors)
    content["grid"]["settings"] = len(grid.points)
    return content


def tunnel_of(size: Size, keep: Path, workers: int) -> dict[str, Any]:
    """Return the wind tunnel of all roles, or of one in a small page; kept as settings are."""
    file = trials_file(keep, size.small)
    if not file.is_file():
        roles = [one["key"] for one in describe_roles()["roles"]]
        found = trial(roles[:1] if size.small else roles, size.worlds, size.months, workers)
        put(file, json.dumps(found).encode())
    read: dict[str, Any] = json.loads(file.read_text())
    return read


def described(grid: Grid, size: Size) -> dict[str, Any]:
    """Return what the page can set, as far as the grid goes. A mechanism would need a grid of its own."""
    found = describe()
    found["sliders"] = [one for one in found["sliders"] if one["key"] in grid.alone[BASE]]
    found["presets"] = [one for one in found["presets"] if one["key"] in grid.alone]
    found["drivers"] = [one for one in found["drivers"] if set(one["ends"]) <= set(grid.alone[BASE])]
    found["switches"] = []
    tunnel = describe_roles()
    if size.small:
        tunnel["roles"] = tunnel["roles"][:1]
    found["tunnel"] = tunnel
    return found


def measured(
    table: Table, layout: Layout, checks: Mapping[str, Sequence[Point]], vectors: Mapping[Point, Array]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the error of each kind of answer at its random settings, and these settings."""
    errors, listed = {}, []
    for kind, points in checks.items():
        found = []
        for scenario, values in points:
            true = vectors[scenario, values]
            composed = table.compose(scenario, dict(values))
            if np.isnan(true).any() or np.isnan(composed).any():
                continue
            found.append(differences(layout.answer(composed), layout.answer(true), HEADLINE))
            listed.append({"kind": kind, "scenario": scenario, "values": dict(values)})
        points_off, medians_off = zip(*found, strict=True) if found else ((0.0,), (0.0,))
        errors[kind] = {
            "settings": len(found), "points": spread(points_off), "medians": spread(medians_off)
        }  # fmt: skip
    return errors, listed


def write_page(content: Mapping[str, Any], out: Path) -> None:
    """Write the page as one file, at once or not at all.

    Raises: RunError if it cannot be written.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(one_file(content), encoding="utf-8")
        part.replace(out)
    except OSError as error:
        raise RunError(f"{out}: cannot be written ({error.strerror})") from None


def one_file(content: Mapping[str, Any]) -> str:
    """Return the page with its style, scripts and answers inside; it may load nothing and ask nobody."""
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    hashes = {"style": [hash_of(style)], "script": []}
    text = text.replace('<link rel="stylesheet" href="page.css">', f"<style>{style}</style>")
    for name in SCRIPTS:
        script = (PAGE / ("baked.js" if name == "live.js" else name)).read_text(encoding="utf-8")
        hashes["script"].append(hash_of(script))
        text = text.replace(f'<script src="{name}"></script>', f"<script>{script}</script>")
    # Whatever the data say, they must not end or begin an element.
    data = json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    text = text.replace(
        "<script>", f'<script type="application/json" id="baked">{data}</script>\n<script>', 1
    )
    allowed = {kind: " ".join(f"'sha256-{one}'" for one in some) for kind, some in hashes.items()}
    policy = (
        f"default-src 'none'; script-src {allowed['script']}; style-src {allowed['style']}; "
        "img-src data: blob:"
    )
    return text.replace(
        '<meta charset="utf-8">',
        f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">',
    )


def hash_of(text: str) -> str:
    """Return the hash by which a policy lets a script or a style in."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def told(content: Mapping[str, Any]) -> list[str]:
    """Return what was simulated, and how far composed answers are off, as lines."""
    grid, model = content["grid"], content["model"]
    lines = [
        f"{grid['settings']:,} settings x {model['worlds']} worlds x {model['months']} months simulated."
    ]
    for kind, one in content["errors"].items():
        lines.append(
            f"  {KIND_WORDS[kind]:<44} shares off by {one['points']['typical']:g} points, at most "
            f"{one['points']['largest']:g}; medians by {one['medians']['typical']:g} %, at most "
            f"{one['medians']['largest']:g} % ({one['settings']} random settings)"
        )
    return lines
