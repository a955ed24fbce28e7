"""Any figure of a run can be asked for, speaks both languages, and is made again byte for byte."""

import ast
import shutil
from pathlib import Path

import pytest

from experiments.cli.main import main
from experiments.config.build import plan_from_config
from experiments.config.compose import compose_run
from experiments.config.errors import ConfigError
from experiments.figures import FIGURES, accessible_copies
from experiments.figures.german import GERMAN
from experiments.figures.manner import manner, say
from experiments.figures.names import CONSTRAINTS, DEFINITIONS, REGIONS
from experiments.figures.quantities import CAPTIONS, UNITS
from experiments.reading.plotting import embedded
from experiments.runs import command as running
from experiments.runs.recorded import declared
from experiments.trust.observed import read_points

ROOT = Path(__file__).parents[2]
SMALL = ("worlds=4", "months=60", "consumers=cohort", "responses=[passive]", "workers=1", "name=small")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which one small run has been made."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        running.execute(
            plan_from_config(compose_run(SMALL), "uncontested run " + " ".join(SMALL)), quiet=True
        )
    return folder


@pytest.fixture(autouse=True)
def _inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


ASKED = (
    "adoption --region row --lang de",
    "power_queue --region us,cn --title plain",
    "prices_runway --firms openai,deepseek --from 2027",
    "fan --series capability_lag_months",
    "fan --series humanoids_working --region us,cn --from 2028 --lang de",
    "multiples --series powered_gw,power_price_usd_per_mwh --region us,cn --lang de",
    "stripes --series dark_share --to 2029-06",
    "map --series power_queue_gw.us,chips.leakage --lang de",
)


def test_ten_figures_are_made_again_byte_for_byte(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ASKED:
        assert main(["plot", "small", *words.split()]) == 0, capsys.readouterr().err
    pictures = sorted(home.glob("outputs/run/*/figures/*.png"))
    chosen = [one for one in pictures if "-" in one.stem] + [
        one for one in pictures if one.stem in ("outcome", "robots")
    ]
    assert len(chosen) == 10
    capsys.readouterr()
    assert main(["reproduce", *map(str, chosen)]) == 0
    assert capsys.readouterr().out.count("the same, byte for byte") == 10


def test_a_figure_whose_run_is_gone_is_made_with_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = next(home.glob("outputs/run/*/figures/binding.png"))
    shutil.copy(picture, tmp_path / "alone.png")
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", "alone.png"]) == 0
    assert "byte for byte (its run made again)" in capsys.readouterr().out


def test_a_changed_figure_is_noticed(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image, PngImagePlugin

    picture = next(home.glob("outputs/run/*/figures/binding.png"))
    words = PngImagePlugin.PngInfo()
    for key, value in embedded(picture).items():
        words.add_text(key, value)
    with Image.open(picture) as image:
        image.putpixel((3, 3), (0, 0, 0, 255))
        image.save(tmp_path / "changed.png", pnginfo=words)
    assert main(["reproduce", str(tmp_path / "changed.png")]) == 1
    assert "1 points differ" in capsys.readouterr().err


def test_copies_for_a_photocopy_and_for_red_green_blindness_are_left_to_look_at(home: Path) -> None:
    """Every figure of the run, as others may see it, in outputs/seen/ of the checkout."""
    seen = ROOT / "outputs" / "seen"
    seen.mkdir(parents=True, exist_ok=True)
    from matplotlib import image

    for picture in home.glob("outputs/run/*/figures/*.png"):
        if picture.stem in FIGURES:
            copies = accessible_copies(shutil.copy(picture, seen))
            grey = image.imread(next(path for path in copies if ".grey" in path.name))
            assert (grey[..., 0] == grey[..., 1]).all()
            assert (grey[..., 0] == grey[..., 2]).all()
    assert len(list(seen.glob("*.deuteranopia.png"))) >= len(FIGURES)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("small adoptoin", "Nearest valid name: adoption."),
        ("smal adoption", "Nearest valid name: small."),
        ("small binding --region us", "binding has no such choice"),
        ("small fan", "--series: missing"),
        ("small fan --series powerd_gw", "Nearest valid name: powered_gw."),
        ("small fan --series powered_gw.us,cash_usd.openai", "need one unit"),
        ("small fan --series cash_usd --firms opnai", "Nearest valid name: openai."),
        ("small fan --series cash_usd --region rwo", "Nearest valid name: row."),
        ("small fan --series cash_usd --from 2050", "no month lies in"),
        ("small fan --series cash_usd --from soon", "expected a year or a month"),
        ("small fan --series cash_usd --lang fr", "expected one of en, de"),
        ("small map --series cash_usd.openai", "takes two series"),
        ("small map --series point,world", "Nearest valid name"),
        ("small adoption --observations none.csv", "cannot be read"),
        ("small adoption --response us_resists", "us_resists"),
        ("small adoption --svgg", "Nearest valid name: --svg."),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(
    words: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plot", *words.split()]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_what_is_no_figure_is_refused(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "x.png").write_bytes(content)
    assert main(["reproduce", str(tmp_path / "x.png")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_observed_points_of_ones_own_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("series,date,value,source\npowered_gw.us,2027-06,33,Own count\n")
    arguments = ["plot", "small", "fan", "--series", "powered_gw.us", "--observations", str(file)]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    assert "observed,2027-06,33.0" in next(tmp_path.glob("fan*.csv")).read_text()


@pytest.mark.parametrize(
    "text",
    ["", "series,date\n", "series,date,value,source\na,b,c,d\n", "series,date,value,source\na,2027,1,\n"],
)
def test_broken_points_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(text)
    with pytest.raises(ConfigError, match="observations="):
        read_points(str(tmp_path / "mine.csv"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("powered_gw.usa,2027-06,33,Own count,GW", "Nearest valid name: powered_gw.us."),
        ("powered_gw.us,2027-06,33,Own count,MW", "observations powered_gw.us unit=MW: expected GW"),
    ],
)
def test_points_of_no_series_or_another_unit_are_refused_before_anything_runs(
    line: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(f"series,date,value,source,unit\n{line}\n", encoding="utf-8")
    drawing = ["plot", "small", "fan", "--series", "powered_gw.us", "--observations", str(file)]
    running_it = ["run", *SMALL[:-1], f"observations={file}", f"output.dir={tmp_path / 'run'}"]
    for words in ([*drawing, "--out", str(tmp_path / "out")], running_it):
        assert main(words) == 2
        assert expected in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [file]


def templates() -> set[str]:
    """Return every text that the figures pass to `say`."""
    found = set()
    for file in (ROOT / "experiments" / "figures").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                # A choice between two texts tests a name, which is no text.
                parts = [node.args[0]]
                if isinstance(parts[0], ast.IfExp):
                    parts = [parts[0].body, parts[0].orelse]
                for part in parts:
                    if isinstance(part, ast.Constant):
                        found.add(part.value)
    return found | {*REGIONS.values(), *DEFINITIONS.values(), *CONSTRAINTS}


def test_every_text_of_the_figures_is_in_german() -> None:
    missing = templates() - set(GERMAN)
    assert not missing


def test_translations_fill_in_the_same_values() -> None:
    import string

    for english, german in GERMAN.items():
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, german)
        ]
        assert fields[0] == fields[1], english


def test_every_recorded_quantity_and_unit_has_a_name() -> None:
    entries = declared()
    assert {one.column.partition(".")[0] for one in entries} == set(CAPTIONS)
    assert {one.unit for one in entries} <= {*UNITS, "H100e", "GW"}


def test_the_language_ends_with_the_block() -> None:
    with manner("de"):
        assert say("simulation") == "Simulation"
        with pytest.raises(KeyError):
            say("a text that nobody has translated")
    assert say("simulation") == "simulation"
