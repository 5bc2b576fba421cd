"""What the API says to people, in English and 简体中文, by stable code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from hub.domain.errors import Refusal

Language = Literal["en", "zh"]

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "malformed": ("The request could not be read.", "无法读取该请求。"),
    "sign-in-first": ("Sign in first.", "请先登录。"),
    "wrong-password": ("The e-mail address or the password is wrong.", "邮箱地址或密码不正确。"),
    "not-allowed": ("Your role does not allow this.", "您的角色无权执行此操作。"),
    "csrf": ("The page is out of date. Reload it, then try again.", "页面已过期，请刷新后重试。"),
    "foreign-origin": ("This request came from another site.", "该请求来自其他网站。"),
    "unknown-host": (
        "This hub is not reached under that name. Set the public address.",
        "本系统不使用该主机名，请检查公开地址设置。",
    ),
    "not-found": ("There is nothing here.", "此处没有内容。"),
    "no-such-method": ("This address does not take that method.", "该地址不支持此方法。"),
    "too-large": ("This is too large.", "内容过大。"),
    "fields": ("Some fields are wrong.", "部分字段有误。"),
    "too-many": ("Too many tries. Wait a minute, then try again.", "尝试次数过多，请一分钟后再试。"),
    "log-stopped": (
        "Nothing can be recorded right now. What you sent was not taken; try again.",
        "目前无法写入记录。您的操作未被接受，请稍后重试。",
    ),
    "views-behind": ("The views have not caught up yet. Try again.", "视图尚未更新，请稍后重试。"),
    "file-missing": ("The file is missing or damaged.", "文件缺失或已损坏。"),
    "erased": ("This was erased.", "该内容已删除。"),
    "still-unreadable": ("The letter still can't be read.", "仍然无法读取这封邮件。"),
    "key-used-for-something-else": (
        "This idempotency key was already used for a different request.",
        "该幂等键已用于其他请求。",
    ),
    "taken": (
        "This address belongs to another customer. Link the two instead.",
        "该地址已属于另一位客户，请改为关联两位客户。",
    ),
    "no-such-account": ("There is no such inbox.", "没有这个收件箱。"),
    "no-such-upload": (
        "This file was not uploaded by you, or is not kept any more. Attach it again.",
        "该文件并非由您上传，或已不再保存，请重新添加附件。",
    ),
    "login-taken": ("Somebody already signs in with this e-mail address.", "该邮箱地址已被使用。"),
    "last-admin": ("The last admin can't go.", "不能移除最后一位管理员。"),
    "weak-password": ("Use at least 10 characters.", "密码至少需要 10 个字符。"),
    "unexpected": (
        "Something went wrong here. Give the number to whoever runs this hub.",
        "系统出现问题，请将编号告知系统管理员。",
    ),
}

REFUSALS_IN_CHINESE: Final[Mapping[str, str]] = {
    "customer-erased": "该客户的资料已删除，无法再记录任何内容。",
    "no-such-conversation": "没有这个会话。",
    "no-such-complaint": "没有这个投诉。",
    "no-such-message": "没有这条消息。",
    "answered-meanwhile": "在您看到的最后一条消息之后，会话中又有新内容。请先阅读，再发送。",
    "too-late-to-withdraw": "邮件已交给邮件服务器，无法撤回。",
    "nobody-to-write-to": "请至少填写一位收件人。",
    "nothing-to-say": "请先填写内容。",
    "illegal-move": "投诉目前不能执行这一步。",
    "outcome-missing": "必须先将处理结果告知客户，才能结案。",
    "not-while-detected": "请先确认这是投诉。",
    "no-such-identity": "该客户没有这个地址。",
    "same-person": "不能将客户与其本人关联。",
    "not-linked": "这两位客户没有关联。",
    "automatic-limit": "未发送自动邮件：该地址已达上限，或来信由程序自动发出。",
    "no-such-customer": "没有这位客户。",
    "no-such-agent": "没有这位同事，或其已离职。",
    "not-waiting": "这封邮件不在待发送状态。",
    "not-yet-due": "这封邮件还不能发出。",
    "reopen-first": "会话已解决，请先重新打开。",
    "not-in-the-future": "请选择一个将来的时间。",
    "busy": "其他人同时在写入，请重试。",
}


def language_of(headers: Mapping[str, str]) -> Language:
    """Chinese when the reader asks for it before English (RFC 9110 §12.5.4, by order alone)."""
    asked = [part.strip().lower()[:2] for part in headers.get("accept-language", "").split(",")]
    return "zh" if next((code for code in asked if code in ("en", "zh")), "en") == "zh" else "en"


def sentence(code: str, language: Language) -> str:
    """What a problem of this code says."""
    return SENTENCES[code][language == "zh"]


def refusal_sentence(refusal: Refusal, language: Language) -> str:
    """What a refusal of the domain says; its own words where no translation exists."""
    if language == "en":
        return refusal.sentence
    return REFUSALS_IN_CHINESE.get(refusal.code, refusal.sentence)
