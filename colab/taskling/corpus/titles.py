"""Titles of tasks: known ones, ones with words that exist nowhere, and mixtures."""
from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from . import words


@dataclass(frozen=True)
class Title:
    text: str
    """Whether it begins with a verb, so that it can follow "to"."""
    verbal: bool


def _read() -> tuple[list[str], list[str]]:
    """Titles as people write them, of ../requests/titles.txt: those with a verb in front, and the others."""
    path = Path(__file__).parent.parent / "requests" / "titles.txt"
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    for number, line in enumerate(lines, 1):
        if line[:3] not in ("v: ", "n: "):
            raise ValueError(f"{path}: title {number} begins with neither `v: ` nor `n: `")
    return [line[3:] for line in lines if line[0] == "v"], [line[3:] for line in lines if line[0] == "n"]


VERBAL, NOMINAL = _read()


def known(rng: random.Random, verbal: bool | None = None) -> Title:
    is_verbal = verbal if verbal is not None else rng.random() < 0.65
    if rng.random() < 0.6:
        text = rng.choice(VERBAL if is_verbal else NOMINAL)
        return Title(words.fill_names(text + (" " + rng.choice(words.TAILS) if rng.random() < 0.08 else ""), rng), is_verbal)
    if is_verbal:
        verb, objects = rng.choice(words.ACTIONS)
        text = f"{verb} {rng.choice(objects)}"
        if rng.random() < 0.15:
            text = text.replace(" the ", rng.choice([" the new ", " the old ", " the big ", " the second ", " the spare ", " "]), 1)
    else:
        text = rng.choice(words.THINGS)
    if rng.random() < 0.2:
        text += " " + rng.choice(words.TAILS)
    if rng.random() < 0.05:
        text += " " + words.code(rng)
    return Title(words.fill_names(text, rng), is_verbal)


def strange(rng: random.Random, verbal: bool | None = None) -> Title:
    """Words that exist nowhere, alone or in place of known ones."""
    make = lambda: words.gibberish(rng)
    is_verbal = verbal if verbal is not None else rng.random() < 0.55
    if is_verbal:
        verb = make() if rng.random() < 0.15 else rng.choice(words.ACTIONS)[0]
        thing = rng.choice([make, make, lambda: f"the {make()}", lambda: f"the {make()}", lambda: f"{make()} {make()}", lambda: f"a {make()}",
                            lambda: f"the {make()} {rng.choice(words.THINGS).split()[-1]}".replace("{name}", make()), lambda: make().capitalize(),
                            lambda: f"{make().capitalize()} {make().capitalize()}", lambda: f"{make()} for {make().capitalize()}",
                            lambda: f"the {make()} and the {make()}", lambda: f"{make().capitalize()}'s {make()}"])()
        text = f"{verb} {thing}"
    else:
        text = rng.choice([lambda: make(), lambda: f"{make()} {make()}", lambda: f"{make()} {rng.choice(words.THINGS).split()[-1]}".replace("{name}", make()),
                           lambda: f"{make()} {make()} {make()}", lambda: f"{rng.choice(words.THINGS).split()[0]} {make()}".replace("{name}", make()),
                           lambda: f"{make().capitalize()}'s {rng.choice(words.THINGS).split()[-1]}".replace("{name}", make())])()
    if rng.random() < 0.1:
        text += f" with {make().capitalize()}"
    return Title(text, is_verbal)


def title(rng: random.Random, strangeness: float = 0.3, verbal: bool | None = None, held: bool = False) -> Title:
    """A title that is held back for evaluation if `held`, and never one otherwise."""
    while True:
        made = (strange if rng.random() < strangeness else known)(rng, verbal)
        if words.held_back(made.text) == held:
            return made
