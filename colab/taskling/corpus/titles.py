"""Titles of tasks: known ones, ones with words that exist nowhere, and mixtures."""
from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from . import words
from .shares import FREE_TITLES


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


def _last_words() -> list[str]:
    texts = [*NOMINAL, *words.THINGS, *(each for _, objects in words.ACTIONS for each in objects)]
    return sorted({text.split()[-1] for text in texts if re.fullmatch(r"[a-z]{3,}", text.split()[-1])})


NOUNS = _last_words()
VERBS = sorted({verb for verb, _ in words.ACTIONS} | {text.split()[0] for text in VERBAL if re.fullmatch(r"[a-z]{3,}", text.split()[0])})
QUALITIES = """new old spare second last first big small broken blue red green grey black white wooden plastic paper metal old-fashioned final early late missing lost annual monthly weekly quarterly yearly
shared personal official secret foreign local upstairs downstairs left right front back main extra cheap expensive clean dirty heavy light wet dry cold hot used open closed empty full digital printed signed""".split()
LINKS = "for with about on in at from to of near by under over without around behind into against through between above beside inside outside during since like per via".split()
PARTICLES = "out up off back down over away in round together through".split()


def _thing(rng: random.Random) -> str:
    noun = rng.choice([words.gibberish(rng), words.gibberish(rng).capitalize()]) if rng.random() < 0.2 else rng.choice(NOUNS)
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        noun = f"{rng.choice(QUALITIES if rng.random() < 0.6 else NOUNS)} {noun}"
    kind = rng.random()
    if kind < 0.12:
        return f"{words.name(rng)}'s {noun}"
    if kind < 0.2:
        return f"{rng.randint(2, 60)} {noun}"
    if kind < 0.26:
        return f"{noun} {words.code(rng)}"
    return noun if kind < 0.45 else f"{rng.choice(['the', 'the', 'the', 'a', 'my', 'our', 'their', 'his', 'her', 'every', 'this'])} {noun}"


def free(rng: random.Random, verbal: bool | None = None) -> Title:
    """Put together from words of all kinds, and of any length: where such a title ends only the sentence around it tells, not that it was met before."""
    is_verbal = verbal if verbal is not None else rng.random() < 0.65
    someone = rng.random() < 0.15
    text = words.name(rng) if someone else _thing(rng)
    if is_verbal:
        verb, form = rng.choice(VERBS), rng.random()
        text = f"{verb} {text} {rng.choice(PARTICLES)}" if form < 0.08 and not someone else f"{verb} {rng.choice(PARTICLES)} {text}" if form < 0.16 else f"{verb} {text}"
    elif someone:
        text = f"{rng.choice(NOUNS)} {rng.choice(['with', 'for', 'from', 'by'])} {text}"
    for _ in range(rng.choice([0, 0, 0, 1, 1, 1, 2])):
        text += f" {rng.choice(LINKS)} {words.name(rng) if rng.random() < 0.15 else _thing(rng)}"
    if rng.random() < 0.15:
        text += f" {rng.choice(['and', 'and', 'and', 'or', '&'])} {rng.choice([_thing(rng), words.name(rng), words.gibberish(rng), words.gibberish(rng).capitalize()])}"
    if rng.random() < 0.05:
        text += f" to {rng.choice(VERBS)}"
    return Title(text, is_verbal)


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
        make = strange if rng.random() < strangeness else known
        if make is known and FREE_TITLES.draws(rng):
            make = free
        made = make(rng, verbal)
        if words.held_back(made.text) == held:
            return made
