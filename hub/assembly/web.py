"""The face of the house: the desk's ports filled, and the forms' routes beside them."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import hub.web
from channels.webform.settings import FormSettings, Receipt
from channels.webform.wire import FormPorts, TryAgain, routes
from hub.app.arrivals import Arrival
from hub.app.intake import take_in
from hub.app.ports import LogStopped
from hub.assembly.house import House, now
from hub.assembly.inboxes import InboxesNow
from hub.assembly.metrics import metrics_routes
from hub.assembly.rereading import Rereader
from hub.domain.letters import Address, Incoming
from hub.web.app import create_app
from hub.web.desk_ports import Desk
from infra.codec import describe
from infra.settings import Form

BUILT = Path(hub.web.__file__).parent / "desk" / "dist"


def application(house: House) -> ASGIApp:
    """Every page and route of the hub."""
    return create_app(desk(house), beside=[*form_routes(house), *metrics_routes(house)])


def desk(house: House) -> Desk:
    tables, walk = house.tables, house.walk
    return Desk(
        log=house.log,
        transactor=house.transactor,
        ask=house.ask,
        views=house.runner,
        threads=walk.threads,
        announcements=house.runner,
        sessions=tables.sessions,
        credentials=tables.credentials,
        drafts=tables.drafts,
        answers=tables.answers,
        limits=tables.limits,
        vault=house.vault,
        keys=house.keys,
        readers=house.readers,
        counters=tables.counters,
        secrets=walk.secrets,
        clock=now,
        addressing=house.addressing,
        read_again=Rereader(house),
        describe=describe,
        workspace=house.workspace,
        public_url=house.settings.address,
        inboxes=InboxesNow(house.inboxes),
        health=house.health,
        sockets=house.sockets,
        static=BUILT if (BUILT / "index.html").exists() else None,
    )


def form_routes(house: House) -> list[BaseRoute]:
    """The hosted page, script and endpoint of every form of the settings."""
    forms = {form.name: _form(form, house) for form in house.settings.forms}
    ports = FormPorts(
        accept=FormDoor(house),
        limits=house.tables.limits,
        secrets=house.walk.secrets,
        public_url=house.settings.address,
    )
    return routes(forms, ports)


@dataclass(frozen=True, slots=True)
class FormDoor:
    """A submission takes the very path a letter takes; its number is the same however often it is posted."""

    house: House

    async def __call__(
        self, form: FormSettings, incoming: Incoming, idempotency_key: str, raw: bytes, spam: str
    ) -> Receipt:
        inbox = self.house.inbox(form.account)
        if inbox is None:
            raise TryAgain
        secrets = self.house.walk.secrets
        number = receipt_number(secrets.keyed("receipt", form.name, idempotency_key))
        arrival = Arrival(
            inbox=inbox,
            raw=raw,
            received_at=now(),
            read=replace(incoming, native_id=number),
            once=secrets.keyed("form", form.name, idempotency_key),
            spam=spam,
        )
        try:
            await take_in(self.house.walk, arrival)
        except LogStopped as stopped:
            raise TryAgain from stopped
        return Receipt(number=number)


def receipt_number(keyed: bytes) -> str:
    """W-XXXX-XXXX in base 32: short enough to say on the telephone, a hint and never a credential."""
    text = b32encode(keyed[:5]).decode()
    return f"W-{text[:4]}-{text[4:]}"


def _form(form: Form, house: House) -> FormSettings:
    mailbox = house.settings.mailbox(form.mailbox)
    address = Address(address=mailbox.address, name=mailbox.display_name) if mailbox else Address(address="")
    return FormSettings(
        name=form.name,
        account=form.mailbox,
        inbox=address,
        title_en=form.title,
        title_zh=form.title_zh,
        allowed_origins=form.allowed_origins,
        max_file_mb=form.max_file_mb,
        max_files=form.max_files,
        rate_per_hour=form.rate_per_hour,
    )
