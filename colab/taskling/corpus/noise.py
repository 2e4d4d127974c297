"""How a request looks on the page: capitals, punctuation, slips of the finger, words before and after. Slots keep their spelling."""
from __future__ import annotations

import random
import re

from .words import fill_names


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word) - 1)
    return rng.choice([
        lambda: word[:at] + word[at + 1] + word[at] + word[at + 2:], lambda: word[:at] + word[at + 1:], lambda: word[:at] + word[at] + word[at:],
    ])()


def dress(core: str, values: dict[str, str], rng: random.Random, lower: bool, tidy: float, before: list[str], after: list[str]) -> str:
    """The text of a request from its frame and the values of its slots."""
    untidy = rng.random() > tidy
    if untidy and rng.random() < 0.45:
        core = " ".join(_slip(word, rng) if word.isalpha() and len(word) > 3 and rng.random() < 0.12 else word for word in core.split(" "))
    if untidy and rng.random() < 0.3:
        core = core.replace("'", "")
    if not lower and core[0] != "{":
        core = core[0].upper() + core[1:]
    if lower:
        core = re.sub(r"(?<![{\w])[A-Za-z']+(?![}\w])", lambda found: found.group().lower(), core)
    core = re.sub(r"\{(\w+)\}", lambda found: values[found.group(1)], core)
    ending = core[-1] if core[-1] in ".?!" else ""
    if not ending and not lower and rng.random() < 0.75:
        core += rng.choice([".", ".", ".", ".", "!"])
    elif ending and (lower or untidy) and rng.random() < 0.4:
        core = core[:-1]
    if rng.random() < 0.1:
        core = fill_names(rng.choice(before), rng) + " " + core
    if rng.random() < 0.1:
        core = core + ("" if core[-1] in ".?!" else ".") + " " + fill_names(rng.choice(after), rng)
    return core
