"""Storing a run: all at once or not at all, rows in their order, missing values, names that are taken."""

import csv
import os
import time
from pathlib import Path

import duckdb
import numpy as np
import pytest

from experiments.config.errors import ConfigError, RunError
from experiments.runs import store
from experiments.runs.scratch import Scratch
from experiments.runs.store import Entry, RunFolder, SeriesKeys

NOW = time.strptime("2026-11-05 09:08:07", "%Y-%m-%d %H:%M:%S")


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# ---- the folder


def test_folder_appears_only_when_it_is_published(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "a" / "run") as folder:
        (folder.part / "manifest.json").write_text("{}")
        assert not folder.final.exists()
        assert folder.publish() == tmp_path / "a" / "run"
    assert files(tmp_path) == ["a", "a/run", "a/run/manifest.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with RunFolder(tmp_path / "a" / "b" / "run") as folder:
            (folder.part / "figures").mkdir()
            (folder.part / "figures" / "x.png").write_bytes(b"x")
            raise error

    with pytest.raises(error):
        fail()
    assert files(tmp_path) == []


def test_failure_leaves_what_others_have_made_meanwhile(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "a" / "run"):
        (tmp_path / "a" / "other").mkdir()
    assert files(tmp_path) == ["a", "a/other"]


def test_empty_folder_is_filled_in_place(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    inode = (tmp_path / "mine").stat().st_ino
    with RunFolder(tmp_path / "mine") as folder:
        (folder.part / "manifest.json").write_text("{}")
        (folder.part / "figures").mkdir()
        folder.publish()
    assert files(tmp_path) == ["mine", "mine/figures", "mine/manifest.json"]
    assert (tmp_path / "mine").stat().st_ino == inode, "a mount point cannot be replaced"


def test_failure_leaves_an_empty_folder_empty(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with RunFolder(tmp_path / "mine") as folder:
        (folder.part / "manifest.json").write_text("{}")
    assert files(tmp_path) == ["mine"]


def test_name_taken_by_a_run_of_the_same_second_gets_a_number(tmp_path: Path) -> None:
    finals = []
    for _ in range(3):
        with RunFolder(tmp_path / "run", may_be_renamed=True) as folder:
            finals.append(folder.publish().name)
    assert finals == ["run", "run_2", "run_3"]


def test_name_given_by_the_user_and_taken_meanwhile_is_an_error(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "run") as folder:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "theirs").touch()
        with pytest.raises(RunError, match="cannot be put into place"):
            folder.publish()
    assert files(tmp_path) == ["run", "run/theirs"]


# ---- where it goes


def test_folder_is_named_after_time_and_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert store.output_folder("", "article", NOW) == Path("outputs/run/2026-11-05_09-08-07_article")
    assert store.output_folder("there/run", "article", NOW) == Path("there/run")
    assert files(tmp_path) == [], "asking makes nothing"


def test_folder_that_cannot_take_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    (tmp_path / "file").touch()
    (tmp_path / "broken").symlink_to("nowhere")
    before = files(tmp_path)
    for name, expected in [
        ("full", "expected a new or an empty folder"),
        ("file", "expected a folder, and this is none"),
        ("broken", "expected a folder, and this is none"),
        ("file/below", "file is none"),
    ]:
        with pytest.raises(ConfigError, match=expected) as caught:
            store.output_folder(str(tmp_path / name), "x", NOW)
        assert str(caught.value).startswith("output.dir=")
    assert files(tmp_path) == before


def test_folder_that_cannot_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may write anywhere, so the answer of the operating system is replaced.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(ConfigError, match="can be written to"):
        store.output_folder(str(tmp_path / "new" / "run"), "x", NOW)


def test_latest_is_a_relative_link_that_moves(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    for name in ("one", "two"):
        (outputs / "run" / name).mkdir(parents=True)
        assert store.point_latest_at(outputs / "run" / name, outputs)
        assert os.readlink(outputs / "latest") == f"run/{name}"
    assert sorted(path.name for path in outputs.iterdir()) == ["latest", "run"]


def test_latest_spares_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    assert not store.point_latest_at(tmp_path / "run", tmp_path)
    assert (tmp_path / "latest").is_dir()


# ---- scratch and tables


def test_scratch_takes_batches_in_any_order(tmp_path: Path) -> None:
    series, worlds, responses, months = 2, 5, 3, 4
    record = np.arange(series * months * responses * worlds, dtype=np.float32).reshape(
        series, months, responses, worlds
    )
    scratch = Scratch(tmp_path / "scratch", series, worlds, responses, months)
    for first, end in ((3, 5), (0, 3)):
        scratch.write(first, record[..., first:end])
    columns = scratch.columns()
    for s, w, r, m in np.ndindex(series, worlds, responses, months):
        assert columns[s, (w * responses + r) * months + m] == record[s, m, r, w]


def test_full_disk_is_an_error_before_anything_is_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, offset: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        Scratch(tmp_path / "scratch", 1, 1, 1, 1).write(0, np.zeros((1, 1, 1, 1), np.float32))


def test_series_are_stored_row_by_row(tmp_path: Path) -> None:
    # More rows than a row group holds, so that the groups' order counts.
    worlds, months = np.array([4, 0, 9]), store.month_names("2026-11", 4000)
    responses = ("passive", "cn_resists")
    rows = worlds.size * len(responses) * len(months)
    values = np.arange(rows, dtype=np.float32) / 3.0
    values[[0, 7]] = np.nan
    path = tmp_path / "it's.parquet"
    keys = SeriesKeys(2, worlds, responses, ("none", "grid"), months)
    store.write_series(path, {"users_million.a": values, "b": -values}, keys)
    table = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
    assert list(table) == ["point", "world", "response", "budget", "month", "users_million.a", "b"]
    each = len(months)
    assert (table["point"] == 2).all()
    assert (table["world"] == np.repeat(worlds, 2 * each)).all()
    assert (table["response"] == np.tile(np.repeat(responses, each), 3)).all()
    assert (table["budget"] == np.tile(np.repeat(["none", "grid"], each), 3)).all()
    assert (table["month"] == np.tile(months, 6)).all()
    stored = table["users_million.a"]
    assert stored.dtype == np.float32
    assert (np.flatnonzero(np.ma.getmaskarray(stored)) == [0, 7]).all(), "no number is stored as NULL"
    assert (np.ma.compressed(stored) == values[np.isfinite(values)]).all(), "bit for bit"


def test_worlds_keep_types_and_missing_values(tmp_path: Path) -> None:
    columns = {
        "world": np.array([0, 1], np.int32),
        "leader.w1.2040": np.array(["us", None], object),
        "share.d1.2040": np.array([np.nan, 0.1]),
    }
    store.write_worlds(tmp_path / "worlds.parquet", columns)
    found = duckdb.execute("SELECT * FROM read_parquet(?)", [str(tmp_path / "worlds.parquet")])
    assert [str(column[1]) for column in found.description] == ["INTEGER", "VARCHAR", "DOUBLE"]
    assert found.fetchall() == [(0, "us", None), (1, None, 0.1)]


def test_folder_that_vanishes_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        store.write_worlds(tmp_path / "gone" / "worlds.parquet", {"world": np.array([0])})


def test_months_pass_the_turn_of_the_year() -> None:
    names = store.month_names("2026-01", 180)
    assert (names[0], names[11], names[12], names[-1]) == ("2026-01", "2026-12", "2027-01", "2040-12")


def test_code_book_survives_commas_and_quotes(tmp_path: Path) -> None:
    entry = Entry("f", "c", "1", "key", "", 'a, "b" and c', "S1.1")
    store.write_code_book(tmp_path / "columns.csv", [entry])
    with (tmp_path / "columns.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["definition"] == 'a, "b" and c'
    assert line["equation"] == "S1.1"
