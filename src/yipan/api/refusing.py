"""How a refusal is answered: one shape, the status that fits, the sentence and the next step in the asker's language."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from ninja.errors import HttpError, ValidationError

from yipan.api.answers import Answer, ControlsError, written
from yipan.database.refusals import ConnectionLostError, DiskFullError, refusal_of
from yipan.documents.certificate import NoCertificateError
from yipan.documents.evidence import EvidenceTooLargeError
from yipan.documents.ledgers import NoLedgerError
from yipan.documents.papers import NoPaperError
from yipan.duties.faults import (
    AdoptionNeededError,
    DraftFaultsError,
    EventIdTakenError,
    StaleCaseError,
    UnknownPersonError,
    UnknownThreadError,
)
from yipan.errors import YipanError
from yipan.law.rulebook import UnknownKindError, UnknownRuleError
from yipan.offices.calls import TooManyCallsError
from yipan.offices.leave import OnLeaveError
from yipan.offices.office import UnknownOrganisationError
from yipan.offices.permit import NotPermittedError, NotPostedError, PermitExpiredError
from yipan.offices.succession import OfficeEndedError
from yipan.offices.tokens import TokenWrongError
from yipan.registry.intake import IntakeGoneError
from yipan.registry.register import AlreadyEnrolledError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ninja import NinjaAPI

    from yipan.duties.faults import Fault

_LOG: Final = logging.getLogger("django.request")


class NothingHereError(YipanError):
    """The API has no such operation, or nothing lies there that may be seen."""

    code: ClassVar[str] = "nothing-here"
    sentence: ClassVar[dict[str, str]] = {"zh": "这里没有内容。", "en": "There is nothing here."}
    next_step: ClassVar[dict[str, str]] = {
        "zh": "接口清单见 /api/openapi.json。",
        "en": "The operations are listed in /api/openapi.json.",
    }


class NotSoAskedError(YipanError):
    """The operation is asked with another method."""

    code: ClassVar[str] = "not-so-asked"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "这个接口不支持{method}方法。",
        "en": "This operation is not asked with {method}.",
    }
    next_step: ClassVar[dict[str, str]] = {"zh": "请用：{allowed}。", "en": "Ask with: {allowed}."}


class UnreadableError(YipanError):
    """The body is no JSON."""

    code: ClassVar[str] = "unreadable"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "请求内容不能读作 JSON（UTF-8，不含控制字符）。",
        "en": "What was sent cannot be read as JSON in UTF-8 without control characters.",
    }


class TooLargeError(YipanError):
    """More was sent than the operation takes."""

    code: ClassVar[str] = "too-large"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "请求内容超过 {limit} MB。",
        "en": "What was sent is larger than {limit} MB.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请分几次发送。",
        "en": "Send it in several parts.",
    }


class WronglyAskedError(YipanError):
    """A part of the question cannot be read; every fault is said."""

    code: ClassVar[str] = "wrongly-asked"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "请求有 {count} 处写得不对。",
        "en": "{count} parts of the question are not written right.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请按每一处的说明改正。",
        "en": "Mend each as it says.",
    }


class OurFaultError(YipanError):
    """Something broke here."""

    code: ClassVar[str] = "our-fault"
    sentence: ClassVar[dict[str, str]] = {
        "zh": "系统出错，请求没有办成。",
        "en": "Something broke here; it was not done.",
    }
    next_step: ClassVar[dict[str, str]] = {
        "zh": "请稍后再试；仍不行的，请告诉系统管理员。",
        "en": "Try again later; if it stays so, tell whoever runs this installation.",
    }


#: The status of each refusal that is not a fault of what was asked; all others are 422.
STATUS: Final[Mapping[type[YipanError], int]] = {
    UnreadableError: 400,
    TokenWrongError: 401,
    NotPermittedError: 403,
    NotPostedError: 403,
    OnLeaveError: 403,
    PermitExpiredError: 403,
    NothingHereError: 404,
    UnknownThreadError: 404,
    UnknownPersonError: 404,
    UnknownOrganisationError: 404,
    UnknownRuleError: 404,
    UnknownKindError: 404,
    IntakeGoneError: 404,
    NoCertificateError: 404,
    NoLedgerError: 404,
    NoPaperError: 404,
    NotSoAskedError: 405,
    StaleCaseError: 409,
    EventIdTakenError: 409,
    AlreadyEnrolledError: 409,
    OfficeEndedError: 409,
    TooLargeError: 413,
    EvidenceTooLargeError: 413,
    TooManyCallsError: 429,
    OurFaultError: 500,
    AdoptionNeededError: 503,
    ConnectionLostError: 503,
    DiskFullError: 507,
}
_OTHERWISE: Final = 422
#: What Ninja calls its answers.
JSON: Final = "application/json; charset=utf-8"
_MEGABYTE: Final = 1024 * 1024

#: What each way of writing something wrong is called, by pydantic's word for it; `_ELSE` for the rest.
_WRONG: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("缺少这一项。", "This is missing."),
    "extra_forbidden": ("没有这一项。", "There is no such key."),
    "too_long": ("太多，最多 {max_length} 个。", "Too many; at most {max_length}."),
    "too_short": ("太少，至少 {min_length} 个。", "Too few; at least {min_length}."),
    "string_too_long": ("太长，最多 {max_length} 个字。", "Too long; at most {max_length} characters."),
    "string_too_short": ("不能为空。", "It cannot be empty."),
    "greater_than_equal": ("应当不小于 {ge}。", "It is at least {ge}."),
    "less_than_equal": ("应当不大于 {le}。", "It is at most {le}."),
    "literal_error": ("应当是：{expected}。", "It is one of: {expected}."),
    "uuid_parsing": ("不是编号（UUID）。", "It is no id (a UUID)."),
    "string_pattern_mismatch": ("写法不对。", "It is not written so."),
    "value_error": ("写法不对。", "It is not written so."),
}
_ELSE: Final = ("写法不对。", "It is not written so.")
#: What stands before the path of a part: where it was read from.
_SOURCES: Final = ("body", "query", "path", "header")


class Wrong(Answer):
    """One fault: where it lies, and what it is in both languages."""

    field: str
    zh: str
    en: str


class Refusal(Answer):
    """Every refusal has this shape; some say more beside it."""

    error: str
    sentence: str
    next_step: str
    faults: list[Wrong]


def language_of(request: HttpRequest) -> str:
    """Return `en` where the asker would rather read English, else `zh`."""
    wanted: dict[str, float] = {}
    for each in request.headers.get("Accept-Language", "").split(",")[:10]:
        name, _, weight = each.strip().lower().partition(";q=")
        try:
            wanted.setdefault(name[:2], float(weight or 1))
        except ValueError:
            continue
    return "en" if wanted.get("en", 0) > wanted.get("zh", 0) else "zh"


def refuse(
    request: HttpRequest,
    refusal: YipanError,
    faults: Iterable[Mapping[str, str]] = (),
    **more: object,
) -> HttpResponse:
    """Answer a refusal."""
    language = language_of(request)
    status = status_of(refusal)
    said: dict[str, object] = {
        "error": refusal.code,
        "sentence": _sentence(refusal, language),
        "next_step": refusal.next_step[language].format(**refusal.fields),
        "faults": list(faults),
        **more,
    }
    answer = HttpResponse(written(said), content_type=JSON, status=status)
    answer.headers["Cache-Control"] = "no-store"
    if isinstance(refusal, TokenWrongError):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, TooManyCallsError):
        answer.headers["Retry-After"] = str(refusal.fields["wait"])
    if isinstance(refusal, NotSoAskedError):
        answer.headers["Allow"] = str(refusal.fields["allowed"])
    return answer


def refuse_strange(request: HttpRequest, names: Sequence[str]) -> HttpResponse:
    """Answer that an operation is not asked with some words behind the question mark."""
    zh, en = _WRONG["extra_forbidden"]
    faults = [{"field": each, "zh": zh, "en": en} for each in names]
    return refuse(request, WronglyAskedError(count=len(faults)), faults)


def status_of(refusal: YipanError) -> int:
    """Return the status of a refusal: that of its own kind, or of the nearest kind above it."""
    return next((STATUS[each] for each in type(refusal).__mro__ if each in STATUS), _OTHERWISE)


def _sentence(refusal: YipanError, language: str) -> str:
    # The faults of a draft are its sentence: they stand in `faults`, each with its field.
    if isinstance(refusal, DraftFaultsError):
        return WronglyAskedError.sentence[language].format(count=len(refusal.faults))
    return refusal.sentence[language].format(**refusal.fields)


def faults_of(faults: Iterable[Fault], places: Mapping[Any, int]) -> list[dict[str, str]]:
    """Return the faults of drafts, each with the path of its field in what was sent. `places`: each draft's, by its id."""
    return [
        {"field": _path(each, places), "zh": each.zh, "en": each.en}
        for each in sorted(faults, key=lambda each: places.get(each.draft, -1))
    ]


#: Parts of a draft that stand beside its fields.
_BESIDE: Final = frozenset(
    {"kind", "id", "thread", "at", "evidence", "on_behalf_of", "follows", "corrects", "as_of"}
)


def _path(fault: Fault, places: Mapping[Any, int]) -> str:
    if fault.draft not in places:
        return fault.field
    name = fault.field if fault.field in _BESIDE else f"fields.{fault.field}"
    return f"events.{places[fault.draft]}.{name}"


# ------------------------------------------------------------------------------------------- put to work


def hang_up(api: NinjaAPI) -> None:
    """Let an API answer every refusal, and whatever breaks, in this shape."""

    @api.exception_handler(YipanError)
    def _refused(request: HttpRequest, refusal: YipanError) -> HttpResponse:
        faults = faults_of(refusal.faults, {}) if isinstance(refusal, DraftFaultsError) else ()
        return refuse(request, refusal, faults)

    @api.exception_handler(ValidationError)
    def _wrongly_asked(request: HttpRequest, error: ValidationError) -> HttpResponse:
        faults = [_wrong(each) for each in error.errors]
        return refuse(request, WronglyAskedError(count=len(faults)), faults)

    @api.exception_handler(HttpError)
    def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        del error  # the only one Ninja itself raises here: a body that is no JSON
        return refuse(request, UnreadableError())

    @api.exception_handler(ControlsError)
    def _controls(request: HttpRequest, error: ControlsError) -> HttpResponse:
        del error
        return refuse(request, UnreadableError())

    @api.exception_handler(UnreadablePostError)
    def _broken_off(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
        del error
        return refuse(request, UnreadableError())

    @api.exception_handler(Http404)
    def _nothing_here(request: HttpRequest, error: Http404) -> HttpResponse:
        del error
        return refuse(request, NothingHereError())

    @api.exception_handler(RequestDataTooBig)
    def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        from django.conf import settings  # noqa: PLC0415  # read when asked: a test may set it

        del error
        return refuse(
            request, TooLargeError(limit=round(settings.DATA_UPLOAD_MAX_MEMORY_SIZE / _MEGABYTE, 1))
        )

    @api.exception_handler(Exception)
    def _our_fault(request: HttpRequest, error: Exception) -> HttpResponse:
        _LOG.error("api", exc_info=error, extra={"request": request, "status_code": 500})
        return refuse(request, refusal_of(error) or OurFaultError())


def _wrong(error: Mapping[str, Any]) -> dict[str, str]:
    """Return one fault with its path. What was sent is never said back: it may be about a person."""
    path = [str(each) for each in error["loc"]]
    if path[0] in _SOURCES:
        path = path[1:]
    # Ninja names the parameter that holds the whole body.
    if len(path) > 1 and path[0] == "asked":
        path = path[1:]
    context = error.get("ctx", {})
    zh, en = _WRONG.get(error["type"], _ELSE)
    return {"field": ".".join(path), "zh": zh.format(**context), "en": en.format(**context)}
