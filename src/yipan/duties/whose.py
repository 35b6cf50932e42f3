"""Whose an entry is: which of the persons of a case may see it on her own page.

A case about one person is hers, entry by entry. Where two persons share a case (a couple's registration), each sees what
is said of her, what names an office that only she has a part in, and what is about neither: nobody learns through a case
where the other one's home is. Who may see whom is said by the kinds (`shown_to`); nothing here knows a role by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from uuid import UUID

    from yipan.law.kind import Kind

#: Who acts for somebody has a name and a key in the case, and is not whom it is about.
PROXY: Final = "proxy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What the offices of a case are to one of its persons: `own` see her alone, `shared` each, `others` not her."""

    subject: UUID
    alone: bool = True
    own: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


def place_in(kind: Kind, name: str, subject: UUID, people: Mapping[str, Place] | None = None) -> Place:
    """Return the place of the person whom a kind calls by a name, as the kind that first names her says it.

    Whoever comes into a case that is about somebody else has no part in it but what is said of her.
    """
    if name == PROXY:
        return Place(subject=subject, alone=False)
    known = {each: place for each, place in (people or {}).items() if each != PROXY}
    same = next((place for place in known.values() if place.subject == subject), None)
    if same:
        return same
    if known.keys() - kind.subjects.keys():
        return Place(subject=subject, alone=False)
    persons = {each.name: frozenset(each.shown_to) for each in kind.subjects.values() if each.name != PROXY}
    hers = persons.get(name, frozenset())
    rest = [roles for each, roles in persons.items() if each != name]
    if not rest:
        return Place(subject=subject)
    theirs = frozenset().union(*rest)
    return Place(
        subject=subject,
        alone=False,
        own=hers - theirs,
        shared=hers.intersection(*rest),
        others=theirs - hers,
    )


def meant_by(kind: Kind, name: str, people: Mapping[str, Place]) -> UUID | None:
    """Return the one person of a case whom a new name means, where a kind speaks of one and the case is about one."""
    persons = [each for each in kind.subjects if each != PROXY]
    known = {place.subject for each, place in people.items() if each != PROXY}
    return known.pop() if persons == [name] and len(known) == 1 else None


def persons_of(
    spoken_of: Collection[str], parties: Iterable[str], people: Mapping[str, Place]
) -> tuple[UUID, ...]:
    """Return the persons who may see an entry as theirs.

    Args:
        spoken_of: the names of the persons of whom the entry says something.
        parties: the roles that it names.
        people: the persons of the case by name.
    """
    if len(people) == 1 and len(spoken_of) == 1:
        return tuple(place.subject for place in people.values())
    roles = frozenset(parties)
    sole = len({place.subject for name, place in people.items() if name != PROXY}) == 1
    spoken = {people[name].subject for name in spoken_of}
    of_nobody = all(name == PROXY for name in spoken_of)
    found = {
        place.subject
        for name, place in people.items()
        if place.subject in spoken or (name != PROXY and of_nobody and (sole or _concerns(roles, place)))
    }
    return tuple(sorted(found))


def _concerns(roles: frozenset[str], place: Place) -> bool:
    """Tell whether what is said of nobody concerns somebody: by an office of hers alone, or by none but everybody's."""
    return roles <= place.shared or bool(roles & place.own and not roles & place.others)
