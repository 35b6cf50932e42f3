"""Whom a new case is about, where she is enrolled here: its facts are then sealed with her own key, as the desk does.

So that one erasure ends both, and she sees both on her page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yipan.duties.faults import DraftFaultsError, Fault
from yipan.registry.people import particulars_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from yipan.law.kind import Kind
    from yipan.offices.permit import Permit


def persons_meant(
    permit: Permit,
    kind: Kind,
    fields: Mapping[str, Any],
    about: Mapping[str, UUID],
    draft: UUID,
    now: datetime,
) -> dict[str, UUID]:
    """Return whose key each subject of a draft shares: `about` names the enrolment of each. The look is written down.

    Raises:
        NotPermittedError: the post does not include reading cases.
        UnknownThreadError: nobody is enrolled here under that id.
        DraftFaultsError: the kind has no such subject, or the draft says another name than the register.
    """
    found, faults = dict[str, "UUID"](), []
    for subject, thread in about.items():
        if subject not in kind.subjects:
            zh, en = "这类记录里没有这个人。", "This kind speaks of no such person."
            faults.append(Fault(field=f"about.{subject}", zh=zh, en=en, draft=draft))
            continue
        known = particulars_of(permit, thread, now)
        names = [
            each.name for each in kind.fields.values() if each.subject == subject and each.type == "name"
        ]
        if any(fields.get(each) not in (None, known.said.get("name")) for each in names):
            zh, en = (
                "与登记的姓名不同，请核对是不是同一个人。",
                "The register has another name: see whether it is she.",
            )
            faults.append(Fault(field=f"about.{subject}", zh=zh, en=en, draft=draft))
        found[subject] = known.subject
    if faults:
        raise DraftFaultsError(faults)
    return found
