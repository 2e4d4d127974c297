"""The slots of a frame: titles, dates, priorities and names, as they are said and as the tool is given them."""
from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from . import dates, titles, words

ADJECTIVES = {
    "high": ["high priority", "urgent", "important", "top priority", "critical", "very important", "really urgent", "crucial", "high-priority", "very urgent", "a top priority", "a high priority"],
    "medium": ["medium priority", "normal priority", "of medium priority", "medium-priority", "a medium priority"],
    "low": ["low priority", "not urgent", "unimportant", "low-priority", "not important", "a low priority", "not that urgent", "not very important"],
}
BEFORE_NOUN = {"high": ["high priority", "urgent", "important", "high-priority", "top priority", "critical", "most important", "most urgent"],
               "medium": ["medium priority", "medium-priority", "normal priority"], "low": ["low priority", "low-priority", "unimportant", "least important"]}
SENTENCES = {
    "high": ["It's urgent", "It is very important", "High priority", "High priority please", "Priority: high", "Make it high priority", "This is important", "It's a top priority", "Urgent",
             "This one is critical", "Really important", "Set the priority to high", "With high priority", "It matters a lot", "This can't wait", "ASAP", "It has to be high priority"],
    "medium": ["Medium priority", "Priority: medium", "Make it medium priority", "Normal priority", "Set the priority to medium", "With medium priority"],
    "low": ["Low priority", "No rush", "It's not urgent", "Priority: low", "Make it low priority", "Not important", "There's no hurry", "Low priority please", "Set the priority to low",
            "Take your time with it", "With low priority", "It isn't urgent", "Whenever there's time", "Nothing urgent"],
}
DONE = ["completed", "finished", "done", "closed", "completed"]
MARKERS = {"t": "<t>", "v": "<t>", "n": "<n>", "nq": "<n>", "d": "<d>", "d2": "<d>", "by2": "<d>", "pa": "<p>", "pp": "<p>", "ps": "<p>", "psl": "<p>", "pw": "<p>", "done": "<s>", "name": "<x>"}
ORDER = ("title", "new_title", "due_date", "priority", "status")

"""Makes a title; with True, one that begins with a verb."""
TitleSource = Callable[[random.Random, "bool | None"], titles.Title]


@dataclass
class Filling:
    """How the slots of one request are said, and what the tool is given."""
    values: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)


def _marked(text: str, rng: random.Random) -> str:
    return rng.choice(['"{}"', '"{}"', '"{}"', '"{}"', "'{}'", "'{}'", "“{}”", "“{}”", "‘{}’", "**{}**", "«{}»"]).format(text)


def _quoted(title: titles.Title, rng: random.Random, plain: float) -> str:
    text = title.text
    if rng.random() < plain:
        if rng.random() < 0.12:
            return rng.choice(["the task {}", "my task {}", "task {}", "the {} task", "the item {}", "the to-do {}"]).format(text)
        if not title.verbal and rng.random() < 0.45 and not text[0].isdigit():
            return rng.choice(["the ", "the ", "my ", "my ", "that ", "this "]) + text
        return text
    quoted = _marked(text, rng)
    return rng.choice(["{}", "{}", "{}", "{}", "the task {}", "task {}", "my task {}", "the {} task", "the task called {}", "the task named {}", "the one called {}"]).format(quoted)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _title(core: str, made: Filling, rng: random.Random, low: Callable[[str], str], source: TitleSource) -> None:
    title = source(rng, True if "{v}" in core else None)
    text = low(title.text)
    if "{v}" not in core and rng.random() < 0.3:
        text = _capital(text)
    made.values["t"] = text if "{v}" in core else _quoted(titles.Title(text, title.verbal), rng, 0.5)
    made.values["v"] = made.arguments["title"] = text


def _new_title(core: str, made: Filling, rng: random.Random, low: Callable[[str], str], source: TitleSource) -> None:
    text = low(source(rng, None).text)
    if rng.random() < 0.4:
        text = _capital(text)
    # Where nothing else sets it off from the old title, it is quoted.
    made.values["n"] = made.values["nq"] = _marked(text, rng) if "{nq}" in core or rng.random() < 0.7 else text
    made.arguments["new_title"] = text


def _date(core: str, made: Filling, rng: random.Random, low: Callable[[str], str], held: bool) -> None:
    while True:
        date, kind = dates.date(rng, held)
        if "{d}" not in core or kind != "whole":
            break
    made.values["d"] = made.arguments["due_date"] = low(date)
    forms = dates.WHEN if "{when}" in core else dates.PREPOSITIONS
    made.values["by"] = made.values["when"] = dates.spoken(kind, rng, forms).format(low(date))


def _other_date(made: Filling, rng: random.Random, low: Callable[[str], str]) -> None:
    """One that is spoken of and is not the argument."""
    while True:
        other, kind = dates.date(rng)
        if kind != "whole" and low(other) != made.arguments.get("due_date"):
            break
    made.values["d2"], made.values["by2"] = low(other), dates.spoken(kind, rng, dates.WHEN).format(low(other))


def _priority(made: Filling, rng: random.Random) -> None:
    level = made.arguments["priority"] = rng.choice(["high", "high", "high", "low", "low", "medium"])
    sentence = rng.choice(SENTENCES[level])
    inside = sentence if sentence == "ASAP" else sentence[0].lower() + sentence[1:]
    made.values.update(pa=rng.choice(ADJECTIVES[level]), pp=rng.choice(BEFORE_NOUN[level]), ps=sentence, psl=inside, pw=level)


def fill(core: str, fixed: dict[str, str], rng: random.Random, lower: bool, source: TitleSource, held: bool) -> Filling:
    """Values for the slots of `core`; `fixed` are arguments that the frame itself gives, `source` makes titles, `held` asks for held-back dates."""
    made = Filling(arguments=dict(fixed))
    low: Callable[[str], str] = str.lower if lower else str
    if re.search(r"\{(t|v|nq)\}", core):
        _title(core, made, rng, low, source)
    if re.search(r"\{nq?\}", core):
        _new_title(core, made, rng, low, source)
    if re.search(r"\{(d|by|when)\}", core):
        _date(core, made, rng, low, held)
    if re.search(r"\{(d2|by2)\}", core):
        _other_date(made, rng, low)
    if re.search(r"\{(pa|pp|ps|psl|pw)\}", core):
        _priority(made, rng)
    if "{done}" in core:
        made.values["done"] = rng.choice(DONE)
        made.arguments["status"] = "done"
    made.values["name"] = words.name(rng)
    made.arguments = {key: made.arguments[key] for key in ORDER if key in made.arguments}
    return made


def masked(core: str, made: Filling) -> str:
    """The frame with a marker for each slot; prepositions of dates stay."""
    said = made.values.get("by", "").replace(made.values.get("d", "\0"), "<d>")
    text = core.replace("{by}", said).replace("{when}", said)
    for slot, marker in MARKERS.items():
        text = text.replace("{" + slot + "}", marker)
    return text
