"""A rule pack: one authority's rules, overlays, event kinds and calendars as dated files, read and checked.

`read_pack` reads a bundle (file name to text), so that a pack adopted into the journal is read by the
same code as one on disk. Nothing is opened at import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

import yaml

from yipan.law.calendar import YearCalendar, parse_year
from yipan.law.counting import Within, parse_within
from yipan.law.keeping import Term, read_terms
from yipan.law.kind import Kind, read_kind
from yipan.law.reading import Faults, Raw, Reader
from yipan.law.rule import Overlay, Rule, read_overlay, read_rule
from yipan.law.scope import Scope, read_scope
from yipan.law.wording import Wording, read_wording

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

#: The folders of a pack that hold law; examples stand beside them and are not part of what is adopted.
LAW_FOLDERS = ("events", "rules", "scopes", "calendars", "wordings")
_TRUTH = "tag:yaml.org,2002:bool"


@dataclass(frozen=True, kw_only=True)
class Pack:
    """One authority's rules with the days they are in force: from `from_on`, before `until_on`."""

    name: str
    title: Mapping[str, str]
    note: Mapping[str, str]
    authority: str
    scope: tuple[str, ...]
    from_on: date
    until_on: date | None
    uses: tuple[str, ...]
    promptly: Within | None
    #: Of a document that does not say of which place it is: the level of that place, and one to show the pack at.
    #: Its scope is empty until the deployment sets it.
    place_level: str = ""
    demonstration: str = ""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    overlays: tuple[Overlay, ...] = ()
    scopes: Mapping[str, Scope] = field(default_factory=dict)
    calendars: tuple[YearCalendar, ...] = ()
    #: How long what its kinds say of persons is kept, where a kind says no term of its own.
    keeps: tuple[Term, ...] = ()
    #: What a person agrees to, in words, by purpose.
    wordings: Mapping[str, Wording] = field(default_factory=dict)
    bundle: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the bundle, by which an adoption names exactly these texts."""
        whole = hashlib.sha256()
        for name, text in sorted(self.bundle.items()):
            for part in (name, text):
                raw = part.encode()
                whole.update(len(raw).to_bytes(8, "big") + raw)
        return whole.hexdigest()

    def in_force(self, day: date) -> bool:
        """Tell whether the pack is in force on a day."""
        return self.from_on <= day and (self.until_on is None or day < self.until_on)

    def covers(self, organisation: str) -> bool:
        """Tell whether an organisation lies in the pack's scope, by its division code."""
        return covers(self.scope, organisation)


def covers(scope: Iterable[str], organisation: str) -> bool:
    """Tell whether an organisation (`450921100`, `450921:police`) lies in a scope of codes; `00` is all."""
    code = organisation.partition(":")[0]
    return any(each in ("00", code) or (code.startswith(each) and len(code) > len(each)) for each in scope)


PACK_KEYS = (
    "pack",
    "title",
    "note",
    "authority",
    "scope",
    "place",
    "from",
    "until",
    "uses",
    "promptly",
    "keeps",
)
PLACE_KEYS = ("level", "demonstration")
#: The text in a bundle by which a deployment says of which place such a pack is.
PLACE_FILE: Final = "place.yaml"


def read_pack(bundle: Mapping[str, str], *, where: str, faults: Faults) -> Pack:
    """Read a pack from its bundle: path inside it to text. Faults are said as `where/path: key: what`."""
    raw = _load(bundle.get("pack.yaml", "{}"), f"{where}/pack.yaml", faults)
    reader = Reader(file=f"{where}/pack.yaml", at="", raw=raw, faults=faults)
    reader.only(*PACK_KEYS)
    reader.needs("pack", "title", "authority", "from", "place" if "place" in raw else "scope")
    name = reader.text("pack", where.rpartition("/")[2])
    promptly = _read_promptly(reader)
    kinds: dict[str, Kind] = {}
    rules: dict[str, Rule] = {}
    scopes: dict[str, Scope] = {}
    overlays: dict[str, Overlay] = {}
    calendars: list[YearCalendar] = []
    wordings: dict[str, Wording] = {}
    keeps = read_terms(reader, "keeps")
    for path in sorted(bundle):
        folder = path.partition("/")[0]
        file = f"{where}/{path}"
        if folder not in LAW_FOLDERS:
            continue
        if folder == "calendars":
            calendars.extend(_read_year(bundle[path], file, faults))
            continue
        for each in read_documents(bundle[path], file, faults):
            if folder == "events":
                kind = _with_terms(read_kind(each, file=file, pack=name, faults=faults), keeps)
                _once(kinds, kind.name, kind, file, faults)
            elif folder == "scopes":
                scope = read_scope(each, file=file, pack=name, faults=faults)
                _once(scopes, scope.id, scope, file, faults)
            elif folder == "wordings":
                wording = read_wording(each, file=file, faults=faults)
                _once(wordings, wording.purpose, wording, file, faults)
            elif "overlay" in each:
                overlay = read_overlay(each, file=file, pack=name, promptly=promptly, faults=faults)
                _once(overlays, overlay.id, overlay, file, faults)
            else:
                rule = read_rule(each, file=file, pack=name, promptly=promptly, faults=faults)
                _once(rules, rule.id, rule, file, faults)
    return Pack(
        name=name,
        title=reader.both("title"),
        note=reader.both("note", required=False),
        authority=reader.text("authority"),
        scope=_read_scope(reader, bundle, where, faults),
        from_on=reader.day("from") or date.max,
        until_on=reader.day("until"),
        uses=reader.texts("uses"),
        promptly=promptly,
        place_level=reader.inner("place").text("level"),
        demonstration=reader.inner("place").text("demonstration"),
        kinds=kinds,
        rules=rules,
        overlays=tuple(overlays.values()),
        scopes=scopes,
        calendars=tuple(calendars),
        keeps=keeps,
        wordings=wordings,
        bundle=dict(bundle),
    )


def _with_terms(kind: Kind, keeps: tuple[Term, ...]) -> Kind:
    """Return a kind with the pack's terms of keeping, where it says none of its own."""
    return kind if kind.keeps or not keeps else replace(kind, keeps=keeps)


def _read_scope(reader: Reader, bundle: Mapping[str, str], where: str, faults: Faults) -> tuple[str, ...]:
    """Return the scope that the pack says, or the place at which the deployment has set it."""
    if "place" not in reader.raw:
        return reader.texts("scope")
    place = reader.inner("place")
    place.only(*PLACE_KEYS)
    place.needs(*PLACE_KEYS)
    if "scope" in reader.raw:
        reader.fault("scope", "a pack of a place that the deployment sets says no scope of its own")
    file = f"{where}/{PLACE_FILE}"
    set_at = Reader(file=file, at="", raw=_load(bundle.get(PLACE_FILE, "{}"), file, faults), faults=faults)
    set_at.only("at")
    return set_at.texts("at")


def placed(pack: Pack, code: str) -> Pack:
    """Return a pack as it stands where the deployment has said of which place it is: the code goes into its texts."""
    bundle = {**pack.bundle, PLACE_FILE: f'at: ["{code}"]\n'}
    return replace(pack, scope=(code,), bundle=bundle)


def shown(pack: Pack) -> Pack:
    """Return a pack as its examples and the demo show it: at its place of demonstration, where none is set."""
    return pack if pack.scope or not pack.demonstration else placed(pack, pack.demonstration)


def read_bundle(folder: Path) -> dict[str, str]:
    """Return the law of a pack's folder: `pack.yaml` and the files of its law folders, by path inside it."""
    files = [
        folder / "pack.yaml",
        *(path for name in LAW_FOLDERS for path in sorted((folder / name).glob("*.yaml"))),
    ]
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in files
        if path.is_file()
    }


def read_packs(root: Path, faults: Faults, places: Mapping[str, str] | None = None) -> list[Pack]:
    """Read every pack below `root` (`<authority>/<pack>/pack.yaml`), in order of path.

    `places` says, by pack, of which place it is where its document does not.
    """
    found: dict[str, Pack] = {}
    for folder in sorted(path.parent for path in root.glob("*/*/pack.yaml")):
        where = folder.relative_to(root).as_posix()
        pack = read_pack(read_bundle(folder), where=where, faults=faults)
        if pack.name in found:
            faults.say(f"{where}/pack.yaml", "pack", f"another pack is named {pack.name!r}")
        found[pack.name] = pack
    for name, code in (places or {}).items():
        if name in found and found[name].place_level:
            found[name] = placed(found[name], code)
        else:
            faults.say("places", name, "is no pack whose place a deployment sets")
    return list(found.values())


def _plain_words() -> dict[str, list[tuple[str, object]]]:
    """Return the loader's readings without YAML 1.1's on, off, yes and no: `on:` is a key of examples."""
    words: dict[str, list[tuple[str, object]]] = {}
    for letter, readings in yaml.SafeLoader.yaml_implicit_resolvers.items():
        kept = [each for each in readings if each[0] != _TRUTH or letter in "tTfF"]
        words[letter] = kept
    return words


class _StrictLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader, refusing a key said twice: YAML would silently keep the last."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, object]]]] = _plain_words()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002  # the base class's signature
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key must be a plain value", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is said twice", key_node.start_mark
                )
            seen.add(key)
        found: dict[object, object] = super().construct_mapping(node, deep=deep)
        return found


def parse_yaml(text: str) -> object:
    """Return the data of one YAML text; a key said twice is an error."""
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506  # a subclass of the safe loader


def _load(text: str, file: str, faults: Faults) -> Raw:
    try:
        found = parse_yaml(text)
    # The reader refuses a date such as 2026-02-30 with a bare ValueError.
    except (yaml.YAMLError, ValueError) as error:
        faults.say(file, "yaml", " ".join(str(error).split()))
        return {}
    if not isinstance(found, Mapping):
        faults.say(file, "yaml", "must be a mapping")
        return {}
    return found


def read_documents(text: str, file: str, faults: Faults) -> list[Raw]:
    """Return the mappings of a file of several documents; what is none is a fault."""
    try:
        found = list(yaml.load_all(text, Loader=_StrictLoader))  # a subclass of the safe loader
    except (yaml.YAMLError, ValueError) as error:
        faults.say(file, "yaml", " ".join(str(error).split()))
        return []
    if not all(isinstance(each, Mapping) for each in found):
        faults.say(file, "yaml", "every document must be a mapping")
    return [each for each in found if isinstance(each, Mapping)]


def _read_year(text: str, file: str, faults: Faults) -> list[YearCalendar]:
    try:
        return [parse_year(_load(text, file, faults), file)]
    except ValueError as error:
        faults.say(file, "calendar", str(error))
        return []


def _read_promptly(reader: Reader) -> Within | None:
    if "promptly" not in reader.raw:
        return None
    inner = reader.inner("promptly")
    inner.only("within", "cite")
    inner.needs("within", "cite")
    cite = inner.inner("cite")
    cite.only("set_by")
    cite.needs("set_by")
    try:
        return parse_within(inner.raw.get("within"))
    except ValueError as error:
        inner.fault("within", str(error))
        return None


def _once(found: dict[str, T], name: str, value: T, file: str, faults: Faults) -> None:
    if name in found:
        faults.say(file, name, "is defined twice in this pack")
    found[name] = value
