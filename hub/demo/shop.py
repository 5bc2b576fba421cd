"""The shop's own web page, which carries the hub's form. Another site than the hub, so CORS is really at work."""

from __future__ import annotations

from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

PRODUCTS = (
    ("Luna", "Desk lamp, warm light", "台灯，暖光", "€ 59", "#e8a33d"),
    ("Aurora", "Floor lamp, dimmable", "落地灯，可调光", "€ 149", "#5b8def"),
    ("Orbit", "Pendant lamp, brass", "吊灯，黄铜", "€ 89", "#b88746"),
    ("Moonlight", "Reading lamp, clip-on", "夹式阅读灯", "€ 29", "#8a7bd1"),
)

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif; }
html { background: Canvas; color: CanvasText; } body { margin: 0; } header { padding: 2.5rem 1rem 1.5rem; text-align: center; } h1 { margin: 0; font-size: 2rem; }
.goods { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; max-width: 60rem; margin: 0 auto; padding: 1rem; }
.goods article { border: 1px solid #8884; border-radius: .6rem; padding: 1rem; text-align: center; }
.goods h2 { margin: .5rem 0 0; font-size: 1.1rem; } .goods p { margin: .1rem 0; } .contact { border-top: 1px solid #8884; margin-top: 2rem; }
"""

WORDS = {
    "en": ("Lantern & Co.", "Lamps that stay for good", "Something wrong? Tell us.", "中文", "zh"),
    "zh": ("灯笼灯具", "一盏陪伴多年的灯", "遇到问题？请告诉我们。", "English", "en"),
}


def shop_app(hub_url: str, form: str = "contact") -> Starlette:
    """The shop's site; `hub_url` without a final slash is where the form comes from."""

    async def page(request: Request) -> Response:
        language = "zh" if request.query_params.get("lang") == "zh" else "en"
        return HTMLResponse(shop_page(f"{hub_url}/forms/{form}/embed.js", language), headers=headers(hub_url))

    return Starlette(routes=[Route("/", page)])


def headers(hub_url: str) -> dict[str, str]:
    """A policy as strict as a careful shop's: scripts and answers from the hub alone."""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {hub_url}; connect-src {hub_url}; base-uri 'none'"
    return {"Content-Security-Policy": policy}


def shop_page(script: str, language: str) -> str:
    name, claim, invitation, other_name, other = WORDS[language]
    cards = "".join(_card(*product, language) for product in PRODUCTS)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><header><h1>{escape(name)}</h1><p>{claim}</p>"
        f'<p><a href="?lang={other}" lang="{other}">{other_name}</a></p></header><main><div class="goods">{cards}</div>'
        f'<section class="contact" aria-label="{invitation}"><script src="{escape(script)}" async></script>'
        "</section></main></body></html>"
    )


def _card(name: str, english: str, chinese: str, price: str, colour: str, language: str) -> str:
    lamp = (
        f'<svg viewBox="0 0 64 64" width="96" height="96" aria-hidden="true"><path d="M20 8h24l10 24H10z" fill="{colour}"/>'
        '<path d="M30 32h4v20h-4zM20 52h24v4H20z" fill="#777"/></svg>'
    )
    return f"<article>{lamp}<h2>{name}</h2><p>{chinese if language == 'zh' else english}</p><p>{price}</p></article>"
