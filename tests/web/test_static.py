"""The desk's own pages."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from hub.web.app import create_app
from tests.web.house import Client, House, house
from tests.web.shapes import no


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Amends</title>")
    (folder / "assets" / "index-abc123.js").write_text("export {}")
    (folder / ".built-from").write_text("secret")
    (tmp_path / "outside.txt").write_text("secret")
    return folder


@pytest.mark.parametrize(
    "path", ["/", "/inbox/mine", "/conversation/x", "/customer/x", "/login", "/history/y"]
)
async def test_every_path_of_the_desk_is_its_page(tmp_path: Path, built: Path, path: str) -> None:
    async with house(tmp_path, static=built) as made:
        answer = await made.browser().get(path)
        assert answer.status_code == 200
        assert "<title>Amends</title>" in answer.text
        assert answer.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_kept_for_ever(tmp_path: Path, built: Path) -> None:
    async with house(tmp_path, static=built) as made:
        answer = await made.browser().get("/assets/index-abc123.js")
        assert "immutable" in answer.headers["cache-control"]
        assert "javascript" in answer.headers["content-type"]
        assert (await made.browser().get("/assets/gone.js")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/assets/../../outside.txt",
        "/.built-from",
        "/a\\..\\outside.txt",
    ],
)
async def test_nothing_outside_the_folder_is_served(tmp_path: Path, built: Path, path: str) -> None:
    async with house(tmp_path, static=built) as made:
        answer = await made.browser().get(path)
        assert "secret" not in answer.text


async def test_an_unknown_api_path_is_a_problem_and_not_the_page(tmp_path: Path, built: Path) -> None:
    async with house(tmp_path, static=built) as made:
        for path in ("/api/v1/unknown", "/api", "/api/v2/health"):
            no(await made.browser().get(path), 404, "not-found")


async def test_without_a_build_the_page_says_how_to_build(home: House) -> None:
    answer = await home.browser().get("/")
    assert answer.status_code == 200
    assert "build_desk.py" in answer.text


async def test_routes_of_channels_stand_beside_with_their_own_policy_and_size(home: House) -> None:
    async def form(request: Request) -> Response:
        body = await request.body()
        return PlainTextResponse(str(len(body)), headers={"Content-Security-Policy": "frame-ancestors *"})

    home.app = create_app(home.desk, beside=[Route("/form/x", form, methods=["POST"])])
    answer = await home.browser().post("/form/x", content=b"x" * 5_000_000)
    assert answer.text == "5000000"
    assert answer.headers["content-security-policy"] == "frame-ancestors *"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert isinstance(home.browser(), Client)
