"""Who wrote it: proof by our own server's word only, robots by their signs, delivery reports by their fields."""

from __future__ import annotations

import pytest

from channels.email.reading import read_letter
from hub.domain.letters import Bounce, Incoming

OURS = frozenset({"mx.shop.example"})
VICTIM = "From: Victim <v@victim.example>\r\n"


def read(
    head: str, body: str = "Hi", *, trusted: frozenset[str] = OURS, ours: frozenset[str] = frozenset()
) -> Incoming:
    return read_letter(f"{head}\r\n{body}\r\n".encode(), trusted_authserv=trusted, our_domains=ours)


def results(text: str, server: str = "mx.shop.example") -> str:
    return f"Authentication-Results: {server}; {text}\r\n"


PROVEN = {
    "dmarc": results("dmarc=pass header.from=victim.example") + VICTIM,
    "dmarc, domain in other case": results("dmarc=pass (p=none) header.from=Victim.Example") + VICTIM,
    "version after the id": results("dmarc=pass header.from=victim.example", "mx.shop.example 1") + VICTIM,
    "id in other case": results("dmarc=pass", "MX.Shop.Example") + VICTIM,
    "comment before the id": results("dmarc=pass", "(hello; dmarc=fail) mx.shop.example") + VICTIM,
    "folded": "Authentication-Results: mx.shop.example;\r\n\tspf=fail smtp.mailfrom=x.example;\r\n\tdmarc=pass\r\n"
    + VICTIM,
    "dkim alone": results("dkim=pass header.d=victim.example") + VICTIM,
    "dkim of the domain above": results("dkim=pass header.d=example.com") + "From: a@mail.example.com\r\n",
    "no policy, dkim": results("dmarc=none; dkim=pass header.d=victim.example") + VICTIM,
    "spf alone": results("spf=pass smtp.mailfrom=bounce@victim.example") + VICTIM,
    "foreign header above ours": results("dmarc=fail", "other.example") + results("dmarc=pass") + VICTIM,
    "quoted name with an address": results("dmarc=pass")
    + 'From: "other@bank.example" <v@victim.example>\r\n',
}
UNPROVEN = {
    "nothing": VICTIM,
    "forged id": results("dmarc=pass", "mx.shop.example.attacker.example") + VICTIM,
    "another server": results("dmarc=pass", "mx.attacker.example") + VICTIM,
    "fail": results("dmarc=fail header.from=victim.example") + VICTIM,
    "temperror": results("dmarc=temperror; dkim=pass header.d=victim.example") + VICTIM,
    "permerror": results("dmarc=permerror; spf=pass smtp.mailfrom=victim.example") + VICTIM,
    "forged below ours": results("dmarc=fail") + results("dmarc=pass header.from=victim.example") + VICTIM,
    "ours says none, forged pass below": results("none") + results("dmarc=pass") + VICTIM,
    "dmarc of another domain": results("dmarc=pass header.from=attacker.example") + VICTIM,
    "dkim of another domain": results("dkim=pass header.d=attacker.example") + VICTIM,
    "dkim of a look-alike": results("dkim=pass header.d=evilvictim.example") + VICTIM,
    "dkim of a domain below": results("dkim=pass header.d=user.victim.example") + VICTIM,
    "dkim of a top level": results("dkim=pass header.d=example") + VICTIM,
    "spf of another domain": results("spf=pass smtp.mailfrom=v@attacker.example") + VICTIM,
    "victim as local part": results('spf=pass smtp.mailfrom="v@victim.example"@attacker.example') + VICTIM,
    "pass in a comment": results("dmarc=fail (dmarc=pass header.from=victim.example)") + VICTIM,
    "pass in a nested comment": results("dmarc=fail (a (b) ; dmarc=pass)") + VICTIM,
    "pass in quotes": results('dmarc=fail reason="x; dmarc=pass"') + VICTIM,
    "id in a comment": "Authentication-Results: mx.attacker.example (mx.shop.example); dmarc=pass\r\n"
    + VICTIM,
    "two passes disagree": results(
        "dmarc=pass header.from=victim.example; dmarc=fail header.from=victim.example"
    )
    + VICTIM,
    "two From fields": results("dmarc=pass") + VICTIM + "From: x@attacker.example\r\n",
    "two From addresses": results("dmarc=pass") + "From: v@victim.example, x@attacker.example\r\n",
    "two angles": results("dmarc=pass") + "From: <v@victim.example> <x@attacker.example>\r\n",
    "a group": results("dmarc=pass") + "From: Victims: v@victim.example;\r\n",
    "name that is an address": results("dmarc=pass") + "From: v@victim.example <x@attacker.example>\r\n",
    "CVE-2023-27043, bracket": results("dmarc=pass") + "From: v@victim.example)x@attacker.example\r\n",
    "CVE-2023-27043, comma": results("dmarc=pass") + "From: v@victim.example,<x@attacker.example>\r\n",
    "CVE-2023-27043, angle": results("dmarc=pass") + "From: v@victim.example]<x@attacker.example>\r\n",
    "address inside an encoded word": results("dmarc=pass") + "From: =?utf-8?Q?v=40victim.example?=\r\n",
    "homograph": results("dmarc=pass") + "From: v@viсtim.example\r\n",
    "no From": results("dmarc=pass") + "Sender: v@victim.example\r\n",
    "no address": results("dmarc=pass") + "From: Victim\r\n",
    "ARC only": "ARC-Authentication-Results: i=1; mx.shop.example; dmarc=pass\r\n" + VICTIM,
    "word in the name": "X-Authentication-Results: mx.shop.example; dmarc=pass\r\n" + VICTIM,
    "neutral": results("dkim=neutral header.d=victim.example; spf=softfail smtp.mailfrom=victim.example")
    + VICTIM,
    "empty": "Authentication-Results: mx.shop.example\r\n" + VICTIM,
}


@pytest.mark.parametrize("head", PROVEN.values(), ids=PROVEN.keys())
def test_a_sender_is_proven_by_our_own_server(head: str) -> None:
    assert read(head).authentication.proven


@pytest.mark.parametrize("head", UNPROVEN.values(), ids=UNPROVEN.keys())
def test_a_sender_is_not_proven(head: str) -> None:
    assert not read(head).authentication.proven


@pytest.mark.parametrize("head", PROVEN.values(), ids=PROVEN.keys())
def test_without_a_trusted_server_nobody_is_proven(head: str) -> None:
    assert not read(head, trusted=frozenset()).authentication.proven


def test_negative_control_trusting_any_server_would_prove_a_forger() -> None:
    assert read(UNPROVEN["another server"], trusted=OURS | {"mx.attacker.example"}).authentication.proven


def test_a_borrowed_address_of_ours_is_told() -> None:
    head = "From: Boss <boss@shop.example>\r\n"
    assert any("our own addresses" in each for each in read(head, ours=frozenset({"shop.example"})).defects)
    proven = read(results("dmarc=pass") + head, ours=frozenset({"shop.example"}))
    assert not any("our own addresses" in each for each in proven.defects)


ROBOTS = {
    "Auto-Submitted: auto-replied": "Auto-Submitted",
    "Auto-Submitted: auto-generated (vacation)": "Auto-Submitted",
    "Return-Path: <>": "Return-Path",
    "Precedence: bulk": "Precedence",
    "Precedence: auto_reply": "Precedence",
    "List-Id: <x.example>": "List-Id",
    "List-Unsubscribe: <mailto:u@x.example>": "List-Unsubscribe",
    "X-Auto-Response-Suppress: DR, OOF, AutoReply": "X-Auto-Response-Suppress",
    "X-Autoreply: yes": "X-Autoreply",
    "X-Autorespond: out": "X-Autorespond",
    "X-Failed-Recipients: a@b.example": "X-Failed-Recipients",
    "From: no-reply@bank.example": "no-reply@bank.example",
    "From: Noreply <noreply-orders@bank.example>": "noreply-orders",
    "From: do_not_reply@bank.example": "do_not_reply",
    "From: MAILER-DAEMON@x.example": "MAILER-DAEMON",
    "Subject: Automatic reply: hello": "subject",
    "Subject: Out of Office": "subject",
    "Subject: 自动回复：您好": "subject",
    "Subject: Abwesenheitsnotiz: hallo": "subject",
    "Content-Type: multipart/report; boundary=x": "Content-Type",
}
PEOPLE = (
    "Auto-Submitted: no",
    "Precedence: first-class",
    "X-Auto-Response-Suppress: DR, RN, NRN",
    "Subject: Re: Automatic reply does not work",
    "Subject: Out of office chairs again",
    "Subject: Your bot sent an automatic reply",
    "From: Nora Reply <nora.reply@mail.example>",
    "Return-Path: <ann@mail.example>",
    "X-Autoreply: no",
)


@pytest.mark.parametrize(("field", "why"), ROBOTS.items(), ids=ROBOTS.keys())
def test_a_robot_is_known_and_the_reason_told(field: str, why: str) -> None:
    head = field if field.startswith("From") else f"From: ann@mail.example\r\n{field}"
    found = read(head + "\r\n").automatic
    assert found.is_automatic
    assert why in found.why


@pytest.mark.parametrize("field", PEOPLE)
def test_a_person_is_no_robot(field: str) -> None:
    head = field if field.startswith("From") else f"From: ann@mail.example\r\n{field}"
    assert not read(head + "\r\n").automatic.is_automatic


def test_our_own_echo_is_known_and_another_hub_is_not_taken_for_it() -> None:
    head = "From: care@shop.example\r\nMessage-ID: <1.token@shop.example>\r\nX-Amends: <1.token@shop.example>\r\n"
    assert "our own letter" in read(head, ours=frozenset({"shop.example"})).automatic.why
    assert not read(head, ours=frozenset({"other.example"})).automatic.is_automatic


DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.example>\r\nReturn-Path: <>\r\n"
REPORTS = {
    "exim": (
        DAEMON
        + "X-Failed-Recipients: gone@mail.example\r\nSubject: Mail delivery failed: returning message to sender\r\n",
        (
            "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
            "recipients. This is a permanent error. The following address(es) failed:\n\n  gone@mail.example\n    550 No such user\n\n"
            "------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <out.1@shop.example>\n"
        ),
        Bounce(
            permanent=True,
            recipients=("gone@mail.example",),
            original_ids=("out.1@shop.example",),
            diagnostic="550 No such user",
        ),
    ),
    "exim, delayed": (
        DAEMON + "Subject: Warning: message 1abc delayed 24 hours\r\n",
        "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n\n  slow@mail.example\n",
        Bounce(permanent=False, recipients=("slow@mail.example",)),
    ),
    "163": (
        "From: Postmaster@163.example\r\nSubject: 系统退信/Systems bounce\r\n",
        "抱歉，您的邮件被退回来了……\n主题：您的订单\n时间：2026-03-02\n无法发送到 gone@163.example\n退信原因：收件人不存在\n",
        Bounce(permanent=True, recipients=("gone@163.example",)),
    ),
    "exchange": (
        "From: postmaster@corp.example\r\nSubject: Undeliverable: Your order\r\nIn-Reply-To: <out.2@shop.example>\r\n",
        "Your message to gone@corp.example couldn't be delivered.\n\ngone wasn't found at corp.example.\n",
        Bounce(permanent=True, recipients=("gone@corp.example",), original_ids=("out.2@shop.example",)),
    ),
}
NOT_REPORTS = {
    "a customer complains about delivery": (
        "From: ann@mail.example\r\nSubject: Delivery failed again!\r\n",
        "My parcel could not be delivered.",
    ),
    "a vacation notice": (
        DAEMON + "Auto-Submitted: auto-replied\r\nSubject: Out of office\r\n",
        "I am away.",
    ),
    "a customer quotes a bounce": (
        "From: ann@mail.example\r\nSubject: Fwd: failure notice\r\n",
        "User unknown <x@y.example>: 550",
    ),
    "a postmaster writes": (
        "From: postmaster@mail.example\r\nSubject: Hello\r\n",
        "Could we talk about TLS?",
    ),
}


@pytest.mark.parametrize(("head", "body", "bounce"), REPORTS.values(), ids=REPORTS.keys())
def test_a_delivery_report_without_fields_is_understood(head: str, body: str, bounce: Bounce) -> None:
    assert read(head, body).bounce == bounce


@pytest.mark.parametrize(("head", "body"), NOT_REPORTS.values(), ids=NOT_REPORTS.keys())
def test_what_only_sounds_like_a_report_is_none(head: str, body: str) -> None:
    assert read(head, body).bounce is None


def status(*groups: str) -> Incoming:
    report = "\r\n\r\n".join(("Reporting-MTA: dns; mx.example", *groups))
    return read(
        DAEMON + "Content-Type: multipart/report; boundary=b\r\n",
        f"--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n{report}\r\n\r\n--b\r\n"
        "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <out.9@shop.example>\r\n--b--",
    )


def test_only_recipients_who_failed_are_named() -> None:
    found = status(
        "Final-Recipient: rfc822; ok@a.example\r\nAction: delivered\r\nStatus: 2.0.0",
        "Final-Recipient: rfc822; bad@a.example\r\nAction: failed\r\nStatus: 5.1.1",
        "Original-Recipient: rfc822;old@a.example\r\nAction: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp; 552 full",
    )
    assert found.bounce == Bounce(
        permanent=True,
        recipients=("bad@a.example", "old@a.example"),
        original_ids=("out.9@shop.example",),
        diagnostic="5.1.1",
    )


def test_a_report_of_success_is_no_bounce_but_automatic() -> None:
    found = status("Final-Recipient: rfc822; ok@a.example\r\nAction: delivered\r\nStatus: 2.0.0")
    assert found.bounce is None
    assert found.automatic.is_automatic


@pytest.mark.parametrize(
    ("subject", "text", "language"),
    [
        ("退款", "请退款", "zh"),
        ("Re: order", "我的 iPhone 15 Pro Max 还没有收到，请尽快处理。", "zh"),
        ("Order", "Please refund me. Best, 王小明", "en"),
        ("注文", "注文が届きません。お願いします。", "en"),
        ("", "", "en"),
        ("Re: 您的订单", "Thanks, I received it yesterday and all is well with the lamp.", "en"),
    ],
)
def test_the_language_is_that_of_most_words(subject: str, text: str, language: str) -> None:
    assert read(f"From: a@b.example\r\nSubject: {subject}\r\n", text).language == language


ANSWERING = "Return-Path: <>\r\nFrom: alice@customer.example\r\nIn-Reply-To: <out.77@shop.example>\r\n"
RECEIPT = """Your message was read.\r
--x\r
Content-Type: message/disposition-notification\r
\r
Original-Message-ID: <out.77@shop.example>\r
Disposition: manual-action/MDN-sent-manually; displayed\r
\r
--x\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: <out.77@shop.example>\r
\r
--x--\r
"""


@pytest.mark.parametrize("automatic", ["", "Auto-Submitted: auto-generated\r\n"])
def test_an_absence_notice_that_quotes_the_subject_of_a_lost_parcel_is_no_report(automatic: str) -> None:
    head = f"{ANSWERING}Subject: Automatic reply: Parcel could not be delivered\r\n{automatic}"
    assert read(head, "I am out of the office until Monday.").bounce is None


def test_a_receipt_is_no_report_even_where_it_brings_the_head_of_the_letter_back() -> None:
    head = f"{ANSWERING}Subject: Read: Order not delivered\r\nContent-Type: multipart/report; boundary=x\r\n"
    assert read(head, f"--x\r\nContent-Type: text/plain\r\n\r\n{RECEIPT}").bounce is None


def test_a_report_from_no_daemon_is_understood_by_the_head_that_it_brings_back() -> None:
    head = "Return-Path: <>\r\nFrom: relay@isp.example\r\nSubject: Delivery failure\r\n"
    found = read(head, "It could not be delivered.\r\n\r\nMessage-ID: <out.77@shop.example>\r\n").bounce
    assert found and found.permanent and found.original_ids == ("out.77@shop.example",)
