"""Measure the page for docs/teach_page.md: `python -m experiments.teach.measure [NAME ...]`.

The names are those of MEASURES; all without one. It needs a quiet machine, Chromium on the path, Playwright,
and for `baked` a page made by `uncontested teach bake`. What was measured before stays in outputs/measure.
"""

import json
import os
import shutil
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from experiments.config.errors import MISSING, ConfigError
from experiments.kit.command import BROWSERS
from experiments.pages.measured import Measures, Row, take
from experiments.runs import manifest
from experiments.runs.command import cores
from experiments.runs.store import OUTPUTS
from experiments.teach.answers import MONTHS, WORLDS
from experiments.teach.bake import KIND_WORDS
from experiments.teach.engine import Engine
from experiments.teach.server import LOCAL, make_app
from experiments.teach.sliders import spans, words

PAGE = manifest.ROOT / "docs" / "teach_page.md"
KEPT = OUTPUTS / "measure" / "teach.json"
BAKED = OUTPUTS / "teach.html"
REMEDY = 'this needs an extra package: pip install ".[browser]"'
MOVES = 9
VIEW = (1280, 860)
CLIENTS, PAUSE_SECONDS, CLASS_SECONDS = 25, 10.0, 40.0
WAIT_MS = 60_000
TIMED = """([key, place]) => new Promise(done => {
  const slider = document.querySelector(`input[data-key="${key}"]`), body = document.body;
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  });
  seen.observe(body, { attributes: true, attributeFilter: ["data-drawn"] });
  const began = performance.now();
  slider.value = place;
  slider.dispatchEvent(new Event("input"));
})"""
"""From a slider's move to the frame with all charts anew, in milliseconds."""


@contextmanager
def served() -> Iterator[str]:
    """Serve the page as `uncontested teach` does, and give its address."""
    import uvicorn

    engine = Engine(WORLDS, MONTHS, cores())
    engine.warm_up()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(make_app(engine, LOCAL), port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        engine.close()


@contextmanager
def opened_in_browser(address: str, width: int, height: int) -> Iterator[Any]:
    """Open a page in Chromium and give it as soon as it has drawn its charts.

    Raises: ConfigError if there is no browser, or nothing to drive it with.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ConfigError("playwright", error.name, REMEDY) from None
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise ConfigError("chromium", MISSING, f"expected one of {', '.join(BROWSERS)} on the path")
    with sync_playwright() as driver:
        # Root, as in a container, has no sandbox.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        one = driver.chromium.launch(executable_path=browser, args=root)
        page = one.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WAIT_MS)
        page.goto(address)
        page.wait_for_selector("body[data-drawn]", state="attached")
        yield page
        one.close()


def moves(address: str) -> list[float]:
    """Return how long each of some moves of the main sliders takes in a browser, in milliseconds.

    Raises: ConfigError if there is no browser.
    """
    keys = list(words()["main"])
    with opened_in_browser(address, *VIEW) as page:
        # No two settings are the same, so that no answer is kept from before.
        return [float(page.evaluate(TIMED, [keys[at % len(keys)], 20 + 7 * at])) for at in range(MOVES)]


def moved(found: Sequence[float], what: str, most: float) -> list[Row]:
    """Return the median of moves as a row."""
    middle = statistics.median(found)
    told = f"{middle:.0f} ms (slowest of {len(found)}: {max(found):.0f} ms)"
    return [Row(f"slider to all charts, median, {what}", told, f"{most:.0f} ms", middle <= most)]


def live() -> list[Row]:
    """Time the live page."""
    with served() as address:
        return moved(moves(address), f"live, {WORLDS} worlds x {MONTHS} months", 400.0)


def baked() -> list[Row]:
    """Time the page in one file, and tell its size and the errors it states.

    Raises: ConfigError if it has not been made.
    """
    if not BAKED.is_file():
        raise ConfigError(str(BAKED), MISSING, "expected a page; run uncontested teach bake first")
    text = BAKED.read_text(encoding="utf-8")
    content = json.loads(text.partition('id="baked">')[2].partition("</script>")[0])
    megabytes = BAKED.stat().st_size / 1e6
    settings = f"{content['grid']['settings']:,} settings x {content['model']['worlds']} worlds"
    rows = moved(moves(BAKED.absolute().as_uri()), f"in one file, {settings}", 50.0)
    rows.append(Row("size of the file", f"{megabytes:.1f} MB", "20 MB", megabytes <= 20.0))
    for kind, one in content["errors"].items():
        points, medians = one["points"], one["medians"]
        told = (
            f"{points['typical']:g} points, at most {points['largest']:g}; "
            f"medians {medians['typical']:g} %, at most {medians['largest']:g} %"
        )
        rows.append(Row(f"error of shares, {KIND_WORDS[kind]}", told, "stated on the page", True))
    return rows


def client(address: str, number: int, seconds: list[float], faults: list[str]) -> None:
    """Change one slider every ten seconds, as one of a class."""
    keys = list(words()["main"])
    ends = time.perf_counter() + CLASS_SECONDS
    time.sleep(PAUSE_SECONDS * number / CLIENTS)
    turn = 0
    while time.perf_counter() < ends:
        key = keys[(number + turn) % len(keys)]
        low, high = spans()[key]
        value = round(low + (high - low) * ((number * 37 + turn * 11) % 97 + 0.5) / 97.0, 6)
        began = time.perf_counter()
        asked = json.dumps({"values": {key: value}, "client": f"c{number}"}).encode()
        request = Request(f"{address}/api/answer", asked, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=WAIT_MS / 1000.0) as reply:
                if not json.load(reply)["override"].endswith(f" {key}={value!r}"):
                    faults.append("mixed up")
        except HTTPError as error:
            faults.append(f"refused: {error.code}")
        took = time.perf_counter() - began
        seconds.append(took)
        turn += 1
        time.sleep(max(0.0, PAUSE_SECONDS - took))


def together() -> list[Row]:
    """Let a class change sliders at the same time."""
    seconds: list[float] = []
    faults: list[str] = []
    with served() as address, ThreadPoolExecutor(CLIENTS) as threads:
        waiting = [threads.submit(client, address, number, seconds, faults) for number in range(CLIENTS)]
        for one in waiting:
            one.result()
    p95 = statistics.quantiles(seconds, n=20)[-1]
    what = f"{CLIENTS} clients, each a change every {PAUSE_SECONDS:.0f} s"
    mixed = faults.count("mixed up")
    return [
        Row(f"{what}: p95 of {len(seconds)} answers", f"{p95:.1f} s", "2 s", p95 <= 2.0),
        Row(f"{what}: median", f"{statistics.median(seconds):.1f} s", "", True),
        Row(f"{what}: refused", str(len(faults) - mixed), "0", len(faults) == mixed),
        Row(f"{what}: answers to another's question", str(mixed), "0", mixed == 0),
    ]


MEASURES: Measures = {"live": live, "baked": baked, "together": together}


def main(arguments: Sequence[str]) -> int:
    """Take the measures named, or all; return 1 if one misses what is wanted, 2 if one cannot be taken."""
    return take(arguments, MEASURES, PAGE, KEPT, "experiments.teach.measure")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
