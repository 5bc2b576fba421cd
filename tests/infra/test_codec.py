"""Facts to bytes and back (record rules 4 and 5)."""

from __future__ import annotations

import json
import os
from dataclasses import fields, replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.app.ports import Envelope
from hub.domain.customer.events import CustomerNamed, CustomerOpened
from hub.domain.ids import CommandId, StreamId
from hub.domain.vocabulary import ERASED, KEY_FIELD, REGISTRY, Actor, Opaque
from infra.codec import Codec, MemoryRing, NoKey, describe, pack, stamp
from infra.codec.plans import plan
from infra.codec.upcasting import UPCAST
from tests.infra.golden_bytes import ENVELOPE, FOLDER, STREAM, WORKSPACE, example

GOLDEN = sorted(FOLDER.glob("*.json"))
EVENTS = sorted(REGISTRY)


@pytest.fixture
def ring():
    return MemoryRing()


@pytest.fixture
def codec(ring):
    return Codec(WORKSPACE, ring)


def row(codec, event, *, stream=STREAM, at=1):
    sealed = codec.seal(stream, pack(ENVELOPE), event)
    return (1, stream.hex, 1, sealed.name, stamp(at) + sealed.rest)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_opens_as_it_was_sealed(codec, name):
    event = example(REGISTRY[name])
    opened = codec.open(row(codec, event))
    assert (opened.event, opened.envelope, opened.name) == (event, ENVELOPE, name)
    assert type(opened.event) is type(event)


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_reads_on_after_its_key_is_destroyed(codec, ring, name):
    event = example(REGISTRY[name])
    stored = row(codec, event)
    key_field = KEY_FIELD.get(type(event))
    ring.destroy(getattr(event, key_field) if key_field else str(STREAM))
    how = plan(type(event))
    assert codec.open(stored).event == replace(event, **dict.fromkeys(how.sealed_fields, ERASED))


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_has_golden_bytes(name):
    assert FOLDER / f"{name}.json" in GOLDEN, "run: python -m tests.infra.golden_bytes"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_bytes_still_read_the_same(path):
    golden = json.loads(path.read_text(encoding="utf-8"))
    opened = _with_key(golden).open((5, STREAM.hex, 3, path.stem, bytes.fromhex(golden["stored"])))
    assert not isinstance(opened.event, Opaque)
    if path.stem not in UPCAST:
        assert describe(opened) == golden["reads"]


def _with_key(golden):
    ring = MemoryRing()
    ring._keys[golden["key_id"]] = bytes.fromhex(golden["key"])
    return Codec(WORKSPACE, ring)


def test_an_old_version_is_lifted_when_it_is_read(codec, ring, monkeypatch):
    stored = row(codec, CustomerOpened(channel="email", name="Ada"))
    monkeypatch.delitem(REGISTRY, "customer.opened.v1")
    monkeypatch.setitem(UPCAST, "customer.opened.v1", lambda old: ("customer.renamed.v1", old))
    monkeypatch.setitem(UPCAST, "customer.renamed.v1", _only_the_name)
    assert codec.open(stored).event == CustomerNamed(name="Ada")
    ring.destroy(str(STREAM))
    assert codec.open(stored).event == CustomerNamed(name=ERASED)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("complaint.told", "how"),
        ("complaint.reopened", "why"),
        ("customers.linked", "why"),
        ("customers.unlinked", "why"),
    ],
)
def test_words_that_an_old_version_kept_in_the_open_go_with_the_key(name, words):
    golden = json.loads((FOLDER / f"{name}.v1.json").read_text(encoding="utf-8"))
    stored = (5, STREAM.hex, 3, f"{name}.v1", bytes.fromhex(golden["stored"]))
    ring = MemoryRing()
    assert getattr(Codec(WORKSPACE, ring).open(stored).event, words) == golden["reads"]["open"][words]
    ring.destroy(str(STREAM))
    assert getattr(Codec(WORKSPACE, ring).open(stored).event, words) is ERASED


def _only_the_name(old):
    return "customer.named.v1", {key: value for key, value in old.items() if key == "name"}


def test_a_name_nobody_knows_is_opaque(codec):
    position, stream, version, _, state = row(codec, CustomerOpened(channel="email", name="Ada"))
    opened = codec.open((position, stream, version, "customer.teleported.v9", state))
    assert opened.event == Opaque(
        name="customer.teleported.v9",
        open_part=b'{"channel":"email"}',
        why="this version does not know the name",
    )
    assert opened.envelope == ENVELOPE
    assert describe(opened)["open"] == {"channel": "email"}


def test_a_sealed_part_moved_to_another_stream_does_not_open(codec, ring):
    other = StreamId(uuid4())
    ring._keys[str(other)] = ring.key(str(STREAM))
    position, _, version, name, state = row(codec, CustomerNamed(name="Ada"))
    assert isinstance(codec.open((position, other.hex, version, name, state)).event, Opaque)


def test_the_version_is_not_sealed_in_so_a_retry_need_not_reseal(codec):
    position, stream, _, name, state = row(codec, CustomerNamed(name="Ada"))
    assert codec.open((position, stream, 99, name, state)).event == CustomerNamed(name="Ada")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_bytes_never_raise_and_never_pass_for_the_truth(data):
    codec = Codec(WORKSPACE, MemoryRing())
    event = CustomerOpened(channel="email", name="Ada Lovelace")
    position, stream, version, name, state = row(codec, event)
    at = data.draw(st.integers(9, len(state) - 1))
    damaged = data.draw(
        st.sampled_from(
            [state[:at], state[:at] + bytes([state[at] ^ data.draw(st.integers(1, 255))]) + state[at + 1 :]]
        )
    )
    opened = codec.open((position, stream, version, name, damaged))
    assert isinstance(opened.event, Opaque)


@given(st.binary(max_size=200), st.sampled_from([*EVENTS, "unknown.v1"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_open_to_something(state, name):
    assert isinstance(Codec(WORKSPACE, MemoryRing()).open((1, STREAM.hex, 1, name, state)).event, Opaque)


@settings(deadline=None)
@given(
    st.text(),
    st.text(),
    st.sampled_from(["customer", "agent", "bot", "system"]),
    st.none() | st.uuids(),
    st.integers(0, 2**60),
)
def test_any_words_and_any_envelope_survive(name, actor, kind, correlation, cause):
    codec = Codec(WORKSPACE, MemoryRing())
    envelope = Envelope(
        actor=Actor(kind=kind, id=actor[:1000]),
        command=CommandId(uuid4()),
        cause=cause or None,
        correlation=None if correlation == UUID(int=0) else correlation,
    )
    sealed = codec.seal(STREAM, pack(envelope), CustomerNamed(name=name))
    opened = codec.open((1, STREAM.hex, 1, sealed.name, stamp(5) + sealed.rest))
    assert (opened.event, opened.envelope) == (CustomerNamed(name=name), envelope)


def test_the_open_part_holds_nothing_personal(codec):
    for name in EVENTS:
        event = example(REGISTRY[name])
        open_names = set(json.loads(plan(type(event)).open_part(event)))
        assert open_names == {field.name for field in fields(event)} - set(plan(type(event)).sealed_fields)
    stored = row(codec, CustomerNamed(name="Ada Lovelace"))[-1]
    assert b"Ada" not in stored and b"Lovelace" not in stored


def test_the_same_fact_twice_gives_different_bytes(codec):
    first, second = (row(codec, CustomerNamed(name="Ada"))[-1] for _ in range(2))
    assert first[9:25] != second[9:25] and first[-16:] != second[-16:]


def test_sealing_without_a_key_is_refused(codec, ring):
    ring.destroy(str(STREAM))
    with pytest.raises(NoKey):
        codec.seal(STREAM, pack(ENVELOPE), CustomerNamed(name="Ada"))


def test_what_is_erased_is_never_recorded_anew(codec):
    with pytest.raises(ValueError, match="erased"):
        codec.seal(STREAM, pack(ENVELOPE), CustomerNamed(name=ERASED))
    assert codec.open(row(codec, CustomerNamed(name="erased"))).event == CustomerNamed(name="erased")


def test_an_erased_fact_says_so(codec, ring):
    stored = row(codec, CustomerNamed(name="Ada"))
    assert describe(codec.open(stored))["sealed"] == {"name": "Ada"}
    ring.destroy(str(STREAM))
    assert describe(codec.open(stored))["sealed"] == "erased"


def test_long_words_are_kept_small():
    codec = Codec(WORKSPACE, MemoryRing())
    text = "I ordered three weeks ago and the parcel has not arrived. " * 40
    assert len(row(codec, CustomerNamed(name=text))[-1]) < len(text) / 5
    noise = os.urandom(500).hex()
    assert codec.open(row(codec, CustomerNamed(name=noise))).event.name == noise
