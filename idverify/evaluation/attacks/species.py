"""The species of attack, by name: what each presents or sends. `bona_fide` is among the builders, and is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from idverify.evaluation.attacks.answers import Deaf, EarlyAnswers, LateAnswers, WrongAnswers
from idverify.evaluation.attacks.capture import Props
from idverify.evaluation.attacks.device import Clock, Device, Filmed, Source
from idverify.evaluation.attacks.heads import BeforeWall
from idverify.evaluation.attacks.people import Subject
from idverify.evaluation.attacks.prints import Printed
from idverify.evaluation.attacks.replays import Display, Loop, LoopingActor, Scripted, Spliced, script
from idverify.evaluation.attacks.sheets import Hold, Sheet, cropped, room_behind
from idverify.evaluation.attacks.shots import Actor, Shot
from idverify.evaluation.attacks.switching import Freezing, Repeating, Switched, cut, grainy, requantised, scaled
from idverify.evaluation.attacks.tampering import Tamper, TamperingDevice
from idverify.liveness.challenge import Options, draw

Class = Literal["presentation", "injection", "protocol"]
Strength = Literal["presented", "naive", "informed"]


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Whom a trial is about. target: who is claimed. others: of whom an attack may take an accomplice, or a room."""

    target: Subject
    others: Sequence[Subject]
    props: Props

    @property
    def other(self) -> Subject:
        """Somebody else, of a clip."""
        moving = [one for one in self.others if one.moves is not None and one.person != self.target.person]
        return moving[int(self.props.generator.integers(len(moving)))]

    @property
    def photo(self) -> Shot:
        """One of the photographs of the target."""
        return self.target.photos[int(self.props.generator.integers(len(self.target.photos)))]


Builder = Callable[[Cast, bool], Device]
"""A device for a trial; the second argument says whether the attacker is informed."""


@dataclass(frozen=True, slots=True)
class Species:
    """One species. needs: a target with a moving clip, with photographs, or with frames of prints. words: what it is."""

    name: str
    kind: Class
    build: Builder
    needs: Literal["clip", "photo", "prints"]
    words: str

    @property
    def strengths(self) -> tuple[Strength, ...]:
        """A presentation is what it is; the others come naive and informed."""
        return ("presented",) if self.kind == "presentation" else ("naive", "informed")


def bona_fide(cast: Cast) -> Device:
    """The person of a clip before a telephone, lit by its screen."""
    assert cast.target.moves is not None
    return Device(*cast.props.camera(cast.props.lit(cast.props.performer(cast.target.moves))))


def _printed(cast: Cast, informed: bool) -> Device:
    props = cast.props
    return Device(*props.camera(Printed(cast.target.prints, props.tremor("photo"), props.drawn("light"))))


def _sheet(hold: Hold) -> Builder:
    def build(cast: Cast, informed: bool) -> Device:
        props = cast.props
        sheet = Sheet(
            cropped(cast.photo, margin=0.45),
            room_behind(cast.other.photos[0].pixels),
            hold,
            paper=props.drawn("photo"),
            light=props.drawn("light"),
            reaction=props.between("person", "reaction_ms") / 1000,
            tremors=(props.tremor("photo"), props.tremor("photo")),
        )
        return Device(*props.camera(sheet))

    return build


def _screen(cast: Cast, informed: bool) -> Device:
    return _shown(cast, _recorded(cast))


def _steered_screen(cast: Cast, informed: bool) -> Device:
    return _shown(cast, _steered(cast))


def _shown(cast: Cast, actor: Actor) -> Device:
    props = cast.props
    room = room_behind(cast.other.photos[0].pixels)
    display = Display(
        actor, room, replay=props.drawn("replay"), light=props.drawn("light"), tremor=props.tremor(), generator=props.generator
    )
    return Device(*props.camera(display))


def _recorded(cast: Cast) -> Scripted:
    """A genuine session of the target with a challenge of its own."""
    assert cast.target.moves is not None
    steps = draw(cast.props.generator.bytes(32), Options(steps=3))
    return Scripted(cast.props.lit(cast.props.performer(cast.target.moves)), script(steps))


def _steered(cast: Cast) -> Actor:
    assert cast.target.moves is not None
    return cast.props.steered(cast.target.moves)


def _replay(cast: Cast, informed: bool) -> Device:
    actor = cast.props.tinted(_steered(cast)) if informed else _recorded(cast)
    return Device(*cast.props.program(actor, informed=informed))


def _loop(cast: Cast, informed: bool) -> Device:
    seconds = cast.props.between("injection", "loop_seconds")
    assert cast.target.moves is not None
    actor = cast.props.performer(cast.target.moves)
    if informed:
        sweep = draw(cast.props.generator.bytes(32), Options(flashing=False, steps=3))
        moving = LoopingActor(Scripted(cast.props.steered(cast.target.moves), script(sweep)), 1.5 + 3.5 * len(sweep))
        return Device(*cast.props.program(cast.props.tinted(moving), informed=True))
    source, clock = cast.props.program(actor, informed=False)
    return Device(Loop(source, seconds), clock)


def _splice(cast: Cast, informed: bool) -> Device:
    accomplice = cast.other
    assert accomplice.moves is not None
    if informed:
        spliced = Spliced(cast.props.steered(accomplice.moves), _steered(cast), blend=0.5, seconds=0.8)
        return Device(*cast.props.program(cast.props.tinted(spliced), informed=True))
    first = cast.props.lit(cast.props.steered(accomplice.moves))
    return Device(*cast.props.camera(Spliced(first, _steered(cast), blend=0.0, seconds=0.0)))


def _head(cast: Cast, informed: bool) -> Device:
    head = cast.props.head(cast.photo, informed=informed)
    return Device(*cast.props.program(cast.props.tinted(head) if informed else head, informed=informed))


def _unlit(cast: Cast, informed: bool) -> Device:
    return Device(*cast.props.program(Deaf(_steered(cast)), informed=informed))


def _late_light(cast: Cast, informed: bool) -> Device:
    delay = None if informed else cast.props.between("injection", "flash_delay_ms")
    return Device(*cast.props.program(cast.props.tinted(_steered(cast), delay_ms=delay), informed=informed))


def _resolution(cast: Cast, informed: bool) -> Device:
    """Perfect but for the size. Informed: of one size, upright and then lying, as of a telephone that was turned over."""
    props = cast.props
    source, clock = props.program(props.tinted(_steered(cast)), informed=True)
    switch = props.drawn("switch")
    if not informed:
        after = scaled(switch["scale"], source.quality)
        return Device(Switched(source, switch["seconds"], before=None, after=after), clock)
    before, after = (cut(switch["lying_share"], source.quality, upright=upright) for upright in (True, False))
    return Device(Switched(source, switch["seconds"], before=before, after=after), clock)


def _tables(cast: Cast, informed: bool) -> Device:
    """Perfect but for the encoder. Informed: the first one compresses once more what the other one made."""
    props = cast.props
    source, clock = props.program(props.tinted(_steered(cast)), informed=True)
    switch = props.drawn("switch")
    other = round(switch["quality"])
    after = requantised(other, source.quality) if informed else requantised(other)
    return Device(Switched(source, switch["seconds"], before=None, after=after), clock)


def _other_sensor(cast: Cast, informed: bool) -> Device:
    """Perfect but for the camera: an upright one, then one that lies and has more noise. Informed: both have the same."""
    props = cast.props
    source, clock = props.program(props.tinted(_steered(cast)), informed=True)
    switch = props.drawn("switch")
    upright, lying = (cut(switch["lying_share"], source.quality, upright=upright) for upright in (True, False))
    after = lying if informed else grainy(lying, switch["grain"], props.generator)
    return Device(Switched(source, switch["seconds"], before=upright, after=after), clock)


def _freezing(cast: Cast, informed: bool) -> Device:
    """Perfect until the first step, then one picture. Informed: each is sent twice, as by a page that outruns its camera."""
    source, clock = cast.props.program(cast.props.tinted(_steered(cast)), informed=True)
    return Device(Repeating(source, 2) if informed else Freezing(source), clock)


def _painted(cast: Cast, informed: bool) -> Device:
    """A head before a wall, drawn half as often as it is sent and without noise. Informed: with a sensor's, and each anew."""
    props = cast.props
    scene = BeforeWall(props.tinted(props.head(cast.photo, informed=True)))
    source, clock = props.program(scene, informed=True)
    return Device(source if informed else Repeating(Filmed(scene, None, source.quality), 2), clock)


def _answers(kind: Literal["wrong", "early", "late"]) -> Builder:
    """Perfect but for when or what they answer."""

    def build(cast: Cast, informed: bool) -> Device:
        props = cast.props
        inner = props.tinted(_steered(cast))
        actor: Actor
        if kind == "wrong":
            actor = WrongAnswers(inner, props.generator, then_right=2.5 if informed else None)
        elif kind == "early":
            early = props.between("injection", "early_ms") / 1000
            actor = EarlyAnswers(inner, props.generator, early=early, right=informed)
        else:
            seconds = props.between("injection", "stall_seconds" if informed else "late_seconds")
            actor = LateAnswers(inner, seconds)
        return Device(*props.program(actor, informed=True))

    return build


def _tampering(tamper: Tamper) -> Builder:
    """Perfect but for the protocol."""

    def build(cast: Cast, informed: bool) -> Device:
        props = cast.props
        source: Source
        clock: Clock
        source, clock = props.program(props.tinted(_steered(cast)), informed=True)
        every = round(props.between("injection", "tamper_every"))
        return TamperingDevice(source, clock, tamper, every=every, informed=informed, generator=props.generator)

    return build


ALL: Final = (
    Species("print", "presentation", _printed, "prints", "frames of printed photographs (NUAA) as what the camera sees"),
    Species("photo_held", "presentation", _sheet(Hold.STILL), "photo", "a photograph held up, brought nearer when asked"),
    Species("photo_turned", "presentation", _sheet(Hold.TURNED), "photo", "a photograph turned as a plane, in perspective"),
    Species("photo_bent", "presentation", _sheet(Hold.BENT), "photo", "a photograph bent as a cylinder and turned"),
    Species("screen_replay", "presentation", _screen, "clip", "a genuine session of another challenge on a filmed screen"),
    Species("screen_steered", "presentation", _steered_screen, "clip", "recordings chosen step by step on a filmed screen"),
    Species("recorded_frames", "injection", _replay, "clip", "frames of another session, injected"),
    Species("looping_camera", "injection", _loop, "clip", "a virtual camera that plays a loop"),
    Species("spliced_person", "injection", _splice, "clip", "an accomplice for the steps, the target's frames for the match"),
    Species("synthetic_head", "injection", _head, "photo", "a mesh of one photograph, animated: the injected deepfake"),
    Species("flash_ignored", "injection", _unlit, "clip", "recordings chosen step by step, without the screen's light"),
    Species("flash_delayed", "injection", _late_light, "clip", "the same, tinted after the screen"),
    Species("resolution_change", "injection", _resolution, "clip", "the same, tinted, of another size from some moment on"),
    Species("tables_change", "injection", _tables, "clip", "the same, tinted, by another encoder from some moment on"),
    Species("other_sensor", "injection", _other_sensor, "clip", "the same, tinted, from another camera from some moment on"),
    Species("page_freezes", "injection", _freezing, "clip", "one picture again and again from the first step on"),
    Species("painted_scene", "injection", _painted, "photo", "a mesh of one photograph before a painted wall, without noise"),
    Species("wrong_challenge", "protocol", _answers("wrong"), "clip", "answers to another challenge"),
    Species("early_answers", "protocol", _answers("early"), "clip", "moves before it is asked"),
    Species("late_answers", "protocol", _answers("late"), "clip", "moves seconds after it was asked"),
    *(
        Species(tamper.value, "protocol", _tampering(tamper), "clip", words)
        for tamper, words in (
            (Tamper.REORDER, "two frames exchanged now and then"),
            (Tamper.DROP, "a frame left out now and then"),
            (Tamper.DUPLICATE, "a frame sent twice now and then"),
            (Tamper.SEQUENCE, "a sequence number that jumps"),
            (Tamper.MAC, "a MAC that is made up, or of another connection's key"),
        )
    ),
)
