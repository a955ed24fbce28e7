"""A run is found by its name, by latest and by its path; a typo gives the nearest run there is."""

from pathlib import Path

import pytest

from experiments.config.errors import ConfigError
from experiments.reading.find import find, finished, manifest_of, name_of

RUNS = ("2026-01-02_03-04-05_grid", "2026-01-03_03-04-05_grid", "2026-01-04_03-04-05_baseline")


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in RUNS:
        folder = tmp_path / "outputs" / "run" / name
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
    (tmp_path / "outputs" / "run" / "2026-01-05_03-04-05_unfinished").mkdir()
    return tmp_path / "outputs"


def test_the_newest_of_a_name_counts(outputs: Path) -> None:
    assert find("grid").name == RUNS[1]
    assert find(RUNS[0]).name == RUNS[0]
    assert [name_of(one) for one in finished()] == ["baseline", "grid", "grid"]


def test_latest_follows_the_link_or_the_date(outputs: Path) -> None:
    assert find("latest").name == RUNS[2]
    (outputs / "latest").symlink_to(Path("run") / RUNS[0])
    assert find("latest").name == RUNS[0]


def test_a_path_is_found_from_anywhere(
    outputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find(f"outputs/run/{RUNS[0]}").name == RUNS[0]
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    assert find(str(outputs / "run" / RUNS[0])).name == RUNS[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gird", "run=gird: no run has this name or path; expected latest, a name that"),
        ("gird", "Nearest valid name: grid."),
        ("latst", "Nearest valid name: latest."),
        ("outputs/run", "the folder holds no finished run"),
        ("outputs/run/2026-01-05_03-04-05_unfinished", "the folder holds no finished run"),
        ("", "no run has this name or path"),
        ("a\x00b\n", "no run has this name or path"),
        ("x" * 5000, "no run has this name or path"),
    ],
)
def test_what_is_no_run_is_refused(outputs: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected.replace(".", r"\.")) as error:
        find(text)
    assert "\n" not in str(error.value)


def test_without_runs_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in ("latest", "grid"):
        with pytest.raises(ConfigError, match="make one with uncontested run"):
            find(text)


@pytest.mark.parametrize("content", ["{}", "[1]", "nothing", '{"version": "1"}'])
def test_a_manifest_that_says_too_little_is_refused(outputs: Path, content: str) -> None:
    folder = outputs / "run" / RUNS[0]
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ConfigError, match="run it again"):
        manifest_of(folder)
