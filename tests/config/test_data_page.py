"""docs/data.md shows what conf holds."""

import pytest

from experiments import datapage


def test_page_is_current() -> None:
    page = datapage.PAGE.read_text(encoding="utf-8")
    assert datapage.renewed(page) == page, "docs/data.md is behind conf: run `python -m experiments.datapage`"


def test_a_lost_mark_is_named() -> None:
    page = datapage.PAGE.read_text(encoding="utf-8").replace("<!-- parameters: end -->", "")
    with pytest.raises(ValueError, match="parameters: end"):
        datapage.renewed(page)


def test_open_data_is_attributed() -> None:
    assert datapage.licence_of("Epoch AI, AI chip counts", "observed") == "CC BY 4.0"
    assert datapage.licence_of("judgement: near it", "judgement") == "own"
    assert datapage.licence_of("IFR 2025", "observed") == "quoted fact"
