"""Take the pictures of docs/teach from a baked page: `python -m experiments.teach.pictures [FILE]`.

It needs Chromium on the path and Playwright; without a file it takes what `uncontested teach bake` wrote.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.config.errors import MISSING, ConfigError
from experiments.kit.command import DOCS
from experiments.teach.kept import PAGE as BAKED
from experiments.teach.watch import VIEW, opened_in_browser

AXES = ("power_price_gap", "export_controls")
NAMES = ("Power here, a wall", "Power there, a wall", "Power here, a door", "Power there, a door")
"""Of the 2x2 in the picture, as a class may name it."""


def take(file: Path, out: Path) -> list[Path]:
    """Take the pictures and return their files.

    Raises: ConfigError if there is no page or no browser.
    """
    if not file.is_file():
        raise ConfigError(str(file), MISSING, "expected a page; run uncontested teach bake first")
    made = []

    def keep(what: Any, name: str) -> None:
        what.screenshot(path=out / name)
        made.append(out / name)

    with opened_in_browser(file.absolute().as_uri(), *VIEW) as page:
        page.locator("#hold").click()
        page.locator("#preset").select_option("open_race")
        page.locator("[data-chart=outcome]").scroll_into_view_if_needed()
        page.evaluate("scrollTo(0, 0)")
        keep(page, "page.png")
        page.locator("#hold").click()
        page.locator("#preset").select_option("baseline")
        page.locator("#own summary").click()
        for axis, select in zip(AXES, ("#axis-x", "#axis-y"), strict=True):
            page.locator(select).select_option(axis)
        page.locator(".quadrant svg").nth(3).wait_for()
        for place, name in enumerate(NAMES):
            page.locator(".quadrant input").nth(place).fill(name)
        keep(page.locator("#own"), "quadrants.png")
        page.locator("#own summary").click()
        page.locator("#tunnel summary").click()
        page.locator("#tunnel-strategies input").nth(1).check()
        page.locator("#tunnel-test").click()
        page.locator("#tunnel-table tbody tr").nth(1).wait_for()
        keep(page.locator("#tunnel"), "tunnel.png")
    return made


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; return 2 if they cannot be taken."""
    try:
        for file in take(Path(arguments[0]) if arguments else BAKED, DOCS):
            print(file)
    except ConfigError as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
