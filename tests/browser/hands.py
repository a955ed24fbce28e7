"""What a class does with the page, and what it sees: for all tests in a browser."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

WAIT_MS = 120_000
PATIENCE = "capital.investor_patience"
expect.set_options(timeout=WAIT_MS)


def drawn(page: Page) -> None:
    """Wait for the answer to the last change."""
    expect(page.locator("#status")).to_contain_text("4 ")
    expect(page.locator("#status")).not_to_have_class("error")


def move(page: Page, key: str, place: int) -> None:
    """Move a slider, and wait for nothing."""
    slider = page.locator(f'input[data-key="{key}"]')
    slider.dispatch_event("pointerdown")
    slider.evaluate("(one, place) => { one.value = place; one.dispatchEvent(new Event('input')); }", place)


def slide(page: Page, key: str, place: int) -> None:
    """Move a slider and wait for the answer."""
    move(page, key, place)
    drawn(page)


def charts(page: Page) -> list[str]:
    """Return the charts as they are drawn."""
    return page.locator("#charts svg").evaluate_all("all => all.map(one => one.outerHTML)")


def faults(page: Page) -> list[str]:
    """Return the serious faults that axe finds."""
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]
