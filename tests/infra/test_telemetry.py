"""Log lines hold ids and numbers, and neither secrets nor anybody's words."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest

from infra.telemetry import start_logging

SECRETS = ["hunter2!", "s3cr3t-token-abcdef", "密码一二三四"]
CANARIES = ["ana.li@customer.example", "+44 20 7946 0958", "4111 1111 1111 1111", "My kettle exploded"]


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield root
    root.handlers[:] = before
    root.setLevel(level)


def lines(told: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in told.getvalue().splitlines()]


@pytest.mark.parametrize("form", ["json", "plain"])
def test_seeded_secrets_and_addresses_never_reach_a_line(root: logging.Logger, form: str) -> None:
    told = io.StringIO()
    blotter = start_logging(form=form, to=told, secrets=SECRETS[:2])  # type: ignore[arg-type]
    blotter.learn(SECRETS[2])
    for secret in SECRETS:
        logging.info("connecting with %s", secret)
        logging.info("imaps://support:%s@mail.shop.example/INBOX", secret, extra={"mailbox": secret})
    for canary in CANARIES[:3]:
        logging.warning("letter from %s was parked", canary, extra={"mailbox": canary, "subject": canary})
    try:
        raise ValueError(CANARIES[3] + SECRETS[0])
    except ValueError:
        logging.exception("A letter could not be read")
    logging.info("GET /confirm?token=abcdef123456&x=1")
    assert [one for one in [*SECRETS, *CANARIES, "abcdef123456"] if one in told.getvalue()] == []
    assert "A letter could not be read" in told.getvalue()


def test_a_line_carries_ids_positions_and_where_it_broke(root: logging.Logger) -> None:
    told, conversation = io.StringIO(), uuid4()
    start_logging(form="json", to=told)
    try:
        raise KeyError("x")
    except KeyError:
        logging.exception("Parked.", extra={"conversation": conversation, "position": 42, "text": "hello"})
    (line,) = lines(told)
    assert line["conversation"] == str(conversation) and line["position"] == 42
    assert "text" not in line and line["level"] == "error"
    assert line["error"][0] == "KeyError" and "test_telemetry.py" in str(line["error"])  # type: ignore[index]


def test_a_uuid_is_not_taken_for_a_telephone_number(root: logging.Logger) -> None:
    told = io.StringIO()
    start_logging(form="json", to=told)
    ids = [str(uuid4()) for _ in range(200)]
    logging.info("%s", " ".join(ids))
    assert all(one in told.getvalue() for one in ids)


def test_without_the_blotter_the_secret_would_be_there(root: logging.Logger) -> None:
    """The negative control: the same line, blotter taken off."""
    told = io.StringIO()
    start_logging(form="plain", to=told, secrets=SECRETS)
    root.handlers[0].filters.clear()
    root.handlers[0].setFormatter(None)
    logging.info("connecting with %s", SECRETS[0])
    assert SECRETS[0] in told.getvalue()
