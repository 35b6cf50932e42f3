"""The one base of every refusal: a code, a sentence and the next step, in the reader's language."""

from __future__ import annotations

from typing import ClassVar


class YipanError(Exception):
    """Something could not be done."""

    code: ClassVar[str] = "error"
    #: The sentence and the next step by language; `{name}` is filled from the fields.
    sentence: ClassVar[dict[str, str]] = {"zh": "办不了这件事。", "en": "This could not be done."}
    next_step: ClassVar[dict[str, str]] = {"zh": "", "en": ""}
    #: What the program ends with on the command line: 1 found faults, 2 misused.
    exit_code: ClassVar[int] = 1

    def __init__(self, **fields: object) -> None:
        """Keep the fields that fill the sentence."""
        self.fields = fields
        super().__init__(self.say("en"))

    def say(self, language: str) -> str:
        """Return the sentence and the next step in `language` (`zh` or `en`)."""
        parts = (self.sentence[language], self.next_step[language])
        return " ".join(part.format(**self.fields) for part in parts if part)

    def as_dict(self) -> dict[str, object]:
        """Return the refusal as plain data, for the API and `--json`."""
        fields = {name: str(value) for name, value in self.fields.items()}
        return {
            "error": self.code,
            "zh": self.say("zh"),
            "en": self.say("en"),
            "fields": fields,
        }


class FaultsFoundError(YipanError):
    """Several faults of one input, gathered and said at once."""

    code: ClassVar[str] = "faults-found"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "发现 {count} 处问题：{listing}",
        "en": "{count} faults found: {listing}",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请逐条改正后再试。",
        "en": "Mend each one and try again.",
    }

    def __init__(self, faults: list[str]) -> None:
        """Keep every fault, each a `where: what` line."""
        self.faults = tuple(faults)
        super().__init__(count=len(faults), listing="; ".join(faults))
