"""Each guard of the architecture, made to fire once; and a clean tree at which none of them fires."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Every layer, empty; then imports that are allowed, the two exceptions of the contracts among them.
LAYERS = {
    f"sim/{path.stem}{'/__init__.py' if path.is_dir() else '.py'}": ""
    for path in (ROOT / "sim").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").exists()
}
CLEAN = {
    **LAYERS,
    "sim/axes.py": "import sim.units",
    "sim/month.py": "import sim.physics.power",
    "sim/actors.py": "import mesa",
    "sim/model.py": "import mesa\nimport sim.month",
    "sim/physics/power.py": "import sim.streams",
    "sim/markets/capital.py": "import sim.units",
    "agents/__init__.py": "",
    "agents/rules.py": "import sim.units",
    "agents/ai_lab.py": "import sim.actors\nimport agents.rules",
    "agents/investor.py": "",
    "agents/roster.py": "import sim.model\nimport agents.ai_lab\nimport agents.investor",
    "conf/__init__.py": "",
    "experiments/__init__.py": "",
    "experiments/runs/__init__.py": "",
    "experiments/runs/command.py": "import agents.roster\nimport hydra\nimport conf",
}

VIOLATIONS = [
    ("sim/units.py", "import agents.ai_lab", "The simulation never imports a mind"),
    ("agents/investor.py", "import experiments.runs.command", "The simulation never imports a mind"),
    ("sim/units.py", "import conf", "Only experiments read conf"),
    ("sim/streams.py", "import sim.month", "a layer imports only layers below it"),
    ("sim/unlisted.py", "", "a layer imports only layers below it"),
    ("sim/physics/power.py", "import sim.markets.capital", "Submodels do not import one another"),
    ("agents/ai_lab.py", "import agents.investor", "Minds do not import one another"),
    ("agents/investor.py", "import mesa", "Mesa is known to the model"),
    ("experiments/runs/command.py", "from mesa import Agent", "Mesa is known to the model"),
    ("sim/month.py", "from matplotlib import pyplot", "Configuration, storage, drawing and printing"),
]


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    return subprocess.run(
        [sys.executable, "-c", lint, "--no-logo", "--no-cache"],
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in CLEAN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    return tmp_path


def test_contracts_let_a_clean_tree_pass(tree: Path) -> None:
    done = contracts(tree)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("file", "line", "contract"), VIOLATIONS)
def test_contract_catches_a_forbidden_import(tree: Path, file: str, line: str, contract: str) -> None:
    with (tree / file).open("a") as module:
        module.write(line + "\n")
    done = contracts(tree)
    report = " ".join(done.stdout.split())
    assert done.returncode != 0, report
    broken = report.partition("Broken contracts")[2]
    assert contract in broken, report


@pytest.mark.parametrize(
    "code",
    [
        "import random\n\nx = random.random()\n",
        "from random import choice\n\nx = choice([1])\n",
        "import numpy as np\n\nx = np.random.default_rng(0)\n",
        "from numpy.random import default_rng\n\nx = default_rng(0)\n",
    ],
)
@pytest.mark.parametrize("folder", ["sim", "agents"])
def test_lint_bans_unaddressed_randomness(folder: str, code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", f"{folder}/module.py", "-"],
        cwd=ROOT, input=code, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "TID251" in done.stdout, done.stdout + done.stderr


def test_set_up_refuses_an_old_python(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.18 && exit\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "run", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f'needs Python 3.11 or later, but "{old}" is Python 3.9.18' in done.stderr
    assert not (tmp_path / ".venv").exists()
