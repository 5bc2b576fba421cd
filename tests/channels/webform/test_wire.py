"""The form over HTTP: page, token, posts, limits and foreign pages."""

import json
import re
from base64 import b64encode

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from channels.webform import FormPorts, FormSettings, read_raw, routes
from channels.webform.wire import TOKEN_SECONDS
from hub.domain.letters import Address
from tests.channels.webform.front import Hub

SHOP, HUB = "https://shop.example", "https://hub.example"
FORM = FormSettings(
    name="contact", account="support", inbox=Address(address="support@shop.example"),
    allowed_origins=(SHOP,), max_files=2, max_file_mb=0.01, rate_per_hour=3,
)  # fmt: skip
FIELDS = {"name": "Alice", "email": "alice@home.example", "subject": "Lamp", "message": "It broke."}
JSON = {"Accept": "application/json"}


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def browser(hub: Hub) -> TestClient:
    ports = FormPorts(accept=hub.accept, limits=hub, secrets=hub, public_url=HUB, now=lambda: hub.moment)
    return TestClient(Starlette(routes=routes({"contact": FORM}, ports)), base_url=HUB)


def token(browser: TestClient) -> str:
    return browser.get("/forms/contact/token").json()["token"]


def post(browser: TestClient, headers=None, files=None, **fields):
    filled = {**FIELDS, "token": token(browser), "key": "k" * 16, **fields}
    return browser.post("/forms/contact", data=filled, files=files, headers={**JSON, **(headers or {})})


def test_a_visitor_without_scripts_gets_a_page_then_a_number(browser, hub):
    page = browser.get("/forms/contact").text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = browser.post("/forms/contact", data={**FIELDS, **hidden}, headers={"Origin": HUB})
    assert answer.status_code == 201
    assert "<strong>M-1</strong>" in answer.text
    assert read_raw(next(iter(hub.taken.values()))[0], FORM).text == "It broke."


def test_the_page_speaks_the_visitor_s_language(browser):
    assert "发送" in browser.get("/forms/contact", headers={"Accept-Language": "zh-CN"}).text
    assert ">Send<" in browser.get("/forms/contact?lang=en", headers={"Accept-Language": "zh-CN"}).text


def test_every_field_has_a_label_and_the_trap_is_hidden_from_everyone(browser):
    page = browser.get("/forms/contact").text
    for name in re.findall(r'<(?:input|textarea)[^>]* id="(\w+)"', page):
        assert f'<label for="{name}">' in page
    assert 'aria-hidden="true"><label for="website"' in page and 'tabindex="-1"' in page


def test_the_page_runs_nothing_and_loads_nothing_foreign(browser):
    answer = browser.get("/forms/contact")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and f"frame-ancestors 'self' {SHOP}" in policy
    assert "<script" not in answer.text and " style=" not in answer.text


def test_errors_stand_in_a_summary_and_at_the_field_and_nothing_typed_is_lost(browser, hub):
    answer = post(browser, headers={"Accept": "text/html"}, email="nobody", message="<b>hi</b>")
    assert answer.status_code == 422
    assert 'href="#email"' in answer.text and 'aria-invalid="true"' in answer.text
    assert "&lt;b&gt;hi&lt;/b&gt;" in answer.text and "<b>hi" not in answer.text
    assert not hub.taken


def test_a_program_is_told_field_code_and_sentence(browser):
    answer = post(browser, email="", headers={"Accept-Language": "zh"})
    assert answer.json() == {"errors": [{"field": "email", "code": "required", "message": "请填写此项。"}]}


def test_a_repeated_post_is_the_same_message(browser, hub):
    assert post(browser).json() == post(browser).json() == {"receipt": "M-1"}
    assert post(browser, key="another-key").json() == {"receipt": "M-2"}
    assert len(hub.taken) == 2


def test_json_with_files_is_taken_too(browser, hub):
    file = {"filename": "发票.txt", "content_type": "text/plain", "content": b64encode(b"42").decode()}
    answer = browser.post("/forms/contact", json={**FIELDS, "token": token(browser), "files": [file]})
    assert answer.status_code == 201
    ((raw, _),) = hub.taken.values()
    assert [(f.filename, f.content) for f in read_raw(raw, FORM).attachments] == [("发票.txt", b"42")]


def test_uploaded_files_arrive_whole(browser, hub):
    content = bytes(range(256)) * 8
    assert post(browser, files={"files": ("../photo.jpg", content, "image/jpeg")}).status_code == 201
    ((raw, _),) = hub.taken.values()
    assert [(f.filename, f.content) for f in read_raw(raw, FORM).attachments] == [("photo.jpg", content)]


def test_too_large_a_file_is_a_field_error_and_too_large_a_request_is_cut_off(browser, hub):
    answer = post(browser, files={"files": ("a", b"x" * 20_000, "")})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "file-too-large")
    answer = post(browser, files={"files": ("a", b"x" * (FORM.max_body_bytes + 1), "")})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too-large")


def test_a_request_without_length_is_cut_off_all_the_same(browser):
    def endless():
        for _ in range(FORM.max_body_bytes // 65_536 + 2):
            yield b"x" * 65_536

    answer = browser.post(
        "/forms/contact", content=endless(), headers={**JSON, "Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_a_machine_that_falls_for_the_trap_is_kept_as_spam_and_told_nothing(browser, hub):
    assert post(browser, website="x").status_code == 201
    ((_, spam),) = hub.taken.values()
    assert spam


@pytest.mark.parametrize("forged", ["", "zz.x", "65000000.AAAA", "é.ü"])
def test_a_forged_token_is_refused(browser, hub, forged):
    assert post(browser, token=forged).json()["errors"][0]["code"] == "expired"
    assert not hub.taken


def test_a_token_of_yesterday_or_of_another_form_is_refused(browser, hub):
    old = token(browser)
    hub.moment += TOKEN_SECONDS + 1
    assert post(browser, token=old).status_code == 422


def test_one_address_may_write_so_many_times_an_hour(browser, hub):
    codes = [post(browser, key=f"key-number-{n}").status_code for n in range(5)]
    assert codes == [201, 201, 201, 429, 429]
    assert post(browser, key="somebody-else", email="bob@home.example").status_code == 201


def test_a_page_on_the_list_may_post_and_read_the_answer(browser):
    answer = post(browser, headers={"Origin": SHOP})
    assert answer.status_code == 201
    assert answer.headers["access-control-allow-origin"] == SHOP
    preflight = browser.options("/forms/contact", headers={"Origin": SHOP})
    assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil.example"])
def test_a_foreign_page_may_not(browser, hub, origin):
    answer = post(browser, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert not hub.taken


def test_when_nothing_can_be_recorded_the_visitor_is_asked_to_send_again(browser, hub):
    hub.broken = True
    answer = post(browser)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "try-again")


@pytest.mark.parametrize("body", [b"[1]", b"{", b'{"files": 3}', b"\xff"])
def test_a_body_that_is_no_form_is_called_malformed(browser, body):
    answer = browser.post("/forms/contact", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "malformed")


def test_an_unknown_form_is_not_there(browser):
    assert browser.get("/forms/other").status_code == 404


def test_the_script_carries_the_settings_safely(browser):
    script = browser.get("/forms/contact/embed.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert f'"base": "{HUB}/forms/contact"' in script.text
    assert "</" not in script.text


@pytest.mark.parametrize("field", ["name", "message", "key", "token", "files"])
def test_half_a_character_breaks_nothing(browser, field):
    half = "\ud800" * 9
    spoilt = [{"filename": half, "content": ""}] if field == "files" else half
    body = json.dumps({**FIELDS, "token": token(browser), field: spoilt})
    answer = browser.post("/forms/contact", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == (422 if field == "token" else 201)
