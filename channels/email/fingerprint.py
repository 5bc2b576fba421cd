"""What makes two deliveries the same letter: its raw bytes without the traces of the way they came."""

from __future__ import annotations

import re

from channels.email.reading.headers import FIELD, split_head

# Shipped with the record (record rule 12): changing a line changes which letters count as seen.
TRACES = re.compile(
    r"received|return-path|delivered-to|x-delivered-to|x-original-to|envelope-to|x-envelope-(?:to|from)|delivery-date|apparently-to"
    r"|x-apparently-to|authentication-results(?:-original)?|x-authentication-.*|arc-.*|received-spf|x-received(?:-spf)?|x-.*-authentication-results"
    r"|x-.*(?:scan|virus|spam|clam|antiabuse|amavis|rspamd|bogosity|dspam).*|x-(?:proofpoint|barracuda|ironport|mimecast|cmae|sophos|kaspersky|ham)-.*"
    r"|x-ms-exchange-(?:organization|crosstenant|transport|antispam|forest)-.*|x-forefront-.*|x-microsoft-antispam.*|x-eopattributedmessage"
    r"|x-cm-(?:transid|senderinfo)|x-coremail-.*|x-uidl?|status|x-status|x-keywords|content-length|lines|x-mozilla-.*|x-evolution-.*|x-sieve.*"
    r"|x-getmail-.*|x-gm-(?:thrid|msgid|labels)|x-loop-check"
)
SEPARATOR = re.compile(rb"(?<=\n)|(?<=\r)(?!\n)")
MBOX = re.compile(rb"\A>?From [^\r\n:]*\d\d:\d\d[^\r\n]*(?:\r\n|\n|\r)")


def letter_bytes(raw: bytes) -> bytes:
    """The letter without trace fields, every other byte as it came. Never fails."""
    raw = MBOX.sub(b"", raw, count=1)
    head, _ = split_head(raw)
    return kept(head) + raw[len(head) :]


def kept(head: bytes) -> bytes:
    """The lines of a head whose field is no trace; a folded line shares its field's fate."""
    out: list[bytes] = []
    keep = True
    for line in SEPARATOR.split(head):
        if line[:1] not in (b" ", b"\t"):
            match = FIELD.match(line)
            keep = match is None or TRACES.fullmatch(match[1].decode("latin-1").lower()) is None
        if keep:
            out.append(line)
    return b"".join(out)
