"""The form in a real browser: hosted, and embedded in a shop's page of another origin with a strict policy."""

import socket
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette

from channels.webform import FormPorts, FormSettings, read_raw, routes
from hub.demo.shop import shop_app
from hub.domain.letters import Address
from tests.channels.webform.front import Hub

pytestmark = pytest.mark.needs("chromium")


@contextmanager
def serving(build):
    """`build(url)` gives the app that is served at `url`, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(build(url), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def house(hub: Hub, shop_allowed=True):
    """A hub's form and a shop that embeds it, on two origins: (hub's url, shop's url)."""
    forms: dict[str, FormSettings] = {}

    def front(url: str) -> Starlette:
        ports = FormPorts(accept=hub.accept, limits=hub, secrets=hub, public_url=url, now=lambda: hub.moment)
        return Starlette(routes=routes(forms, ports))

    with serving(front) as hub_url, serving(lambda url: shop_app(hub_url)) as shop_url:
        forms["contact"] = FormSettings(
            name="contact", account="support", inbox=Address(address="support@shop.example"),
            allowed_origins=(shop_url,) if shop_allowed else (),
        )  # fmt: skip
        yield hub_url, shop_url


def fill(page):
    page.get_by_label("Your e-mail address").fill("alice@home.example")
    page.get_by_label("Your message").fill("The lamp is broken.")


def test_an_embedded_form_is_sent_once_and_shows_its_number(page):
    hub = Hub()
    with house(hub) as (_, shop):
        page.goto(shop)
        fill(page)
        page.get_by_label("Files").set_input_files(
            {"name": "灯.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
        )
        page.get_by_role("button", name="Send").click()
        page.get_by_role("status").get_by_text("M-1").wait_for()
    ((raw, spam),) = hub.taken.values()
    heard = read_raw(raw, FormSettings(name="contact", account="", inbox=Address(address="s@shop.example")))
    assert (heard.text, heard.attachments[0].filename, spam) == ("The lamp is broken.", "灯.png", "")


def test_an_error_takes_the_visitor_to_the_field_and_keeps_the_text(page):
    with house(Hub()) as (_, shop):
        page.goto(shop)
        page.get_by_label("Your message").fill("The lamp is broken.")
        page.get_by_role("button", name="Send").click()
        page.get_by_role("alert").get_by_role("link").click()
        assert page.get_by_label("Your e-mail address").evaluate(
            "node => node.getRootNode().activeElement === node"
        )
        assert page.get_by_label("Your message").input_value() == "The lamp is broken."


def test_a_failed_try_and_the_next_one_are_the_same_message(page):
    hub = Hub(broken=True)
    with house(hub) as (_, shop):
        page.goto(shop)
        fill(page)
        page.get_by_role("button", name="Send").click()
        page.get_by_role("alert").wait_for()
        hub.broken = False
        page.get_by_role("button", name="Send").click()
        page.get_by_role("status").wait_for()
    assert len(hub.taken) == 1


def test_a_shop_that_is_not_on_the_list_can_not_send(page):
    hub = Hub()
    with house(hub, shop_allowed=False) as (_, shop):
        page.goto(shop)
        fill(page)
        page.get_by_role("button", name="Send").click()
        page.get_by_role("alert").wait_for()
    assert not hub.taken


def test_the_hosted_page_works_without_scripts(browser):
    hub = Hub()
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    with house(hub) as (front, _):
        page.goto(f"{front}/forms/contact")
        page.get_by_label("您的邮箱地址").fill("lina@youjian.example")
        page.get_by_label("留言内容").fill("灯坏了。")
        page.get_by_role("button", name="发送").click()
        page.get_by_role("status").get_by_text("M-1").wait_for()
    context.close()
    assert len(hub.taken) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where", ["hosted", "embedded"])
def test_axe_finds_no_serious_fault(page, scheme, where):
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    with house(Hub()) as (front, shop):
        page.goto(f"{front}/forms/contact" if where == "hosted" else shop)
        page.get_by_role("button", name="Send").click()
        page.get_by_role("alert").wait_for()
        found = Axe().run(page).response["violations"]
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert not [(fault["id"], node["html"]) for fault in serious for node in fault["nodes"]]
