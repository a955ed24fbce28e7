"""A package of somebody else's that hides one of the project's is named before anything is done."""

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
