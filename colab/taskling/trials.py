"""Requests with the calls that they stand for: to fine-tune on, and to be examined with."""
from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass

from .corpus import dates, mix, titles, words
from .corpus.requests import FOLDER, OPERATIONS, TOOL_OF, make, read_unseen_phrasings


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


def tuning(count: int, seed: int) -> list[Trial]:
    """What the LoRA learns from: half of the titles have words that exist nowhere."""
    found = _made(count, f"tuning {seed}", strangeness=0.5, allowed=in_tuning, tidy=0.7)
    random.Random(seed).shuffle(found)
    return found


def held_out(count: int, seed: int) -> list[Trial]:
    return _made(count, f"held-out {seed}", strangeness=0.0, held=True, allowed=in_tuning, tidy=0.8)


def other_frames(count: int, seed: int) -> list[Trial]:
    return _made(count, f"other frames {seed}", strangeness=0.2, held=True, allowed=lambda frame: not in_tuning(frame), tidy=0.8)


def unseen_words(count: int, seed: int) -> list[Trial]:
    """Known frames, with titles and names that no corpus has: real English words and names."""
    rng, unseen, found = random.Random(f"taskling trials unseen {seed}"), mix.read_unseen_words(), []
    held = words.held_back
    original = titles.title
    def title(_rng, strangeness=0.3, verbal=None, held=False):
        word, other = rng.sample(unseen, 2)
        proper = word[0].isupper()
        if verbal if verbal is not None else rng.random() < 0.6:
            verb = rng.choice(words.ACTIONS)[0]
            text = rng.choice([f"{verb} {word}", f"{verb} the report for {word}", f"{verb} {word} and {other}"]) if proper else rng.choice([f"{verb} the {word}", f"{verb} the {word}", f"{verb} {word} for {other}", f"{verb} the {word} and the {other}"])
            return titles.Title(text, True)
        thing = rng.choice(words.THINGS).replace("{name}", word)
        return titles.Title(rng.choice([f"{word} {thing.split()[-1]}", f"{word} {other}", f"{thing} with {word}", f"{word}'s {thing.split()[-1]}"]), False)
    titles.title = title
    try:
        while len(found) < count:
            operation = OPERATIONS[len(found) % 4]
            request = make(operation, rng, allowed=in_tuning, tidy=0.8)
            if mix.has_unseen(request.text):
                found.append(Trial(request.text, TOOL_OF[operation], request.arguments))
    finally:
        titles.title = original
    return found


def unseen_phrasings(seed: int) -> list[Trial]:
    """The requests of requests/unseen_phrasings.txt as they stand, and each once more with other titles and days."""
    rng = random.Random(f"taskling trials phrasings {seed}")
    found = [Trial(request.text, TOOL_OF[request.operation], request.arguments) for request in read_unseen_phrasings()]
    verbs = {verb.split()[0] for verb, _ in words.ACTIONS}
    for line in (FOLDER / "unseen_phrasings.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        operation, text = line.split(" | ", 1)
        arguments: dict = {}
        def fill(found_: re.Match) -> str:
            slot, value, said = found_.group(1), found_.group(2), found_.group(3)
            said, _, meant = said.partition("=")
            key = {"t": "title", "n": "new_title", "d": "due_date", "p": "priority", "s": "status"}[slot]
            new = said
            if slot in "tn":
                made = titles.title(rng, 0.0, said.split()[0].lower() in verbs, True).text
                new = made[0].upper() + made[1:] if said[0].isupper() else made
            elif slot == "d" and (said in dates.WEEKDAYS or re.match(r"(?:%s) \d" % "|".join(dates.MONTHS), said)):
                new = rng.choice(dates.WEEKDAYS) if said in dates.WEEKDAYS else f"{rng.choice(dates.MONTHS)} {rng.randint(1, 28)}"
            arguments[key] = value or meant or new
            return new
        swapped = re.sub(r"\{(\w)(?:=([^:}]*))?:([^}]*)\}", fill, text)
        found.append(Trial(swapped, TOOL_OF[operation], arguments))
    return found
