"""Laws take their elementary functions from `sim.elementary`: NumPy's depend on the processor."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {
    *("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "logaddexp", "power", "float_power", "cbrt"),
    *("sin", "cos", "tan", "tanh", "sinh", "cosh", "arctan", "hypot"),
}
APART = ("sim/elementary/", "sim/tape/")


def others(source: str) -> Iterator[str]:
    """Yield where a source takes a function from elsewhere, or a power that is neither a number nor a square.

    >>> sorted(others("y = np.exp(x) + x**3 + x**2 + x**dt + 2.0**-53"))
    ['1: np.exp', '1: x ** 3', '1: x ** dt']
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in ("np", "math", "special") and node.attr in OURS:
                yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            base, exponent = ast.unparse(node.left), ast.unparse(node.right)
            if exponent != "2" and base not in ("2", "2.0"):
                yield f"{node.lineno}: {ast.unparse(node)}"


def test_laws_take_no_function_of_numpy_that_depends_on_the_processor() -> None:
    files = [
        file
        for folder in ("sim", "agents", "experiments/config")
        for file in sorted((ROOT / folder).rglob("*.py"))
        if not str(file.relative_to(ROOT)).startswith(APART)
    ]
    found = [
        f"{file.relative_to(ROOT)}:{place}" for file in files for place in others(file.read_text("utf-8"))
    ]
    assert found == []
    assert len(files) > 80
