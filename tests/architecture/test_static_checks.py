"""Tools that read the code without running it: a finding fails the tests, in the tool's own words."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = {
    "lint": ("-m", "ruff", "check", "--output-format=concise", "."),
    "format": ("-m", "ruff", "format", "--diff", "--quiet", "."),
    "types": ("-m", "mypy", "--pretty"),
    "contracts": ("-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-logo"),
}


@pytest.mark.parametrize("check", TOOLS)
def test_tool_finds_nothing(check: str) -> None:
    done = subprocess.run(
        [sys.executable, *TOOLS[check]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(TOOLS[check])}\n{done.stdout}{done.stderr}"
