"""Every no of the API in one shape: a stable code, a sentence in the reader's language, a detail that helps to mend it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final
from uuid import uuid4

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.app.ports import BlobMissing, LogStopped
from hub.app.transact import ClaimTaken
from hub.domain.errors import Refusal
from hub.web.words import language_of, refusal_sentence, sentence

log = logging.getLogger("amends.web")

BY_STATUS: Final = {
    400: "malformed",
    401: "sign-in-first",
    403: "not-allowed",
    404: "not-found",
    405: "no-such-method",
    413: "too-large",
    422: "fields",
    429: "too-many",
}


class Stop(Exception):
    """An answer other than the wanted one: HTTP status, problem code, and what helps to mend it."""

    def __init__(self, status: int, code: str = "", **detail: object) -> None:
        super().__init__(code or BY_STATUS[status])
        self.status = status
        self.code = code or BY_STATUS[status]
        self.detail = detail


def problem(request: Request, status: int, code: str, **detail: object) -> Response:
    """The `Problem` with this code in the language of the request."""
    return written(status, code, sentence(code, language_of(request.headers)), detail)


def written(status: int, code: str, message: str, detail: dict[str, object]) -> Response:
    body = {"code": code, "message": message, **({"detail": detail} if detail else {})}
    headers = {"Retry-After": "60"} if status == 429 else None
    return Response(orjson.dumps(body, default=str), status, headers, "application/json")


def answer_problems(app: FastAPI) -> None:
    """Teach the application one answer for each kind of no."""
    app.add_exception_handler(Stop, _stopped)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _fields)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(LogStopped, _log_stopped)
    app.add_exception_handler(TimeoutError, _behind)
    app.add_exception_handler(BlobMissing, _missing)
    app.add_exception_handler(ClaimTaken, _taken)
    app.add_exception_handler(Exception, _unexpected)


def unexpected(request: Request, broken: Exception) -> Response:
    """Say nothing of what happened inside; the log line has the same number."""
    number = uuid4().hex
    log.error(
        "unexpected error %s in %s %s", number, request.method, request.scope.get("path"), exc_info=broken
    )
    return problem(request, 500, "unexpected", number=number)


async def _unexpected(request: Request, broken: Exception) -> Response:
    return unexpected(request, broken)


async def _stopped(request: Request, stop: Exception) -> Response:
    assert isinstance(stop, Stop)  # noqa: S101 - Starlette hands over what it was registered for
    return problem(request, stop.status, stop.code, **stop.detail)


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - as above
    status = 404 if refusal.code.startswith("no-such-") else 409
    message = refusal_sentence(refusal, language_of(request.headers))
    return written(status, refusal.code, message, dict(getattr(refusal, "detail", {})))


async def _fields(request: Request, invalid: Exception) -> Response:
    assert isinstance(invalid, RequestValidationError)  # noqa: S101 - as above
    errors: Sequence[dict[str, object]] = invalid.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return problem(request, 400, "malformed")
    return problem(request, 422, "fields", fields=[_field(error) for error in errors[:20]])


def _field(error: dict[str, object]) -> dict[str, str]:
    location = error["loc"]
    path = location[1:] if isinstance(location, tuple) else ()
    return {"field": ".".join(str(part)[:100] for part in path), "message": str(error["msg"])}


async def _http(request: Request, no: Exception) -> Response:
    assert isinstance(no, HTTPException)  # noqa: S101 - as above
    return problem(request, no.status_code, BY_STATUS.get(no.status_code, "malformed"))


async def _log_stopped(request: Request, stopped: Exception) -> Response:
    log.error("the log has stopped: %s", stopped)
    return problem(request, 503, "log-stopped")


async def _behind(request: Request, late: Exception) -> Response:
    log.warning("the views are behind: %s", late)
    return problem(request, 503, "views-behind")


async def _missing(request: Request, missing: Exception) -> Response:
    log.error("a blob is missing: %s", missing)
    return problem(request, 404, "file-missing")


async def _taken(request: Request, taken: Exception) -> Response:
    assert isinstance(taken, ClaimTaken)  # noqa: S101 - as above
    return problem(request, 409, "taken", customer=str(taken.holder))
