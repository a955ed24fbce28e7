"""docs/data.md and docs/parameters.md show what conf holds."""

from pathlib import Path

import pytest

from experiments.pages import datapage


@pytest.mark.parametrize("path", [datapage.DATA, datapage.PARAMETERS], ids=lambda path: path.name)
def test_page_is_current(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert datapage.renewed(page, datapage.tables()[path]) == page, (
        f"{path.name} is behind conf: run `python -m experiments.pages.datapage`"
    )


def test_a_lost_mark_is_named() -> None:
    with pytest.raises(ValueError, match="start: end"):
        datapage.renewed("<!-- start: generated -->\n", {"start": "rows"})


def test_open_data_is_attributed() -> None:
    assert datapage.licence_of("Epoch AI, AI chip counts", "observed") == "CC BY 4.0"
    assert datapage.licence_of("judgement: near it", "judgement") == "own"
    assert datapage.licence_of("IFR 2025", "observed") == "quoted fact"


def test_page_of_the_model_links_to_the_parameters() -> None:
    page = (datapage.REPOSITORY / "sim" / "README.md").read_text(encoding="utf-8")
    assert "(../docs/parameters.md)" in page
