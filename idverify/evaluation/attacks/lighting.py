"""Actors under the light of our screen: a real head by the reflectance model, an injected one as its attacker imitates it."""

from idverify.evaluation.attacks.light import Screen, lit, on_head
from idverify.evaluation.attacks.parameters import Group
from idverify.evaluation.attacks.shots import Actor, Said, Shot


class LitHead:
    """The actor's head, lit by the screen. With the attacker's own latency in its group it is an imitation of that."""

    def __init__(self, actor: Actor, light: Group) -> None:
        self._actor, self._light, self._screen = actor, light, Screen(light)

    def hear(self, said: Said, at: float) -> None:
        """Colours change the light; the rest is the actor's."""
        follow(self._screen, said, at)
        self._actor.hear(said, at)

    def shot(self, at: float) -> Shot:
        """The actor's shot under the light of this moment."""
        shot = self._actor.shot(at)
        weights = on_head(shot.landmarks, self._light)
        return Shot(lit(shot.pixels, weights, self._screen.light(at), self._light), shot.landmarks)


def follow(screen: Screen, said: Said, at: float) -> None:
    """Show what the service says: a colour, or the page itself once the colours are over."""
    if said["type"] == "colour":
        screen.show(str(said["rgb"]), at)
    elif said["type"] in {"ahead", "step", "checking"}:
        screen.show(None, at)
