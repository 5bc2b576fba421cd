"""What is new and what is quoted, as mail programs of many countries set it. "*" stands for the whole text."""

from __future__ import annotations

import pytest

from channels.email.reading import read_letter
from channels.email.reading.quotes import new_part

QUOTES = [
    (
        "gmail en",
        "Thanks!\n\nOn Mon, Mar 2, 2026 at 3:04 PM Care <care@shop.example> wrote:\n\n> Dear Ann,\n> hello\n",
        "Thanks!",
    ),
    (
        "gmail en wrapped",
        "Thanks!\n\nOn Mon, Mar 2, 2026 at 3:04 PM Care Team of the Shop <\ncare@shop.example> wrote:\n\n> Dear Ann,\n> hello\n",
        "Thanks!",
    ),
    (
        "gmail zh",
        "谢谢！\n\n张三 <zhang@example.com> 于2026年3月2日周一 15:04写道：\n\n> 您好\n> 再见",
        "谢谢！",
    ),
    (
        "gmail zh old",
        "谢谢！\n\n在 2026年3月2日 下午3:04，Care <care@shop.example>写道：\n> 您好\n",
        "谢谢！",
    ),
    (
        "outlook en",
        "See below.\n\nAnn\n\n________________________________\nFrom: Care <care@shop.example>\nSent: Monday, March 2, 2026 3:04 PM\nTo: Ann <ann@x.example>\nSubject: Order\n\nDear Ann,\nbla",
        "See below.\n\nAnn",
    ),
    (
        "outlook en2",
        "Ok.\n\nFrom: Care [mailto:care@shop.example]\nSent: Monday, March 2, 2026 3:04 PM\nTo: Ann\nSubject: Order\n\nDear Ann",
        "Ok.",
    ),
    (
        "outlook old",
        "Ok.\n\n-----Original Message-----\nFrom: Care\nSent: x\nTo: y\nSubject: z\n\nDear",
        "Ok.",
    ),
    (
        "outlook zh",
        "好的。\n\n发件人: Care <care@shop.example>\n发送时间: 2026年3月2日 15:04\n收件人: Ann\n主题: 订单\n\n您好",
        "好的。",
    ),
    (
        "outlook zh rule",
        "好的。\n\n________________________________\n发件人: Care <care@shop.example>\n发送时间: 2026年3月2日 15:04\n收件人: Ann\n主题: 订单\n\n您好",
        "好的。",
    ),
    (
        "apple en",
        "Fine.\n\nSent from my iPhone\n\n> On Mar 2, 2026, at 3:04 PM, Care <care@shop.example> wrote:\n> \n> ﻿Dear Ann\n",
        "Fine.\n\nSent from my iPhone",
    ),
    (
        "apple zh",
        "可以。\n\n发自我的 iPhone\n\n> 在 2026年3月2日，下午3:04，Care <care@shop.example> 写道：\n> \n> 您好",
        "可以。\n\n发自我的 iPhone",
    ),
    ("apple zh2", "可以。\n\n> 2026年3月2日 15:04，Care <care@shop.example> 写道：\n> \n> 您好", "可以。"),
    (
        "qq",
        '我要退款\n\n\n\n\n------------------\u00a0原始邮件\u00a0------------------\n发件人: "客服" <care@shop.example>;\n发送时间: 2026年3月2日(星期一) 下午3:04\n收件人: "张三"<zhang@qq.com>;\n主题: Re: 订单\n\n您好',
        "我要退款",
    ),
    (
        "qq new",
        "我要退款\n\n\n\n原始邮件\n\n\n发件人：客服 <care@shop.example>\n发件时间：2026年3月2日 15:04\n收件人：张三 <zhang@qq.com>\n主题：Re: 订单\n\n您好",
        "我要退款",
    ),
    (
        "163",
        '还没收到\n\n\n\n\n\n在 2026-03-02 15:04:05，"客服" <care@shop.example> 写道：\n\n您好\n',
        "还没收到",
    ),
    (
        "163 old",
        '还没收到\n\n\nAt 2026-03-02 15:04:05, "care" <care@shop.example> wrote:\n>您好\n',
        "还没收到",
    ),
    (
        "163 master",
        "还没收到\n\n---- 回复的原邮件 ----\n| 发件人 | 客服<care@shop.example> |\n| 日期 | 2026年03月02日 15:04 |\n| 收件人 | zhang@163.com |\n| 主题 | Re: 订单 |\n您好",
        "还没收到",
    ),
    (
        "foxmail",
        "已收到，谢谢\n\n\n\nzhang@foxmail.com\n \n发件人： 客服\n发送时间： 2026-03-02 15:04\n收件人： 张三\n主题： Re: 订单\n您好",
        "已收到，谢谢\n\n\n\nzhang@foxmail.com",
    ),
    (
        "foxmail en",
        "已收到\n\n\n \nFrom: 客服\nDate: 2026-03-02 15:04\nTo: 张三\nSubject: Re: 订单\n您好",
        "已收到",
    ),
    (
        "de gmail",
        "Danke!\n\nAm Mo., 2. März 2026 um 15:04 Uhr schrieb Care <care@shop.example>:\n\n> Hallo",
        "Danke!",
    ),
    (
        "de outlook",
        "Danke!\n\nVon: Care <care@x>\nGesendet: Montag, 2. März 2026 15:04\nAn: Ann\nBetreff: x\n\nHallo",
        "Danke!",
    ),
    ("fr", "Merci\n\nLe lun. 2 mars 2026 à 15:04, Care <care@shop.example> a écrit :\n\n> Bonjour", "Merci"),
    (
        "es",
        "Gracias\n\nEl lun, 2 mar 2026 a las 15:04, Care (<care@shop.example>) escribió:\n\n> Hola",
        "Gracias",
    ),
    ("ja", "ありがとう\n\n2026年3月2日(月) 15:04 Care <care@shop.example>:\n\n> こんにちは", "ありがとう"),
    (
        "yahoo",
        "Thanks\n\n    On Monday, March 2, 2026 at 03:04:05 PM GMT+8, Care <care@shop.example> wrote:  \n \n Dear Ann\n more",
        "Thanks",
    ),
    (
        "inline",
        "Hi,\n\nOn Mon, 2 Mar 2026 at 15:04, Care <care@s> wrote:\n> Which colour?\n\nBlue.\n\n> Which size?\n\nLarge.",
        "*",
    ),
    ("inline2", "> Which colour?\n\nBlue.\n\n> Which size?\n\nLarge.", "*"),
    (
        "bottom",
        "On Mon, 2 Mar 2026 at 15:04, Care <care@s> wrote:\n> Which colour?\n> x\n\nBlue, please.",
        "Blue, please.",
    ),
    ("only quote", "> a\n> b", "*"),
    ("plain", "From: here on I will\nTo: be honest\n\nbye", "*"),
    ("prose", "On Monday your agent wrote: we refund.\nThat is not true.", "*"),
    ("prose2", "On 3 March 2026 he wrote:\nwe refund\nand that's not true", "*"),
    ("zh prose", "在3月2日的邮件里你们写道：\n会退款\n但没有退", "*"),
    (
        "forward",
        "FYI\n\n---------- Forwarded message ---------\nFrom: X <x@y>\nDate: Mon, 2 Mar 2026\nSubject: s\nTo: z\n\nbody",
        "*",
    ),
    (
        "footer",
        "Hi\n\nOn Mon, 2 Mar 2026 at 15:04, Care <care@s> wrote:\n> q\n\n-- \nAnn",
        "Hi\n\n\n-- \nAnn",
    ),
    ("no quote", "Hello\nworld", "Hello\nworld"),
    ("thunderbird", "Hello\n\nAm 02.03.2026 um 15:04 schrieb Care:\n> q\n", "Hello"),
    ("thunderbird en", "Hello\n\nOn 02/03/2026 15:04, Care wrote:\n> q\n", "Hello"),
    ("thunderbird zh", "你好\n\n在 2026/3/2 15:04, Care 写道:\n> q\n", "你好"),
    (
        "nested",
        "New\n\nOn Mon, 2 Mar 2026 at 15:04, Care <care@s> wrote:\n> a\n>\n> On Sun, 1 Mar 2026 at 15:04, Ann <a@s> wrote:\n>\n>> b\n",
        "New",
    ),
    (
        "outlook zh tw",
        "好\n\n寄件者: Care <c@s>\n寄件日期: 2026年3月2日 下午 03:04\n收件者: Ann\n主旨: x\n\n您好",
        "好",
    ),
    (
        "outlook bold",
        "Ok\n\n*From:* Care <c@s>\n*Sent:* Monday, March 2, 2026 3:04 PM\n*To:* Ann\n*Subject:* x\n\nDear",
        "Ok",
    ),
    (
        "wechat work",
        '好\n\n\n------------------ Original ------------------\nFrom:  "care"<care@s>;\nDate:  Mon, Mar 2, 2026 03:04 PM\nTo:  "a"<a@b>;\nSubject:  Re: x\n\nDear',
        "好",
    ),
    (
        "proton",
        "Hi\n\nSent with Proton Mail secure email.\n\nOn Monday, March 2nd, 2026 at 3:04 PM, Care <c@s> wrote:\n\n> x\n",
        "Hi\n\nSent with Proton Mail secure email.",
    ),
    ("hey ru", "Привет\n\nпн, 2 мар. 2026 г. в 15:04, Care <c@s.ru>:\n\n> x", "Привет"),
    (
        "alimail",
        "好\n\n------------------------------------------------------------------\n发件人：客服 <c@s.cn>\n发送时间：2026年3月2日(星期一) 15:04\n收件人：张三 <z@a.com>\n主　题：订单\n\n您好",
        "好",
    ),
    (
        "alimail2",
        "好\n\n------------------------------------------------------------------\n发件人：客服 <c@s.cn>\n发送时间：2026年3月2日(星期一) 15:04\n收件人：张三 <z@a.com>\n抄　送：b\n主　题：订单\n\n您好",
        "好",
    ),
    (
        "sina",
        "好\n\n----- 原始邮件 -----\n发件人：客服 <c@s.cn>\n收件人：x\n主题：s\n日期：2026年03月02日 15点04分\n\n您好",
        "好",
    ),
    (
        "139",
        "好\n\n\n----邮件原文----\n发件人：客服 <c@s.cn>\n收 件 人：x\n抄 送： (无)\n发送时间：2026-03-02 15:04:05\n主题：s\n\n您好",
        "好",
    ),
    ("dutch", "Dank\n\nOp ma 2 mrt 2026 om 15:04 schreef Care <c@s.nl>:\n\n> x", "Dank"),
    ("ital", "Grazie\n\nIl giorno lun 2 mar 2026 alle ore 15:04 Care <c@s.it> ha scritto:\n\n> x", "Grazie"),
    ("pt", "Obrigado\n\nEm seg., 2 de mar. de 2026 às 15:04, Care <c@s.pt> escreveu:\n\n> x", "Obrigado"),
    (
        "gmail plain noquote html2text",
        "Thanks\n\nOn Mon, Mar 2, 2026 at 3:04 PM Care <care@shop.example> wrote:\n\nDear Ann\nbye",
        "Thanks",
    ),
    ("bottom w greeting zh", "在 2026年3月2日，15:04，Care <c@s> 写道：\n> 要退款吗？\n\n要。", "要。"),
    ("two-level top", "No.\n\n-----Original Message-----\nFrom: A\n\nhi", "No."),
    (
        "signature before quote",
        "Hi\n-- \nAnn Smith\nPhone 12\n\nOn Mon, 2 Mar 2026 at 15:04, Care <care@s> wrote:\n> q",
        "Hi\n-- \nAnn Smith\nPhone 12",
    ),
]

PAGES = [
    (
        "gmail",
        (
            '<div dir="ltr">Yes.</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Mon, 2 Mar 2026 at 15:04,'
            ' Care &lt;<a href="mailto:care@s.example">care@s.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote"><p>Shall we?</p></blockquote></div>'
        ),
        "Yes.",
    ),
    (
        "gmail, answers in place",
        (
            '<div>Hi</div><div class="gmail_quote"><div class="gmail_attr">On Mon, 2 Mar 2026 at 15:04, Care &lt;c@s&gt; wrote:<br></div>'
            '<blockquote class="gmail_quote">Which colour?</blockquote><div>Blue.</div><blockquote class="gmail_quote">Which size?</blockquote><div>Large.</div></div>'
        ),
        "*",
    ),
    (
        "apple",
        (
            '<html><body>Fine.<br><div>Sent from my iPhone</div><div><br><blockquote type="cite">On 2 Mar 2026, at 15:04, Care &lt;c@s&gt; wrote:<br><br></blockquote></div>'
            '<blockquote type="cite"><div>Dear Ann</div></blockquote></body></html>'
        ),
        "Fine.\nSent from my iPhone",
    ),
    (
        "thunderbird, answer below",
        '<div class="moz-cite-prefix">On 02/03/2026 15:04, Care wrote:<br></div><blockquote type="cite" cite="mid:x">Shall we?</blockquote><p>Yes, please.</p>',
        "Yes, please.",
    ),
    (
        "outlook",
        (
            '<div class="elementToProof">Agreed.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Care &lt;c@s&gt;<br>'
            "<b>Sent:</b> Monday, March 2, 2026 3:04 PM<br><b>To:</b> Ann<br><b>Subject:</b> x</div><div>Dear Ann</div>"
        ),
        "Agreed.",
    ),
    (
        "163",
        (
            '<div>还没收到</div><br><div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><p>在 2026-03-02 15:04:05，"客服" &lt;care@s.example&gt; 写道：</p>'
            '<blockquote id="isReplyContent" style="padding-left:1ex"><div>您好</div></blockquote>'
        ),
        "还没收到",
    ),
    ("no quote", "<p>Hello <b>dear</b> shop,</p><p>bye</p>", "*"),
]


@pytest.mark.parametrize(("text", "new"), [each[1:] for each in QUOTES], ids=[each[0] for each in QUOTES])
def test_what_is_new_stands_apart_from_what_is_quoted(text: str, new: str) -> None:
    assert new_part(text) == (text.strip() if new == "*" else new)


@pytest.mark.parametrize(("page", "new"), [each[1:] for each in PAGES], ids=[each[0] for each in PAGES])
def test_pages_mark_their_quotes(page: str, new: str) -> None:
    found = read_letter(
        b"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    )
    assert found.new_text == (found.text if new == "*" else new)


@pytest.mark.parametrize("page", [each[1] for each in PAGES], ids=[each[0] for each in PAGES])
def test_folding_takes_no_word_from_the_whole_text(page: str) -> None:
    found = read_letter(
        b"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page.encode()
    )
    assert all(word in found.text for word in found.new_text.split())
    assert not any("\ue000" <= sign <= "\uf8ff" for sign in found.text + found.new_text)
