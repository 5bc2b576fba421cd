"""The web form: a hosted page, an embeddable script and an endpoint that hear a visitor's words."""

from channels.webform.reading import FieldError, Submission, incoming, raw_of, read_raw, read_submission
from channels.webform.settings import FormSettings, Receipt
from channels.webform.wire import FormPorts, routes

__all__ = [
    "FieldError",
    "FormPorts",
    "FormSettings",
    "Receipt",
    "Submission",
    "incoming",
    "raw_of",
    "read_raw",
    "read_submission",
    "routes",
]
