"""系统自动发出的中文信件。The hub's own letters in Chinese. Nothing that a customer wrote ever stands in them."""

from __future__ import annotations

from datetime import date
from typing import Final

SUBJECT: Final = "我们已收到您的投诉 – {number}"

TEXT: Final = """\
您好！

感谢您告诉我们。这件事给您带来了不便和不愉快，我们深表歉意。

您的投诉已登记，编号为 {number}。

接下来：我们的同事会阅读您的来信，了解情况并答复您。最迟于{by}之前，您会收到我们的消息；即使那时还需要更多时间处理，我们也会告诉您进展。

如果您想与工作人员联系，或有补充，请直接回复本邮件：每一封回复都会有同事阅读。

本邮件由我们的自动助手（机器人）在收到您的来信后立即发出。
"""

RECEIPT_LINE: Final = "\n您提交表单时看到的编号：{number}\n"

RECEIPT_SUBJECT: Final = "我们已收到您的留言 – {number}"

RECEIPT: Final = """\
您好！

感谢您的来信。我们已收到您的留言，编号为 {number}。

我们的同事会阅读并答复您。如有补充，请直接回复本邮件。

本邮件由我们的自动助手（机器人）在收到您的留言后立即发出。
"""

DAYS: Final = "一二三四五六日"


def day(moment: date) -> str:
    """2026年3月12日（星期四）。"""
    return f"{moment.year}年{moment.month}月{moment.day}日（星期{DAYS[moment.weekday()]}）"
