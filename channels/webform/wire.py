"""The form's addresses on the web: page, token, script and the endpoint that takes submissions in."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from channels.webform.bodies import Posted, TooLarge, Unclear, read_body
from channels.webform.reading import FieldError, Submission, incoming, raw_of, read_submission
from channels.webform.settings import FormSettings, Receipt
from channels.webform.words import Language, preferred
from channels.webform.writing import (
    STYLE,
    Filled,
    embed_script,
    errors_json,
    form_page,
    receipt_json,
    receipt_page,
)
from hub.app.ports import Limits, Secrets
from hub.domain.letters import Incoming

TOKEN_SECONDS = 12 * 3600
HOUR = 3600.0
PER_NETWORK_ADDRESS = 6
"""How many times the limit of one e-mail address a network address has: offices share one."""


class TryAgain(Exception):
    """Nothing could be recorded just now; the visitor is asked to send once more."""


class Accept(Protocol):
    """Puts a submission on record and says its number; the same `idempotency_key` gives the same answer.

    `spam`: why it is filed as spam at once, else "". Raises `TryAgain`.
    """

    def __call__(
        self, form: FormSettings, incoming: Incoming, idempotency_key: str, raw: bytes, spam: str
    ) -> Awaitable[Receipt]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPorts:
    """What the routes need of the hub. `public_url`: the hub's own address as browsers see it, without a final slash."""

    accept: Accept
    limits: Limits
    secrets: Secrets
    public_url: str
    now: Callable[[], float] = time.time


def routes(forms: Mapping[str, FormSettings], ports: FormPorts) -> list[BaseRoute]:
    """Routes under /forms, to be mounted at the root. `forms` is looked up live, so forms may come and go."""

    def at(
        path: str, answer: Callable[[Request, FormSettings, FormPorts], Awaitable[Response]], method: str
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            form = forms.get(request.path_params["name"])
            if form is None:
                return Response("There is no such form. 没有这个表单。", 404, media_type="text/plain")
            return with_cors(await answer(request, form, ports), request, form)

        return Route(f"/forms/{{name}}{path}", endpoint, methods=[method])

    return [
        Route("/forms/form.css", _style, methods=["GET"]),
        at("/token", _token, "GET"),
        at("/embed.js", _embed, "GET"),
        at("", _show, "GET"),
        at("", _post, "POST"),
        at("", _preflight, "OPTIONS"),
    ]


def with_cors(response: Response, request: Request, form: FormSettings) -> Response:
    """The answer, readable for pages of the allowed origins alone."""
    origin = request.headers.get("origin", "")
    response.headers["Vary"] = "Origin, Accept-Language, Accept"
    if origin in form.allowed_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def issue(ports: FormPorts, form: FormSettings) -> str:
    """A signed form id: says that this hub showed this form, and when."""
    moment = f"{int(ports.now()):x}"
    return f"{moment}.{_signature(ports, form, moment)}"


def is_fresh(token: str, ports: FormPorts, form: FormSettings) -> bool:
    """Whether we issued `token` for this form within the last twelve hours."""
    moment, _, signature = token.partition(".")
    if not compare_digest(signature.encode(), _signature(ports, form, moment).encode()):
        return False
    return 0 <= ports.now() - int(moment, 16) <= TOKEN_SECONDS


def _signature(ports: FormPorts, form: FormSettings, moment: str) -> str:
    return urlsafe_b64encode(ports.secrets.keyed("form token", form.name, moment)[:18]).decode()


async def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def _token(_request: Request, form: FormSettings, ports: FormPorts) -> Response:
    return JSONResponse({"token": issue(ports, form)}, headers={"Cache-Control": "no-store"})


async def _embed(_request: Request, form: FormSettings, ports: FormPorts) -> Response:
    script = embed_script(form, f"{ports.public_url}/forms/{form.name}")
    headers = {"Cache-Control": "max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(script, media_type="text/javascript", headers=headers)


async def _preflight(_request: Request, _form: FormSettings, _ports: FormPorts) -> Response:
    return Response(status_code=204)


async def _show(request: Request, form: FormSettings, ports: FormPorts) -> Response:
    filled = Filled(key=secrets.token_hex(16), token=issue(ports, form), fields={})
    language = _language(request)
    return _html(form, form_page(form, filled, language), language)


async def _post(request: Request, form: FormSettings, ports: FormPorts) -> Response:
    if not _may_send(request, form, ports):
        return _refuse(request, form, ports, Posted(), "foreign-page", 403)
    try:
        posted = await read_body(request, form.max_body_bytes, form.max_files)
    except TooLarge:
        return _refuse(request, form, ports, Posted(), "too-large", 413)
    except Unclear:
        return _refuse(request, form, ports, Posted(), "malformed", 400)
    if not is_fresh(posted.fields.get("token", ""), ports, form):
        return _refuse(request, form, ports, posted, "expired", 422)
    read = read_submission(posted.fields, posted.files, form)
    if not isinstance(read, Submission):
        return _errors(request, form, ports, posted, read, 422)
    return await _take(request, form, ports, posted, read)


async def _take(
    request: Request, form: FormSettings, ports: FormPorts, posted: Posted, read: Submission
) -> Response:
    if not await _within_limits(request, form, ports, read):
        return _refuse(request, form, ports, posted, "too-many", 429)
    spam = "a field that no person sees was filled in" if read.trapped else ""
    try:
        receipt = await ports.accept(form, incoming(read, form), read.key, raw_of(read), spam)
    except TryAgain:
        return _refuse(request, form, ports, posted, "try-again", 503)
    if _wants_json(request):
        return JSONResponse(receipt_json(receipt), 201, headers={"Cache-Control": "no-store"})
    language = _language(request, posted)
    return _html(form, receipt_page(form, receipt, language), language, 201)


async def _within_limits(request: Request, form: FormSettings, ports: FormPorts, read: Submission) -> bool:
    peer = request.client.host if request.client else "unknown"
    most = form.rate_per_hour
    by_network = await ports.limits.allow(f"form:{form.name}:net:{peer}", most * PER_NETWORK_ADDRESS, HOUR)
    by_address = await ports.limits.allow(f"form:{form.name}:mail:{read.email.lower()}", most, HOUR)
    return by_network and by_address


def _may_send(request: Request, form: FormSettings, ports: FormPorts) -> bool:
    """Our own page, a page on the list, or a program that is no browser and names no origin."""
    origin = request.headers.get("origin")
    return origin is None or origin == ports.public_url or origin in form.allowed_origins


def _refuse(
    request: Request, form: FormSettings, ports: FormPorts, posted: Posted, code: str, status: int
) -> Response:
    return _errors(request, form, ports, posted, (FieldError(field="form", code=code),), status)


def _errors(
    request: Request,
    form: FormSettings,
    ports: FormPorts,
    posted: Posted,
    errors: tuple[FieldError, ...],
    status: int,
) -> Response:
    language = _language(request, posted)
    if _wants_json(request):
        return JSONResponse(errors_json(errors, language), status, headers={"Cache-Control": "no-store"})
    filled = Filled(
        key=posted.fields.get("key") or secrets.token_hex(16),
        token=issue(ports, form),
        fields=posted.fields,
        errors=errors,
        had_files=bool(posted.files),
    )
    return _html(form, form_page(form, filled, language), language, status)


def _html(form: FormSettings, page: str, language: Language, status: int = 200) -> Response:
    ancestors = " ".join(("'self'", *form.allowed_origins))
    policy = (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Content-Language": "zh-Hans" if language == "zh" else "en",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # with "no-referrer" browsers post the form from origin "null"
    }
    return HTMLResponse(page, status, headers=headers)


def _language(request: Request, posted: Posted | None = None) -> Language:
    asked = request.query_params.get("lang", "") or (posted.fields.get("lang", "") if posted else "")
    return preferred(asked, request.headers.get("accept-language", ""))


def _wants_json(request: Request) -> bool:
    accepts, kind = request.headers.get("accept", ""), request.headers.get("content-type", "")
    return "application/json" in accepts or kind.startswith("application/json")
