"""A map over two series or parameters: who leads where, with the close belt hatched and every world a dot."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.colors import BoundaryNorm, ListedColormap

from experiments.figures.arrows import Places, draw_moves, logarithmic, moves, note, resisting, rows_of, told
from experiments.figures.data import MissingSeriesError, Run
from experiments.figures.fan import Drawing, alternative, heading
from experiments.figures.forms import Form, percent
from experiments.figures.manner import headline, say
from experiments.figures.quantities import caption, form_of, label_of, unit_text
from experiments.figures.style import BLOC_COLOURS, BLOC_MARKERS, INK, MUTED, WHITE, Page, styled
from experiments.figures.tables import Array, Observation, Row
from experiments.figures.titles import in_year, wilson

DIVERGING: Final = (
    "#1B4B8F", "#4A70A8", "#7C98C1", "#AEC0DA", "#DCE3EE",
    "#F9E3DC", "#F2BBAB", "#E99079", "#DE6A4B", "#D2451E",
)  # fmt: skip
"""Ten steps from the US blue over a warm white to the Chinese vermilion."""
CLOSE: Final = 0.2
"""A difference of the two shares below it is called close: 40 to 60 where nothing is mixed."""
FEWEST: Final = 5
"""Worlds below which a cell is left white."""
DEFINITION: Final = "w1"

Words = npt.NDArray[np.str_]
World = tuple[int, int]


def leader_column(run: Run) -> tuple[str, int]:
    """Return the column of the headline outcome at the last horizon that the run has reached.

    Raises: MissingSeriesError if there is none.
    """
    years = sorted(
        int(column.rpartition(".")[2])
        for column in run.outcome_columns
        if column.startswith(f"leader.{DEFINITION}.")
    )
    reached = [year for year in years if f"{year}-12" <= run.months[-1]]
    if not reached:
        raise MissingSeriesError(
            f"a map needs a horizon that the run has reached, and its last month is {run.months[-1]}"
        )
    return f"leader.{DEFINITION}.{reached[-1]}", reached[-1]


def positions(run: Run, words: Sequence[str], leader: str) -> tuple[list[Array], list[str], list[World]]:
    """Return each world's place on both axes, who leads there, and its point and number.

    Raises: MissingSeriesError if an axis is neither a series nor a number of worlds.parquet.
    """
    from experiments.config.errors import nearest

    chosen, outer = [], []
    numbers = set(run.numbers)
    for axis, word in enumerate(words):
        if word in run.series_columns:
            chosen.append(f"{run.need(word)} AS a{axis}")
            outer.append(f"s.a{axis}")
        elif word in numbers:
            outer.append(f'CAST(w."{word}" AS DOUBLE) AS a{axis}')
        else:
            near = nearest(word, [*run.series_columns, *numbers])
            raise MissingSeriesError(
                f"series={word}: a map takes a recorded series or a parameter by its whole name. "
                f"Nearest valid name: {near}."
            )
    inner = ", ".join(["point", "world", *chosen])
    table = run.connection.execute(
        f'SELECT point, world, {", ".join(outer)}, lower(CAST(w."{leader}" AS VARCHAR)) AS leader'
        f" FROM worlds w JOIN (SELECT {inner} FROM series WHERE month = ?) s USING (point, world)"
        " ORDER BY point, world",
        [run.months[-1]],
    ).fetchnumpy()
    axes = [np.ma.filled(np.ma.asarray(table[f"a{axis}"], np.float64), np.nan) for axis in range(len(words))]
    worlds = list(zip(table["point"].tolist(), table["world"].tolist(), strict=True))
    return axes, [str(value) for value in table["leader"]], worlds


def places(found: tuple[list[Array], list[str], list[World]]) -> Places:
    """Return both quantities by world, of the positions that have both."""
    (x, y), _, worlds = found
    both = zip(worlds, x.tolist(), y.tolist(), strict=True)
    return {world: (across, up) for world, across, up in both if np.isfinite([across, up]).all()}


@styled
def phase_map(run: Run, observed: Sequence[Observation] = (), *, series: Sequence[str]) -> Drawing:
    """Draw who leads overall at the last horizon over two series or parameters; each world is a dot.

    Where nobody reacts, arrows show where the worlds go when a bloc resists, if the run has that response.

    Raises: MissingSeriesError unless two series or parameters are named that vary over the worlds.
    """
    if len(series) != 2:
        raise MissingSeriesError(
            f"a map takes two series or parameters, across and up, and not {len(series)}; write --series X,Y"
        )
    leader, year = leader_column(run)
    here = positions(run, series, leader)
    (x, y), leads, _ = here
    there = {
        bloc: (other.budget, places(positions(other, series, leader)))
        for bloc, other in resisting(run).items()
    }
    found = list(moves(places(here), there))
    keep = np.isfinite(x) & np.isfinite(y)
    x, y, who = x[keep], y[keep], np.asarray(leads)[keep]
    for name, values in zip(series, (x, y), strict=True):
        if values.size < 2 or values.min() == values.max():
            raise MissingSeriesError(f"series={name}: it is the same in every world; choose one that varies")
    bins = int(np.clip(np.sqrt(x.size / 12.0), 2, 6))
    edges = [np.unique(np.quantile(values, np.linspace(0.0, 1.0, bins + 1))) for values in (x, y)]
    cells = [
        np.clip(np.searchsorted(e, v, "right") - 1, 0, e.size - 2) for e, v in zip(edges, (x, y), strict=True)
    ]
    shape = (edges[1].size - 1, edges[0].size - 1)
    counts = {name: np.zeros(shape) for name in ("us", "cn", "all")}
    for i, j, name in zip(cells[1], cells[0], who, strict=True):
        counts["all"][i, j] += 1
        if name in ("us", "cn"):
            counts[name][i, j] += 1
    difference = np.full(shape, np.nan)
    enough = counts["all"] >= FEWEST
    difference[enough] = ((counts["cn"] - counts["us"])[enough]) / counts["all"][enough]

    names = [axis_name(run, word) for word in series]
    what = say("Who leads overall {when}, over two quantities", when=in_year(year))
    title = headline(corner(run, names, (x, y), who, year), what)
    subtitle = say(
        "Share of sampled worlds that China leads less share that the US leads (W1), in cells of about equal "
        "width in ranks. Each mark is one of {sample}.",
        sample=run.sample,
    )
    footer = run.footer(
        say("Hatched: close, the two shares differ by less than {share}.", share=percent(CLOSE)),
        say("White: fewer than {count} worlds.", count=FEWEST),
        say("Thick line: break-even, where the bloc that leads more often changes."),
        note(found, (x, y)),
    )
    side_x, side_y = 6.3, 5.2
    page = Page(title, subtitle, footer, side_y + 0.85)
    axes = page.axes(1.15, 0.05, side_x, side_y)
    axes.grid(visible=False)
    norm = BoundaryNorm(np.linspace(-1.0, 1.0, 11), 10)
    palette = ListedColormap(DIVERGING)
    axes.pcolormesh(
        edges[0], edges[1], np.ma.masked_invalid(difference), cmap=palette, norm=norm, alpha=0.62, linewidth=0
    )
    for i in range(shape[0]):
        for j in range(shape[1]):
            if enough[i, j] and abs(difference[i, j]) < CLOSE:
                axes.fill_between(
                    edges[0][j : j + 2], edges[1][i], edges[1][i + 1], facecolor="none", hatch="///",
                    edgecolor=MUTED, linewidth=0, gid="close",
                )  # fmt: skip
    for xs, ys in break_even(difference, edges):
        axes.plot(xs, ys, color=INK, linewidth=2.4, solid_capstyle="projecting", gid="break-even")
    for name, colour, marker in (
        ("mixed", MUTED, "x"),
        ("us", BLOC_COLOURS["us"], BLOC_MARKERS["us"]),
        ("cn", BLOC_COLOURS["cn"], BLOC_MARKERS["cn"]),
    ):
        at = who == name
        if name == "mixed":
            axes.plot(
                x[at], y[at], marker, color=colour, markersize=3.2, linestyle="none", gid=f"worlds/{name}"
            )
        else:
            axes.plot(
                x[at], y[at], marker, color=colour, markersize=4.4, linestyle="none", markeredgecolor=WHITE,
                markeredgewidth=0.6, gid=f"worlds/{name}",
            )  # fmt: skip
    for word, values, axis in ((series[0], x, "x"), (series[1], y, "y")):
        _scale(axes, axis, values, form_of(run.units.get(word, "")))
    draw_moves(axes, run, found, (x, y), side_x)
    page.text(1.15 + side_x / 2.0, side_y + 0.42, names[0], colour=INK, ha="center")
    axes.set_ylabel(names[1], color=INK)
    _legend(page, run, 1.15 + side_x + 0.35, palette)
    rows = [
        Row("map", name, "share of worlds", f"{edges[0][j]:.6g}..{edges[0][j + 1]:.6g} x "
            f"{edges[1][i]:.6g}..{edges[1][i + 1]:.6g}",
            float(counts[name][i, j] / counts["all"][i, j]) if counts["all"][i, j] else np.nan,
            "share", int(counts["all"][i, j]))
        for i in range(shape[0]) for j in range(shape[1]) for name in ("us", "cn")
    ]  # fmt: skip
    sentences = [
        say(
            "{x} {x_low} to {x_high}, {y} {y_low} to {y_high}: {us} {share_us}, {cn} {share_cn} of {n} "
            "worlds.",
            x=names[0],
            x_low=f"{edges[0][j]:.3g}",
            x_high=f"{edges[0][j + 1]:.3g}",
            y=names[1],
            y_low=f"{edges[1][i]:.3g}",
            y_high=f"{edges[1][i + 1]:.3g}",
            us=run.bloc_names["us"],
            share_us=percent(counts["us"][i, j] / counts["all"][i, j]),
            cn=run.bloc_names["cn"],
            share_cn=percent(counts["cn"][i, j] / counts["all"][i, j]),
            n=int(counts["all"][i, j]),
        )
        for i in range(shape[0])
        for j in range(shape[1])
        if counts["all"][i, j]
    ]
    rows += rows_of(found, series, run.units)
    sentences += told(found, run, names, [form_of(run.units.get(word, "")) for word in series])
    return Drawing("map", page.figure, rows, title, subtitle, footer, alternative(title, subtitle, sentences))


def break_even(
    difference: Array, edges: Sequence[Array]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the sides, as their x and their y, between cells of which one bloc and the other leads more.

    Shapes: difference (cell up, cell across).
    """
    across, up = edges
    with np.errstate(invalid="ignore"):  # a cell without worlds is no number, and no border
        right = difference[:, 1:] * difference[:, :-1] < 0.0
        upper = difference[1:, :] * difference[:-1, :] < 0.0
    for i, j in np.argwhere(right):
        yield (float(across[j + 1]), float(across[j + 1])), (float(up[i]), float(up[i + 1]))
    for i, j in np.argwhere(upper):
        yield (float(across[j]), float(across[j + 1])), (float(up[i + 1]), float(up[i + 1]))


def _scale(axes: Any, axis: str, values: Array, form: Form) -> None:
    """Set an axis to the range of its values, logarithmic where they span more than a factor of ten."""
    low, high = float(values.min()), float(values.max())
    logs = logarithmic(values)
    axes.set(**{f"{axis}scale": "log" if logs else "linear"})
    ticks = np.geomspace(low, high, 5) if logs else np.linspace(low, high, 5)
    axes.set(**{f"{axis}lim": (low, high)})
    getattr(axes, f"{axis}axis").set_ticks([], minor=True)
    getattr(axes, f"set_{axis}ticks")(ticks, [form.one(float(tick)) for tick in ticks])


def axis_name(run: Run, word: str) -> str:
    """Return what an axis shows, with its unit and, for a series, its month."""
    unit = unit_text(run.units.get(word, ""))
    if word in run.series_columns:
        name = caption(word.partition(".")[0])
        whose = f" {label_of(run, word)}" if "." in word else ""
        return f"{name},{whose} {run.months[-1]}, {unit}".replace(",,", ",")
    return f"{word}, {unit}" if unit else word


def corner(run: Run, names: Sequence[str], values: tuple[Array, Array], who: Words, year: int) -> str:
    """Name the quarter of the map in which the bloc that leads more often leads most, if it stands out."""
    counts = {bloc: int(np.count_nonzero(who == bloc)) for bloc in ("us", "cn")}
    bloc = max(counts, key=lambda one: (counts[one], one))
    overall = counts[bloc] / who.size
    high = [axis > np.median(axis) for axis in values]
    best: tuple[float, bool, bool, int] | None = None
    for right in (False, True):
        for upper in (False, True):
            inside = (high[0] == right) & (high[1] == upper)
            worlds = int(np.count_nonzero(inside))
            if worlds >= FEWEST:
                share = float(np.count_nonzero(who[inside] == bloc) / worlds)
                if best is None or share > best[0]:
                    best = (share, right, upper, worlds)
    short = [name.partition(",")[0] for name in names]
    if best is None or wilson(best[0] * best[3], best[3])[0] <= overall:
        return say(
            "No quarter of the map stands out: {bloc} {verb} {when} in {share} of sampled worlds",
            bloc=run.bloc_names[bloc],
            verb=say("lead overall" if bloc == "us" else "leads overall"),
            when=in_year(year),
            share=percent(overall),
        )
    return say(
        "{bloc} {verb} {when} in {share} of sampled worlds, and in {best} where “{x}” is {right} and “{y}” "
        "is {upper}",
        bloc=run.bloc_names[bloc],
        verb=say("lead overall" if bloc == "us" else "leads overall"),
        when=in_year(year),
        share=percent(overall),
        best=percent(best[0]),
        x=short[0],
        right=say("high" if best[1] else "low"),
        y=short[1],
        upper=say("high" if best[2] else "low"),
    )


def _legend(page: Page, run: Run, left: float, palette: ListedColormap) -> None:
    """Draw the scale of colours and name the marks."""
    bar = page.axes(left, 0.75, 0.24, 2.6)
    bar.grid(visible=False)
    bar.spines["bottom"].set_visible(False)
    bar.pcolormesh(
        [0.0, 1.0], np.linspace(-1.0, 1.0, 11), np.linspace(-0.9, 0.9, 10)[:, None], cmap=palette, alpha=0.62
    )
    bar.fill_between([0.0, 1.0], -CLOSE, CLOSE, facecolor="none", hatch="///", edgecolor=MUTED, linewidth=0)
    bar.set_xticks([])
    bar.yaxis.tick_right()
    points = {1.0: "+100", 0.6: "+60", CLOSE: "+20", -CLOSE: "\u221220", -0.6: "\u221260", -1.0: "\u2212100"}
    bar.set_yticks(list(points), list(points.values()))
    heading(page, left, 0.42, run.bloc_names["cn"], colour=BLOC_COLOURS["cn"])
    page.text(left, 0.46, say("leads more often"), colour=MUTED)
    page.text(left + 0.62, 2.02, say("close"), colour=MUTED, va="center_baseline")
    heading(page, left, 3.72, run.bloc_names["us"], colour=BLOC_COLOURS["us"])
    page.text(left, 3.76, say("lead more often"), colour=MUTED)
    marks: Mapping[str, tuple[str, str]] = {
        "us": ("●", BLOC_COLOURS["us"]),
        "cn": ("■", BLOC_COLOURS["cn"]),
        "mixed": ("×", MUTED),
    }
    for place, (name, (sign, colour)) in enumerate(marks.items()):
        words = say("mixed") if name == "mixed" else run.bloc_names[name]
        page.text(left, 4.3 + 0.25 * place, sign, colour=colour)
        page.text(left + 0.22, 4.3 + 0.25 * place, words)
