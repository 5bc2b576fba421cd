"""Who may call what. A route says so in the type of its first parameter; one that says nothing is never served."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from hub.app.ports import Session
from hub.domain.staff.events import Role
from hub.web.desk_ports import Desk
from hub.web.origins import cookie_name, is_own_origin
from hub.web.people import Person
from hub.web.problems import Stop
from hub.web.words import Language, language_of

ALL: Final = frozenset[Role]({"rep", "lead", "auditor", "admin"})
WRITERS: Final = frozenset[Role]({"rep", "lead", "admin"})
HISTORIANS: Final = frozenset[Role]({"auditor", "lead", "admin"})
ADMINS: Final = frozenset[Role]({"admin"})
CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of anybody. `address` is the caller's network address."""

    desk: Desk
    now: datetime
    language: Language
    address: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request of a signed-in colleague. `key` names this very request if it may be repeated."""

    desk: Desk
    now: datetime
    language: Language
    token: str
    session: Session
    person: Person
    key: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """The dependency behind a route for these roles."""

    roles: frozenset[Role]

    async def __call__(self, request: Request) -> Call:
        call = await caller(request)
        if call.person.role not in self.roles:
            raise Stop(403)
        return call


async def anyone(request: Request) -> Visit:
    """The dependency behind a route for everybody."""
    desk = desk_of(request)
    if request.method in CHANGING and not is_own_origin(desk.public_url, request.headers):
        raise Stop(403, "foreign-origin")
    return Visit(
        desk=desk,
        now=desk.clock(),
        language=language_of(request.headers),
        address=request.client.host if request.client else "",
        token=token_of(request),
    )


Anyone = Annotated[Visit, Depends(anyone)]
SignedIn = Annotated[Call, Depends(Allowed(ALL))]
Writer = Annotated[Call, Depends(Allowed(WRITERS))]
Historian = Annotated[Call, Depends(Allowed(HISTORIANS))]
Admin = Annotated[Call, Depends(Allowed(ADMINS))]


async def caller(request: Request) -> Call:
    """Who is calling, found once per request. Changes also need the CSRF token and our own origin."""
    if (known := getattr(request.state, "call", None)) is not None:
        return known  # type: ignore[no-any-return] # starlette's state is untyped
    visit = await anyone(request)
    session, person = await signed_in(visit.desk, visit.token, visit.now)
    if request.method in CHANGING and not _same(request.headers.get("X-CSRF", ""), session.csrf):
        raise Stop(403, "csrf")
    visit.desk.sockets.used(fingerprint(visit.token), visit.now)
    call = Call(
        desk=visit.desk,
        now=visit.now,
        language=visit.language,
        token=visit.token,
        session=session,
        person=person,
        key=request.headers.get("Idempotency-Key", ""),
    )
    request.state.call = call
    return call


async def signed_in(desk: Desk, token: str, now: datetime) -> tuple[Session, Person]:
    """The session and colleague of this token, or 401."""
    session = await desk.sessions.find(token, now) if token else None
    person = await desk.colleagues.find(desk.log, session.agent) if session else None
    if session is None or person is None or not person.active:
        raise Stop(401)
    return session, person


def desk_of(connection: HTTPConnection) -> Desk:
    desk = connection.app.state.desk
    assert isinstance(desk, Desk)  # noqa: S101 - starlette's state is untyped
    return desk


def token_of(connection: HTTPConnection) -> str:
    """The session token of the request, "" without one."""
    return connection.cookies.get(cookie_name(desk_of(connection).public_url), "")


def fingerprint(token: str) -> str:
    """What stands for a token in memory, so that no list of ours can sign anybody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def policies(routes: Iterable[BaseRoute]) -> Iterator[tuple[APIRoute, frozenset[Role] | None]]:
    """Every route with the roles that may call it; None means everybody. Raises `TypeError` for a route without a policy."""
    for route in routes:
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route!r} can't say who may call it")
        calls = [dependency.call for dependency in route.dependant.dependencies]
        allowed = [call.roles for call in calls if isinstance(call, Allowed)]
        if len(allowed) != 1 and anyone not in calls:
            raise TypeError(f"{route.path} does not say who may call it")
        yield route, allowed[0] if allowed else None


def _same(given: str, kept: str) -> bool:
    return compare_digest(given.encode(), kept.encode())
