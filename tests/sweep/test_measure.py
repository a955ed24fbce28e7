"""What is measured of sweeps goes into the page, and what misses its mark into the exit status."""

from pathlib import Path

import pytest

from experiments.pages.measured import BEGIN, END, Row
from experiments.sweeping import measure
from experiments.sweeping.measure import main


def test_rows_go_into_the_page_and_a_miss_into_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "sweeps.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(measure, "PAGE", page)
    monkeypatch.setattr(measure, "KEPT", tmp_path / "kept" / "sweeps.json")
    slow = [Row("slow", "3 s", "2 s", kept=False)]
    monkeypatch.setattr(
        measure, "MEASURES", {"fast": lambda: [Row("fast", "1 s", "2 s", True)], "slow": lambda: slow}
    )
    assert main(["fast"]) == 0
    assert main(["slow"]) == 1
    text = page.read_text(encoding="utf-8")
    assert "| fast | 1 s | 2 s |  |\n| slow | 3 s | 2 s | missed |" in text, "what was measured before stays"
    assert text.startswith("before\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert main(["fsat"]) == 2
    assert "Nearest valid name: fast" in capsys.readouterr().err
