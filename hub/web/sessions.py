"""Signing in and out, and one's own password."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from hub.app.ports import Credential, Session
from hub.domain.letters import normalised
from hub.web.answers import nothing, told
from hub.web.asked import NewPassword, SignIn
from hub.web.desk_ports import Desk
from hub.web.guard import Anyone, Call, SignedIn, Visit, fingerprint
from hub.web.once import CommandRoute
from hub.web.origins import cookie_name, is_https
from hub.web.passwords import SHORTEST, hash_of, matches, take_credential
from hub.web.people import Person
from hub.web.problems import Stop
from hub.web.staffing import record_sign_in
from hub.web.told import Me
from hub.web.words import Language

router = APIRouter(prefix="/api/v1/session", tags=["session"], route_class=CommandRoute)

LASTS = timedelta(hours=12)
PER_ACCOUNT = 5
PER_ADDRESS = 20
MINUTE = 60.0


@router.post("", response_model=Me)
async def sign_in(visit: Anyone, body: SignIn) -> Response:
    """Sign in with e-mail address and password; the cookie is the session."""
    login = normalised(body.login)
    await _insist_on_limits(visit, login)
    known = await visit.desk.credentials.find(login)
    person = await _proven(visit.desk, login, body.password)
    if person is None:
        raise Stop(401, "wrong-password")
    if visit.token:
        await _end(visit.desk, visit.token)
    token, session = await visit.desk.sessions.start(person.id, visit.now)
    if await visit.desk.credentials.find(login) != known:
        # A new password ends the sessions of the one before, also of one that was proven just before it came.
        await _end(visit.desk, token)
        raise Stop(401, "wrong-password")
    await record_sign_in(visit.desk, person)
    return _with_cookie(told(me(person, session, visit.language)), visit.desk, token)


@router.get("", response_model=Me)
async def whoami(call: SignedIn) -> Response:
    """Who is signed in; `csrf` goes into the header X-CSRF of every change."""
    return told(me(call.person, call.session, call.language))


@router.delete("", status_code=204)
async def sign_out(call: SignedIn) -> Response:
    """End this session."""
    await _end(call.desk, call.token)
    return _without_cookie(nothing(), call.desk)


@router.post("/password", status_code=204)
async def change_password(call: SignedIn, body: NewPassword) -> Response:
    """Take another password. Every session ends; this browser gets a new one, whose CSRF token is in the header X-CSRF."""
    await _insist_on_old(call, body.old)
    if len(body.new) < SHORTEST:
        raise Stop(422, "weak-password")
    await keep_password(call.desk, call.person, body.new)
    token, session = await call.desk.sessions.start(call.person.id, call.now)
    answer = _with_cookie(nothing(), call.desk, token)
    answer.headers["X-CSRF"] = session.csrf
    return answer


async def keep_password(desk: Desk, person: Person, password: str) -> None:
    """The colleague signs in with this password from now on; every session of theirs ends."""
    secret = await hash_of(password)
    credential = Credential(agent=person.id, login=normalised(person.email), secret_hash=secret)
    await take_credential(credential, desk.credentials, desk.sessions, desk.sockets)


def me(person: Person, session: Session, language: Language) -> dict[str, str]:
    return {
        "id": str(person.id),
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "csrf": session.csrf,
        "language": language,
    }


async def _insist_on_limits(visit: Visit, login: str) -> None:
    per_address = await visit.desk.limits.allow(f"sign-in from {visit.address}", PER_ADDRESS, MINUTE)
    per_account = await visit.desk.limits.allow(f"sign-in as {login}", PER_ACCOUNT, MINUTE)
    if not (per_address and per_account):
        raise Stop(429)


async def _insist_on_old(call: Call, password: str) -> None:
    if not await call.desk.limits.allow(f"password of {call.person.id}", PER_ACCOUNT, MINUTE):
        raise Stop(429)
    proven = await _proven(call.desk, normalised(call.person.email), password)
    if proven is None or proven.id != call.person.id:
        raise Stop(403, "wrong-password")


async def _proven(desk: Desk, login: str, password: str) -> Person | None:
    """The active colleague with this login and password; the work is the same for every no."""
    credential = await desk.credentials.find(login)
    right = await asyncio.to_thread(matches, credential.secret_hash if credential else None, password)
    person = await desk.colleagues.find(desk.log, credential.agent) if credential and right else None
    return person if person and person.active else None


async def _end(desk: Desk, token: str) -> None:
    await desk.sessions.end(token)
    desk.sockets.end_session(fingerprint(token), "signed-out")


def _with_cookie(answer: Response, desk: Desk, token: str) -> Response:
    answer.set_cookie(
        cookie_name(desk.public_url),
        token,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=is_https(desk.public_url),
        httponly=True,
        samesite="lax",
    )
    return answer


def _without_cookie(answer: Response, desk: Desk) -> Response:
    answer.delete_cookie(
        cookie_name(desk.public_url),
        path="/",
        secure=is_https(desk.public_url),
        httponly=True,
        samesite="lax",
    )
    return answer
