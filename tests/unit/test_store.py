"""Storing a run: all at once or not at all, rows in their order, missing values, names that are taken."""

import csv
import os
import resource
import time
import tracemalloc
import weakref
from pathlib import Path

import duckdb
import numpy as np
import pytest

from experiments.config.errors import ConfigError, RunError
from experiments.runs import parquet, store
from experiments.runs import scratch as scratching
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


def drawn(series: int, worlds: int, responses: int, months: int) -> np.ndarray:
    """Return a record (series, month, response, world) that counts up, with a value missing now and then."""
    record = np.arange(series * worlds * responses * months, dtype=np.float32) / 3.0
    record[::7] = np.nan
    return record.reshape(series, months, responses, worlds)


def scratch_of(path: Path, record: np.ndarray) -> Scratch:
    series, months, responses, worlds = record.shape
    scratch = Scratch(path, series, worlds, responses, months)
    scratch.write(0, record)
    return scratch


def keys_of(scratch: Scratch) -> SeriesKeys:
    responses = ("passive", "cn_resists")[: scratch.responses]
    months = store.month_names("2026-11", scratch.months)
    return SeriesKeys(2, np.arange(scratch.worlds), responses, ("none", "grid")[: scratch.responses], months)


@pytest.mark.parametrize("rows", [1, 7, 24, 60, 100])
def test_scratch_takes_batches_in_any_order(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratching, "SLICE_ROWS", rows)
    record = drawn(2, 5, 3, 4)
    scratch = Scratch(tmp_path / "scratch", 2, 5, 3, 4)
    for first, end in ((3, 5), (0, 1), (1, 3)):
        scratch.write(first, record[..., first:end])
    slices = [scratch.read(*one) for one in scratch.slices]
    assert {one.shape[1] for one in slices[:-1]} <= {rows}
    found = np.concatenate(slices, axis=1)
    assert found.tobytes() == record.transpose(0, 3, 2, 1).tobytes(), "a row a world, response and month"


def test_scratch_is_written_without_a_copy_of_the_batch(tmp_path: Path) -> None:
    record = drawn(100, 30, 1, 40)
    tracemalloc.start()
    try:
        scratch_of(tmp_path / "scratch", record)
        assert tracemalloc.get_traced_memory()[1] < record.nbytes / 4
    finally:
        tracemalloc.stop()


def test_full_disk_is_an_error_after_the_first_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, offset: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        Scratch(tmp_path / "scratch", 1, 1, 1, 1).write(0, np.zeros((1, 1, 1, 1), np.float32))


def test_series_are_stored_row_by_row(tmp_path: Path) -> None:
    # More rows than two slices hold, so that their order counts.
    worlds, months = np.array([4, 0, 9]), store.month_names("2026-11", 15_000)
    responses = ("passive", "cn_resists")
    record = drawn(2, worlds.size, len(responses), len(months))
    path = tmp_path / "it's.parquet"
    scratch = scratch_of(tmp_path / "scratch", record)
    assert len(scratch.slices) == 3
    keys = SeriesKeys(2, worlds, responses, ("none", "grid"), months)
    store.write_series(path, ["users_million.a", "b"], scratch, keys, writers=2)
    assert files(tmp_path) == ["it's.parquet", "scratch"]
    table = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
    assert list(table) == ["point", "world", "response", "budget", "month", "users_million.a", "b"]
    each = len(months)
    assert (table["point"] == 2).all()
    assert (table["world"] == np.repeat(worlds, 2 * each)).all()
    assert (table["response"] == np.tile(np.repeat(responses, each), 3)).all()
    assert (table["budget"] == np.tile(np.repeat(["none", "grid"], each), 3)).all()
    assert (table["month"] == np.tile(months, 6)).all()
    for name, values in zip(
        ["users_million.a", "b"], record.transpose(0, 3, 2, 1).reshape(2, -1), strict=True
    ):
        stored = table[name]
        assert stored.dtype == np.float32
        assert (np.ma.getmaskarray(stored) == np.isnan(values)).all(), "no number is stored as NULL"
        assert (np.ma.compressed(stored) == values[np.isfinite(values)]).all(), "bit for bit"


def test_slices_make_the_row_groups_of_one_file(tmp_path: Path) -> None:
    scratch = scratch_of(tmp_path / "scratch", drawn(3, 50, 2, 900))
    keys, names = keys_of(scratch), ["a", "b", "c"]
    whole = np.concatenate([scratch.read(*one) for one in scratch.slices], axis=1)
    table = {**keys.columns(0, scratch.rows), **dict(zip(names, whole, strict=True))}
    store.copy_to(tmp_path / "at_once.parquet", keys.select, table)
    store.write_series(tmp_path / "slices.parquet", names, scratch, keys, writers=2)
    read = "SELECT * FROM read_parquet(?)"
    describe = (
        "SELECT row_group_id, row_group_num_rows, path_in_schema, type, stats_min_value, stats_max_value,"
        " stats_null_count, compression, encodings, total_compressed_size FROM parquet_metadata(?)"
    )
    for query in (read, describe, "SELECT * FROM parquet_schema(?)"):
        one, other = (
            duckdb.execute(query, [str(tmp_path / name)]).fetchall()
            for name in ("at_once.parquet", "slices.parquet")
        )
        if query not in (read, describe):
            one, other = ([row[1:] for row in rows] for rows in (one, other))
        assert one == other
    # Dictionaries and Bloom filters are found where they have moved to.
    for month in keys.months[::100]:
        count = "SELECT count(*) FROM read_parquet(?) WHERE month = ?"
        rows = duckdb.execute(count, [str(tmp_path / "slices.parquet"), month]).fetchall()
        assert rows == [(scratch.worlds * 2,)]


def test_one_slice_is_the_same_file_byte_for_byte(tmp_path: Path) -> None:
    scratch = scratch_of(tmp_path / "scratch", drawn(2, 3, 2, 40))
    keys = keys_of(scratch)
    table = {**keys.columns(0, scratch.rows), **dict(zip("ab", scratch.read(0, scratch.rows), strict=True))}
    store.copy_to(tmp_path / "at_once.parquet", keys.select, table)
    store.write_series(tmp_path / "slices.parquet", ["a", "b"], scratch, keys, writers=1)
    assert (tmp_path / "slices.parquet").read_bytes() == (tmp_path / "at_once.parquet").read_bytes()


@pytest.mark.parametrize("writers", [1, 2])
@pytest.mark.parametrize("worlds", [20, 80])
def test_a_writer_holds_no_more_than_a_slice(
    writers: int, worlds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratching, "SLICE_ROWS", 100)
    read = Scratch.read
    held: set[int] = set()
    most = []

    def noted(scratch: Scratch, start: int, stop: int) -> np.ndarray:
        found = read(scratch, start, stop)
        assert found.shape[1] <= 100
        owner = found if found.base is None else found.base
        assert owner.nbytes == found.nbytes, "no view of more"
        held.add(start)
        weakref.finalize(owner, held.discard, start)
        most.append(len(held))
        return found

    monkeypatch.setattr(Scratch, "read", noted)
    scratch = scratch_of(tmp_path / "scratch", drawn(3, worlds, 2, 20))
    store.write_series(tmp_path / "s.parquet", ["a", "b", "c"], scratch, keys_of(scratch), writers=writers)
    assert len(most) == len(scratch.slices) == worlds * 40 // 100
    assert max(most) <= writers


@pytest.mark.parametrize("size", [500, 8_000])
def test_series_that_do_not_fit_the_disk_are_an_error(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratching, "SLICE_ROWS", 400)
    scratch = scratch_of(tmp_path / "scratch", drawn(2, 40, 2, 50))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        # A part is too large, or all of them.
        with pytest.raises(RunError if size == 500 else OSError, match="File too large"):
            store.write_series(tmp_path / "s.parquet", ["a", "b"], scratch, keys_of(scratch), writers=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_indexes_of_pages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = scratch_of(tmp_path / "scratch", drawn(2, 3, 2, 40))
    # No version writes them yet: a field that each does write stands for them.
    monkeypatch.setattr(parquet, "_GROUP", {1: {2: "index"}})
    with pytest.raises(RunError, match="indexes of pages"):
        store.write_series(tmp_path / "s.parquet", ["a", "b"], scratch, keys_of(scratch), writers=1)


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
