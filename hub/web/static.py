"""The built desk: hashed files are kept for ever, the page itself is asked for each time, and every path of the desk is that page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from hub.web.problems import Stop

FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
EACH_TIME: Final = {"Cache-Control": "no-cache"}
NOT_BUILT: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Amends</title>
<h1>The desk is not built</h1>
<p>The hub is running and its API answers, but the pages of the desk are missing.
Build them with <code>python3 dev.py exec python hub/web/desk/build_desk.py</code>, then reload.</p>
<p lang="zh">系统正在运行，API 可用，但工作台页面尚未构建。请运行上述命令后刷新。</p></html>"""


def desk_routes(folder: Path | None) -> Sequence[BaseRoute]:
    """Everything outside `/api/` that no other route takes."""
    root = folder.resolve() if folder and (folder / "index.html").is_file() else None

    async def page(request: Request) -> Response:
        path: str = request.path_params["path"]
        if path == "api" or path.startswith("api/"):
            raise Stop(404)
        return _file(root, path) if root else HTMLResponse(NOT_BUILT, headers=EACH_TIME)

    return [Route("/{path:path}", page, methods=["GET", "HEAD"])]


def _file(root: Path, path: str) -> Response:
    if "\0" in path or "\\" in path:
        raise Stop(404)
    wanted = (root / path).resolve()
    if path and wanted.is_relative_to(root) and wanted.is_file() and not wanted.name.startswith("."):
        return FileResponse(wanted, headers=FOR_EVER if path.startswith("assets/") else EACH_TIME)
    if path.startswith("assets/") or "." in path.rpartition("/")[2]:
        raise Stop(404)
    return FileResponse(root / "index.html", headers=EACH_TIME)
