"""What a person's history says in sentences, in Chinese and English. Names and purposes stand in them as registered."""

from collections.abc import Mapping

from idverify.ceremonies.history import Happened, Paths
from idverify.credentials.credential_types import credential_types

LANGUAGES = ("en", "zh-CN")

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "presentation": "You showed your {types} to {who}.",
        "verification": "{who} had your photograph compared with the registry's.",
        "attempt_refused": "{who} wanted another comparison of your face; the limit of attempts was reached.",
        "session_started": "{who} asked for a live check of you.",
        "session_ended": "The live check that {who} asked for has ended.",
        "pictures_reviewed": "A reviewer of {who} looked at the pictures of your live check.",
        "record_read": "{who} read your registry record.",
        "device_added": "A device took your {types}, which {who} had offered.",
        "history_read": "A device of yours read this history.",
        "nobody": "The office that runs this service",
        "nothing": "nothing",
        "card": "credential",
        "for": "For: {purpose}.",
        "asked": "Asked for: {claims}.",
        "disclosed": "Given: {claims}.",
        "other device": "It was another device than this one.",
        "between": ", ",
    },
    "zh-CN": {
        "presentation": "您向{who}出示了{types}。",
        "verification": "{who}请求将您的照片与登记照片进行比对。",
        "attempt_refused": "{who}请求再次比对您的面部，但已达到次数上限。",
        "session_started": "{who}请求对您进行现场核验。",
        "session_ended": "{who}请求的现场核验已结束。",
        "pictures_reviewed": "{who}的审核人员查看了您的现场核验图像。",
        "record_read": "{who}读取了您的登记信息。",
        "device_added": "一台设备领取了{who}提供的{types}。",
        "history_read": "您的一台设备查看了此记录。",
        "nobody": "本服务的运营机构",
        "nothing": "无",
        "card": "凭证",
        "for": "用途：{purpose}。",
        "asked": "请求的内容：{claims}。",
        "disclosed": "提供的内容：{claims}。",
        "other device": "不是当前这台设备。",
        "between": "、",
    },
}

_OUTCOMES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "accepted": "It was accepted.",
        "refused": "It was not accepted.",
        "unclear": "Whether it was still valid could not be told.",
        "not_as_asked": "It was not what was asked for, and was not passed on.",
        "rejected": "Result: not the same person.",
        "inconclusive": "Result: could not be decided.",
        "failed": "It could not be carried out.",
        "approved": "Result: approved.",
        "declined": "Result: declined.",
        "expired": "It ran out of time.",
        "abandoned": "It was not finished.",
        "cancelled": "It was cancelled.",
    },
    "zh-CN": {
        "accepted": "结果：通过。",
        "refused": "结果：未被接受。",
        "unclear": "无法确认凭证是否仍然有效。",
        "not_as_asked": "与请求不符，未转交对方。",
        "rejected": "结果：不是同一人。",
        "inconclusive": "结果：无法判定。",
        "failed": "未能完成。",
        "approved": "结果：通过。",
        "declined": "结果：未通过。",
        "expired": "已超时。",
        "abandoned": "未完成。",
        "cancelled": "已取消。",
    },
}


def said(entry: Happened) -> dict[str, str]:
    """The entry in each of LANGUAGES."""
    return {language: _said(entry, language) for language in LANGUAGES}


def _said(entry: Happened, language: str) -> str:
    words = _SENTENCES[language]
    filled = {"who": entry.requester or words["nobody"], "types": _types(entry.types, language)}
    parts = [_filled(words[entry.kind], filled)]
    if entry.purpose is not None:
        parts.append(_filled(words["for"], {"purpose": entry.purpose}))
    for name, paths in (("asked", entry.asked), ("disclosed", entry.disclosed)):
        if paths is not None:
            parts.append(_filled(words[name], {"claims": _claims(entry.types, paths, language)}))
    if entry.device is not None and not entry.own:
        parts.append(words["other device"])
    if entry.outcome is not None:
        parts.append(_OUTCOMES[language][entry.outcome])
    return (" " if language == "en" else "").join(parts)


def _filled(sentence: str, words: Mapping[str, str]) -> str:
    """Once over the sentence of ours: a name that holds braces is text like any other."""
    for name in words:
        before, mark, after = sentence.partition("{" + name + "}")
        if mark:
            head, tail = _filled(before, words), _filled(after, words)
            return head + words[name] + tail
    return sentence


def _types(names: tuple[str, ...], language: str) -> str:
    words = _SENTENCES[language]
    return words["between"].join(credential_types()[name].display[language]["name"] for name in names) or words["card"]


def _claims(types: tuple[str, ...], paths: Paths, language: str) -> str:
    words = _SENTENCES[language]
    labels = [credential_types()[name].labels for name in types]
    named = []
    for path in paths:
        label = next((one[path[-1]][language] for one in labels if path[-1] in one), None)
        named.append(label or ".".join(path))
    return words["between"].join(named) or words["nothing"]
