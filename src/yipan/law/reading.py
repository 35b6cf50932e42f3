"""Reading rule data strictly: every key is known, every fault is gathered and said by file and key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

#: A mapping read from YAML; its values are checked key by key before use.
Raw = Mapping[str, object]


@dataclass(kw_only=True)
class Faults:
    """A collector of faults of many files, each said once as `file: key: what is wrong`."""

    lines: list[str] = field(default_factory=list)

    def say(self, file: str, key: str, what: str) -> None:
        """Note one fault."""
        line = f"{file}: {key}: {what}"
        if line not in self.lines:
            self.lines.append(line)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One mapping of one file, with the place it stands at, for fault lines."""

    file: str
    at: str
    raw: Raw
    faults: Faults

    def key(self, name: str) -> str:
        """Return the dotted place of a key below this one; without a name, this place itself."""
        return ".".join(part for part in (self.at, name) if part)

    def fault(self, name: str, what: str) -> None:
        """Note a fault at a key below this one."""
        self.faults.say(self.file, self.key(name), what)

    def only(self, *names: str) -> None:
        """Refuse every key that is not one of `names`."""
        for name in self.raw:
            if name not in names:
                self.fault(str(name), f"unknown key; known here: {', '.join(sorted(names))}")

    def needs(self, *names: str) -> None:
        """Refuse a mapping that lacks one of `names`."""
        for name in names:
            if name not in self.raw:
                self.fault(name, "missing")

    def text(self, name: str, default: str = "") -> str:
        """Return a text, or the default with a fault when it is something else."""
        value = self.raw.get(name, default)
        if isinstance(value, str):
            return value
        self.fault(name, f"must be text, not {value!r}")
        return default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self.raw.get(name, default)
        if isinstance(value, bool):
            return value
        self.fault(name, f"must be true or false, not {value!r}")
        return default

    def day(self, name: str) -> date | None:
        """Return a date, or None when the key is absent."""
        value = self.raw.get(name)
        # A moment is a date too, but its clock would be dropped without a word.
        if value is None or type(value) is date:
            return value
        self.fault(name, f"must be a date as 2009-10-01, not {value!r}")
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one."""
        value = self.raw.get(name, ())
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.fault(name, f"must be a text or a list of texts, not {value!r}")
        return ()

    def both(self, name: str, *, required: bool = True) -> dict[str, str]:
        """Return a sentence in both languages: `{zh: ..., en: ...}`."""
        if name not in self.raw and not required:
            return {}
        inner = self.inner(name)
        inner.only("zh", "en")
        inner.needs("zh", "en")
        return {language: inner.text(language) for language in ("zh", "en")}

    def choice(self, name: str, allowed: Iterable[str], default: str = "") -> str:
        """Return one of the allowed words."""
        allowed = tuple(allowed)
        value = self.text(name, default)
        if value not in allowed:
            self.fault(name, f"{value!r} is not one of: {', '.join(allowed)}")
            return default or allowed[0]
        return value

    def inner(self, name: str) -> Reader:
        """Return the mapping below a key; an empty one, with a fault, when it is none."""
        value = self.raw.get(name, {})
        if not isinstance(value, Mapping):
            self.fault(name, f"must be a mapping, not {value!r}")
            value = {}
        return Reader(file=self.file, at=self.key(name), raw=value, faults=self.faults)

    def inner_of(self, key: date) -> Reader:
        """Return the mapping below a key that is a date."""
        value = self.raw.get(key)  # type: ignore[call-overload]  # YAML gives dates as keys
        if not isinstance(value, Mapping):
            self.fault(str(key), f"must be a mapping, not {value!r}")
            value = {}
        return Reader(file=self.file, at=self.key(str(key)), raw=value, faults=self.faults)

    def within_list(self, name: str) -> list[Reader]:
        """Return the mappings of a list below a key."""
        value = self.raw.get(name, ())
        if not isinstance(value, list | tuple):
            self.fault(name, f"must be a list, not {value!r}")
            return []
        found = []
        for number, item in enumerate(value):
            if isinstance(item, Mapping):
                place = f"{self.key(name)}[{number}]"
                found.append(Reader(file=self.file, at=place, raw=item, faults=self.faults))
            else:
                self.fault(f"{name}[{number}]", f"must be a mapping, not {item!r}")
        return found


def is_number(value: object) -> bool:
    """Tell a whole number from a truth value, which Python counts as one."""
    return isinstance(value, int) and not isinstance(value, bool)
