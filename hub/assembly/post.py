"""Letters out: from the outbox's words to a letter on the wire of its inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from channels.email.wire import SmtpLine
from channels.email.writing import compose
from hub.app.ports import Inbox, Readers, Vault
from hub.domain.conversation.events import FileRef
from hub.domain.ids import AccountId
from hub.domain.letters import Address, Attachment, Delivery, Outgoing
from hub.domain.vocabulary import Erased
from projections.outbox import OutgoingLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Fetches the files of a letter and names its sender."""

    vault: Vault
    readers: Readers
    inboxes: Mapping[AccountId, Inbox]

    async def __call__(self, letter: OutgoingLetter) -> Outgoing | None:
        """None: its inbox is no longer connected, or a file was erased."""
        inbox = self.inboxes.get(letter.posted.account)
        if inbox is None:
            return None
        files = [await self._file(file, inbox) for file in letter.files]
        found = tuple(file for file in files if file is not None)
        return outgoing(letter, inbox, found) if len(found) == len(files) else None

    async def _file(self, file: FileRef, inbox: Inbox) -> Attachment | None:
        content = await self.vault.open(file.blob)
        if isinstance(content, Erased):
            return None
        if sha256(content).hexdigest() != file.sha256:
            return await self._file_in_letter(file, content, inbox)
        return Attachment(filename=file.filename, content_type=file.content_type, content=content)

    async def _file_in_letter(self, file: FileRef, raw: bytes, inbox: Inbox) -> Attachment | None:
        """A forwarded file stands in the letter that the blob holds."""
        letter = await self.readers.read(raw, account=inbox.name)
        same = (each for each in letter.attachments if sha256(each.content).hexdigest() == file.sha256)
        return next(same, None)


def outgoing(letter: OutgoingLetter, inbox: Inbox, files: tuple[Attachment, ...]) -> Outgoing:
    """A person's letter carries the inbox's signature; a machine's has the null return path (RFC 3834 §3.3)."""
    automatic = letter.posted.automatic
    return Outgoing(
        message_id=letter.message_ref,
        sender=inbox.address,
        envelope_from="" if automatic else inbox.address.address,
        to=letter.to,
        cc=letter.cc,
        reply_to=Address(address=letter.reply_to, name=inbox.address.name) if letter.reply_to else None,
        subject=letter.subject,
        text=letter.text if automatic else signed(letter.text, inbox.signature),
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        attachments=files,
        automatic=automatic,
        date=letter.written_at,
        language=letter.language,
    )


def signed(text: str, signature: str) -> str:
    """With the signature below the usual mark, unless it stands there already."""
    below = f"\n\n-- \n{signature}"
    return text if not signature or text.rstrip().endswith(signature) else f"{text.rstrip()}{below}"


@dataclass(frozen=True, slots=True)
class MailSender:
    """Composes and hands over on the inbox's own line."""

    line: SmtpLine

    async def send(self, letter: Outgoing) -> Delivery:
        people = (*letter.to, *letter.cc, *letter.bcc)
        recipients = tuple(dict.fromkeys(person.address for person in people))
        return await self.line.send(compose(letter), letter.envelope_from, recipients)
