"""The figure of a comparison: who leads in each run by horizon, the first run as a grey ghost."""

from pathlib import Path

from experiments.figures.fan import Drawing, alternative, draw_fan, end_label, heading, time_axis, value_axis
from experiments.figures.forms import PERCENT, percent
from experiments.figures.labels import EndLabel, end_labels
from experiments.figures.manner import headline, manner, say
from experiments.figures.opening import load_run
from experiments.figures.save import save
from experiments.figures.style import MUTED, TEAL, Page, house_style
from experiments.figures.tables import Row
from experiments.figures.titles import in_year
from experiments.reading.pairing import Comparison

SERIES = ("d1", "d2", "d4", "d5")
"""Dimensions shown by month: their series are the US share of both blocs' sum."""


def draw_comparison(comparison: Comparison, out: Path, language: str = "en") -> list[Path]:
    """Draw and write the figure of a comparison; return the files."""
    with manner(language), house_style():
        first, second = (load_run(folder, response=comparison.response) for folder in comparison.folders)
        year = max(comparison.shifts)
        shifts = comparison.shifts[year]
        ghost, named = comparison.names
        bloc = max(("us", "cn"), key=lambda name: abs(shifts[name].difference))
        s = shifts[bloc]
        clear = s.low > 0.0 or s.high < 0.0
        values = {
            "bloc": second.bloc_names[bloc],
            "when": in_year(year),
            "before": percent(s.before),
            "ghost": ghost,
            "after": percent(s.after),
            "named": named,
        }
        if clear:
            finding = say(
                "{bloc}: the lead {when} goes from {before} of sampled worlds in {ghost} to {after} in "
                "{named}",
                **values,
            )
        else:
            finding = say(
                "No clear difference in the lead {when}: {bloc} {before} of sampled worlds in {ghost}, "
                "{after} in {named}",
                **values,
            )
        plain = say("{ghost} and {named} compared", ghost=ghost, named=named)
        title = headline(finding, plain)
        subtitle = say(
            "Share of the US bloc in both blocs' sum, by month. Teal: {named}, median and bands of 50 and "
            "90\u202f% of worlds; dashed grey: {ghost}, median.",
            named=named,
            ghost=ghost,
        )
        paired = say("The same {worlds} worlds in both runs.", worlds=comparison.worlds)
        footer = second.footer(paired if comparison.paired else say("Two samples of worlds."))
        page = Page(title, subtitle, footer, 4.9)
        rows: list[Row] = []
        sentences = []
        width, height, step_x, step_y = 3.1, 1.65, 4.7, 2.45
        from experiments.figures.quantities import DIMENSION_NAMES

        for place, dimension in enumerate(SERIES):
            column = f"share.{dimension}"
            line, position = divmod(place, 2)
            left, upper = 0.95 + position * step_x, 0.3 + line * step_y
            heading(page, left, upper - 0.1, say(DIMENSION_NAMES[dimension]))
            axes = page.axes(left, upper, width, height)
            value_axis(axes, 1.0, count=2, form=percent)
            time_axis(axes, (min(first.start, second.start), max(first.end, second.end)), width)
            axes.axhline(0.5, color=MUTED, linewidth=0.7)
            labels: list[EndLabel] = []
            for run, colour, name in ((first, MUTED, ghost), (second, TEAL, named)):
                fan = run.fans({column: run.need(column)})[column]
                before = len(axes.lines)
                draw_fan(axes, fan, colour, f"{column}/{name}", bands=run is second)
                if run is first:
                    axes.lines[before].set_dashes((4, 2))
                rows += fan.rows(dimension, name, "share")
                labels.append(end_label(fan, _short(name), colour, PERCENT))
            end_labels(page, axes, labels)
        for at, by_bloc in comparison.shifts.items():
            for name, one in by_bloc.items():
                for statistic, value in (
                    ("first", one.before),
                    ("second", one.after),
                    ("difference", one.difference),
                    ("low", one.low),
                    ("high", one.high),
                ):
                    rows.append(Row("lead", name, statistic, str(at), value, "share", comparison.worlds))
                label = second.bloc_names.get(name, say("mixed"))
                sentences.append(
                    f"{at}, {label}: {percent(one.before)} ({ghost}), {percent(one.after)} ({named})."
                )
        alt = alternative(title, subtitle, sentences)
        name = "compare" if language == "en" else f"compare-{language}"
        drawing = Drawing(name, page.figure, rows, title, subtitle, footer, alt)
        request = f"compare {comparison.folders[0].name} {comparison.folders[1].name}"
        return save(drawing, second, out, request=request)


def _short(name: str) -> str:
    return name if len(name) <= 12 else f"{name[:11]}…"
