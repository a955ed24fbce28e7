"""What a bake leaves is found again where it fits, and said not to where it does not."""

import json

import pytest

from experiments.cli.teach import grid_for
from experiments.config.errors import ConfigError
from experiments.runs.manifest import sources_hash, version
from experiments.teach import kept
from experiments.teach.bake import one_file
from experiments.teach.kept import GRID_KEYS, file_of, grid_of, keep_answer, keep_of, kept_answer

CONTENT = {
    "model": {"version": version(), "worlds": 4, "months": 60},
    "sources": sources_hash(),
    "checks": [1],
    **{key: {"settings": 7} for key in GRID_KEYS},
}


def page(folder, **changed):
    file = folder / "teach.html"
    file.write_text(one_file({**CONTENT, **changed}))
    return file


def test_reads_the_grid_of_a_page_of_the_same_model_and_size(tmp_path):
    assert set(grid_of(page(tmp_path), 4, 60)) == set(GRID_KEYS)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sources": "0" * 64}, "another model"),
        ({"model": {**CONTENT["model"], "version": "0.0.0"}}, "another model"),
        ({"model": {**CONTENT["model"], "worlds": 16}}, "16 worlds x 60 months.*--worlds 16"),
    ],
)
def test_says_what_does_not_fit(tmp_path, changed, said):
    file = page(tmp_path, **changed)
    with pytest.raises(ConfigError, match=said):
        grid_of(file, 4, 60)
    with pytest.raises(ConfigError, match=said):
        grid_for(str(file), 4, 60)


def test_says_in_one_line_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "PAGE", tmp_path / "teach.html")
    grid, line = grid_for(None, 4, 60)
    assert grid is None
    assert "uncontested teach bake" in line
    assert "\n" not in line
    (tmp_path / "teach.html").write_text("<p>something else</p>")
    assert "holds no grid" in grid_for(None, 4, 60)[1]
    grid, line = grid_for(str(page(tmp_path)), 4, 60)
    assert grid is not None
    assert "7 settings" in line


def test_keeps_an_answer_to_the_last_digit(tmp_path):
    answer = {"third": 0.1 + 0.2, "months": ["2026-03"]}
    keep_answer("one", answer, tmp_path)
    keep_answer("none", None, tmp_path)
    assert json.loads(kept_answer("one", tmp_path)) == answer
    assert kept_answer("none", tmp_path) is None
    assert kept_answer("other", tmp_path) is None
    file_of("one", tmp_path).write_bytes(b"half a file")
    assert kept_answer("one", tmp_path) is None


def test_a_folder_for_each_model_and_size(tmp_path, monkeypatch):
    here = keep_of(4, 60, tmp_path)
    monkeypatch.setattr(kept, "sources_hash", lambda: "0" * 64)
    assert len({here, keep_of(4, 60, tmp_path), keep_of(8, 60, tmp_path), keep_of(4, 61, tmp_path)}) == 4
