"""Requests made up from the OpenAPI document: whatever comes, the answer is in shape and tells nothing of the inside."""

import json
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation.modes import GenerationMode

from hub.web.told import Problem
from tests.web.house import LONG, House

PER_ROUTE = 60 if LONG else 2
INSIDES = ("Traceback", "sqlite", "sqlalchemy", "pydantic", "/hub/", "Error:")


async def made_up(home: House) -> list[Any]:
    """A few requests per route, right and wrong ones."""
    document = (await home.browser().get("/api/v1/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(document)
    found: list[Any] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            found += examples(operation.as_strategy(generation_mode=mode))
    return found


def examples(strategy: Any) -> list[Any]:
    found: list[Any] = []

    @seed(1)
    @settings(
        max_examples=PER_ROUTE,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def collect(data: Any) -> None:
        found.append(data.draw(strategy))

    with suppress(Unsatisfiable):  # a route without parameters has no wrong ones
        collect()
    return found


@pytest.mark.timeout(300)
async def test_no_request_breaks_the_hub(home: House) -> None:
    admin = await home.as_("admin")
    landed = await home.letter(html="<p>Hi</p>")
    real = {"conversations": landed.conversation, "customers": landed.customer, "messages": landed.message}
    cases = await made_up(home)
    assert len(cases) > 100
    for case in cases:
        if case.path.startswith("/api/v1/session") or "uploads" in case.path:
            continue
        subject = case.path.split("/")[3]
        if subject in real and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = str(real[subject])
        request = case.as_transport_kwargs(base_url=home.desk.public_url)
        sent = {
            name: request[name]
            for name in ("method", "url", "params", "json", "data")
            if request.get(name) is not None
        }
        if isinstance(sent.get("data"), (bytes, str)):
            sent["content"] = sent.pop("data")
        answer = await admin.request(**sent)
        assert answer.status_code < 500, (case.method, case.path, sent, answer.text)
        if answer.status_code >= 400 and answer.headers["content-type"] == "application/json":
            Problem.model_validate(json.loads(answer.text))
        assert not any(word in answer.text for word in INSIDES), (case.method, case.path, answer.text[:300])
        admin.headers["X-CSRF"] = admin.me["csrf"]
