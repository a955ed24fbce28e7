"""The laboratory from Python: run, sweep, load and compare, with tables as pandas data frames.

from experiments import run, sweep, load, compare
grid = run("scenario=us_grid_doubled", worlds=64, name="grid")
grid.worlds, grid.series, grid.plot("adoption", region="row")
robots = sweep("study=one_optimus_or_three", "study.replications=4")
robots.points, robots.worlds, robots.series, robots.xarray("share.d3")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.config.errors import RunError
from experiments.reading import pairing
from experiments.reading.find import manifest_of, name_of, read_json
from experiments.reading.gridded import Grid, require
from experiments.reading.results import code_book_of, opened
from experiments.reading.stored import folder_of, is_sweep, title_of
from experiments.runs.shadow import check_packages
from experiments.runs.store import quoted
from experiments.sweeping.folder import newest_plan


class Tables:
    """The tables of a run or a sweep, as they are asked for."""

    folder: Path

    @cached_property
    def worlds(self) -> pd.DataFrame:
        """Return a row a world and response, and point of a sweep: parameters as drawn, and outcomes."""
        return self.query("SELECT * FROM worlds")

    @cached_property
    def series(self) -> pd.DataFrame:
        """Return a row a month of each of those rows: every recorded series."""
        return self.query("SELECT * FROM series")

    @cached_property
    def columns(self) -> pd.DataFrame:
        """Return the code book: unit, kind and definition of every column of both tables."""
        with opened(self.folder) as tables:
            return pd.DataFrame([vars(entry) for entry in code_book_of(self.folder, tables)])

    def query(self, question: str) -> pd.DataFrame:
        """Return the answer to a question in SQL, as `uncontested query` does.

        Raises: RunError if it cannot be answered.
        """
        import duckdb

        with opened(self.folder) as tables:
            try:
                answer = tables.execute(question)
            except duckdb.Error as error:
                raise RunError(f"query: {' '.join(str(error).split())}") from None
            if answer is None:  # an empty text or a comment asks nothing
                raise RunError('query: expected a question, as "select count(*) from worlds"')
            return answer.df()

    def xarray(self, *names: str) -> Any:
        """Return columns as an xarray dataset over the keys of their rows; all series without names.

        Raises: ConfigError if xarray is not installed, or there is no such column.
        """
        require("xarray")
        with opened(self.folder) as tables:
            grid = Grid(tables, code_book_of(self.folder, tables), title_of(self.folder))
            return grid.dataset(names or grid.series)

    def plot(self, figure: str, **options: Any) -> Path:
        """Draw a figure with the options of `uncontested plot`, as lang="de", and return its PNG.

        Raises: ConfigError as the command does.
        """
        from experiments.cli.options import choose
        from experiments.reading.plotting import OPTIONS, plot, request_of

        given = {}
        for name, value in options.items():
            option = choose("option", f"--{name.rstrip('_')}", list(OPTIONS))
            given[option] = value if isinstance(value, str) else ",".join(map(str, value))
        out = Path(given.pop("--out", self.folder / "figures"))
        return plot(self.folder, request_of(figure, given), out)[0]


@dataclass(frozen=True)
class Results(Tables):
    """A finished run: its folder, and its tables as they are asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """Return the run's name."""
        return name_of(self.folder)

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """Return the shares of worlds and all else that the run found."""
        return read_json(self.folder, "summary.json")

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """Return what made the run."""
        return manifest_of(self.folder)

    def __repr__(self) -> str:
        """Say which run it is."""
        return f"<run {self.name}: {self.summary.get('worlds')} worlds, {self.summary.get('scenario')}>"


@dataclass(frozen=True)
class Sweep(Tables):
    """What is stored of a sweep: its folder, and its tables as they are asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """Return the sweep's name."""
        return self.folder.name

    @cached_property
    def points(self) -> pd.DataFrame:
        """Return the points of the design, a column a factor."""
        points = quoted(str(newest_plan(self.folder).points))
        return self.query(f"SELECT * FROM {points} ORDER BY point").set_index("point")

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """Return what made the sweep."""
        return newest_plan(self.folder).read()

    def __repr__(self) -> str:
        """Say which sweep it is."""
        stored = self.query("SELECT count(*) AS runs FROM worlds")["runs"][0]
        return f"<sweep {self.name}: {stored:,} of {self.manifest['runs']:,} runs>"


def run(*overrides: str, config_dir: str | None = None, quiet: bool = True, **keys: Any) -> Results:
    """Run the laboratory as `uncontested run` does and return what it left.

    Keys are given as text ("robots.optimus_unit_cost=20..40") or, without a dot, by name (worlds=64).

    Raises: ConfigError or RunError, in one line, as the command says them.
    """
    import shlex

    check_packages()
    from experiments.config.build import plan_from_config
    from experiments.config.compose import compose_run
    from experiments.runs.command import execute

    words = [*overrides, *(f"{key}={_written(value)}" for key, value in keys.items())]
    given = [] if config_dir is None else ["--config-dir", config_dir]
    config = compose_run(words, config_dir)
    plan = plan_from_config(config, shlex.join(["uncontested", "run", *words, *given]))
    return Results(execute(plan, quiet=quiet))


def sweep(*overrides: str, config_dir: str | None = None, **keys: Any) -> Sweep:
    """Run what is missing of a sweep, as `uncontested sweep` does, and return what is stored of it.

    Keys are given as for `run`: sweep("study.replications=4", study="one_optimus_or_three"). Runs that failed
    are in `worlds`, with their `status` and `error`.

    Raises: ConfigError or RunError, in one line, as the command says them.
    """
    import shlex

    check_packages()
    from experiments.sweeping.running import execute, prepare
    from experiments.sweeping.study import compose_sweep

    words = [*overrides, *(f"{key}={_written(value)}" for key, value in keys.items())]
    given = [] if config_dir is None else ["--config-dir", config_dir]
    request = compose_sweep(words, config_dir)
    plan, folder = prepare(request, config_dir)
    execute(request, plan, folder, shlex.join(["uncontested", "sweep", *words, *given]))
    return Sweep(folder)


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_written, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def load(name: str = "latest") -> "Results | Sweep":
    """Return a finished run by its name, its path, or as the latest; or a sweep by its name or path.

    Raises: ConfigError naming the nearest run.
    """
    folder = folder_of(name)
    return Sweep(folder) if is_sweep(folder) else Results(folder)


def compare(first: Any, second: Any, response: str = pairing.PASSIVE) -> pairing.Comparison:
    """Compare two runs or sweeps, given as results, names or paths, world by world.

    Raises: ConfigError as `uncontested compare` does.
    """
    one, other = (str(run.folder) if isinstance(run, Tables) else str(run) for run in (first, second))
    return pairing.compare_runs(one, other, response)
