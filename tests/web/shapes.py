"""Holds an answer to the shape that the OpenAPI document promises."""

from typing import Any

import httpx
from pydantic import BaseModel

from hub.web.told import Problem


def told(answer: httpx.Response, shape: type[BaseModel]) -> dict[str, Any]:
    """The body of a good answer, which is exactly of this shape."""
    assert answer.status_code == 200, answer.text
    shape.model_validate(answer.json())
    body: dict[str, Any] = answer.json()
    return body


def no(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The detail of a problem with this status and code."""
    Problem.model_validate(answer.json())
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json().get("detail", {})
