"""Other forecasts beside the model: what is read, when a forecast is met, and what is written and drawn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from experiments.config.errors import ConfigError
from experiments.figures.forecasts import draw_forecasts
from experiments.figures.german import GERMAN
from experiments.figures.origin import Origin
from experiments.trust.forecasts import (
    FORECASTS,
    Comparison,
    Forecast,
    Quantity,
    compare,
    needed_series,
    read_forecasts,
)
from experiments.trust.hindcast import hindcast_plan
from experiments.trust.section import forecasts_section
from experiments.trust.targets import load
from experiments.trust.validate import recorded_units

NAN = float("nan")
POWER = Quantity("power", "Power", "GW", "sum", "mean", 8.76, ("a", "b"), 100.0, "too much", "too little")
SAID = Forecast(POWER, "Somebody", "2025-04", 2027, 10.0, 5.0, 20.0, "a test")


def test_a_quantity_is_the_mean_of_its_year_converted_and_what_is_left_out_added() -> None:
    """Twelve months of 2027 at 1 + 2 GW are 3 GW years; 8.76 TWh are in each, and 100 come beside."""
    month = np.arange(36)[:, None]
    of_2027 = (month >= 12) & (month < 24)
    table = {"a": np.where(of_2027, 1.0, 50.0), "b": np.where(of_2027, 2.0, 70.0)}
    assert POWER.read(table, "2026-01", 2027) == pytest.approx(3.0 * 8.76 + 100.0)
    last = replace(POWER, when="end", measure="largest", factor=1.0, besides=0.0)
    assert last.read({"a": month + 0.0, "b": month - 1.0}, "2026-01", 2027) == 23.0
    assert np.isnan(POWER.read(table, "2026-01", 2029)).all()


@pytest.mark.parametrize(
    ("said", "band", "verdict"),
    [
        ((10.0, 5.0, 20.0), (1.0, 6.0, 30.0), "inside"),
        ((10.0, 5.0, 20.0), (1.0, 4.0, 30.0), "below"),
        ((10.0, 5.0, 20.0), (1.0, 21.0, 30.0), "above"),
        ((10.0, NAN, NAN), (9.0, 15.0, 30.0), "inside"),
        ((10.0, NAN, NAN), (11.0, 15.0, 30.0), "above"),
        ((10.0, NAN, NAN), (1.0, 5.0, 9.0), "below"),
        ((NAN, 50.0, NAN), (60.0, 70.0, 80.0), "inside"),
        ((NAN, 50.0, NAN), (30.0, 40.0, 60.0), "below"),
        ((10.0, 5.0, NAN), (3.0, 11.0, 20.0), "inside"),
        ((10.0, 5.0, 20.0), (NAN, NAN, NAN), "no value"),
    ],
)
def test_a_forecast_is_met_between_its_limits_or_where_its_value_is_in_the_band(
    said: tuple[float, ...], band: tuple[float, float, float], verdict: str
) -> None:
    value, low, high = said
    one = Comparison(replace(SAID, value=value, low=low, high=high), band, 8)
    assert one.verdict == verdict
    assert one.reason == {"above": "too much", "below": "too little"}.get(verdict, "")


def test_every_series_is_recorded_and_every_word_is_in_german() -> None:
    forecasts = read_forecasts()
    assert set(needed_series(forecasts)) <= set(recorded_units(hindcast_plan("worlds=2")))
    for one in forecasts:
        assert one.of.title in GERMAN
        assert one.of.unit in GERMAN or one.of.unit == "GW"
        assert one.published < "2026-01"
        assert one.source
    assert {one.of.name for one in forecasts} == set(load(FORECASTS)["quantities"])


@pytest.mark.parametrize(
    ("where", "given", "said"),
    [
        ("of", "electricity_uss", "electricity_us"),
        ("value", "many", "finite number"),
        ("low", 4000, "low <= value <= high"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, where: str, given: object, said: str) -> None:
    content = load(FORECASTS)
    content["forecasts"][0][where] = given
    path = tmp_path / "forecasts.yaml"
    path.write_text(OmegaConf.to_yaml(content), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"forecasts\[0\]") as error:
        read_forecasts(path)
    assert said in str(error.value)


def test_the_figure_shows_every_forecast_in_both_languages(tmp_path: Path) -> None:
    forecasts = read_forecasts()
    generator = np.random.default_rng(1)
    table = {name: 10.0 ** generator.normal(size=(60, 5)) for name in needed_series(forecasts)}
    found = compare(forecasts, table, "2026-01")
    made = Origin("1", "0123456789abcdef", "1", "uncontested validate")
    for language in ("en", "de"):
        files = draw_forecasts(found, 5, made, tmp_path, language)
        assert [path.suffix for path in files] == [".png", ".csv", ".txt"]
        assert len(files[1].read_text(encoding="utf-8").splitlines()) > 4 * len(forecasts)
        assert files[2].read_text(encoding="utf-8").count("\n") == len(forecasts) + 2
    page = "\n".join(forecasts_section(found))
    assert page.count(" 2025-04 |") == sum(one.published == "2025-04" for one in forecasts)
    assert all(one.reason in page for one in found)
