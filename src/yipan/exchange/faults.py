"""What the exchange refuses, each with a sentence and the next step."""

from __future__ import annotations

from typing import ClassVar

from yipan.errors import YipanError


class NoNodeError(YipanError):
    """This installation is no node yet."""

    code: ClassVar[str] = "no-node"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本系统还不是互联节点。",
        "en": "This installation is no node yet.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "先运行：yipan node init 名称 --serves 区划代码 --hub nats://地址。",
        "en": "Run first: yipan node init NAME --serves CODE --hub nats://ADDRESS",
    }


class NodeNameError(YipanError):
    """A node's name is not one that can stand in an address."""

    code: ClassVar[str] = "node-name"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{name}”不能作节点名称。",
        "en": "{name!r} cannot be the name of a node.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用小写字母、数字和连字符，2至40个字符。",
        "en": "Use 2 to 40 small letters, digits and hyphens.",
    }


class NodeExistsError(YipanError):
    """This installation is a node under another name."""

    code: ClassVar[str] = "node-exists"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "本系统已是节点“{name}”。",
        "en": "This installation is the node {name!r} already.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "节点名称不能更改：各方以它签名。",
        "en": "The name of a node does not change: others have pinned it.",
    }


class CardError(YipanError):
    """A card is not one, or somebody changed it."""

    code: ClassVar[str] = "node-card"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这张节点名片不能用：{reason}。",
        "en": "This card of a node cannot be used: {reason}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请对方重新运行 yipan node card 并发来文件。",
        "en": "Ask the other side to run `yipan node card` again and to send the file.",
    }


class WordsDifferError(YipanError):
    """The four words read over the phone are not those of this card."""

    code: ClassVar[str] = "words-differ"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "四个词不一致，名片可能在途中被换过，没有采用。",
        "en": "The four words differ: the card may have been exchanged on its way. It was not taken.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请双方各自重新发送名片，并用已知的电话号码再核对一次。",
        "en": "Send the cards again on both sides, and compare once more over a telephone number you knew before.",
    }


class UnknownPeerError(YipanError):
    """No peer bears that name."""

    code: ClassVar[str] = "unknown-peer"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "没有名为“{peer}”的互联节点。",
        "en": "There is no peer {peer!r}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan node peers 查看；新节点用 yipan node trust 名片文件。",
        "en": "List them with `yipan node peers`; take in a new one with `yipan node trust CARD`.",
    }


class EnvelopeRefusedError(YipanError):
    """An envelope was not opened, or not believed."""

    code: ClassVar[str] = "envelope-refused"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "来件未被接受（{peer}）：{reason}。",
        "en": "What came was not accepted ({peer}): {reason}.",
    }


class UnreachableHubError(YipanError):
    """The hub does not answer."""

    code: ClassVar[str] = "hub-unreachable"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "连不上中枢 {hub}：{reason}。没有丢失任何内容，恢复后自动继续。",
        "en": "The hub {hub} cannot be reached: {reason}. Nothing is lost; it goes on by itself once it is back.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "用 yipan node check 查看是哪一段不通。",
        "en": "See which link fails with: yipan node check",
    }


class MoveError(YipanError):
    """A township cannot move so."""

    code: ClassVar[str] = "node-move"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{code}”不能这样迁移：{reason}。",
        "en": "{code} cannot move so: {reason}.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "先在接收节点运行 yipan node take，再在原节点运行 yipan node move；双方须互相信任。",
        "en": "Run `yipan node take` on the node that takes it, then `yipan node move` on the other; each must trust the other.",
    }


class OfficeMovedError(YipanError):
    """The office works on another node."""

    code: ClassVar[str] = "office-moved"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "{office}已迁到节点“{node}”，不能再在这里记录。",
        "en": "{office} works on the node {node!r} now: nothing more is recorded for it here.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请在那个节点登录办理。",
        "en": "Sign in there.",
    }


class HubFilesError(YipanError):
    """The files of a hub cannot be written so, or are none."""

    code: ClassVar[str] = "hub-files"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[dict[str, str]] = {
        "zh": "“{name}”不能用于中枢配置。",
        "en": "{name!r} cannot be used for a hub.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "节点名称用小写字母、数字和连字符；凭据用 yipan node hub 写出的 nodes/名称.pem。",
        "en": "A node's name has small letters, digits and hyphens; credentials are nodes/NAME.pem as `yipan node hub` wrote them.",
    }
