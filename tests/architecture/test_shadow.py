"""A package of somebody else's that hides one of the project's is named, and one named `tests` hides none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.runs.shadow import PACKAGES, ROOT


@pytest.mark.parametrize("name", [*PACKAGES])
def test_another_package_of_the_name_is_named_with_a_remedy(tmp_path: Path, name: str) -> None:
    other = tmp_path / "elsewhere" / name
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("WHO = 'somebody else'\n", encoding="utf-8")
    path = os.pathsep.join([str(other.parent), str(ROOT)])
    start = "import sys; from experiments.cli.main import main; sys.exit(main(['list', 'runs']))"
    done = subprocess.run(
        [sys.executable, "-c", start],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"uncontested: the project's package {name!r} lies in {ROOT / name}")
    assert str(other) in done.stderr
    assert "Start in another folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_tests_of_somebody_else_that_are_installed_hide_none_of_these(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", "import tests.sweep.driver"],
        cwd=tmp_path.parent, env={**os.environ, "PYTHONPATH": path}, check=False,
    )  # fmt: skip
    assert done.returncode == 0
