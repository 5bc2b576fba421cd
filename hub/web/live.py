"""The live feed: what changed, who is there, and goodbye. It follows the views, so what it announces can be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from hub.app.ports import Session, TablesAway
from hub.web.desk_ports import Announced, Desk
from hub.web.guard import desk_of, fingerprint, signed_in, token_of
from hub.web.live_news import News, said_presence
from hub.web.live_questions import catch_up, counted
from hub.web.origins import is_own_origin
from hub.web.people import Person
from hub.web.presence import LASTS, Doing, Presence, Seat
from hub.web.problems import Stop
from hub.web.sockets import Socket

LONGEST_MESSAGE = 2_000
SWEEP = 10.0
"""Seconds between looks for empty seats and ended sessions; one that ended elsewhere is noticed within two looks."""

GOODBYE = 4401
"""The close code after `bye`; 1008 is for sockets that were never let in."""


async def live(socket: WebSocket) -> None:
    """The route: let in who is signed in and comes from our own page, then speak and listen until one side ends."""
    desk = desk_of(socket)
    token = token_of(socket)
    try:
        if not is_own_origin(desk.public_url, socket.headers, required=True):
            raise Stop(403, "foreign-origin")
        session, person = await signed_in(desk, token, desk.clock())
        after = _position(socket.query_params.get("after", ""))
    except Stop:
        await socket.close(1008)
        return
    await socket.accept()
    await _attend(socket, desk, person, _Entry(session, fingerprint(token), after))


@dataclass(frozen=True, slots=True)
class _Entry:
    """With what a socket came: its session, the fingerprint of its token, the last position it has seen."""

    session: Session
    mark: str
    after: int | None


async def _attend(socket: WebSocket, desk: Desk, person: Person, entry: _Entry) -> None:
    name = uuid4().hex
    news = News()
    desk.sockets.open[name] = Socket(
        agent=person.id,
        session=entry.mark,
        started=entry.session.created_at,
        used=desk.clock(),
        close=news.say_bye,
    )
    desk.presence.listeners[name] = news.note_presence
    with desk.announcements.listening() as ear:
        tasks = [
            asyncio.create_task(_speak(socket, desk, person, news, entry.after)),
            asyncio.create_task(_follow(ear, news)),
            asyncio.create_task(_listen(socket, desk, person, name)),
            asyncio.create_task(_watch(desk, name)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            desk.sockets.open.pop(name, None)
            desk.presence.listeners.pop(name, None)
            desk.presence.leave(name)
            await _finish(tasks)


async def _finish(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _follow(ear: AsyncIterable[Announced], news: News) -> None:
    async for announced in ear:
        news.note(visible(announced))


def visible(announced: Announced) -> Announced:
    """What of it a colleague may see: at present every role reads every conversation."""
    return announced


async def _speak(socket: WebSocket, desk: Desk, person: Person, news: News, after: int | None) -> None:
    position, missed = await catch_up(desk, after)
    await _send(socket, {"type": "hello", "position": position, "me": str(person.id)})
    if missed is None:
        await _send(socket, {"type": "reload", "position": position})
    else:
        news.note(missed)
    while True:
        said = await news.next()
        if said.changed:
            counters = await counted(desk, person)
            await _send(socket, {"type": "changed", **said.changed, "counters": counters})
        if said.reload:
            await _send(socket, {"type": "reload", "position": said.reload})
        for conversation in said.presence:
            await _send(socket, said_presence(desk.presence, conversation))
        if said.bye:
            await _send(socket, {"type": "bye", "why": said.bye})
            with suppress(RuntimeError):
                await socket.close(GOODBYE)
            return


async def _listen(socket: WebSocket, desk: Desk, person: Person, name: str) -> None:
    while True:
        text = await socket.receive_text()
        if not heard(text, desk, person, name):
            await socket.close(1008)
            return


def heard(text: str, desk: Desk, person: Person, name: str) -> bool:
    """One message of the browser; False when it is none of ours."""
    message = _parsed(text)
    match message:
        case {"type": "ping", **rest} if not rest:
            desk.presence.stay(name, desk.clock())
        case {
            "type": "presence",
            "conversation": conversation,
            "doing": "viewing" | "writing" | "away" as doing,
            **rest,
        } if not rest:
            return _sit(desk.presence, desk, person, name, (conversation, doing))
        case _:
            return False
    return True


def _sit(presence: Presence, desk: Desk, person: Person, name: str, where: tuple[object, str]) -> bool:
    conversation, doing = where
    now = desk.clock()
    if socket := desk.sockets.open.get(name):
        desk.sockets.used(socket.session, now)
    if conversation is None or doing == "away":
        presence.leave(name)
        return conversation is None or _is_id(conversation)
    if not _is_id(conversation) or doing not in ("viewing", "writing"):
        return False
    known: Doing = "writing" if doing == "writing" else "viewing"
    presence.take(
        name,
        Seat(
            agent=str(person.id),
            name=person.name,
            conversation=str(conversation),
            doing=known,
            until=now + LASTS,
        ),
    )
    return True


async def _watch(desk: Desk, name: str) -> None:
    """Free empty seats; say goodbye when the session is over or the colleague has left."""
    while True:
        await asyncio.sleep(SWEEP)
        now = desk.clock()
        desk.presence.sweep(now)
        socket = desk.sockets.open.get(name)
        if socket is None:
            return
        with suppress(TablesAway):  # then nobody can have signed out; the next look tells
            await desk.sockets.end_ended(desk.sessions, SWEEP)
        person = await desk.colleagues.find(desk.log, socket.agent)
        if socket.is_over(now) or person is None or not person.active:
            socket.close("signed-out")


async def _send(socket: WebSocket, message: object) -> None:
    await socket.send_text(orjson.dumps(message).decode())


def _parsed(text: str) -> object:
    if len(text) > LONGEST_MESSAGE:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _position(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Stop(400)
    return int(text) if text else None
