"""One small server for all that look at the page."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from experiments.teach.engine import Engine
from experiments.teach.server import make_app

WORLDS, MONTHS = 4, 60


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    one = Engine(worlds=WORLDS, months=MONTHS)
    yield one
    one.close()


@pytest.fixture(scope="session")
def address(engine: Engine) -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(make_app(engine, seconds=300), port=port, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
