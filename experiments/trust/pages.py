"""Put what a command found between its marks of docs/doubt.md, and its figure beside the page."""

from pathlib import Path
from typing import Final

from experiments.config.errors import RunError

PAGE: Final = Path("docs") / "doubt.md"


def put(name: str, block: str, figure: Path, page: Path = PAGE) -> None:
    """Replace what stands between `<!-- name:begin -->` and `<!-- name:end -->`; copy the figure there.

    Raises: RunError if the page has no place for it.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        reason = f"cannot be read ({error.strerror}); start in the project's folder"
        raise RunError(f"--docs: {page} {reason}") from None
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise RunError(f"{page} has no place for it; expected a line {begin} and, below it, {end}")
    page.write_text(f"{before}{begin}\n{block}\n{end}{after}", encoding="utf-8")
    (page.parent / figure.name).write_bytes(figure.read_bytes())
