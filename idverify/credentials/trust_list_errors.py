"""Why a trust list was refused, beside the reasons of errors.py and credential_errors.py, which hold for its signature too.

::

    TokenInvalid
    |-- TrustListPin        trust_list_pin         |-- TrustListExpired        trust_list_expired
    |-- TrustListMalformed  trust_list_malformed   |-- TrustListRolledBack     trust_list_rolled_back
    |-- TrustListVersion    trust_list_version     |-- TrustListEquivocal      trust_list_equivocal
    |-- TrustListKind       trust_list_kind        |-- TrustListCritical       trust_list_critical
    |-- TrustListFuture     trust_list_future      |-- TrustListUnscoped       trust_list_unscoped
    `-- TrustListLifetime   trust_list_lifetime    |-- TrustListAnchor         trust_list_anchor
                                                   |-- TrustListUnnamed        trust_list_unnamed
                                                   `-- TrustListRepeated       trust_list_repeated
"""

from idverify.credentials.errors import _Refused


class _TrustListRefused(_Refused):
    """Base, to list the leaves by."""


class TrustListPin(_TrustListRefused):
    """The list is not under the pinned root: ask its operator, by another way, whether the root changed."""

    code = "trust_list_pin"


class TrustListMalformed(_TrustListRefused):
    """The list lacks a member that it must have (ETSI TS 119 602), or one has the wrong form."""

    code = "trust_list_malformed"


class TrustListVersion(_TrustListRefused):
    """The list has a version of the format that this reader does not know."""

    code = "trust_list_version"


class TrustListKind(_TrustListRefused):
    """The list is not one of credential issuers."""

    code = "trust_list_kind"


class TrustListFuture(_TrustListRefused):
    """The list says that it was issued later than now: one of the two clocks is wrong."""

    code = "trust_list_future"


class TrustListLifetime(_TrustListRefused):
    """The list would vouch for longer than 31 days, or ends before it begins."""

    code = "trust_list_lifetime"


class TrustListExpired(_TrustListRefused):
    """The time of the next update is past: the list no longer vouches for anyone. Refresh it (`idverify trust refresh`)."""

    code = "trust_list_expired"


class TrustListRolledBack(_TrustListRefused):
    """The list is older than the one held already: its sequence number went back."""

    code = "trust_list_rolled_back"


class TrustListEquivocal(_TrustListRefused):
    """The list has the sequence number of the one held already, and says something else."""

    code = "trust_list_equivocal"


class TrustListCritical(_TrustListRefused):
    """The list holds a critical extension that this reader does not understand."""

    code = "trust_list_critical"


class TrustListUnscoped(_TrustListRefused):
    """The list names an issuer without saying which types of credential it may issue."""

    code = "trust_list_unscoped"


class TrustListUnnamed(_TrustListRefused):
    """The list names a root without the URLs of the issuers that it may speak for."""

    code = "trust_list_unnamed"


class TrustListAnchor(_TrustListRefused):
    """A certificate in the list is not a root that may certify issuers' keys."""

    code = "trust_list_anchor"


class TrustListRepeated(_TrustListRefused):
    """The list names one root twice, or with different issuers, so that two readers could trust it for different things."""

    code = "trust_list_repeated"


REFUSALS: tuple[type[_TrustListRefused], ...] = tuple(_TrustListRefused.__subclasses__())
