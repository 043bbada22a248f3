"""What a document may not contain to be sealed or examined: whatever changes what it shows, or shows what is not in it.

A seal says that these bytes were sealed. It is understood as 'what I see was sealed', which holds only where the bytes alone
decide what is seen. Links to pages stay allowed, and so do attached files and form fields: none of them changes a page.
"""

from collections.abc import Iterator
from typing import Any

_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/ImportData",
    "/SubmitForm",
    "/ResetForm",
    "/Rendition",
    "/RichMediaExecute",
    "/Movie",
    "/Sound",
    "/Hide",
    "/SetOCGState",
    "/GoTo3DView",
}
_KEYS = {"/JS", "/JavaScript", "/AA", "/XFA", "/RichMediaContent", "/OPI", "/Alternates"}
"""Scripts, actions that events set off, forms in XML, media, pictures that are elsewhere, others for the printer alone."""
_DECIDING = ("/S", "/Subtype")
"""What their names decide is decided where they stand: a name that stands elsewhere is refused, for no paper has one."""
_ANNOTATIONS = {"/Screen", "/Movie", "/RichMedia", "/3D", "/Sound"}
_DEEPEST = 200


def active_part(indirect: object, *, is_stream: bool) -> str | None:
    """The name of what makes the object active, or None. It is a dict, a list, or anything else, as pyHanko reads it.

    References are not followed: each object is examined by itself. is_stream: whether it is a stream, whose dictionary this is.
    """
    if is_stream and isinstance(indirect, dict) and "/F" in indirect:
        return "/F"
    for one in _dictionaries(indirect):
        found = _active(one)
        if found is not None:
            return found
    return None


def _active(one: dict[str, Any]) -> str | None:
    keys = _KEYS & set(one) | {key for key in _DECIDING if _is_reference(dict.get(one, key))}
    if keys:
        return min(keys)
    if {"/Event", "/Category"} <= set(one):
        return "/AS"  # ISO 32000-2 table 101: layers that come and go by themselves, on paper or on the screen alone
    if "/OpenAction" in one and not _is_a_place(dict.get(one, "/OpenAction")):
        return "/OpenAction"
    if _named(one, "/S") in _ACTIONS:
        return _named(one, "/S")
    if _named(one, "/Subtype") in _ANNOTATIONS:
        return _named(one, "/Subtype")
    return "/Ref" if _named(one, "/Subtype") == "/Form" and "/Ref" in one else None


def _is_a_place(opened: object) -> bool:
    """Whether a document opens at a page of its own, and at no other document, file or site."""
    found: Any = opened.get_object() if _is_reference(opened) else opened  # type: ignore[attr-defined]
    if not isinstance(found, dict):
        return True
    return _named(found, "/S") == "/GoTo" and "/Next" not in found


def _is_reference(value: object) -> bool:
    return hasattr(value, "idnum")


def _named(one: dict[str, Any], key: str) -> str | None:
    value = dict.get(one, key)  # not by the reader's own method, which follows references
    return str(value) if isinstance(value, str) else None


def _dictionaries(indirect: object) -> Iterator[dict[str, Any]]:
    """Every dictionary that stands in the object itself. Raises RecursionError beyond a depth that no document has."""
    waiting = [(indirect, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(one, dict):
            yield one
            waiting += [(value, depth + 1) for value in dict.values(one)]
        elif isinstance(one, list):
            waiting += [(value, depth + 1) for value in list.__iter__(one)]
