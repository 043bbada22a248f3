"""Why a portrait is not added to a subject, or not removed."""

from idverify.errors import InputError


class PortraitMismatch(InputError):
    """The portrait does not match those that the subject has."""

    code = "portrait_mismatch"


class PortraitExists(InputError):
    """The subject has this portrait already."""

    code = "portrait_exists"


class PortraitLimit(InputError):
    """A subject has one to five portraits."""

    code = "portrait_limit"


class PortraitNotFound(InputError):
    """The subject has no such portrait."""

    code = "portrait_not_found"
