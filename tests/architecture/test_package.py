"""What is installed is what is declared: the lock files, the imports, and the data inside the package."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("sim", "agents", "conf", "experiments")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CORE = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
EXTRAS = {
    canonicalize_name(Requirement(line).name)
    for lines in PROJECT["project"]["optional-dependencies"].values()
    for line in lines
}
BENCH = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependency-groups"]["bench"]}
"""What the benchmark compares with; it need not be installed, and is imported under its own name."""
GROUPS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["dependency-groups"].items()}


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions that a lock file pins, by package; several where platforms differ."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize(
    ("lock", "declared"), [("main", CORE), ("build", GROUPS["build"]), ("test", GROUPS["test"])]
)
def test_lock_pins_what_is_declared(lock: str, declared: list[Requirement]) -> None:
    pinned = pins(lock)
    for requirement in declared:
        versions = pinned.get(canonicalize_name(requirement.name))
        assert versions, f"{requirement} is not in requirements/{lock}.lock: run `make lock`"
        assert all(map(requirement.specifier.contains, versions)), (
            f"requirements/{lock}.lock pins {requirement.name} {versions}, not {requirement}: run `make lock`"
        )


@pytest.mark.parametrize("lock", ["main", "build", "test"])
def test_lock_names_no_host_and_no_path(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    assert not re.findall(r"\S*(?:://|/\w+/)\S*|^.*--(?:index|extra|find|trusted).*$", text, re.MULTILINE)


def test_locks_agree_with_one_another() -> None:
    main, build, test = pins("main"), pins("build"), pins("test")
    for name, versions in {**build, **test}.items():
        assert versions == main.get(name, versions), (
            f"{name}: the main lock pins {main[name]}, not {versions}"
        )
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]


def imported(node: ast.AST) -> set[str]:
    """Return the top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return set()


def test_every_import_is_declared() -> None:
    """What a module imports is core; what only a function or a checker of types imports may be an extra."""
    known = packages_distributions()
    core = {canonicalize_name(requirement.name) for requirement in CORE}
    undeclared = set()
    for file in (file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        tree = ast.parse(file.read_text())
        at_import = {id(node) for node in tree.body}
        for node in ast.walk(tree):
            allowed = core if id(node) in at_import else core | EXTRAS
            peers = BENCH if file.name.startswith("with_") and file.parent.name == "bench" else set()
            for top in imported(node) - sys.stdlib_module_names - {*PACKAGES} - peers:
                if not allowed & {canonicalize_name(owner) for owner in known.get(top, [])}:
                    undeclared.add(f"{file.relative_to(ROOT)} imports {top}")
    assert not undeclared, "not in pyproject.toml: " + "; ".join(sorted(undeclared))


def test_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__", "*.so")
        )
    for name in ("pyproject.toml", "setup.py", "LICENSE"):
        shutil.copy(ROOT / name, source)
    files = {
        file.relative_to(source).as_posix()
        for package in PACKAGES
        for file in (source / package).rglob("*")
        if file.is_file() and file.name != "README.md" and file.suffix != ".c"
    }
    command = "-m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -w"
    done = subprocess.run(
        [sys.executable, *command.split(), tmp_path, source], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        missing = files - set(wheel.namelist())
    assert not missing, (
        "not installed, for want of an __init__.py in its folder or of a pattern in pyproject.toml's "
        f"package-data: {', '.join(sorted(missing))}"
    )
