"""The tables behind the inbox: a row per conversation, its tags, and our letters in trouble."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    func,
    literal_column,
)

metadata = MetaData()

inbox = Table(
    "inbox",
    metadata,
    Column("conversation", String, primary_key=True),
    Column("customer", String, nullable=False, default=""),
    Column("account", String),
    Column("channel", String),
    Column("opened_at", String),
    Column("subject", String),
    Column("sender_name", String),
    Column("sender_address", String),
    Column("line", String),
    Column("line_by", String),
    Column("line_before", String),
    Column("line_by_before", String),
    Column("line_of", String),
    Column("line_of_before", String),
    Column("line_heard", String),
    Column("line_by_heard", String),
    Column("last_at_heard", String),
    Column("last_at", String),
    Column("last_at_before", String),
    Column("life", String, server_default="open"),
    Column("answered", Boolean, server_default="0"),
    Column("answers", String),
    Column("answer", String),
    Column("older_answers", String),
    Column("older_waiting", String),
    Column("older_unanswered", Integer, server_default="0"),
    Column("waiting_since", String),
    Column("waiting_before", String),
    Column("unanswered", Integer, server_default="0"),
    Column("unanswered_before", Integer, server_default="0"),
    Column("spam", Boolean, server_default="0"),
    Column("assignee", String),
    Column("snoozed_until", String),
    Column("language", String),
    Column("verified", Boolean, server_default="0"),
    Column("messages", Integer, server_default="0"),
    Column("received", Integer, server_default="0"),
    Column("notes", Integer, server_default="0"),
    Column("last_message", String),
    Column("last_customer_message", String),
    Column("erased", Boolean, server_default="0"),
    Index("inbox_by_last", "spam", "life", "last_at"),
    Index("inbox_by_assignee", "spam", "life", "assignee"),
    Index("inbox_by_customer", "customer", "last_at"),
)

WAITED: ColumnElement[str] = func.coalesce(
    literal_column("'0'") + inbox.c.waiting_since, literal_column("'1'") + inbox.c.last_at
)
"""Sorts who has waited longest first, then those who wait for nothing; spelled without parameters, so that its index serves."""

Index("inbox_by_waiting", inbox.c.spam, inbox.c.life, WAITED)

tags = Table(
    "inbox_tags",
    metadata,
    Column("conversation", String, primary_key=True),
    Column("tag", String, primary_key=True),
    Index("inbox_tags_by_tag", "tag"),
)

troubles = Table(
    "inbox_troubles",
    metadata,
    Column("message", String, primary_key=True),
    Column("conversation", String, index=True),
    Column("trouble", String),
)
