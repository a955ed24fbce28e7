"""What the simulation and the minds define is used by them or by the experiments, not only by tests."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = {
    file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8"))
    for package in ("sim", "agents", "experiments")
    for file in sorted((ROOT / package).rglob("*.py"))
}
STATED_FOR_READERS = {
    "break_even_efficiency_ratio",  # S9.4 in closed form: what the choice of technology has to agree with
    "KINDS",  # what a series' kind may be
    "WHENS",  # how a month's value may come about
}


def defined(module: ast.Module) -> Iterator[str]:
    """Yield the names of a module's functions, classes and constants."""
    for node in module.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def used(module: ast.Module) -> Iterator[str]:
    """Yield every name that a module reads, but for a definition's own name inside it."""
    for statement in module.body:
        own = getattr(statement, "name", None)
        for node in ast.walk(statement):
            match node:
                case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                    if name != own:
                        yield name


def test_nothing_is_defined_for_tests_alone() -> None:
    uses = Counter(name for module in MODULES.values() for name in used(module))
    idle = {
        f"{file}: {name}"
        for file, module in MODULES.items()
        if not file.startswith("experiments/")
        for name in defined(module)
        if not uses[name] and name not in STATED_FOR_READERS
    }
    assert not idle, f"nobody uses {sorted(idle)}: delete them, or move what only tests use into the tests"


def test_the_exceptions_exist() -> None:
    names = {name for module in MODULES.values() for name in defined(module)}
    assert names >= STATED_FOR_READERS
