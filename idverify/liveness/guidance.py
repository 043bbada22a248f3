"""What to tell the person in front of the camera, one thing at a time, the worst first: the codes of the capture page."""

from dataclasses import dataclass

from .observation import Light, Observation, Seen


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is said. Each in the measure's own unit.

    far, near: height of the face over the picture's shorter side. edge: how much of its height the face may exceed the picture.
    off: distance of the face's middle from the picture's, over the shorter side. dark, bright: luminance of the face, linear,
    0..1. backlit: times that the background is lighter than a face darker than `shaded`. raised: degrees of pitch that a
    camera held too low shows. yaw, pitch, roll: degrees away from straight ahead. blur: variance of the Laplacian, grey levels
    squared.
    """

    far: float = 0.30
    near: float = 0.90
    edge: float = 0.05
    off: float = 0.20
    dark: float = 0.02
    bright: float = 0.65
    backlit: float = 5.0
    shaded: float = 0.15
    raised: float = 16.0
    yaw: float = 20.0
    pitch: float = 20.0
    roll: float = 20.0
    blur: float = 90.0


DEFAULT = Limits()


def guide(observation: Observation, *, limits: Limits = DEFAULT) -> str:
    """The code of what to change, `ok` where nothing.

    no_face, many, far, near, off, dark, bright, backlit, low, turned, blur. Whether eyes and mouth are covered no landmark
    tells: the analysed frames' quality and the match do.
    """
    seen = observation.seen
    if seen is None:
        return missing(observation)
    return _placed(seen, observation.trace.size, limits) or _lit(seen.light, limits) or _posed(seen, limits) or "ok"


def missing(observation: Observation) -> str:
    """The code for a frame without a subject: many, far (one face, too small to be measured) or no_face."""
    return "no_face" if observation.faces == 0 else "far" if observation.faces == 1 else "many"


def _placed(seen: Seen, size: tuple[int, int], limits: Limits) -> str:
    height, width = size
    shorter = min(size)
    left, top, right, bottom = seen.face.box
    if seen.face.height < limits.far * shorter:
        return "far"
    beyond = max(-top, bottom - height, -left, right - width)
    away = max(abs((left + right - width) / 2), abs((top + bottom - height) / 2))
    if seen.face.height > limits.near * shorter:
        return "near"
    return "off" if away > limits.off * shorter or beyond > limits.edge * seen.face.height else ""


def _lit(light: Light | None, limits: Limits) -> str:
    if light is None:
        return ""
    face, background = _luminance(light.face), _luminance(light.background)
    if face < limits.shaded and background > limits.backlit * face:
        return "backlit"
    return "dark" if face < limits.dark else "bright" if face > limits.bright else ""


def _luminance(light: tuple[float, float, float]) -> float:
    """Relative luminance (ITU-R BT.709)."""
    red, green, blue = light
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _posed(seen: Seen, limits: Limits) -> str:
    if seen.pitch > limits.raised:
        return "low"
    if abs(seen.yaw) > limits.yaw or abs(seen.pitch) > limits.pitch or abs(seen.roll) > limits.roll:
        return "turned"
    return "blur" if seen.sharpness < limits.blur else ""
