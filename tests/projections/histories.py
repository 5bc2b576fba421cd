"""Generated histories: plausible facts of a few customers, accounts and colleagues, the same for the same seed."""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, get_type_hints
from uuid import UUID

from hub.app.ports import Envelope, Recorded
from hub.domain.account import events as a
from hub.domain.complaint import events as k
from hub.domain.conversation import events as c
from hub.domain.customer import events as p
from hub.domain.ids import CommandId, Position, StreamId
from hub.domain.letters import Address
from hub.domain.reaction import events as r
from hub.domain.staff import events as s
from hub.domain.vocabulary import ERASED, NAMES, PERSONAL, Actor

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
WORDS = [
    "订单",
    "退款",
    "refund",
    "parcel",
    "broken",
    "很生气",
    "shipment",
    "late",
    "thanks",
    "谢谢",
    "invoice",
    "发票",
    "colour",
    "delivery",
    "never",
    "arrived",
    "客服",
]
TAGS = ("vip", "refund", "退款", "late")
CANARY = "canary金丝雀"


class Tale:
    """Tells one history."""

    def __init__(self, seed: int, customers: int = 5) -> None:
        self.random = Random(seed)
        self.customers = [self.uuid() for _ in range(customers)]
        self.erased: set[UUID] = set()
        self.agents = [self.uuid() for _ in range(3)]
        self.accounts = [self.uuid() for _ in range(2)]
        self.settings, self.policy = self.uuid(), self.uuid()
        self.opened: set[UUID] = set()
        self.conversations: list[tuple[UUID, UUID]] = []
        self.heard: list[tuple[UUID, UUID, UUID]] = []
        self.replies: list[tuple[UUID, UUID, UUID]] = []
        self.complaints: list[tuple[UUID, UUID, UUID, UUID]] = []
        self.raws: list[tuple[UUID, str]] = []
        self.facts: list[Recorded] = []
        self.versions: dict[UUID, int] = {}

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def tell(self, count: int) -> list[Recorded]:
        """At least `count` facts."""
        self._staff()
        while len(self.facts) < count:
            self.random.choices(STEPS, WEIGHTS)[0](self)
        return self.facts

    def fact(self, stream: UUID, event: object, kind: str = "agent", who: str | None = None) -> None:
        self.versions[stream] = self.versions.get(stream, 0) + 1
        position = len(self.facts) + 1
        actor = Actor(kind=kind, id=who or str(self.random.choice(self.agents)))
        self.facts.append(
            Recorded(
                position=Position(position),
                stream=StreamId(stream),
                version=self.versions[stream],
                name=NAMES[type(event)],
                recorded_at=START + timedelta(seconds=7 * position),
                envelope=Envelope(actor=actor, command=CommandId(self.uuid())),
                nonce=b"",
                event=event,
            )
        )

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=7 * (len(self.facts) + 1))

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(2, 12)))

    def living(self, things: list[Any]) -> Any:
        left = [thing for thing in things if thing[0] not in self.erased]
        return self.random.choice(left) if left else None

    def _staff(self) -> None:
        for number, agent in enumerate(self.agents):
            joined = s.AgentJoined(
                agent=agent, role="rep", name=f"Rep {number}", email=f"rep{number}@shop.test"
            )
            self.fact(agent, joined, "system", "cli")
        for number, account in enumerate(self.accounts):
            connected = a.AccountConnected(
                kind="email", name=f"Inbox {number}", address=f"in{number}@shop.test"
            )
            self.fact(account, connected, "system", "mail")

    def open_customer(self) -> None:
        customer = self.random.choice(self.customers)
        if customer in self.opened or customer in self.erased:
            return
        self.opened.add(customer)
        self.fact(
            customer,
            p.CustomerOpened(channel="email", name=f"{CANARY} {customer.hex[:4]}"),
            "system",
            "intake",
        )
        address = f"{CANARY}{customer.hex[:4]}@Example.test"
        claim = p.IdentityClaimed(channel="email", address=address, evidence="header")
        self.fact(customer, claim, "system", "intake")

    def know_better(self) -> None:
        if (customer := self._customer()) is None:
            return
        address = f"{CANARY}{customer.hex[:4]}@example.test"
        proof = p.IdentityVerified(channel="email", address=address, evidence="agent", why="asked")
        other = self.random.choice(self.customers)
        step = self.random.choice(
            [
                proof,
                p.CustomerNamed(name=f"Name {self.text()} {CANARY}"),
                p.LinkSuggested(other=other, why="same address"),
                p.CustomersLinked(other=other, survivor=customer, why="told"),
                p.CustomersUnlinked(other=other, why="error"),
                p.RecordViewed(what="timeline"),
            ]
        )
        self.fact(customer, step)

    def _customer(self) -> UUID | None:
        left = sorted(self.opened - self.erased)
        return self.random.choice(left) if left else None

    def hear(self) -> None:
        if (customer := self._customer()) is None:
            return
        account = self.random.choice(self.accounts)
        mine = [conversation for owner, conversation in self.conversations if owner == customer]
        if not mine or self.random.random() < 0.3:
            mine = [self.uuid()]
            self.conversations.append((customer, mine[0]))
            opened = c.ConversationOpened(
                conversation=mine[0], account=account, channel="email", subject=self.text()
            )
            self.fact(customer, opened, "system", "intake")
        self._message(customer, self.random.choice(mine), account)

    def _message(self, customer: UUID, conversation: UUID, account: UUID) -> None:
        message, text = self.uuid(), f"{self.text()} {CANARY}"
        sender = Address(address=f"{CANARY}{customer.hex[:4]}@example.test", name="Ann 安")
        blob = self.random.randbytes(32).hex()
        file = c.FileRef(
            blob=blob, filename=f"{CANARY}.pdf", content_type="application/pdf", size=3, sha256="00"
        )
        received = c.MessageReceived(
            message=message, conversation=conversation, account=account, channel="email",
            occurred_at=None, received_at=self.now, raw=blob, threaded_by="new", threading_why="first",
            verified=self.random.random() < 0.5, automatic=self.random.choice(["", "", "", "auto-replied"]),
            language=self.random.choice(["en", "zh"]), sender=sender, reply_to=None,
            to=(Address(address="in0@shop.test"),), cc=(Address(address="Friend@example.test"),),
            subject=self.text(), text=f"{text}\n> quoted", new_text=text, message_ref=f"{message.hex}@{CANARY}",
            in_reply_to=(), references=(f"x@{CANARY}",), files=(file,) * self.random.randint(0, 2),
        )  # fmt: skip
        self.heard.append((customer, conversation, message))
        self.fact(customer, received, "customer", str(customer))

    def see_again(self) -> None:
        if (heard := self.living(self.heard)) is not None:
            again = c.MessageSeenAgain(
                message=heard[2], account=self.accounts[0], folder="INBOX", validity=1, uid=9
            )
            self.fact(heard[0], again, "system", "mail")

    def reply(self) -> None:
        if (heard := self.living(self.heard)) is None:
            return
        customer, conversation, answered = heard
        message, agent = self.uuid(), self.random.choice(self.agents)
        human = self.random.random() < 0.7
        written = c.ReplyWritten(
            message=message, conversation=conversation, account=self.accounts[0],
            kind="reply" if human else "acknowledgement", automatic="" if human else "auto-replied", language="en",
            send_after=self.now + timedelta(seconds=10), answers=answered,
            to=(Address(address=f"{CANARY}{customer.hex[:4]}@example.test"),), cc=(), subject=f"Re: {CANARY}",
            text=f"Dear {CANARY} {self.text()}", message_ref=f"{message.hex}@shop.test", in_reply_to="a@b",
            references=("a@b",), reply_to="in0+token@shop.test", files=(), author=agent if human else None,
        )  # fmt: skip
        self.replies.append((customer, conversation, message))
        self.fact(customer, written, *(("agent", str(agent)) if human else ("bot", "acknowledge")))

    def deliver(self) -> None:
        if (reply := self.living(self.replies)) is None:
            return
        customer, conversation, message = reply
        of = {"message": message, "conversation": conversation}
        if self.random.random() < 0.2:
            self.fact(customer, c.ReplyWithdrawn(**of))
            return
        self.fact(customer, c.DeliveryStarted(attempt=1, **of), "system", "delivery")
        why = f"451 {CANARY} later"
        end = self.random.choice(
            [
                c.DeliveryHandedOver(attempt=1, receipt="ok", refused=((f"x@{CANARY}", "550 no"),), **of),
                c.DeliveryDeferred(attempt=1, next_at=self.now + timedelta(minutes=2), why=why, **of),
                c.DeliveryFailed(attempt=1, why=why, **of),
                c.DeliveryUncertain(attempt=1, why=why, **of),
                c.DeliveryBounced(
                    permanent=self.random.random() < 0.7, report="00", recipients=(why,), diagnostic=why, **of
                ),
                None,
            ]
        )
        if end is not None:
            self.fact(customer, end, "system", "delivery")
        if self.random.random() < 0.3:
            self.fact(customer, c.DeliveryRetried(**of))

    def handle(self) -> None:
        if (place := self.living(self.conversations)) is None:
            return
        customer, conversation = place
        tag, assignee = self.random.choice(TAGS), self.random.choice([*self.agents, None])
        step = self.random.choice(
            [
                c.NoteAdded(note=self.uuid(), conversation=conversation, text=f"note {self.text()} {CANARY}"),
                c.ConversationAssigned(conversation=conversation, assignee=assignee),
                c.ConversationSnoozed(conversation=conversation, until=self.now + timedelta(days=1)),
                c.ConversationWoken(conversation=conversation, by="timer"),
                c.ConversationResolved(conversation=conversation),
                c.ConversationReopened(conversation=conversation, by="agent"),
                c.ConversationTagged(conversation=conversation, tag=tag),
                c.ConversationUntagged(conversation=conversation, tag=tag),
                c.ConversationMarkedSpam(conversation=conversation, why="agent"),
                c.ConversationUnmarkedSpam(conversation=conversation),
            ]
        )
        self.fact(customer, step)

    def complain(self) -> None:
        if (heard := self.living(self.heard)) is None:
            return
        customer, conversation, message = heard
        complaint = self.uuid()
        self.complaints.append((customer, conversation, message, complaint))
        at = {"complaint": complaint, "conversation": conversation, "message": message}
        if self.random.random() < 0.5:
            self.fact(
                customer, k.ComplaintDetected(rules="1", score=0.7, reasons=("angry",), **at), "bot", "detect"
            )
        number = f"C-2026-{len(self.complaints):05}"
        self.fact(customer, k.ComplaintRegistered(number=number, received_at=self.now, **at))

    def move_complaint(self) -> None:
        if (chosen := self.living(self.complaints)) is None:
            return
        customer, conversation, message, complaint = chosen
        step = self.random.choice(
            [
                k.ComplaintAcknowledged(complaint=complaint, message=message),
                k.AcknowledgementWithheld(complaint=complaint, why="limit"),
                k.ComplaintApologised(complaint=complaint, message=None),
                k.ComplaintInvestigated(complaint=complaint),
                k.ComplaintResponded(complaint=complaint, outcome="upheld", reasons=f"because {CANARY}"),
                k.ComplaintTold(complaint=complaint, message=None, how="by voice"),
                k.ComplaintTold(complaint=complaint, message=message, how="letter"),
                k.ComplaintLetterWithdrawn(complaint=complaint, message=message, told=True),
                k.ComplaintLetterFailed(complaint=complaint, message=message, told=True, outcome="upheld"),
                k.ComplaintLetterFailed(complaint=complaint, message=message, apologised=True),
                k.ComplaintClosed(complaint=complaint, reason="resolved"),
                k.ComplaintReopened(complaint=complaint, why="new facts", conversation=conversation),
            ]
        )
        self.fact(customer, step)

    def tend_account(self) -> None:
        account, raw = self.random.choice(self.accounts), self.random.randbytes(32).hex()
        parked = a.LetterParked(
            raw=raw, size=9, why="broken", folder="INBOX", validity=1, uid=3, excerpt="who?"
        )
        again = [
            a.LetterReadAgain(raw=raw_, customer=self.customers[0], message=self.uuid())
            for _, raw_ in self.raws[-1:]
        ]
        step = self.random.choice([
            parked, a.MailboxFailed(why="no connection"), a.MailboxRecovered(),
            a.MailboxRebound(folder="INBOX", old_validity=1, new_validity=2), *again,
        ])  # fmt: skip
        if step is parked:
            self.raws.append((account, raw))
        self.fact(account, step, "system", "mail")

    def set_up(self) -> None:
        agent, name = self.random.choice(self.agents), self.random.choice(["Thanks", "Sorry"])
        stream, step = self.random.choice(
            [
                (agent, s.AgentRoleChanged(agent=agent, role="lead")),
                (agent, s.AgentLeft(agent=agent)),
                (agent, s.AgentSignedIn(agent=agent)),
                (self.settings, s.SavedReplyKept(name=name, language="en", text=self.text())),
                (self.settings, s.SavedReplyRemoved(name=name, language="en")),
                (self.settings, s.SignatureSet(account=self.accounts[0], text="The shop")),
            ]
        )
        self.fact(stream, step)

    def choke(self) -> None:
        """A policy can't digest a fact; now and then it can after all."""
        cause, customer = Position(self.random.randint(1, 5)), StreamId(self.customers[0])
        parked = r.ReactionParked(policy="acknowledge", cause=cause, stream=customer, why="KeyError")
        recovered = r.ReactionRecovered(policy="acknowledge", cause=cause)
        self.fact(self.policy, self.random.choice([parked, recovered]), "system", "reactions")

    def erase(self) -> None:
        customer = self._customer()
        if customer is not None and len(self.erased) < 2:
            self.fact(customer, p.CustomerErased(reason="asked"), "agent")
            self.erased.add(customer)


Step = Callable[[Tale], None]
CHANCES: tuple[tuple[Step, float], ...] = (
    (Tale.open_customer, 6), (Tale.know_better, 5), (Tale.hear, 25), (Tale.see_again, 3), (Tale.reply, 14),
    (Tale.deliver, 14), (Tale.handle, 20), (Tale.complain, 4), (Tale.move_complaint, 8), (Tale.tend_account, 4),
    (Tale.set_up, 3), (Tale.choke, 3), (Tale.erase, 0.6),
)  # fmt: skip
STEPS = [step for step, _ in CHANCES]
WEIGHTS = [weight for _, weight in CHANCES]


def history(seed: int, count: int = 400, customers: int = 5) -> list[Recorded]:
    return Tale(seed, customers).tell(count)


def after_erasure(facts: Iterable[Recorded]) -> list[Recorded]:
    """The same history as the log gives it once the keys of erased customers are destroyed."""
    told = list(facts)
    gone = {one.stream for one in told if isinstance(one.event, p.CustomerErased)}
    return [replace(one, event=sealed(one.event)) if one.stream in gone else one for one in told]


def sealed(event: Any) -> Any:
    hints = get_type_hints(type(event), include_extras=True)
    personal = [
        field.name for field in fields(event) if PERSONAL in getattr(hints[field.name], "__metadata__", ())
    ]
    return replace(event, **dict.fromkeys(personal, ERASED))
