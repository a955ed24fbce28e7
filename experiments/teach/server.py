"""The live page: a small server that simulates on each change. It keeps nothing about who asks."""

import gzip
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from experiments.config.errors import ConfigError, RunError
from experiments.runs.manifest import version
from experiments.teach.answers import Question
from experiments.teach.engine import Busy, Died, Engine, Replaced
from experiments.teach.sliders import describe, spans, usual, words
from experiments.teach.tunnel import Trial, describe_roles

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

PAGE = Path(__file__).parent / "page"
SCRIPTS = (
    "words.js",
    "charts.js",
    "state.js",
    "compose.js",
    "live.js",
    "quadrants.js",
    "tunnel.js",
    "page.js",
)
"""In the order in which the page loads them; a page in one file has baked.js in the place of live.js."""
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    **{f"/{name}": (name, "text/javascript; charset=utf-8") for name in SCRIPTS},
}
"""All that is served beside the grid: a path that is not here does not exist."""
GRID = "/grid.json"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LARGEST_REQUEST = 8192
MOST_LANES = 5
"""What one page asks for at once: what it shows, and the four worlds of its 2x2."""
LOCAL = ("127.0.0.1", "localhost")


def asked_type() -> Any:
    """Return the type of what a page asks for.

    Its description tells ranges and names; `sliders.check` holds to them, and names the nearest word too.
    """
    from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

    numbers = {
        key: {"type": "number", "minimum": low, "maximum": high} for key, (low, high) in spans().items()
    }
    flags = {key: {"type": "boolean"} for key in words()["switches"]}

    def described(**schema: Any) -> Any:
        return Field(json_schema_extra=schema)

    number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

    def without_point(given: Any) -> Any:
        # In JSON, 1.0 is a whole number as well.
        return int(given) if isinstance(given, float) and given.is_integer() else given

    def whole_below(end: int) -> Any:
        # Limits come first, or the description would not tell them.
        return Annotated[int, Field(strict=True, ge=0, lt=end), BeforeValidator(without_point)]

    class Asked(BaseModel):
        model_config = ConfigDict(extra="forbid")

        scenario: Annotated[str, described(enum=list(words()["presets"]))] = "baseline"
        values: Annotated[dict[str, number], described(properties=numbers, additionalProperties=False)] = {}
        switches: Annotated[
            dict[str, StrictBool], described(properties=flags, additionalProperties=False)
        ] = {}
        client: Annotated[str, Field(max_length=64)] = ""
        """Who asks, by a name made up by the page: a newer question takes the place of an older one."""
        lane: whole_below(MOST_LANES) = 0  # type: ignore[valid-type]  # made from the limit
        turn: whole_below(2**53) = 0  # type: ignore[valid-type]  # made from the limit
        """Which question of the client this is: one that arrives late is known as the older one."""

    return Asked


def model_of(engine: Engine, grid: bool = False) -> dict[str, Any]:
    """Return what the page needs before its first question, and whether there is a grid to estimate from."""
    return {
        "grid": grid,
        "version": version(),
        "worlds": engine.worlds,
        "months": engine.months,
        "usual": usual(engine.worlds, engine.months),
        **describe(),
        "tunnel": describe_roles(),
    }


def make_app(
    engine: Engine, hosts: Sequence[str] = LOCAL, grid: Mapping[str, Any] | None = None
) -> "FastAPI":
    """Return the application; requests for other hosts than these are refused.

    A page of another site could otherwise reach a local server through a name that it makes point here. With
    a grid, a page shows what is composed from it until the answer has been simulated.
    """
    from fastapi import FastAPI, HTTPException, Request, Response
    from fastapi.middleware.trustedhost import TrustedHostMiddleware

    Asked: Any = asked_type()
    app = FastAPI(title="Uncontested", version=version(), docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        """Refuse what is too large before it is read, and set the headers of every answer."""
        size = request.headers.get("content-length", "0")
        chunked = "transfer-encoding" in request.headers
        if chunked or not size.isdigit() or int(size) > LARGEST_REQUEST:
            response = Response(f"A request has at most {LARGEST_REQUEST} bytes.", 413)
        else:
            response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    for path, (name, kind) in FILES.items():
        app.get(path, include_in_schema=False)(_file(PAGE / name, kind))
    if grid is not None:
        app.get(GRID, include_in_schema=False)(_packed(grid))
    told = model_of(engine, grid is not None)

    @app.get("/api/model")
    async def model() -> dict[str, Any]:
        """Return sliders, presets and names."""
        return told

    refusals: dict[int | str, dict[str, Any]] = {
        400: {"description": "No such host, or no JSON."},
        409: {"description": "No world can start from these numbers together."},
        410: {"description": "The same client has asked something newer."},
        413: {"description": "Too large."},
        422: {"description": "Out of range, or no such key."},
        503: {"description": "Too many wait, or a process has died."},
        504: {"description": "It was simulated for too long."},
    }

    async def answered(asked: Question | Trial, client: str = "", lane: int = 0, turn: int = 0) -> bytes:
        try:
            return await engine.ask(asked, client, lane, turn)
        except RunError as error:
            # Each number is in its range, but no world can start from all of them together.
            raise HTTPException(409, str(error)) from None
        except Replaced:
            raise HTTPException(410, "A newer question has taken the place of this one.") from None
        except Busy:
            raise HTTPException(503, "Too many wait. Try again in some seconds.") from None
        except Died:
            raise HTTPException(503, "The simulation broke off. Try again.") from None
        except TimeoutError:
            raise HTTPException(
                504, "It takes too long; it is kept when it is done: ask again later."
            ) from None

    @app.post("/api/answer", responses=refusals)
    async def answer(asked: Asked) -> dict[str, Any]:
        """Return what the charts show, and the command that gives the same numbers."""
        try:
            question = engine.question(asked.scenario, asked.values, asked.switches)
        except ConfigError as error:
            raise HTTPException(422, [{"loc": ["body"], "msg": str(error), "type": "value_error"}]) from None
        found = await answered(question, asked.client, asked.lane, asked.turn)
        # What is kept is JSON already, and some 80 KB: only the command is put in front of it.
        command = json.dumps(" ".join(["uncontested run", *question.words()]))
        content = b'{"override": ' + command.encode() + b", " + found[1:]
        return _json(content)  # type: ignore[no-any-return]  # of which this is the JSON

    @app.get("/api/tunnel", responses=refusals)
    async def tunnel(role: Annotated[str, described_role()]) -> dict[str, Any]:
        """Return points and regret of each strategy of a role."""
        try:
            trial = engine.trial(role)
        except ConfigError as error:
            raise HTTPException(422, [{"loc": ["role"], "msg": str(error), "type": "value_error"}]) from None
        content = await answered(trial)
        return _json(content)  # type: ignore[no-any-return]  # of which this is the JSON

    return app


def _json(content: bytes) -> Any:
    from fastapi import Response

    return Response(content, media_type="application/json")


def _packed(grid: Mapping[str, Any]) -> "Callable[[Request], Awaitable[Response]]":
    """Return what serves the grid, packed once for all."""
    from fastapi import Request, Response

    content = json.dumps(grid, separators=(",", ":"), allow_nan=False).encode()
    small = gzip.compress(content, 6)

    async def served(request: Request) -> Response:
        packed = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"Vary": "Accept-Encoding", **({"Content-Encoding": "gzip"} if packed else {})}
        return Response(small if packed else content, media_type="application/json", headers=headers)

    return served


def described_role() -> Any:
    """Return the description of the name of a role."""
    from fastapi import Query

    return Query(max_length=64, json_schema_extra={"enum": [one["key"] for one in describe_roles()["roles"]]})


def _file(path: Path, kind: str) -> "Callable[[], Awaitable[Response]]":
    from fastapi import Response

    async def served() -> Response:
        return Response(path.read_bytes(), media_type=kind)

    return served
