"""Who may call what: every route, every role, and what happens to a route that does not say."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Route

from hub.domain.staff.events import Role
from hub.web.app import SUBJECTS
from hub.web.guard import ALL, CHANGING, SignedIn, policies
from tests.web.house import ROLES, House

NOWHERE = str(UUID(int=0xDEAD))
FILLED = {"id": NOWHERE, "message": NOWHERE, "other": NOWHERE, "view": "open", "tag": "x", "move": "close", "index": "0",
          "position": "999999", "raw": "0" * 64}  # fmt: skip


def every_route() -> Iterator[tuple[str, str, frozenset[Role] | None]]:
    for router in SUBJECTS:
        for route, roles in policies(router.routes):
            for method in sorted(route.methods):
                yield method, route.path, roles


ROUTES = list(every_route())
GUARDED = [(method, path, roles) for method, path, roles in ROUTES if roles is not None]


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, path
    return path


def test_the_routes_of_the_contract_are_all_there() -> None:
    assert len(ROUTES) >= 50
    open_to_all = {(method, path) for method, path, roles in ROUTES if roles is None}
    assert open_to_all == {
        ("POST", "/api/v1/session"),
        ("GET", "/api/v1/health"),
        ("GET", "/api/v1/openapi.json"),
    }


@pytest.mark.parametrize(
    ("method", "path", "roles"), GUARDED, ids=[f"{method} {path}" for method, path, _ in GUARDED]
)
def test_an_auditor_changes_nothing(method: str, path: str, roles: frozenset[Role]) -> None:
    if method in CHANGING and not path.startswith("/api/v1/session"):
        assert "auditor" not in roles


async def test_nobody_gets_in_without_signing_in(home: House) -> None:
    browser = home.browser()
    for method, path, _ in GUARDED:
        answer = await browser.request(method, filled(path))
        assert answer.status_code == 401, (method, path)
        assert answer.json()["code"] == "sign-in-first"


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_gets_what_its_routes_say_and_nothing_else(home: House, role: Role) -> None:
    colleague = await home.as_(role)
    for method, path, roles in GUARDED:
        if path == "/api/v1/session" and method == "DELETE":
            continue
        sent = {} if method in CHANGING else None
        answer = await colleague.request(method, filled(path), json=sent)
        if role in roles:
            assert answer.status_code in (200, 204, 404, 409, 422), (method, path, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), (method, path)


async def test_no_change_without_the_csrf_token(home: House) -> None:
    admin = await home.as_("admin")
    for token in ("", "guessed"):
        admin.headers["X-CSRF"] = token
        for method, path, _ in GUARDED:
            if method in CHANGING:
                answer = await admin.request(method, filled(path), json={})
                assert (answer.status_code, answer.json()["code"]) == (403, "csrf"), (method, path)


async def test_no_change_from_another_site(home: House) -> None:
    admin = await home.as_("admin")
    for origin in ("https://evil.example", "null", "http://127.0.0.1:8001"):
        answer = await admin.put(
            "/api/v1/saved-replies",
            json={"name": "a", "language": "en", "text": "b"},
            headers={"Origin": origin},
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign-origin")
    ours = await admin.put(
        "/api/v1/saved-replies",
        json={"name": "a", "language": "en", "text": "b"},
        headers={"Origin": "http://127.0.0.1:8000"},
    )
    assert ours.status_code == 200


async def test_signing_in_from_another_site_is_refused(home: House) -> None:
    login = {"login": "rep@shop.example", "password": "x"}
    answer = await home.browser().post(
        "/api/v1/session", json=login, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_a_route_that_does_not_say_who_may_is_not_served() -> None:
    router = APIRouter()

    @router.get("/forgotten")
    async def forgotten() -> None: ...

    with pytest.raises(TypeError, match="/forgotten"):
        list(policies(router.routes))
    with pytest.raises(TypeError):
        list(policies([Route("/raw", lambda request: None)]))


def test_a_policy_is_read_from_the_first_parameter() -> None:
    router = APIRouter()

    @router.get("/said")
    async def said(call: SignedIn) -> None: ...

    ((route, roles),) = policies(router.routes)
    assert isinstance(route, APIRoute)
    assert roles == ALL


async def test_unknown_fields_are_refused_everywhere(home: House) -> None:
    admin = await home.as_("admin")
    with_bodies = [
        (method, path) for method, path, _ in GUARDED if method in ("POST", "PUT") and "uploads" not in path
    ]
    for method, path in with_bodies:
        if "/tags/" in path:
            continue
        answer = await admin.request(method, filled(path), json={"role": "admin", "is_admin": True})
        assert (answer.status_code, answer.json()["code"]) == (422, "fields"), (method, path)
