"""The record on PostgreSQL, for hubs of many processes (record rules 4 to 9)."""

from infra.eventlog.postgres.log import PostgresLog, open_postgres_log, renew_postgres_incarnation

__all__ = ["PostgresLog", "open_postgres_log", "renew_postgres_incarnation"]
