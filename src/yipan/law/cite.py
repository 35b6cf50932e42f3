"""Where a text or a number comes from: a document's article, or who set it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from yipan.law.reading import Reader

CITE_KEYS: Final = ("doc", "article", "quote", "set_by")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cite:
    """Where a number comes from: a document's article, or the deployment that set it."""

    doc: str = ""
    article: str = ""
    quote: str = ""
    set_by: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the parts that are said, for JSON."""
        every = {"doc": self.doc, "article": self.article, "quote": self.quote, "set_by": self.set_by}
        return {key: value for key, value in every.items() if value}


def read_cite(reader: Reader) -> Cite:
    """Read where a text or a number comes from; faults go to the reader's collector."""
    reader.only(*CITE_KEYS)
    cite = Cite(
        doc=reader.text("doc"),
        article=reader.text("article"),
        quote=reader.text("quote"),
        set_by=reader.text("set_by"),
    )
    if bool(cite.doc) == bool(cite.set_by):
        reader.fault("", "says either the document (doc, article, quote) or `set_by: deployment`")
    if cite.doc and not cite.article:
        reader.fault("article", "missing")
    if cite.set_by not in ("", "deployment", "model"):
        reader.fault("set_by", f"{cite.set_by!r} is not one of: deployment, model")
    return cite
