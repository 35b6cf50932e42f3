"""Writes docs/reference/api.md from the operations themselves: `python -m tests.docs.api_page`."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any, Final

import django

from tests.law.lawbook import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = ROOT / "docs" / "reference" / "api.md"
HEAD: Final = """\
# The API

Written from the operations themselves by `python -m tests.docs.api_page`; a test keeps it in step, so change the operations
and not this page. The same as a machine reads it: `/api/openapi.json`. How to begin: [use the API](../how-to/use-the-api.md).

**The door.** `Authorization: Bearer TOKEN`, a token made with `yipan tokens make`. It does what the officer's post includes on
that day, and nothing more. No cookie is looked at, and no page of another site is let read an answer. Operations marked
*public* need no token; what they answer stands on public pages too. Each look at a person is logged, and she sees it.

**Answers** are JSON in UTF-8 with the keys of the commands' `--json`. Instants are written in Asia/Shanghai; a moment that is asked with
may be a date, or leave out its zone. What shows persons or a case is kept by nobody (`no-store`); anything else may be kept by who
asked, who then asks with `If-None-Match` whether it is still so (304). Long answers are compressed for who accepts `gzip`.
What is about a person is sent in bodies: no address holds a name or a number of hers.

**How often.** 600 calls a minute for a token, 1,200 for an address, 120 for an address without a token; a wrong token counts for 30.
More is answered 429 with `Retry-After`. [Settings](settings.md) change these figures and the longest term of a token.

**How much.** 2,000 events and 2.5 MB of JSON in one call, 20 MB of evidence, 50 MB of a roster.

**Refusals** have one shape, in Chinese, or in English for who says so in `Accept-Language`:

```json
{"error": "draft-faults", "sentence": "…", "next_step": "…", "faults": [{"field": "events.3.fields.her_name", "zh": "…", "en": "…"}]}
```

| Status | When |
|---|---|
| 400 | what was sent cannot be read |
| 401 | no token, a wrong one, or one that has ended; which of these is not told |
| 403 | the post does not include it, has ended, or rests during leave |
| 404 | it is not there, or not for this office: the two are not told apart |
| 405 | asked with another method |
| 409 | somebody wrote in the case since (`changed` says what is new), the id is another event's, the number is enrolled already, the office was succeeded |
| 413 | more was sent than the operation takes |
| 422 | what was asked or said cannot be so; `faults` says what, each with its path |
| 429 | too many calls within a minute |
| 503 | no law has been adopted here, or the database does not answer |

Which command is which operation, and why some commands are none, stands in `tests/api/table.yaml`.

"""


def api_page() -> str:
    """Return the whole page."""
    from yipan.api.urls import api  # noqa: PLC0415  # after Django is set up

    schema: dict[str, Any] = api.get_openapi_schema(path_prefix="/api/")
    shapes = schema["components"]["schemas"]
    parts = [HEAD]
    for path, item in sorted(schema["paths"].items()):
        for method, one in item.items():
            parts.append("\n".join(_operation(f"{method.upper()} {path}", one, shapes)))
    return "\n".join(parts)


def _operation(title: str, one: dict[str, Any], shapes: dict[str, Any]) -> Iterator[str]:
    public = " *(public)*" if not one.get("security") else ""
    yield f"## `{title}`{public}\n"
    yield f"{' '.join(one['description'].split())}\n"
    asked = [
        (each["name"], each["schema"], each.get("required", False)) for each in one.get("parameters", ())
    ]
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    yield from _table("Asked with", [*asked, *(_fields(body, shapes) if body else ())], shapes)
    for status, answer in one.get("responses", {}).items():
        shape = answer.get("content", {}).get("application/json", {}).get("schema")
        if shape and str(status) == "200":
            yield from _table("Answered", list(_fields(shape, shapes)), shapes)


def _fields(shape: dict[str, Any], shapes: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield the keys of a shape, those of a list's items too."""
    if "$ref" in shape:
        shape = shapes[shape["$ref"].rpartition("/")[2]]
    if shape.get("type") == "array":
        yield from _fields(shape["items"], shapes)
    for name, each in shape.get("properties", {}).items():
        yield name, each, name in shape.get("required", ())


def _table(title: str, rows: list[tuple[str, dict[str, Any], bool]], shapes: dict[str, Any]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {title} | |\n|---|---|"
    for name, shape, required in rows:
        needed = "" if required or title == "Answered" else "?"
        said = shape.get("description", "")
        yield f"| `{name}{needed}` | {_type(shape, shapes)}{f'. {said}' if said else ''} |"
    yield ""


def _type(shape: dict[str, Any], shapes: dict[str, Any]) -> str:
    """Return the type of a value in a few words."""
    found = str(shape.get("format") or shape.get("type", "any"))
    if "$ref" in shape:
        keys = shapes[shape["$ref"].rpartition("/")[2]].get("properties", {})
        found = f"{{{', '.join(f'`{each}`' for each in keys)}}}"
    elif "anyOf" in shape:
        found = " or ".join(dict.fromkeys(_type(each, shapes) for each in shape["anyOf"]))
    elif "enum" in shape:
        found = ", ".join(f"`{each}`" for each in shape["enum"])
    elif "const" in shape:
        found = f"`{shape['const']}`"
    elif shape.get("type") == "array":
        found = f"list of {_type(shape['items'], shapes)}"
    elif isinstance(shape.get("additionalProperties"), dict):
        found = f"table of {_type(shape['additionalProperties'], shapes)}"
    return found


if __name__ == "__main__":
    os.environ.setdefault("YIPAN_HOME", tempfile.mkdtemp(prefix="yh-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipan.settings")
    django.setup(set_prefix=False)
    PAGE.write_text(api_page(), encoding="utf-8")
