"""Writes docs/reference/events.md from the packs: `python -m tests.docs.events_page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.law.lawbook import ROOT, real_packs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yipan.law.kind import Kind

PAGE = ROOT / "docs" / "reference" / "events.md"
HEAD = """\
# Event kinds

What can be written in the journal. Written from the rule packs by `python -m tests.docs.events_page`; a test
keeps it in step, so change the packs and not this page. Rules may read the *clock* fields and nothing else; a
field about a person is sealed with that person's own key, for the offices listed.
"""


def events_page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for pack in real_packs():
        if pack.kinds:
            parts.append(f"## {pack.title['zh']} ({pack.name})\n\n{pack.title['en']}.\n")
            parts.extend(_kind(kind) for kind in pack.kinds.values())
    return "\n".join(parts)


def _kind(kind: Kind) -> str:
    lines = [f"### `{kind.name}`", "", f"{kind.title['zh']} · {kind.title['en']}"]
    if kind.help:
        lines += ["", f"{kind.help['zh']} {kind.help['en']}"]
    lines += ["", *_facts(kind)]
    if kind.fields:
        lines += ["", "| Field | Type | Title | Read by rules | Sealed for |", "|---|---|---|---|---|"]
        for one in kind.fields.values():
            type_ = f"{one.type}: {', '.join(one.choices)}" if one.choices else one.type
            title = f"{one.title['zh']} · {one.title['en']}{' *' if one.required else ''}"
            shown = ", ".join(kind.subjects[one.subject].shown_to) if one.subject else ""
            lines.append(f"| `{one.name}` | {type_} | {title} | {'yes' if one.clock else ''} | {shown} |")
        if any(one.required for one in kind.fields.values()):
            lines += ["", "\\* required"]
    return "\n".join((*lines, ""))


def _facts(kind: Kind) -> Iterator[str]:
    roles = (f"`{role.name}`{'' if role.required else ' (optional)'}" for role in kind.roles.values())
    yield f"- Offices: {', '.join(roles) or 'none'}"
    if kind.system:
        yield "- Recorded by: the engine"
    elif kind.recorded_by:
        yield f"- Recorded by: {', '.join(kind.recorded_by)}"
    if kind.on_behalf_of:
        yield f"- May be recorded on behalf of, with evidence of arrival: {', '.join(kind.on_behalf_of)}"
    if kind.follows:
        yield f"- Comes after: {', '.join(f'`{each}`' for each in kind.follows)}"
    yield f"- Opens: {_rules(kind, 'opens')}"
    yield f"- Discharges or releases: {_rules(kind, 'closes')}"


def _rules(kind: Kind, what: str) -> str:
    found = set()
    for pack in real_packs():
        for rule in pack.rules.values():
            closing = (*(rule.discharge.triggers if rule.discharge else ()), *rule.released_by)
            opening = {"period.turned"} if rule.every else {"duty.lapsed"} if rule.on_lapse_only else set()
            opens = opening | {trigger.kind for trigger in rule.triggers}
            if kind.name in (opens if what == "opens" else {trigger.kind for trigger in closing}):
                found.add(rule.id)
    return ", ".join(f"`{each}`" for each in sorted(found)) or "nothing"


if __name__ == "__main__":
    PAGE.write_text(events_page(), encoding="utf-8")
