"""Letters over SMTP and IMAP: read, written and carried."""
