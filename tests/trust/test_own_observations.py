"""Observations of one's own go through the whole validation: scored in the table, drawn over the fan."""

import csv
from pathlib import Path

from experiments.figures import hindcast
from experiments.trust.validate import validate_command

OWN = """series,date,value,unit,source
cash_usd.openai,2024-06,5e9,USD,a test
cash_usd.openai,2025-06,9e9,USD,a test
active_users_million.google,2025-10,600,million,a test
"""


def test_a_good_table_is_scored_and_drawn(tmp_path: Path, monkeypatch) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(OWN, encoding="utf-8")
    drawn: dict[str, str] = {}
    named = hindcast.Page.text

    def note(page, x, y, text, **style):
        drawn[text] = text
        return named(page, x, y, text, **style)

    monkeypatch.setattr(hindcast.Page, "text", note)
    folder = tmp_path / "out"
    status = validate_command(["--worlds", "8", "--observations", str(mine), "--output", str(folder)])
    assert status in (0, 1)
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["series"], row["date"]): row for row in csv.DictReader(file)}
    for line in OWN.splitlines()[1:]:
        series, date, value, unit, source = line.split(",")
        row = rows[series, date]
        assert (float(row["observed"]), row["unit"], row["source"]) == (float(value), unit, source)
        assert 0.0 < float(row["low"]) <= float(row["median"]) <= float(row["high"])
        assert series in drawn
    assert rows["cash_usd.openai", "2024-06"]["role"] == "report"
    assert (folder / "hindcast.png").stat().st_size > 0
    assert "cash_usd.openai" in (folder / "validation.md").read_text(encoding="utf-8")
