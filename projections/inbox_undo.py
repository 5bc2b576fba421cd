"""How a row of the inbox is kept and brought back when a letter of a person is taken back."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, false, func, literal_column, true

from projections.inbox_tables import inbox
from projections.page import Old, Plus, Value

row = inbox.c
is_again = row.answered.is_(true())
OLDER: ColumnElement[str] = literal_column("'… '")
SPACE: ColumnElement[str] = literal_column("' '")
KEEP_BEFORE: dict[str, Value] = {
    "answers": Old(
        case(
            (is_again & (func.length(row.answers) > literal_column("400")), OLDER + row.answer),
            (is_again, row.answers + SPACE + row.answer),
            else_=row.answer,
        )
    ),
    "waiting_before": Old(case((is_again, row.waiting_before), else_=row.waiting_since)),
    "unanswered_before": Old(case((is_again, row.unanswered_before), else_=row.unanswered)),
}
"""At each answer of a person: who waited before the first of those that stand (`answers`, their ids), so that undo can
bring it back. `answer` is the one that this is about."""

is_ours = row.line_by == literal_column("'agent'")
KEEP_LINE: dict[str, Value] = {
    "line_before": Old(case((is_ours, row.line_before), else_=row.line)),
    "line_by_before": Old(case((is_ours, row.line_by_before), else_=row.line_by)),
    "last_at_before": Old(case((is_ours, row.last_at_before), else_=row.last_at)),
}
"""At each letter of a person: the last words that were not ours."""

nothing: ColumnElement[str] = literal_column("''")
others = func.trim(func.replace(row.answers, row.answer, nothing))
is_answer = func.replace(row.answers, row.answer, nothing) != row.answers
is_last_one = is_answer & (others == nothing)
is_shown = row.line_of == row.answer
AS_BEFORE: dict[str, Value] = {
    "answers": Old(case((is_answer, others), else_=row.answers)),
    "answered": Old(case((is_last_one, false()), else_=row.answered)),
    "waiting_since": Old(
        case((is_last_one, func.coalesce(row.waiting_before, row.waiting_since)), else_=row.waiting_since)
    ),
    "unanswered": Old(case((is_last_one, row.unanswered_before + row.unanswered), else_=row.unanswered)),
    "line": Old(case((is_shown, row.line_before), else_=row.line)),
    "line_by": Old(case((is_shown, row.line_by_before), else_=row.line_by)),
    "last_at": Old(case((is_shown, row.last_at_before), else_=row.last_at)),
    "messages": Plus(-1),
}
"""Without the letter `answer`: who waited waits again when no other answer stands; its words are not shown any more."""
