"""The form's page, its receipt and its answers in JSON. Pure; every text of a visitor is escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from channels.webform.reading import LONGEST, REQUIRED, TRAP, FieldError
from channels.webform.settings import FormSettings, Receipt
from channels.webform.words import ERRORS, WORDS, Language, explained, said

HERE = Path(__file__).parent
STYLE = (HERE / "form.css").read_text("utf-8")
SCRIPT = (HERE / "embed.js").read_text("utf-8")

KINDS = {"name": ("text", "name"), "email": ("email", "email"), "subject": ("text", "off")}
"""Field → (input type, autocomplete)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as the visitor left it, to be shown again. `key` and `token` go into hidden fields."""

    key: str
    token: str
    fields: Mapping[str, str]
    errors: Sequence[FieldError] = ()
    had_files: bool = False


def form_page(form: FormSettings, filled: Filled, language: Language) -> str:
    """The hosted page; it needs no script."""
    parts = [_summary(filled, language), _open(form, filled, language)]
    parts += [_field(field, longest, filled, language) for field, longest in LONGEST]
    parts += [_files(form, filled, language), _trap(language)]
    parts.append(f'<p><button type="submit">{said("send", language)}</button></p></form>')
    other = "zh" if language == "en" else "en"
    parts.append(
        f'<p class="language"><a href="?lang={other}" lang="{other}" hreflang="{other}">'
        f"{said('other-language', language)}</a></p>"
    )
    prefix = said("error-prefix", language) if filled.errors else ""
    return _page(form, language, "".join(parts), prefix)


def receipt_page(form: FormSettings, receipt: Receipt, language: Language) -> str:
    """What a visitor sees once the message is on record."""
    body = (
        f'<div role="status" class="receipt"><p>{said("thanks", language)}</p>'
        f"<p>{said('receipt', language)} <strong>{escape(receipt.number)}</strong></p>"
        f"<p>{said('receipt-next', language)}</p></div>"
    )
    return _page(form, language, body)


def receipt_json(receipt: Receipt) -> dict[str, str]:
    return {"receipt": receipt.number}


def errors_json(errors: Sequence[FieldError], language: Language) -> dict[str, list[dict[str, str]]]:
    """`{"errors": [{"field", "code", "message"}]}`; `field` is "form" when no single field is to blame."""
    return {
        "errors": [
            {"field": error.field, "code": error.code, "message": explained(error.code, language)}
            for error in errors
        ]
    }


def embed_script(form: FormSettings, base: str) -> str:
    """The script that puts the form on a page of the shop. `base`: the hub's address of this form."""
    settings = {
        "base": base,
        "titles": {"en": form.title_en, "zh": form.title_zh},
        "longest": dict(LONGEST),
        "required": REQUIRED,
        "trap": TRAP,
        "files": {"count": form.max_files, "size": form.max_file_mb},
        "words": {key: {"en": pair[0], "zh": pair[1]} for key, pair in {**WORDS, **ERRORS}.items()},
        "style": STYLE,
    }
    # "<" is written as an escape so that the text can never end a script element.
    return SCRIPT.replace("__SETTINGS__", json.dumps(settings, ensure_ascii=False).replace("<", "\\u003c"))


def _page(form: FormSettings, language: Language, body: str, prefix: str = "") -> str:
    title = escape(form.title_zh if language == "zh" else form.title_en)
    return (
        f'<!doctype html><html lang="{"zh-Hans" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{prefix}{title}</title><link rel="stylesheet" href="/forms/form.css"></head>'
        f'<body><main class="amends-form"><h1>{title}</h1>{body}</main></body></html>'
    )


def _open(form: FormSettings, filled: Filled, language: Language) -> str:
    hidden = {"key": filled.key, "token": filled.token, "lang": language}
    inputs = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items()
    )
    return (
        f'<form method="post" action="/forms/{escape(form.name)}" enctype="multipart/form-data" novalidate>'
        f"{inputs}"
    )


def _summary(filled: Filled, language: Language) -> str:
    if not filled.errors:
        return ""
    rows = "".join(_error_row(error, language) for error in filled.errors)
    again = f"<li>{said('files-again', language)}</li>" if filled.had_files else ""
    return (
        f'<div role="alert" tabindex="-1" class="errors"><h2>{said("error-title", language)}</h2>'
        f"<ul>{rows}{again}</ul></div>"
    )


def _error_row(error: FieldError, language: Language) -> str:
    sentence = explained(error.code, language)
    if error.field == "form":
        return f"<li>{sentence}</li>"
    return f'<li><a href="#{error.field}">{said(error.field, language)}: {sentence}</a></li>'


def _field(field: str, longest: int, filled: Filled, language: Language) -> str:
    value = escape(filled.fields.get(field, ""))
    required = field in REQUIRED
    attributes = f'id="{field}" name="{field}" maxlength="{longest}"' + (" required" if required else "")
    notes, described = _notes(field, filled, language)
    label = said(field, language) + (
        "" if required else f' <span class="hint">({said("optional", language)})</span>'
    )
    if field == "message":
        box = f'<textarea {attributes}{described} rows="8">\n{value}</textarea>'
    else:
        kind, complete = KINDS[field]
        box = f'<input type="{kind}" {attributes}{described} autocomplete="{complete}" value="{value}">'
    return f'<div class="field"><label for="{field}">{label}</label>{notes}{box}</div>'


def _files(form: FormSettings, filled: Filled, language: Language) -> str:
    if not form.max_files:
        return ""
    hint = said("files-hint", language).format(count=form.max_files, size=f"{form.max_file_mb:g}")
    notes, _ = _notes("files", filled, language)
    return (
        f'<div class="field"><label for="files">{said("files", language)}</label>'
        f'<p class="hint" id="files-hint">{hint}</p>{notes}'
        '<input type="file" id="files" name="files" multiple aria-describedby="files-hint"></div>'
    )


def _notes(field: str, filled: Filled, language: Language) -> tuple[str, str]:
    """Hint and error of a field, and the attributes that tie them to it."""
    wrong = [explained(error.code, language) for error in filled.errors if error.field == field]
    notes, ids = "", []
    if field == "email":
        notes, ids = f'<p class="hint" id="email-hint">{said("email-hint", language)}</p>', ["email-hint"]
    if wrong:
        notes += f'<p class="error" id="{field}-error">{" ".join(wrong)}</p>'
        ids.append(f"{field}-error")
    described = f' aria-describedby="{" ".join(ids)}"' if ids else ""
    return notes, described + (' aria-invalid="true"' if wrong else "")


def _trap(language: Language) -> str:
    return (
        f'<div class="aside" aria-hidden="true"><label for="{TRAP}">{said("website", language)}</label>'
        f'<input type="text" id="{TRAP}" name="{TRAP}" tabindex="-1" autocomplete="off"></div>'
    )
