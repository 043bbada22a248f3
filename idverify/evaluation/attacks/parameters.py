"""The committed parameters of camera, light, people and attacks, and how a session draws its own of them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

Group = Mapping[str, float]


@cache
def _file() -> Mapping[str, Mapping[str, float | list[float]]]:
    return tomllib.loads(files("idverify.evaluation.attacks").joinpath("parameters.toml").read_text(encoding="utf-8"))


def drawn(group: str, generator: np.random.Generator) -> Group:
    """One session's values of a group of parameters.toml: ranges drawn from uniformly, single values as they stand."""
    return {name: _value(entry, generator) for name, entry in _file()[group].items()}


def _value(entry: float | list[float], generator: np.random.Generator) -> float:
    return float(generator.uniform(entry[0], entry[1])) if isinstance(entry, list) else float(entry)
