"""The live page: a small server that simulates on each change. It keeps nothing about who asks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from experiments.config.errors import ConfigError, RunError
from experiments.runs.manifest import version
from experiments.teach.engine import Busy, Engine, Replaced
from experiments.teach.sliders import describe, spans, usual, words
from experiments.teach.tunnel import describe_roles

if TYPE_CHECKING:
    from fastapi import FastAPI, Response

PAGE = Path(__file__).parent / "page"
SCRIPTS = ("words.js", "charts.js", "state.js", "live.js", "quadrants.js", "tunnel.js", "page.js")
"""In the order in which the page loads them; a page in one file has baked.js in the place of live.js."""
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    **{f"/{name}": (name, "text/javascript; charset=utf-8") for name in SCRIPTS},
}
"""All that is served: a path that is not here does not exist."""
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
LONGEST_SECONDS = 30.0
LOCAL = ("127.0.0.1", "localhost")


def asked_type() -> Any:
    """Return the type of what a page asks for.

    Its description tells ranges and names; `sliders.check` holds to them, and names the nearest word too.
    """
    from pydantic import BaseModel, ConfigDict, Field, StrictBool

    numbers = {
        key: {"type": "number", "minimum": low, "maximum": high} for key, (low, high) in spans().items()
    }
    flags = {key: {"type": "boolean"} for key in words()["switches"]}

    def described(**schema: Any) -> Any:
        return Field(json_schema_extra=schema)

    number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

    class Asked(BaseModel):
        model_config = ConfigDict(extra="forbid")

        scenario: Annotated[str, described(enum=list(words()["presets"]))] = "baseline"
        values: Annotated[dict[str, number], described(properties=numbers, additionalProperties=False)] = {}
        switches: Annotated[
            dict[str, StrictBool], described(properties=flags, additionalProperties=False)
        ] = {}
        client: Annotated[str, Field(max_length=64)] = ""
        """Who asks, by a name made up by the page: a newer question takes the place of an older one."""

    return Asked


def model_of(engine: Engine) -> dict[str, Any]:
    """Return what the page needs before its first question."""
    return {
        "version": version(),
        "worlds": engine.worlds,
        "months": engine.months,
        "usual": usual(engine.worlds, engine.months),
        **describe(),
        "tunnel": describe_roles(),
    }


def make_app(engine: Engine, hosts: Sequence[str] = LOCAL, seconds: float = LONGEST_SECONDS) -> "FastAPI":
    """Return the application; requests for other hosts than these are refused.

    A page of another site could otherwise reach a local server through a name that it makes point here.
    """
    from fastapi import FastAPI, HTTPException, Request, Response
    from fastapi.middleware.trustedhost import TrustedHostMiddleware

    Asked = asked_type()
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

    @app.get("/api/model")
    async def model() -> dict[str, Any]:
        """Return sliders, presets and names."""
        return model_of(engine)

    refusals: dict[int | str, dict[str, Any]] = {
        400: {"description": "No such host, or no JSON."},
        409: {"description": "No world can start from these numbers together."},
        410: {"description": "The same client has asked something newer."},
        413: {"description": "Too large."},
        422: {"description": "Out of range, or no such key."},
        503: {"description": "Too many wait."},
        504: {"description": "It took too long."},
    }

    @app.post("/api/answer", responses=refusals)
    async def answer(asked: Asked) -> dict[str, Any]:
        """Return what the charts show, and the command that gives the same numbers."""
        try:
            question = engine.question(asked.scenario, asked.values, asked.switches)
            found = await asyncio.wait_for(engine.ask(question, asked.client), seconds)
        except RunError as error:
            # Each number is in its range, but no world can start from all of them together.
            raise HTTPException(409, str(error)) from None
        except ConfigError as error:
            raise HTTPException(422, [{"loc": ["body"], "msg": str(error), "type": "value_error"}]) from None
        except Replaced:
            raise HTTPException(410, "A newer question has taken the place of this one.") from None
        except Busy:
            raise HTTPException(503, "Too many wait. Try again in some seconds.") from None
        except TimeoutError:
            raise HTTPException(504, f"No answer in {seconds:g} s.") from None
        return {"override": " ".join(["uncontested run", *question.words()]), **found}

    @app.get("/api/tunnel", responses=refusals)
    async def tunnel(role: Annotated[str, described_role()]) -> dict[str, Any]:
        """Return points and regret of each strategy of a role."""
        try:
            return await asyncio.wait_for(engine.test(role), seconds)
        except ConfigError as error:
            raise HTTPException(422, [{"loc": ["role"], "msg": str(error), "type": "value_error"}]) from None
        except TimeoutError:
            raise HTTPException(504, f"No answer in {seconds:g} s; it is kept: ask again later.") from None

    return app


def described_role() -> Any:
    """Return the description of the name of a role."""
    from fastapi import Query

    return Query(max_length=64, json_schema_extra={"enum": [one["key"] for one in describe_roles()["roles"]]})


def _file(path: Path, kind: str) -> "Callable[[], Awaitable[Response]]":
    from fastapi import Response

    async def served() -> Response:
        return Response(path.read_bytes(), media_type=kind)

    return served
