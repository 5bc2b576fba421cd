"""Make the next zstd dictionary from made-up letters: `python -m bench.train_dictionary infra/dictionaries/vN.zdict`.

Seeded, so the same code gives the same bytes. The words are our own; a dictionary holds pieces of its samples.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import msgspec
import zstandard

ENGLISH = [
    "Hello, thank you for your message",
    "Dear Sir or Madam, I ordered three weeks ago and the parcel has not arrived",
    "Please send me a refund",
    "Could you tell me when the order will be delivered? I am very disappointed with the service",
    "The item arrived damaged and I would like a replacement",
    "My order number is",
    "Kind regards,",
    "Best regards,",
    "We are sorry for the inconvenience",
    "Your complaint was registered",
    "You will hear from us by",
    "Thank you for your patience",
    "The invoice is wrong: I was charged twice",
    "I want to speak to a manager",
    "I can't log in to my account",
    "How do I return this? Is it possible to change the delivery address? Sent from my iPhone",
    "On Monday wrote:",
    "Please find attached the invoice and a picture of the box",
    "This is not acceptable",
    "I would like to complain about my order.",
]
CHINESE = [
    "您好",
    "谢谢",
    "订单",
    "还没有收到",
    "退款",
    "投诉",
    "客服",
    "发票",
    "快递",
    "物流",
    "请问",
    "什么时候",
    "发货",
    "商品",
    "损坏",
    "换货",
    "非常失望",
    "请尽快",
    "处理",
    "此致",
    "敬礼",
    "抱歉",
    "给您带来不便",
    "我们已经收到您的来信",
    "编号",
    "地址",
    "电话",
    "账户",
    "无法登录",
    "重复扣款",
    "质量问题",
    "附件",
]
FIRST = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Farid",
    "Grace",
    "Hiro",
    "Ines",
    "Jonas",
    "Li",
    "Wei",
    "Wang",
    "Fang",
    "Zhang",
    "Min",
]
PLACES = ["example.com", "example.org", "mail.example.net", "shop.example", "qq.example", "163.example"]
SUBJECTS = (
    "Order {n}",
    "Re: Order {n}",
    "Complaint",
    "Re: Complaint",
    "订单 {n}",
    "回复: 订单 {n}",
    "Refund for {n}",
    "Invoice {n}",
)


def samples(seed: int, count: int) -> list[bytes]:
    """Sealed parts of the kinds that fill a log: letters in, letters out, identities, delivery receipts."""
    chance = random.Random(seed)
    makers = (
        received,
        received,
        received,
        written,
        written,
        identity,
        opened,
        receipt,
        deferred,
        bounced,
        note,
    )
    return [msgspec.json.encode(chance.choice(makers)(chance)) for _ in range(count)]


def received(chance: random.Random) -> dict[str, Any]:
    text = prose(chance)
    return {
        "sender": address(chance),
        "reply_to": chance.choice([None, address(chance)]),
        "to": [address(chance)],
        "cc": [address(chance)] * chance.randrange(2),
        "subject": subject(chance),
        "text": text
        + chance.choice(["", f"\n\nOn Mon, 3 Mar 2025 at 10:12, {name(chance)} wrote:\n> {prose(chance)}"]),
        "new_text": text,
        "message_ref": reference(chance),
        "in_reply_to": [reference(chance)] * chance.randrange(2),
        "references": [reference(chance) for _ in range(chance.randrange(3))],
        "files": [file(chance)] * chance.randrange(2),
    }


def written(chance: random.Random) -> dict[str, Any]:
    return {
        "to": [address(chance)],
        "cc": [],
        "subject": subject(chance),
        "text": prose(chance),
        "message_ref": reference(chance),
        "in_reply_to": reference(chance),
        "references": [reference(chance) for _ in range(chance.randrange(3))],
        "reply_to": f"support+{digits(chance, 32)}@{chance.choice(PLACES)}",
        "files": [file(chance)] * chance.randrange(2),
    }


def identity(chance: random.Random) -> dict[str, Any]:
    return {"address": mailbox(chance)}


def opened(chance: random.Random) -> dict[str, Any]:
    return {"name": name(chance)} if chance.random() < 0.5 else {"subject": subject(chance)}


def receipt(chance: random.Random) -> dict[str, Any]:
    return {"receipt": f"250 2.0.0 OK queued as {digits(chance, 10).upper()}", "refused": []}


def deferred(chance: random.Random) -> dict[str, Any]:
    return {
        "why": chance.choice(
            [
                "451 4.3.0 try again later",
                "connection refused",
                "421 4.4.2 timed out",
                "550 5.1.1 no such user",
            ]
        )
    }


def bounced(chance: random.Random) -> dict[str, Any]:
    return {"recipients": [mailbox(chance)], "diagnostic": "smtp; 550 5.1.1 user unknown"}


def note(chance: random.Random) -> dict[str, Any]:
    return (
        {"text": prose(chance)}
        if chance.random() < 0.5
        else {"reasons": prose(chance), "excerpt": subject(chance)}
    )


def prose(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return "，".join(chance.choice(CHINESE) for _ in range(chance.randrange(5, 40))) + "。"
    return ". ".join(chance.choice(ENGLISH) for _ in range(chance.randrange(1, 9)))


def subject(chance: random.Random) -> str:
    return chance.choice(SUBJECTS).format(n=chance.randrange(10_000, 99_999))


def address(chance: random.Random) -> dict[str, str]:
    return {"address": mailbox(chance), "name": chance.choice(["", name(chance)])}


def mailbox(chance: random.Random) -> str:
    return f"{chance.choice(FIRST).lower()}.{digits(chance, 4)}@{chance.choice(PLACES)}"


def name(chance: random.Random) -> str:
    return f"{chance.choice(FIRST)} {chance.choice(FIRST)}"


def reference(chance: random.Random) -> str:
    return f"{digits(chance, 24)}@{chance.choice(PLACES)}"


def file(chance: random.Random) -> dict[str, Any]:
    kind = chance.choice(["application/pdf", "image/jpeg", "image/png", "text/plain"])
    return {
        "blob": digits(chance, 64),
        "filename": chance.choice(["invoice.pdf", "photo.jpg", "发票.pdf", "receipt.png"]),
        "content_type": kind,
        "size": chance.randrange(10_000_000),
        "sha256": digits(chance, 64),
        "inline": False,
        "content_id": "",
    }


def digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789abcdef") for _ in range(count))


if __name__ == "__main__":
    made = zstandard.train_dictionary(16_384, [*samples(1, 6_000)], level=3)
    Path(sys.argv[1]).write_bytes(made.as_bytes())
