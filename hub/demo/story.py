"""What the demo's customers write, in the order they write it. Data."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.demo.doorman import User
from hub.demo.people import (
    ALICE,
    BEN,
    CARLA,
    CHEN_JING,
    DEV,
    ERIN,
    LI_NA,
    MALLORY,
    NEWS,
    ORDERS,
    SUPPORT,
    WANG_WEI,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One letter. `sender` is whose password is used, `claims` whose name stands in From if that is another.

    `name` never changes: it is how a restarted demo knows what was written already.
    """

    name: str
    sender: User
    subject: str
    text: str
    to: User = SUPPORT
    claims: User | None = None
    html: str = ""
    charset: str = "utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[tuple[str, str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a customer writes back, once: to the first automatic letter, or to the first a person wrote."""

    name: str
    sender: User
    to_automatic: bool
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


def picture(width: int = 48, height: int = 48) -> bytes:
    """A small PNG: an orange lamp shade with a dark crack."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            crack = abs(x - width // 2 - (y % 7) + 3) < 2
            rows += bytes((60, 40, 30)) if crack else bytes((240, 150 + y, 40))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(rows))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


SCENES: Final[tuple[Scene, ...]] = (
    Scene(
        name="alice-broken",
        sender=ALICE,
        subject="Lamp arrived broken, order 10482",
        text="Hello,\n\nmy Luna desk lamp (order 10482) arrived today and the shade is cracked from top to bottom.\n"
        "I am really disappointed: it was meant as a birthday present for tomorrow, and the box was packed\n"
        "without any padding. This is unacceptable. I want a refund or a new one quickly.\n\nAlice Moreno\n",
        files=(("broken shade.png", "image/png", picture()),),
    ),
    Scene(
        name="lina-late",
        sender=LI_NA,
        subject="投诉：订单 20931 迟迟不发货",
        text="你好，\n\n我 10 天前下的订单 20931 到现在还没有发货，客服电话一直打不通，非常失望！\n"
        "页面上写的是“48 小时内发货”，这属于虚假宣传。请立即给我退款，否则我会向消费者协会投诉。\n\n李娜\n",
    ),
    Scene(
        name="ben-question",
        sender=BEN,
        subject="Which bulb fits the Aurora?",
        text="Hi there,\n\nquick question: does the Aurora floor lamp take E27 bulbs, and is it dimmable?\n\nThanks,\nBen\n",
    ),
    Scene(
        name="news-weekly",
        sender=NEWS,
        subject="Lighting Trade Weekly: ten trends for the winter",
        text="Ten trends for the winter season, in two minutes.\n\nYou receive this letter because you subscribed.\n",
        headers={
            "List-Id": "Lighting Trade Weekly <weekly.trade.example>",
            "List-Unsubscribe": "<mailto:news@trade.example?subject=unsubscribe>",
            "Precedence": "bulk",
        },
    ),
    Scene(
        name="carla-html",
        sender=CARLA,
        subject="Re-order for our café",
        text="Hello Lantern team,\n\nwe would like twelve more of the Orbit pendant lamps.\n"
        "Could you send an offer with delivery before the 15th?\n\nBest wishes\nCarla Fischer, Café Mitte\n",
        html="<p>Hello Lantern team,</p><p>we would like <b>twelve more</b> of the <i>Orbit</i> pendant lamps.<br>"
        "Could you send an offer with delivery before the 15th?</p><p>Best wishes<br>Carla Fischer, Café Mitte</p>"
        '<img src="http://tracker.letters.example/open.gif" width="1" height="1" alt="">',
        to=ORDERS,
    ),
    Scene(
        name="wangwei-invoice",
        sender=WANG_WEI,
        subject="请问可以补开发票吗？",
        text="您好：\n\n上个月买的两盏“月光”台灯想补开一张增值税发票，抬头和税号见附件。麻烦了，谢谢！\n\n王伟\n",
        charset="gb18030",
        files=(
            (
                "开票信息.txt",
                "text/plain",
                "抬头：星河设计有限公司\n税号：91310000MA1K000000\n".encode("gb18030"),
            ),
        ),
    ),
    Scene(
        name="dev-thanks",
        sender=DEV,
        subject="Thank you!",
        text="Just wanted to say that the replacement came within two days and works perfectly. Great service,\n"
        "please pass this on to Maya.\n\nDev\n",
    ),
    Scene(
        name="mallory-spoof",
        sender=MALLORY,
        claims=ALICE,
        subject="Change my delivery address",
        text="Hi, this is Alice. Please send the new lamp of order 10482 to 7 Harbour Lane instead and tell me\n"
        "which address and phone number you have for me.\n",
    ),
    Scene(
        name="chenjing-flicker",
        sender=CHEN_JING,
        subject="灯一直闪，很不满意",
        text="你们好，\n\n买回来的吸顶灯才用一周就一直闪，孩子做作业眼睛都疼，质量太差了，很不满意。\n"
        "请问是换货还是维修？希望今天能给答复。\n\n陈静\n",
    ),
    Scene(
        name="erin-charged",
        sender=ERIN,
        subject="Charged twice for one order",
        text="Good morning,\n\nmy card was charged twice for order 10511 (2 x EUR 89.00). Please look into this\n"
        "and return the second payment.\n\nRegards,\nErin Walsh\n",
    ),
)

ANSWERS: Final[tuple[Answer, ...]] = (
    Answer(
        name="alice-to-acknowledgement",
        sender=ALICE,
        to_automatic=True,
        text="Thank you for the quick confirmation. One more thing: a replacement would do as well,\n"
        "if it comes before Friday.\n\nAlice\n",
    ),
    Answer(
        name="lina-away",
        sender=LI_NA,
        to_automatic=True,
        text="您好，我正在出差，周五之后回复邮件。\n",
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    ),
    Answer(
        name="ben-to-person",
        sender=BEN,
        to_automatic=False,
        text="Perfect, that was quick. I have ordered one. Thanks!\n\nBen\n",
    ),
    Answer(
        name="alice-to-person",
        sender=ALICE,
        to_automatic=False,
        text="That is kind of you, thank you for putting it right.\n\nAlice\n",
    ),
    Answer(
        name="chenjing-to-person",
        sender=CHEN_JING,
        to_automatic=False,
        text="好的，谢谢，处理得很快！\n\n陈静\n",
    ),
)
