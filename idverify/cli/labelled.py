"""Acquisition from labelled data sets."""

from typing import Final

from idverify.acquisition import Acquirer
from idverify.api.app import Recogniser
from idverify.face.selection import FacesPolicy

# A label names one person of a photograph that may show several: in LFW the one in the middle. Where a service would ask for
# another photograph, the most prominent face is taken here, for the comparison is what is measured.
FACES: Final[FacesPolicy] = "most_prominent"


def labelled_acquirer(recogniser: Recogniser) -> Acquirer:
    """An acquirer that takes the face that a data set's label means."""
    return Acquirer(recogniser.engine, faces=FACES)
