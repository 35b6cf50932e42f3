"""Why a file cannot be read as a roster: which file, where, what, and what to do next."""

from __future__ import annotations

from typing import ClassVar

from yipan.errors import YipanError


class RosterError(YipanError):
    """A file that cannot be read as a roster. `file` is the name under which it was sent."""

    code: ClassVar[str] = "roster-unreadable"


class EmptyRosterError(RosterError):
    """There is nothing in the file."""

    code: ClassVar[str] = "roster-empty"
    sentence: ClassVar[dict[str, str]] = {"zh": "《{file}》是空的。", "en": "{file} is empty."}
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请确认选对了文件，并在 Excel 里保存后再传。",
        "en": "Make sure it is the right file, and save it in Excel before sending it.",
    }


class ProtectedRosterError(RosterError):
    """The file opens only with a password."""

    code: ClassVar[str] = "roster-protected"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "《{file}》设了打开密码，读不了。",
        "en": "{file} is protected by a password and cannot be read.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在 Excel 的“文件-信息-保护工作簿”里取消密码，另存后再传。",
        "en": "Take the password off in Excel (File, Info, Protect Workbook), save and send it again.",
    }


class ExplodingRosterError(RosterError):
    """Opened, the file would be far larger than any roster."""

    code: ClassVar[str] = "roster-exploding"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "《{file}》展开后过大（{where}），没有打开。",
        "en": "{file} would be far too large when opened ({where}); it was not opened.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请把有内容的行列复制到一个新工作簿，另存后再传；人多时请存成 CSV。",
        "en": "Copy the cells that are filled into a new workbook, save and send that; for very many rows save as CSV.",
    }


class NotARosterError(RosterError):
    """The file is of another kind than a workbook or a table of text."""

    code: ClassVar[str] = "roster-of-another-kind"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "《{file}》不是 Excel 表或 CSV 表，而是{zh_kind}。",
        "en": "{file} is no workbook of Excel and no CSV table, but {en_kind}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请用 Excel 或 WPS 打开它，另存为“Excel 工作簿（.xlsx）”后再传。",
        "en": "Open it in Excel or WPS, save it as a workbook (.xlsx) and send that.",
    }


class DamagedRosterError(RosterError):
    """The file is of the right kind, but broken at some place."""

    code: ClassVar[str] = "roster-damaged"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "《{file}》读不下去：{zh_where}。",
        "en": "{file} cannot be read on: {en_where}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再传。",
        "en": "Open it in Excel or WPS, save it as a workbook (.xlsx) and send that.",
    }


class NoHeaderError(RosterError):
    """No sheet has a line of headings with a name and an identity number; says what each sheet lacks."""

    code: ClassVar[str] = "roster-without-headings"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "《{file}》里没有找到栏目行。{zh_listing}",
        "en": "No line of headings was found in {file}. {en_listing}",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在人员上方写一行栏目，至少有“姓名”和“身份证号”，再传一次。",
        "en": "Write a line of headings above the people, at least Name and Identity number, and send it again.",
    }
