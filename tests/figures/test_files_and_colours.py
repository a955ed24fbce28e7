"""Files are the same bytes again and say what made them; colours keep apart for every eye."""

import csv
import io
import itertools
import xml.etree.ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from experiments.figures import (
    FIGURES,
    accessible_copies,
    draw_all,
    save,
    style,
)
from experiments.figures.save import tidy
from tests.figures.synthetic import (
    OBSERVED,
    artists,
    open_case,
)


def test_files_are_the_same_bytes_twice_and_with_two_processes(folders, tmp_path):
    folder = folders[0] / "many"
    names = ("compute", "outcome", "binding")
    first = draw_all(folder, tmp_path / "a", OBSERVED, only=names, svg=True)
    draw_all(folder, tmp_path / "b", OBSERVED, only=names, svg=True)
    third = draw_all(folder, tmp_path / "c", OBSERVED, only=names, svg=True, processes=2)
    assert [path.name for path in first] == [
        f"{name}{end}" for name in names for end in (".png", ".csv", ".txt", ".svg")
    ]
    assert {path.name for path in first} == {path.name for path in third}
    for path in first:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        assert path.read_bytes() == (tmp_path / "c" / path.name).read_bytes()


def test_png_names_its_origin_and_size(folders, drawings, tmp_path):
    run = open_case(folders, "many")
    paths = save(drawings["many", "outcome"], run, tmp_path)
    with Image.open(paths[0]) as picture:
        picture.load()
        words = picture.text
        assert picture.width == 1600
        assert picture.mode == "RGBA"
    assert words["Command"] == "uncontested run scenario=baseline"
    assert words["Configuration"] == "3f9c1e5ab7d2440890aa"
    assert words["Version"] == "0.1.0"
    assert words["Description"].startswith(words["Title"])
    assert "3f9c1e5ab7d2" in drawings["many", "outcome"].footer
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".png", ".txt"]


def test_csv_holds_every_row_exactly(drawings):
    for name in FIGURES:
        rows = drawings["many", name].rows
        read = list(csv.DictReader(io.StringIO(tidy(rows).decode())))
        assert len(read) == len(rows) > 0
        for text, row in zip(read, rows, strict=True):
            assert (text["panel"], text["series"], text["statistic"], text["at"]) == row[:4]
            assert (float(text["value"]) if text["value"] else np.nan) == pytest.approx(
                row.value, rel=0, abs=0, nan_ok=True
            )


def test_alternative_text_says_the_finding_and_every_end(drawings):
    text = drawings["many", "prices_runway"].alt
    assert text.startswith(drawings["many", "prices_runway"].title.replace("\u202f", " "))
    for lab in ("OpenAI", "Tencent"):
        assert text.count(lab) >= 2
    assert "\u202f" not in text


def test_svg_is_well_formed_and_dateless(folders, drawings, tmp_path):
    run = open_case(folders, "many")
    path = save(drawings["many", "binding"], run, tmp_path, formats=("svg",))[-1]
    xml.etree.ElementTree.parse(path)
    assert "dc:date" not in path.read_text()


def test_accessible_copies_are_grey_and_dichromatic(tmp_path):
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    pixels[:] = [[255, 255, 255], [27, 75, 143], [210, 69, 30]]
    Image.fromarray(pixels).save(tmp_path / "x.png")
    grey, seen = accessible_copies(tmp_path / "x.png")
    assert (grey.name, seen.name) == ("x.grey.png", "x.deuteranopia.png")
    with Image.open(grey) as one, Image.open(seen) as two:
        rgb, colours = np.asarray(one.convert("RGB")), np.asarray(two.convert("RGB"))
    levels = rgb[..., 0]
    assert (rgb == levels[..., None]).all()
    assert levels[0, 0] == 255
    # L* 32 and 50 stay at least 30 grey levels apart on a photocopy.
    assert int(levels[0, 2]) - int(levels[0, 1]) >= 30
    assert tuple(colours[0, 0]) == (255, 255, 255)
    # Seen without the green cone, vermilion loses its red-green contrast but stays far from blue.
    assert np.abs(colours[0, 2].astype(int) - colours[0, 1]).max() >= 80


def lab_of(colour: str) -> np.ndarray:
    """Turn sRGB into CIE L*a*b* (D65)."""
    rgb = np.array(to_rgb(colour))
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = (
        np.array(
            [
                [0.4124564, 0.3575761, 0.1804375],
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041],
            ]
        )
        @ light
    )
    scaled = xyz / np.array([0.95047, 1.0, 1.08883])
    f = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_country_colours_are_the_measured_ones():
    assert lab_of(style.US)[0] == pytest.approx(32, abs=1)
    assert lab_of(style.CN)[0] == pytest.approx(50, abs=1)
    assert np.linalg.norm(lab_of(style.US) - lab_of(style.CN)) > 100


def test_constraint_colours_differ_in_lightness_and_from_the_countries():
    lightness = sorted(lab_of(colour)[0] for colour in style.CONSTRAINT_COLOURS.values())
    assert np.diff(lightness).min() >= 8.0
    for colour, country in itertools.product(style.CONSTRAINT_COLOURS.values(), (style.US, style.CN)):
        assert np.linalg.norm(lab_of(colour) - lab_of(country)) > 30


def test_blocs_keep_their_colours_in_every_figure(drawings):
    seen = dict.fromkeys(("us", "cn"), 0)
    for (_, name), drawing in drawings.items():
        for gid, found in artists(drawing).items():
            parts = gid.split("/")
            for bloc, colour in style.BLOC_COLOURS.items():
                if name in ("adoption",) and len(parts) == 3 and parts[1] == bloc and parts[2] == "median":
                    assert {line.get_color() for line in found} == {colour}
                    seen[bloc] += 1
                if name == "outcome" and parts[-1] == bloc:
                    assert {bar.get_facecolor()[:3] for bar in found} == {to_rgb(colour)}
                    seen[bloc] += 1
    assert min(seen.values()) > 10
