"""How a row of the inbox is kept and brought back when a letter of a person is taken back."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, false, func, literal_column, null, true

from projections.inbox_tables import inbox
from projections.page import Old, Plus, Value

row = inbox.c
NOTHING: ColumnElement[str] = literal_column("''")
SPACE: ColumnElement[str] = literal_column("' '")
MANY: ColumnElement[str] = literal_column("'… '")

is_again = row.answered.is_(true())
KEEP_BEFORE: dict[str, Value] = {
    "answers": Old(
        case(
            (is_again & (func.length(row.answers) > literal_column("400")), MANY + row.answer),
            (is_again, row.answers + SPACE + row.answer),
            else_=row.answer,
        )
    ),
    "waiting_before": Old(case((is_again, row.waiting_before), else_=row.waiting_since)),
    "unanswered_before": Old(case((is_again, row.unanswered_before), else_=row.unanswered)),
    "older_answers": Old(case((is_again, row.older_answers), else_=row.answers)),
    "older_waiting": Old(case((is_again, row.older_waiting), else_=row.waiting_before)),
    "older_unanswered": Old(case((is_again, row.older_unanswered), else_=row.unanswered_before)),
}
"""At each answer of a person, `answer`: `answers` are the ids of those since the customer's last words, and who waited before
the first of them; the older ones are those of the time before."""

is_ours = row.line_by == literal_column("'agent'")
KEEP_LINE: dict[str, Value] = {
    "line_before": Old(row.line),
    "line_by_before": Old(row.line_by),
    "last_at_before": Old(row.last_at),
    "line_of_before": Old(row.line_of),
    "line_heard": Old(case((is_ours, row.line_heard), else_=row.line)),
    "line_by_heard": Old(case((is_ours, row.line_by_heard), else_=row.line_by)),
    "last_at_heard": Old(case((is_ours, row.last_at_heard), else_=row.last_at)),
}
"""At each letter of a person: the words that the row showed, and the last that were not ours."""


def without(answers: ColumnElement[str]) -> ColumnElement[str]:
    return func.trim(func.replace(answers, row.answer, NOTHING))


def is_emptied(answers: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether `answer` is the only one left of these."""
    return (func.replace(answers, row.answer, NOTHING) != answers) & (without(answers) == NOTHING)


is_open = row.life != literal_column("'resolved'")
none_stands = is_emptied(row.answers)
older_is_last = is_emptied(row.older_answers) & (row.answers == NOTHING)
older_is_covered = is_emptied(row.older_answers) & (row.answers != NOTHING)
is_shown = row.line_of == row.answer
is_kept = is_shown | (row.line_of_before == row.answer)
AS_BEFORE: dict[str, Value] = {
    "answers": Old(without(row.answers)),
    "older_answers": Old(without(row.older_answers)),
    "answered": Old(case((none_stands, false()), else_=row.answered)),
    "waiting_since": Old(
        case(
            (none_stands & is_open, func.coalesce(row.waiting_before, row.waiting_since)),
            (older_is_last & is_open, func.coalesce(row.older_waiting, row.waiting_since)),
            else_=row.waiting_since,
        )
    ),
    "unanswered": Old(
        case(
            (none_stands & is_open, row.unanswered_before + row.unanswered),
            (older_is_last & is_open, row.older_unanswered + row.unanswered),
            else_=row.unanswered,
        )
    ),
    "waiting_before": Old(
        case(
            (older_is_covered, func.coalesce(row.older_waiting, row.waiting_before)),
            else_=row.waiting_before,
        )
    ),
    "unanswered_before": Old(
        case((older_is_covered, row.older_unanswered + row.unanswered_before), else_=row.unanswered_before)
    ),
    "line": Old(case((is_shown, row.line_before), else_=row.line)),
    "line_by": Old(case((is_shown, row.line_by_before), else_=row.line_by)),
    "last_at": Old(case((is_shown, row.last_at_before), else_=row.last_at)),
    "line_of": Old(case((is_shown, row.line_of_before), else_=row.line_of)),
    "line_before": Old(case((is_kept, row.line_heard), else_=row.line_before)),
    "line_by_before": Old(case((is_kept, row.line_by_heard), else_=row.line_by_before)),
    "last_at_before": Old(case((is_kept, row.last_at_heard), else_=row.last_at_before)),
    "line_of_before": Old(case((is_kept, null()), else_=row.line_of_before)),
    "messages": Plus(-1),
}
"""Without the letter `answer`: who waited waits again when no other answer stands, and its words are not shown any more.

Exact for any two rounds of answers and any two letters in a row that are all taken back; beyond that the row shows the
customer's last words.
"""
