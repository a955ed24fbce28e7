"""The laboratory from Python: run, load and compare, with tables as pandas data frames.

from experiments import run, load, compare
grid = run("scenario=us_grid_doubled", worlds=64, name="grid")
grid.worlds, grid.series, grid.plot("adoption", region="row")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import pairing
from experiments.codebook import SERIES, WORLDS
from experiments.errors import RunError
from experiments.find import find, manifest_of, name_of, read_json
from experiments.shadow import check_packages

_KEYS = ["point", "world", "response", "budget", "month"]


@dataclass(frozen=True)
class Results:
    """A finished run: its folder, and its tables as they are asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """Return the run's name."""
        return name_of(self.folder)

    @cached_property
    def worlds(self) -> pd.DataFrame:
        """Return a row a world and response: parameters as drawn, and outcomes."""
        return self._table(WORLDS)

    @cached_property
    def series(self) -> pd.DataFrame:
        """Return a row a world, response and month: every recorded series."""
        return self._table(SERIES)

    @cached_property
    def columns(self) -> pd.DataFrame:
        """Return the code book: unit, kind and definition of every column of both tables."""
        return pd.read_csv(self.folder / "columns.csv", keep_default_na=False)

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """Return the shares of worlds and all else that the run found."""
        return read_json(self.folder, "summary.json")

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """Return what made the run."""
        return manifest_of(self.folder)

    def xarray(self, *names: str) -> Any:
        """Return series as an xarray dataset over the keys of their rows; all of them without names.

        Raises: RunError if xarray is not installed.
        """
        chosen = list(names) or [name for name in self.series.columns if name not in _KEYS]
        try:
            return self.series.set_index(_KEYS)[chosen].to_xarray()
        except ImportError:
            raise RunError("xarray is not installed; pip install xarray, or use .series") from None

    def plot(self, figure: str, **options: Any) -> Path:
        """Draw a figure with the options of `uncontested plot`, as lang="de", and return its PNG.

        Raises: ConfigError as the command does.
        """
        from experiments.cli_options import choose
        from experiments.plotting import OPTIONS, plot, request_of

        given = {}
        for name, value in options.items():
            option = choose("option", f"--{name.rstrip('_')}", list(OPTIONS))
            given[option] = value if isinstance(value, str) else ",".join(map(str, value))
        out = Path(given.pop("--out", self.folder / "figures"))
        return plot(self.folder, request_of(figure, given), out)[0]

    def _table(self, file: str) -> pd.DataFrame:
        import duckdb

        offline: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        with duckdb.connect(config=offline) as connection:
            return connection.execute("SELECT * FROM read_parquet(?)", [str(self.folder / file)]).df()

    def __repr__(self) -> str:
        """Say which run it is."""
        return f"<run {self.name}: {self.summary.get('worlds')} worlds, {self.summary.get('scenario')}>"


def run(*overrides: str, config_dir: str | None = None, quiet: bool = True, **keys: Any) -> Results:
    """Run the laboratory as `uncontested run` does and return what it left.

    Keys are given as text ("robots.optimus_unit_cost=20..40") or, without a dot, by name (worlds=64).

    Raises: ConfigError or RunError, in one line, as the command says them.
    """
    import shlex

    check_packages()
    from experiments.build import plan_from_config
    from experiments.compose import compose_run
    from experiments.running import execute

    words = [*overrides, *(f"{key}={_written(value)}" for key, value in keys.items())]
    given = [] if config_dir is None else ["--config-dir", config_dir]
    config = compose_run(words, config_dir)
    plan = plan_from_config(config, shlex.join(["uncontested", "run", *words, *given]))
    return Results(execute(plan, quiet=quiet))


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(_written, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def load(name: str = "latest") -> Results:
    """Return a finished run by its name, its path, or as the latest.

    Raises: ConfigError naming the nearest run.
    """
    return Results(find(name))


def compare(first: Any, second: Any, response: str = pairing.PASSIVE) -> pairing.Comparison:
    """Compare two runs, given as results, names or paths, world by world.

    Raises: ConfigError as `uncontested compare` does.
    """
    one, other = (str(run.folder) if isinstance(run, Results) else str(run) for run in (first, second))
    return pairing.compare_runs(one, other, response)
