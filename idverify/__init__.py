"""idverify: is the person in front of the camera the person in the registry photo, as a signed answer."""

__version__ = "0.1.0"
