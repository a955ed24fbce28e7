"""Draw one figure of a run as asked for, and make a figure again from what is written inside it."""

import hashlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from experiments.cli.options import choose, parse
from experiments.config.errors import MISSING, ConfigError, RunError, nearest
from experiments.reading.find import finished
from experiments.reading.stored import folder_of, made_by, sweeps, title_of
from experiments.trust.observed import check_series, read_points

FLAGS = ("--svg", "--pdf")
OPTIONS = {
    "--series": "series or quantities, separated by commas",
    "--firms": "firms, separated by commas",
    "--region": "places (us, allies, cn, row), separated by commas",
    "--from": "a year or a month, as 2028 or 2028-06",
    "--to": "a year or a month, as 2035 or 2035-06",
    "--lang": "en or de",
    "--title": "finding or plain",
    "--response": "passive, us_resists or cn_resists",
    "--observations": "a CSV file of your own",
    "--out": "a folder",
    "--svg": "",
    "--pdf": "",
}
_LONGEST_STEM = 80
_LAST_YEAR_MONTH = {"--from": "01", "--to": "12"}


@dataclass(frozen=True)
class Request:
    """A figure as asked for, without the run and without where it is written."""

    figure: str
    series: tuple[str, ...] = ()
    firms: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    language: str = "en"
    title: str = "finding"
    response: str = ""
    observations: str = ""

    @property
    def words(self) -> list[str]:
        """Return the request as words of the command line, always in the same order."""
        given = {
            "--series": ",".join(self.series),
            "--firms": ",".join(self.firms),
            "--region": ",".join(self.regions),
            "--from": self.first,
            "--to": self.last,
            "--lang": self.language if self.language != "en" else "",
            "--title": self.title if self.title != "finding" else "",
            "--response": self.response,
            "--observations": self.observations,
        }
        return [self.figure, *(word for name, value in given.items() if value for word in (name, value))]

    @property
    def stem(self) -> str:
        """Return the name of the figure's files: what was asked for, one word after the other."""
        parts = [self.figure, *self.series, *self.firms, *self.regions]
        parts += [self.first, self.last, self.response, Path(self.observations).stem]
        parts += [word for word in (self.language, self.title) if word not in ("en", "finding")]
        stem = "-".join(part for part in parts if part)
        if len(stem) > _LONGEST_STEM:
            digest = hashlib.sha256(stem.encode()).hexdigest()[:8]
            stem = f"{stem[:_LONGEST_STEM]}-{digest}"
        return stem


def read_request(arguments: Sequence[str]) -> tuple[str, Request, dict[str, str]]:
    """Read the words of the command: the run, the figure asked for, and where and how to write it.

    Raises: ConfigError on the first word that cannot be used.
    """
    words, given = parse(arguments, ("run", "figure"), OPTIONS)
    if "--help" in given:
        return "", Request(""), given
    return words[0], request_of(words[1], given), given


def request_of(figure: str, given: Mapping[str, str]) -> Request:
    """Check what is asked of a figure, as far as no run is needed for it.

    Raises: ConfigError on the first option that cannot be used.
    """
    from experiments.figures.draw import CHARTS, CHOICES, FIGURES

    choose("figure", figure, [*FIGURES, *CHARTS])
    takes = CHOICES[figure]
    for option in ("--series", "--firms", "--region", "--from", "--to"):
        if option in given and option not in takes:
            able = [name for name, options in CHOICES.items() if option in options]
            raise ConfigError(option, given[option], f"{figure} has no such choice; {', '.join(able)} have")
    if "--series" in takes and not given.get("--series"):
        raise ConfigError(
            "--series", MISSING, f"missing; {figure} draws what you name, see uncontested list series"
        )
    regions = _list(given.get("--region", ""))
    for place in regions:
        choose("--region", place, ("us", "allies", "cn", "row"))
    return Request(
        figure=figure,
        series=_list(given.get("--series", "")),
        firms=_list(given.get("--firms", "")),
        regions=regions,
        first=_month("--from", given),
        last=_month("--to", given),
        language=choose("--lang", given.get("--lang", "en"), ("en", "de")),
        title=choose("--title", given.get("--title", "finding"), ("finding", "plain")),
        response=choose("--response", given["--response"], ("passive", "us_resists", "cn_resists"))
        if "--response" in given
        else "",
        observations=given.get("--observations", ""),
    )


def _list(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _month(option: str, given: Mapping[str, str]) -> str:
    from experiments.config.readers import month_text

    text = given.get(option, "")
    if not text:
        return ""
    if len(text) == 4:
        text = f"{text}-{_LAST_YEAR_MONTH[option]}"
    try:
        return month_text(option, text)
    except ConfigError:
        raise ConfigError(option, given[option], "expected a year or a month, as 2028 or 2028-06") from None


def plot(folder: Path, request: Request, out: Path, *, formats: Sequence[str] = ()) -> list[Path]:
    """Draw a figure of a run and return the files written: PNG, tidy CSV, text, and others as asked.

    Raises: ConfigError if the run has not what the figure needs; RunError if it cannot be written.
    """
    from experiments.figures import MissingSeriesError, load_run, observations, save
    from experiments.figures.draw import draw
    from experiments.figures.manner import manner

    given = inputs(made_by(folder))
    points = given.pop("observed")
    if request.observations:
        points = [*points, *read_points(request.observations)]
    loading: dict[str, Any] = {"blocs": given["blocs"], "response": request.response or given["response"]}
    with manner(request.language, request.title):
        try:
            run = load_run(
                folder, only=(*request.firms, *request.regions), months=_period(request), **loading
            )
            _check_firms(run, request)
            if request.observations:
                units = {name: run.units.get(name, "") for name in run.series_columns}
                check_series(read_points(request.observations), units)
            kept = [point for point in observations(points) if _inside(point.date, request)]
            drawing = draw(request.figure, run, kept, options_by_figure(given), request.series)
        except (MissingSeriesError, ValueError, FileNotFoundError, KeyError) as error:
            raise ConfigError(
                "plot", request.figure, " ".join(str(error.args[0]).split()).rstrip(".")
            ) from None
        drawing = replace(drawing, name=request.stem)
        try:
            return save(drawing, run, out, formats=formats, request=shlex.join(request.words))
        except OSError as error:
            raise RunError(f"{out}: cannot be written ({error.strerror})") from None


def inputs(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the figures of a run need beside its tables: as stored with it, and the observed points."""
    from experiments.reading.drawing import observed_points

    stored = manifest.get("figures")
    own = stored if isinstance(stored, Mapping) else {}
    configured = manifest["configuration"].get("observations") or []
    return {
        "break_even": own.get("break_even"),
        "lead_share": own.get("lead_share", 0.55),
        "response": own.get("response", "passive"),
        "blocs": dict(own.get("blocs", {})),
        "observed": [*observed_points(), *(configured if isinstance(configured, list) else [])],
    }


def options_by_figure(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return keyword arguments of the figures that take any."""
    from experiments.figures import BreakEven

    case = given["break_even"]
    return {
        "adoption": {"lead_share": given["lead_share"]},
        "robots": {"break_even": BreakEven(**case) if case else None},
    }


def _period(request: Request) -> tuple[str, str] | None:
    if not (request.first or request.last):
        return None
    return request.first or "0000-01", request.last or "9999-12"


def _inside(date: str, request: Request) -> bool:
    """Say whether an observed point lies in the period drawn; a year lies where its middle does."""
    month = date[:7] if len(date) > 4 else f"{date}-07"
    return (request.first or "0000") <= month <= (request.last or "9999-12")


def _check_firms(run: Any, request: Request) -> None:
    known = {part for column in run.series_columns for part in column.split(".")[1:]}
    firms = sorted(known - {"us", "cn", "allies", "row", "world"})
    for firm in request.firms:
        if firm not in firms:
            raise ConfigError("--firms", firm, "the run has no such firm", nearest(firm, firms))


def plot_command(arguments: Sequence[str]) -> str:
    """Draw a figure and say where it is."""
    from experiments.runs.store import shown_path

    run, request, given = read_request(arguments)
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["plot"]
    folder = folder_of(run)
    out = Path(given["--out"]).expanduser() if "--out" in given else folder / "figures"
    formats = [flag.removeprefix("--") for flag in FLAGS if flag in given]
    return "\n".join(str(shown_path(path)) for path in plot(folder, request, out, formats=formats))


def reproduce_command(arguments: Sequence[str]) -> str:
    """Make figures again from what is written inside them; say for each whether it is the same.

    Raises: ConfigError if a file is no figure of the project; RunError if one differs.
    """
    several = ("figure.png", *["..."] * len(arguments))
    words, given = parse(arguments, several, {"--keep": "a folder"}, optional=len(arguments))
    if "--help" in given:
        from experiments.cli.help import HELP

        return HELP["reproduce"]
    lines, differ = [], 0
    for word in words:
        same, told = reproduce(Path(word), Path(given["--keep"]) if "--keep" in given else None)
        differ += not same
        lines.append(told)
    if differ:
        raise RunError("\n".join(lines))
    return "\n".join(lines)


def reproduce(picture: Path, keep: Path | None = None) -> tuple[bool, str]:
    """Draw a figure again and return whether it has the same bytes, and what is to be said.

    The run is found by its configuration and code; if it is gone, its command runs again.

    Raises: ConfigError if the file is no figure of the project, or its run can neither be found nor made.
    """
    made = embedded(picture)
    request = embedded_request(picture, made["Figure"])
    with tempfile.TemporaryDirectory() as scratch:
        folder, how = _run_of(picture, made, Path(scratch))
        try:
            written = plot(folder, request, Path(scratch) / "figures")
        except ConfigError as error:
            raise ConfigError("reproduce", picture, f"cannot be drawn again: {error}".rstrip(".")) from None
        again = next(path for path in written if path.suffix == ".png")
        same = again.read_bytes() == picture.read_bytes()
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(again, keep / picture.name)
        if same:
            return True, f"{picture}: the same, byte for byte ({how})"
        return False, f"{picture}: differs ({how}); {_difference(again, picture, made)}"


def embedded(picture: Path) -> dict[str, str]:
    """Return what a figure says of itself.

    Raises: ConfigError if it says nothing.
    """
    from PIL import Image

    try:
        with Image.open(picture) as image:
            found = {str(key): str(value) for key, value in image.info.items()}
    except (OSError, ValueError, SyntaxError) as error:
        reason = getattr(error, "strerror", None) or "it is no picture"
        raise ConfigError(
            "figure", picture, f"cannot be read ({reason}); expected a PNG of uncontested plot"
        ) from None
    for key in ("Figure", "Configuration", "Command", "Version"):
        if key not in found:
            raise ConfigError(
                "figure", picture, f"it does not say what made it ({key}); draw it with uncontested plot"
            )
    return found


def embedded_request(picture: Path, text: str) -> Request:
    """Return the request written inside a figure.

    Raises: ConfigError if it cannot be read.
    """
    if text.partition(" ")[0] in ("compare", "explain"):
        raise ConfigError("figure", picture, f"made by uncontested {text}: give that command again")
    try:
        words, given = parse(shlex.split(text), ("figure",), OPTIONS)
    except ValueError:
        raise ConfigError("figure", picture, "what is written inside it cannot be read") from None
    return request_of(words[0], given)


def _run_of(picture: Path, made: Mapping[str, str], scratch: Path) -> tuple[Path, str]:
    """Return the run behind a figure: the one beside it, one of the same content, or one made again."""
    beside = picture.resolve().parent.parent
    candidates = [beside, *finished(), *sweeps()]
    for folder in candidates:
        try:
            manifest = made_by(folder)
        except (ConfigError, RunError):
            continue
        if manifest["configuration_hash"] == made["Configuration"] and manifest.get(
            "sources_hash", ""
        ) == made.get("Sources", ""):
            return folder, f"from the run {title_of(folder)}"
    return _run_again(picture, made["Command"], made["Configuration"], scratch), "its run made again"


def _run_again(picture: Path, command: str, wanted: str, scratch: Path) -> Path:
    from experiments.cli.main import run_options
    from experiments.config.build import plan_from_config
    from experiments.config.compose import compose_run
    from experiments.runs.command import execute

    words = shlex.split(command)
    if words[:2] != ["uncontested", "run"]:
        raise ConfigError(
            "figure", picture, f"its run is gone and {' '.join(words[:2])} cannot be made again here"
        )
    overrides, given = run_options(words[2:])
    here = Path.cwd()
    config = compose_run(
        [*overrides, f"output.dir={shlex.quote(str(scratch / 'run'))}", "output.figures=false"],
        given.get("--config-dir"),
    )
    plan = plan_from_config(config, command)
    if plan.config_hash != wanted:
        raise ConfigError(
            "figure",
            picture,
            f"its run is gone, and {shlex.join(words)} gives another configuration today; "
            "use the version and the files that made it",
        )
    try:
        return execute(plan, quiet=True)
    finally:
        os.chdir(here)


def _difference(again: Path, picture: Path, made: Mapping[str, str]) -> str:
    """Say in what two pictures differ."""
    import numpy as np
    from PIL import Image

    new = embedded(again)
    told = [f"{key} {made.get(key, '(none)')} then, {value} now" for key, value in new.items()
            if key in ("Version", "Sources", "Drawn with") and made.get(key) != value]  # fmt: skip
    with Image.open(again) as one, Image.open(picture) as other:
        if one.size != other.size:
            told.append(f"{other.width}x{other.height} points then, {one.width}x{one.height} now")
        else:
            unequal = int((np.asarray(one.convert("RGB")) != np.asarray(other.convert("RGB"))).any(-1).sum())
            told.append(
                f"{unequal:,} points differ" if unequal else "the picture is the same, its words differ"
            )
    return "; ".join(told)
