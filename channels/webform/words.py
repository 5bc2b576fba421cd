"""Every word a visitor may read on a form, in English and 简体中文."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["en", "zh"]

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "name": ("Your name", "您的姓名"),
    "email": ("Your e-mail address", "您的邮箱地址"),
    "email-hint": ("We answer to this address.", "我们会回复到此邮箱。"),
    "subject": ("Subject", "主题"),
    "message": ("Your message", "留言内容"),
    "files": ("Files", "附件"),
    "files-hint": (
        "Optional: up to {count} files, {size} MB each.",
        "选填：最多 {count} 个文件，每个不超过 {size} MB。",
    ),
    "optional": ("optional", "选填"),
    "website": ("Leave this empty", "请勿填写"),
    "send": ("Send", "发送"),
    "sending": ("Sending…", "正在发送…"),
    "other-language": ("中文", "English"),
    "error-title": ("Please look at this again", "请检查以下内容"),
    "error-prefix": ("Error: ", "错误："),
    "files-again": ("Please choose your files again.", "请重新选择附件。"),
    "thanks": ("Thank you, we have your message.", "感谢您，我们已收到您的留言。"),
    "receipt": ("Your number is", "您的编号是"),
    "receipt-next": (
        "A confirmation is on its way to your mailbox; we answer there.",
        "确认邮件正在发送到您的邮箱，我们会在邮件中答复您。",
    ),
    "unreachable": (
        "We could not be reached. Your text is still here: please try again in a moment.",
        "暂时无法连接。您填写的内容仍保留在此，请稍后重试。",
    ),
}

ERRORS: Final[Mapping[str, tuple[str, str]]] = {
    "required": ("Please fill in this field.", "请填写此项。"),
    "too-long": ("This is too long. Please shorten it.", "内容过长，请缩短后再提交。"),
    "not-an-address": (
        "This does not look like an e-mail address. Example: name@example.org",
        "邮箱地址格式不正确，例如：name@example.org",
    ),
    "too-many-files": ("There are too many files. Please choose fewer.", "附件数量过多，请减少后再提交。"),
    "file-too-large": ("A file is too large. Please choose a smaller one.", "有附件过大，请选择较小的文件。"),
    "bad-file": ("A file could not be read. Please choose it again.", "有附件无法读取，请重新选择。"),
    "expired": (
        "This page has been open for too long. Please send again now.",
        "页面打开时间过长，请现在重新发送。",
    ),
    "too-many": (
        "Too many messages were sent. Please try again in an hour, or write us an e-mail.",
        "发送次数过多，请一小时后再试，或直接给我们发邮件。",
    ),
    "too-large": (
        "This is too much at once. Please send fewer or smaller files.",
        "内容过大，请减少附件或选择较小的文件。",
    ),
    "malformed": ("The form could not be read. Please reload the page.", "无法读取表单，请刷新页面后重试。"),
    "foreign-page": ("This page may not send this form.", "此页面无权提交该表单。"),
    "try-again": (
        "Your message could not be recorded just now. Please send it again in a moment.",
        "暂时无法记录您的留言，请稍后重新发送。",
    ),
}


def said(key: str, language: Language) -> str:
    """The words for `key`. Raises `KeyError` for an unknown one."""
    return WORDS[key][0 if language == "en" else 1]


def explained(code: str, language: Language) -> str:
    """The sentence for an error's code."""
    return ERRORS[code][0 if language == "en" else 1]


def preferred(asked: str, accepts: str) -> Language:
    """`asked` if it is one of ours, else the first of ours in an Accept-Language header, else English."""
    for wish in (asked, *(part.partition(";")[0] for part in accepts.split(","))):
        tag = wish.strip().lower()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "en"
