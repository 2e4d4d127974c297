"""Requests with the calls that they stand for: to fine-tune on, and to be examined with."""
from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass

from .corpus import dates, mix, shares, titles, words
from .corpus.requests import OPERATIONS, TOOL_OF, make, read_phrasings


@dataclass(frozen=True)
class Trial:
    request: str
    name: str
    arguments: dict


def in_tuning(frame: str) -> bool:
    """Four frames of five are for fine-tuning; the others are met in pretraining only."""
    return zlib.crc32(frame.encode()) % 5 != 0


def _made(count: int, seed: str, **options) -> list[Trial]:
    rng, found, seen = random.Random(f"taskling trials {seed}"), [], set()
    while len(found) < count:
        operation = OPERATIONS[len(found) % len(OPERATIONS)]
        request = make(operation, rng, **options)
        if request.text in seen or mix.has_unseen(request.text):
            continue
        seen.add(request.text)
        found.append(Trial(request.text, TOOL_OF[operation], request.arguments))
    return found


def tuning(count: int, seed: int, free: float = 0.0, further: float = 0.0) -> list[Trial]:
    """
    What the LoRA learns from: half of the titles have words that exist nowhere. `free`: the share of the others that is put together
    freely; `further`: the share of the whole utterances that is of the further frames.
    """
    with shares.FREE_TITLES.of(free), shares.FURTHER_FRAMES.of(further):
        found = _made(count, f"tuning {seed}", strangeness=0.5, allowed=in_tuning, tidy=0.7)
    random.Random(seed).shuffle(found)
    return found


def held_out(count: int, seed: int) -> list[Trial]:
    return _made(count, f"held-out {seed}", strangeness=0.0, held=True, allowed=in_tuning, tidy=0.8)


def other_frames(count: int, seed: int) -> list[Trial]:
    return _made(count, f"other frames {seed}", strangeness=0.2, held=True, allowed=lambda frame: not in_tuning(frame), tidy=0.8)


def _unseen_title(rng: random.Random, verbal: bool | None, unseen: list[str]) -> titles.Title:
    word, other = rng.sample(unseen, 2)
    if verbal if verbal is not None else rng.random() < 0.6:
        verb = rng.choice(words.ACTIONS)[0]
        forms = ["{v} {w}", "{v} the report for {w}", "{v} {w} and {o}"] if word[0].isupper() else ["{v} the {w}", "{v} the {w}", "{v} {w} for {o}", "{v} the {w} and the {o}"]
        return titles.Title(rng.choice(forms).format(v=verb, w=word, o=other), True)
    thing = rng.choice(words.THINGS).replace("{name}", word)
    last = thing.split()[-1]
    return titles.Title(rng.choice([f"{word} {last}", f"{word} {other}", f"{thing} with {word}", f"{word}'s {last}"]), False)


def unseen_words(count: int, seed: int) -> list[Trial]:
    """Known frames, with titles and names that no corpus has: real English words and names."""
    rng, unseen, found = random.Random(f"taskling trials unseen {seed}"), mix.read_unseen_words(), []
    while len(found) < count:
        # Of the five operations, `list` has no title.
        operation = OPERATIONS[len(found) % 4]
        request = make(operation, rng, allowed=in_tuning, tidy=0.8, source=lambda rng, verbal: _unseen_title(rng, verbal, unseen))
        if mix.has_unseen(request.text):
            found.append(Trial(request.text, TOOL_OF[operation], request.arguments))
    return found


def unseen_phrasings(seed: int | None = None) -> list[Trial]:
    """The requests of requests/unseen_phrasings.txt as they stand; with a seed also twice more with other titles and days."""
    if seed is None:
        return [Trial(request.text, TOOL_OF[request.operation], request.arguments) for request in read_phrasings("unseen_phrasings")]
    rng = random.Random(f"taskling trials phrasings {seed}")
    verbs = {verb.split()[0] for verb, _ in words.ACTIONS}
    month = re.compile(f"(?:{'|'.join(dates.MONTHS)}) \\d")

    def change(slot: str, said: str) -> str:
        if slot in "tn":
            made = titles.title(rng, 0.0, said.split()[0].lower() in verbs, True).text
            return made[0].upper() + made[1:] if said[0].isupper() else made
        if slot == "d" and said in dates.WEEKDAYS:
            return rng.choice(dates.WEEKDAYS)
        if slot == "d" and month.match(said):
            return f"{rng.choice(dates.MONTHS)} {rng.randint(1, 28)}"
        return said

    requests = {request.text: request for request in [*read_phrasings("unseen_phrasings"), *read_phrasings("unseen_phrasings", change), *read_phrasings("unseen_phrasings", change)]}
    return [Trial(request.text, TOOL_OF[request.operation], request.arguments) for request in requests.values()]


def another_hand() -> list[Trial]:
    """The requests of requests/another_hand.txt as they stand."""
    return [Trial(request.text, TOOL_OF[request.operation], request.arguments) for request in read_phrasings("another_hand")]
