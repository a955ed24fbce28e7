"""One browser, one small server and one small page in a file for all that look at the page."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright

from experiments.teach.bake import SMALL_CHECKS, Size, bake, write_page
from experiments.teach.engine import Engine
from experiments.teach.kept import grid_of
from experiments.teach.server import make_app

WORLDS, MONTHS = 4, 60
CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium on the path: apt-get install --no-install-recommends chromium")
    # Root, as in a container, has no sandbox.
    root = os.geteuid() == 0
    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if root else [])
        yield one
        one.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where baked answers are kept."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="session")
def engine(kept: Path) -> Iterator[Engine]:
    one = Engine(worlds=WORLDS, months=MONTHS, seconds=300, kept=kept)
    yield one
    one.close()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application and give its address."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def address(engine: Engine) -> Iterator[str]:
    """A live page without a grid."""
    with served(make_app(engine)) as one:
        yield one


@pytest.fixture(scope="session")
def estimating(engine: Engine, file: Path) -> Iterator[str]:
    """The same with one: `address` shares its answers, and not its estimates."""
    with served(make_app(engine, grid=grid_of(file, WORLDS, MONTHS))) as one:
        yield one


@pytest.fixture(scope="session")
def content(kept: Path) -> dict[str, Any]:
    """What a small page in one file holds."""
    return bake(Size(WORLDS, MONTHS, small=True, checks=SMALL_CHECKS), 1, kept)


@pytest.fixture(scope="session")
def file(content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    out = tmp_path_factory.mktemp("baked") / "teach.html"
    write_page(content, out)
    return out
