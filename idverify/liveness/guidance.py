"""What to tell the person in front of the camera, one thing at a time, the worst first: the codes of the capture page."""

from .observation import Light, Observation, Seen

# From where on something is said, each in the measure's own unit.
FAR, NEAR = 0.30, 0.90  # height of the face over the picture's shorter side
EDGE = 0.05  # of the face's height, that it may exceed the picture
OFF = 0.20  # distance of the face's middle from the picture's, over the shorter side
DARK, BRIGHT = 0.02, 0.65  # luminance of the face, linear, 0..1
BACKLIT, SHADED = 5.0, 0.15  # times that the background is lighter than a face darker than the second
RAISED = 16.0  # degrees of pitch that a camera held too low shows
ASKEW = 20.0  # degrees of yaw, pitch or roll away from straight ahead
BLURRED = 90.0  # variance of the Laplacian, grey levels squared


def guide(observation: Observation) -> str:
    """The code of what to change, `ok` where nothing.

    no_face, many, far, near, off, dark, bright, backlit, low, turned, blur. Whether eyes and mouth are covered no landmark
    tells: the analysed frames' quality and the match do.
    """
    seen = observation.seen
    if seen is None:
        return missing(observation)
    return _placed(seen, observation.trace.size) or _lit(seen.light) or _posed(seen) or "ok"


def missing(observation: Observation) -> str:
    """The code for a frame without a subject: many, far (one face, too small to be measured) or no_face."""
    return "no_face" if observation.faces == 0 else "far" if observation.faces == 1 else "many"


def _placed(seen: Seen, size: tuple[int, int]) -> str:
    height, width = size
    shorter = min(size)
    left, top, right, bottom = seen.face.box
    if seen.face.height < FAR * shorter:
        return "far"
    beyond = max(-top, bottom - height, -left, right - width)
    away = max(abs((left + right - width) / 2), abs((top + bottom - height) / 2))
    if seen.face.height > NEAR * shorter:
        return "near"
    return "off" if away > OFF * shorter or beyond > EDGE * seen.face.height else ""


def _lit(light: Light | None) -> str:
    if light is None:
        return ""
    face, background = _luminance(light.face), _luminance(light.background)
    if face < SHADED and background > BACKLIT * face:
        return "backlit"
    return "dark" if face < DARK else "bright" if face > BRIGHT else ""


def _luminance(light: tuple[float, float, float]) -> float:
    """Relative luminance (ITU-R BT.709)."""
    red, green, blue = light
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _posed(seen: Seen) -> str:
    if seen.pitch > RAISED:
        return "low"
    if max(abs(seen.yaw), abs(seen.pitch), abs(seen.roll)) > ASKEW:
        return "turned"
    return "blur" if seen.sharpness < BLURRED else ""
