"""What the keeping of keys refuses, each with its way out."""

from __future__ import annotations

from typing import ClassVar

from yipan.errors import YipanError


class KeyRefusedError(YipanError):
    """A key cannot be had or kept."""

    code: ClassVar[str] = "key"


class RootMissingError(KeyRefusedError):
    """The root key under which the keys of this folder are sealed is not where it is looked for."""

    code: ClassVar[str] = "root-missing"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "根密钥不在 {path}，或者不是封存本安装密钥的那一把。",
        "en": "The root key is not at {path}, or it is not the one that this installation's keys are sealed under.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请把根密钥放回原处，或用 YIPAN_KEK、YIPAN_KEK_PASSPHRASE_FILE 指明；没有它，封存的内容谁也打不开。",
        "en": "Put it back, or name it with YIPAN_KEK or YIPAN_KEK_PASSPHRASE_FILE. Without it nobody opens what is sealed.",
    }


class RootKindError(KeyRefusedError):
    """The installation was begun with a root key that the operator names, and it is not named."""

    code: ClassVar[str] = "root-not-named"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{folder} 的根密钥由使用者保管，而 {variable} 没有设置。",
        "en": "The root key of {folder} is kept by its operator, and {variable} is not set.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请设置 {variable} 后再试。",
        "en": "Set {variable}, then try again.",
    }


class RootUnreadableError(KeyRefusedError):
    """The file that should hold the root key holds something else."""

    code: ClassVar[str] = "root-unreadable"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{path} 不是根密钥文件（{reason}）。",
        "en": "{path} is no file of a root key ({reason}).",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请恢复原来的文件；新安装请指向一个还不存在的文件，由系统生成。",
        "en": "Restore the file. For a new installation name one that does not exist yet: it is made.",
    }


class RootFolderError(KeyRefusedError):
    """The root key cannot be written where it should lie."""

    code: ClassVar[str] = "root-folder"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "根密钥写不到 {path}（{reason}）。",
        "en": "The root key cannot be written to {path} ({reason}).",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请用 YIPAN_KEK 指定数据文件夹以外、本账户能写的文件。",
        "en": "Name a file outside the data folder that this account can write, with YIPAN_KEK.",
    }


class ShortPassphraseError(KeyRefusedError):
    """The passphrase is too short to protect anything."""

    code: ClassVar[str] = "short-passphrase"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "口令太短，至少 {fewest} 个字符。",
        "en": "The passphrase is too short: {fewest} characters at least.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请换一句长的，例如六个不相干的词。",
        "en": "Take a longer one, such as six words that have nothing to do with each other.",
    }


class KeyBrokenError(KeyRefusedError):
    """A sealed key does not open, or would be overwritten."""

    code: ClassVar[str] = "key-broken"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "密钥文件 {name} 被改动，或者已经有同名的密钥。",
        "en": "The key file {name} was changed, or there is one of that name already.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请从备份恢复 keys 文件夹，再运行 yipan doctor。",
        "en": "Restore the folder keys from a backup, then run: yipan doctor",
    }


class KeyMissingError(KeyRefusedError):
    """A key that something is sealed under is not there."""

    code: ClassVar[str] = "key-missing"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "密钥 {name} 不在 keys 文件夹中，用它封存的内容打不开。",
        "en": "The key {name} is not in the folder keys: what is sealed under it does not open.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请从备份恢复 keys 文件夹，再运行 yipan doctor。",
        "en": "Restore the folder keys from a backup, then run: yipan doctor",
    }
