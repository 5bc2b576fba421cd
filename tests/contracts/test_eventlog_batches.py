"""The batch planner against a model that takes one request at a time (record rule 8)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.app.ports import AlreadyDone, Appended, Conflict, Mark, Release, Take, Taken, Write
from hub.domain.ids import StreamId
from infra.codec import Sealed
from infra.eventlog import batch
from infra.eventlog.batch import Draft, Standing, plan
from tests.contracts.eventlog_examples import named, request

STREAMS = [StreamId(UUID(int=n)) for n in range(3)]
KEYS = [bytes([n]) * 32 for n in range(3)]
MARKS = ["cursor", "policy"]

streams, keys, values = st.sampled_from(STREAMS), st.sampled_from(KEYS), st.sampled_from(["1", "2"])
writes = st.builds(
    lambda stream, expected, count: Write(stream=stream, expected=expected, events=named(*"x" * count)),
    streams,
    st.integers(0, 4),
    st.integers(0, 2),
)
claims = st.one_of(
    st.builds(lambda key, stream: Take(key=key, stream=stream), keys, streams),
    st.builds(lambda key, stream: Release(key=key, stream=stream), keys, streams),
)
marks = st.builds(
    lambda name, expected, new: Mark(name=name, expected=expected, new=new),
    st.sampled_from(MARKS),
    st.none() | values,
    values,
)
requests = st.builds(
    lambda w, o, c, m: request(*w, once=tuple(o), claims=tuple(c), marks=tuple(m)),
    st.lists(writes, max_size=3),
    st.lists(keys, max_size=2),
    st.lists(claims, max_size=3),
    st.lists(marks, max_size=2),
)
batches = st.lists(st.lists(requests, max_size=6), max_size=5)


@dataclass
class Model:
    """The rules said slowly: copy everything, try one thing after the other, keep the copy or throw it away."""

    events: list[tuple[StreamId, int]] = field(default_factory=list)
    once: dict[bytes, int] = field(default_factory=dict)
    claims: dict[bytes, StreamId] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    def append(self, asked):
        trial = Model(list(self.events), dict(self.once), dict(self.claims), dict(self.marks))
        answer = trial.tried(asked)
        if isinstance(answer, Appended):
            self.__dict__.update(trial.__dict__)
        return answer

    def tried(self, asked):
        if seen := tuple(self.once[key] for key in asked.once if key in self.once):
            return AlreadyDone(positions=seen)
        before = len(self.events)
        for one in asked.writes:
            version = sum(stream == one.stream for stream, _ in self.events)
            if version != one.expected:
                return Conflict(stream=one.stream, actual=version)
            self.events += [(one.stream, version + nth) for nth in range(1, len(one.events) + 1)]
        for claim in asked.claims:
            holder = self.claims.get(claim.key)
            if isinstance(claim, Take) and holder not in (None, claim.stream):
                return Taken(key=claim.key, holder=holder)
            if isinstance(claim, Take):
                self.claims[claim.key] = claim.stream
            elif holder == claim.stream:
                del self.claims[claim.key]
        for mark in asked.marks:
            if self.marks.get(mark.name) != mark.expected:
                return Conflict(stream=None)
            self.marks[mark.name] = mark.new
        positions = tuple(range(before + 1, len(self.events) + 1))
        self.once |= dict.fromkeys(asked.once, positions[0] if positions else 0)
        return Appended(positions=positions)


def draft(asked):
    return Draft(asked, tuple(tuple(Sealed("named", b"x") for _ in one.events) for one in asked.writes), 0)


def landed(standing: Standing, outcome) -> Standing:
    """What a store holds after it wrote the outcome."""
    claims = standing.claims | outcome.claims
    return Standing(
        position=outcome.position,
        versions=standing.versions | outcome.versions,
        once=standing.once | outcome.once,
        claims={key: stream for key, stream in claims.items() if stream is not None},
        marks=standing.marks | outcome.marks,
    )


@settings(max_examples=3000 if os.environ.get("AMENDS_TEST_LONG") else 150, deadline=None)
@given(batches)
def test_a_batch_is_judged_as_if_each_request_came_alone(batches):
    model, standing, rows = Model(), Standing(), []
    for asked in batches:
        outcome = plan(map(draft, asked), standing)
        assert outcome.answers == [model.append(one) for one in asked]
        rows += [(row.stream, row.version) for row in outcome.rows]
        assert [row.position for row in outcome.rows] == list(
            range(standing.position + 1, outcome.position + 1)
        )
        standing = landed(standing, outcome)
    assert rows == model.events
    assert (standing.once, standing.claims, standing.marks) == (model.once, model.claims, model.marks)


@settings(max_examples=100, deadline=None)
@given(st.lists(requests, max_size=6))
def test_planning_changes_nothing_it_was_given(asked):
    standing = Standing(
        versions={STREAMS[0]: 2}, claims={KEYS[0]: STREAMS[1]}, marks={"cursor": "1"}, position=2
    )
    before = (
        dict(standing.versions),
        dict(standing.once),
        dict(standing.claims),
        dict(standing.marks),
        standing.position,
    )
    plan(map(draft, asked), standing)
    assert before == (standing.versions, standing.once, standing.claims, standing.marks, standing.position)


def test_control_a_planner_that_forgets_what_it_accepted_is_caught(monkeypatch):
    """Within a batch, that is: what the store knows it still sees."""
    monkeypatch.setattr(batch, "_once", lambda key, standing, outcome: standing.once.get(key))
    asked = [request(once=(KEYS[0],)), request(once=(KEYS[0],))]
    model = Model()
    assert plan(map(draft, asked), Standing()).answers != [model.append(one) for one in asked]


def test_one_loser_costs_its_neighbours_nothing():
    asked = [
        request(Write(stream=STREAMS[0], expected=expected, events=named("x"))) for expected in (0, 0, 1)
    ]
    outcome = plan(map(draft, asked), Standing())
    assert outcome.answers == [
        Appended(positions=(1,)),
        Conflict(stream=STREAMS[0], actual=1),
        Appended(positions=(2,)),
    ]
