"""The cursor never passes a letter that is not on record (record rule 13)."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from channels.email.cursor import (
    Progress,
    batches,
    chunks,
    found,
    is_rebound,
    new_uids,
    recorded,
    starting_point,
    uid_set,
)
from hub.domain.letters import Location

HERE = Location(account="support", folder="INBOX", validity=7)
UIDS = st.lists(st.integers(1, 2**32 - 1), unique=True, max_size=40).map(sorted)


def test_reading_goes_on_at_the_cursor():
    cursor = replace(HERE, uid=42)
    assert starting_point(cursor, HERE) == cursor
    assert not is_rebound(cursor, HERE)


def test_a_new_mailbox_starts_at_its_first_letter():
    assert starting_point(None, HERE) == HERE
    assert not is_rebound(None, HERE)


def test_a_folder_made_anew_is_read_from_its_first_letter():
    cursor = replace(HERE, validity=6, uid=42)
    assert starting_point(cursor, HERE).uid == 0
    assert is_rebound(cursor, HERE)


def test_the_last_letter_a_server_adds_to_an_empty_answer_is_not_new():
    assert new_uids([41], 41) == ()


@given(UIDS, st.data())
def test_in_whatever_order_letters_are_recorded_nothing_unrecorded_is_at_or_below_the_cursor(uids, data):
    order = data.draw(st.permutations(uids))
    progress = found(Progress(settled=0), uids)
    left = set(uids)
    for uid in order:
        before = progress.settled
        progress = recorded(progress, uid)
        left.discard(uid)
        assert progress.settled >= before
        assert all(uid > progress.settled for uid in left)
        highest = max((done for done in uids if all(waiting > done for waiting in left)), default=0)
        assert progress.settled == highest
    assert progress == Progress(settled=uids[-1] if uids else 0)


@given(UIDS, st.data())
def test_recording_twice_or_finding_again_changes_nothing(uids, data):
    done = data.draw(st.lists(st.sampled_from(uids))) if uids else []
    progress = found(Progress(settled=0), uids)
    for uid in done:
        progress = recorded(progress, uid)
        assert recorded(progress, uid) == progress
        assert found(progress, uids) == progress


@given(UIDS, st.dictionaries(st.integers(1, 2**32 - 1), st.integers(0, 30)), st.integers(1, 50))
def test_batches_keep_every_letter_in_order_and_within_the_limit(uids, sizes, most):
    sizes = {uid: sizes.get(index, 10) for index, uid in enumerate(uids)}
    groups = list(batches(uids, sizes, most))
    assert [uid for group in groups for uid in group] == uids
    assert all(len(group) == 1 or sum(sizes[uid] for uid in group) <= most for group in groups)


@given(UIDS)
def test_a_sequence_set_names_the_very_letters(uids):
    named = set()
    for part in uid_set(uids).split(",") if uids else []:
        low, _, high = part.partition(":")
        named |= set(range(int(low), int(high or low) + 1))
    assert named == set(uids)


def test_two_hundred_thousand_letters_come_in_chunks():
    groups = list(chunks(range(1, 200_001), 50))
    assert len(groups) == 4_000 and groups[-1][-1] == 200_000
