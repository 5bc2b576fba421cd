"""Around every answer: safe headers, known hosts, no internals."""

from pathlib import Path

import pytest

from tests.web.house import House, house
from tests.web.shapes import no


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/inbox/open", "/api/v1/nothing", "/login"])
async def test_every_answer_carries_the_headers(home: House, path: str) -> None:
    answer = await home.browser().get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost.evil.example:8000"]
)
async def test_an_unknown_host_is_refused(home: House, host: str) -> None:
    no(await home.browser().get("/api/v1/health", headers={"Host": host}), 400, "unknown-host")


@pytest.mark.parametrize("host", ["localhost:9", "127.0.0.1", "[::1]:8000"])
async def test_the_loopback_is_known(home: House, host: str) -> None:
    assert (await home.browser().get("/api/v1/health", headers={"Host": host})).status_code == 200


async def test_what_breaks_inside_is_not_told(home: House, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of alice@home.example")

    object.__setattr__(home.desk, "ask", broken)
    rep = await home.as_("rep")
    detail = no(await rep.get("/api/v1/inbox/open"), 500, "unexpected")
    assert detail["number"] in caplog.text
    answer = await rep.get("/api/v1/inbox/open")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "content-security-policy" in answer.headers


async def test_a_body_that_is_no_json_is_malformed(home: House) -> None:
    rep = await home.as_("rep")
    headers = {"Content-Type": "application/json"}
    no(await rep.put("/api/v1/saved-replies", content=b"{", headers=headers), 400, "malformed")


async def test_a_body_that_is_too_large_is_not_taken(home: House) -> None:
    rep = await home.as_("rep")
    no(await rep.put("/api/v1/saved-replies", json={"name": "a" * 3_000_000}), 413, "too-large")


async def test_over_https_the_cookie_is_bound_to_this_host(tmp_path: Path) -> None:
    async with house(tmp_path, public_url="https://desk.example") as made:
        browser = made.browser()
        answer = await browser.sign_in("rep@shop.example")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-amends_session=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "strict-transport-security" in answer.headers
        assert (await browser.get("/api/v1/session")).status_code == 200


async def test_the_openapi_document_is_3_1_and_names_every_refusal_shape(home: House) -> None:
    document = (await home.browser().get("/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/conversations/{id}/replies" in document["paths"]
    assert "Problem" in document["components"]["schemas"]
    assert document["components"]["schemas"]["Reply"]["additionalProperties"] is False


async def test_health_tells_no_details(home: House) -> None:
    answer = (await home.browser().get("/api/v1/health")).json()
    assert set(answer) == {"ok", "position", "lag"}
