"""What users ask of the Task API: a frame, its wrapping, its slots, and the call that it stands for."""
from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import noise, slots, titles, wraps
from .grammar import expand, read_frames
from .shares import FURTHER_FRAMES

FOLDER = Path(__file__).parent.parent / "requests"
OPERATIONS = ("create", "update", "complete", "delete", "list")
TOOL_OF = {"create": "create_task", "update": "update_task", "complete": "complete_task", "delete": "delete_task", "list": "list_tasks"}
"""Frames by operation: short ones, which wraps make longer, and whole utterances as people of many kinds would say them, of two times."""
FRAMES = {operation: read_frames(FOLDER / f"{operation}.txt") for operation in OPERATIONS}
SPOKEN = {operation: read_frames(FOLDER / "spoken" / f"{operation}.txt") for operation in OPERATIONS}
FURTHER = {operation: read_frames(FOLDER / "further" / f"{operation}.txt") for operation in OPERATIONS}


@dataclass(frozen=True)
class Request:
    operation: str
    text: str
    """What the tool is called with."""
    arguments: dict
    """The frame's place, such as `delete/12`."""
    frame: str
    """The words around the slots, for comparisons with what is held out."""
    masked: str


def masked_words(text: str) -> list[str]:
    return re.findall(r"<\w>|[a-z']+", text.lower().replace("’", "'"))


KEYS = {"t": "title", "n": "new_title", "d": "due_date", "p": "priority", "s": "status"}
"""`{t:words}`; `{p=high:words}` where the words stand for another value; `{d:words=value}` where they hold more than it."""
MARKED = re.compile(r"\{(\w)(?:=([^:}]*))?:([^}=]*)(?:=([^}]*))?\}")


def read_phrasings(name: str, change=lambda slot, words: words) -> list[Request]:
    """The requests of requests/NAME.txt, which are never trained on; `change` may put other words into a slot."""
    found = []
    for number, line in enumerate((FOLDER / f"{name}.txt").read_text("utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        operation, source = line.split(" | ", 1)
        arguments: dict[str, str] = {}

        def said(slot: re.Match) -> str:
            words = change(slot[1], slot[3])
            arguments[KEYS[slot[1]]] = slot[2] or slot[4] or words
            return words

        text = MARKED.sub(said, source)
        mask = " ".join(masked_words(MARKED.sub(r"<\1>", source)))
        found.append(Request(operation, text, arguments, f"{name}/{number}", mask))
    return found


RUN = 5


@lru_cache(maxsize=1)
def _kept_apart() -> tuple[frozenset, frozenset]:
    requests = read_phrasings("unseen_phrasings")
    runs = set()
    for request in requests:
        tokens = request.masked.split()
        runs.update(tuple(tokens[i:i + RUN]) for i in range(len(tokens) - RUN + 1))
    return frozenset(request.masked for request in requests), frozenset(runs)


def overlaps(masked: str) -> bool:
    """Whether a request's words are those of a held-out phrasing, or share a run of five with one (a slot counts as one)."""
    whole, runs = _kept_apart()
    tokens = masked.split()
    return masked in whole or any(tuple(tokens[i:i + RUN]) in runs for i in range(len(tokens) - RUN + 1))


def make(operation: str, rng: random.Random, strangeness: float = 0.3, held: bool = False, allowed=lambda frame: True, tidy: float = 0.6, source: slots.TitleSource | None = None, spoken_share: float = 0.5) -> Request:
    """
    A request. `strangeness`: the share of titles with words that exist nowhere; `held`: with a title and date that are held back;
    `allowed`: which frames may be used; `tidy`: the share without slips; `source`: makes the titles instead; `spoken_share`: how many are whole utterances.
    Requests that overlap with the held-out phrasings are thrown away and made anew.
    """
    source = source or (lambda rng, verbal: titles.title(rng, strangeness, verbal, held))
    while True:
        spoken = rng.random() < spoken_share
        folder, frames = ("spoken/", SPOKEN) if spoken else ("", FRAMES)
        if spoken and FURTHER_FRAMES.draws(rng):
            folder, frames = "further/", FURTHER
        at = rng.randrange(len(frames[operation]))
        frame = f"{operation}/{folder}{at}"
        if not allowed(frame):
            continue
        made = _fill(operation, frame, *frames[operation][at], rng, source, held, tidy)
        if not overlaps(made.masked):
            return made


def _fill(operation: str, frame: str, kind: str, form: str, rng: random.Random, source: slots.TitleSource, held: bool, tidy: float) -> Request:
    core = expand(form, rng, 0.4)
    arguments: dict = {}
    status = re.search(r"\{s=(\w+)\}", core)
    if status:
        arguments["status"] = status.group(1)
    fixed = re.search(r"\{p=(\w+)\}", core)
    if fixed:
        arguments["priority"] = fixed.group(1)
    core = re.sub(r"\{[sp]=\w+\}", "", core).strip()
    if kind == "do":
        core = rng.choice(wraps.GERUND_WRAPS).replace("{}", wraps.gerund(core)) if rng.random() < 0.05 else rng.choice(wraps.DO_WRAPS).replace("{}", core)
    elif kind != "as":
        core = rng.choice(wraps.SAY_WRAPS if kind == "say" else wraps.ASK_WRAPS).replace("{}", core)
    if operation == "create" and kind != "as" and "priority" not in arguments and not re.search(r"\{p[awp]\}", core) and rng.random() < 0.22:
        core = core.rstrip(".!?") + rng.choice([". {ps}.", ", {psl}.", ". {ps}!", ", {psl}"])
    lower = rng.random() < 0.12
    filling = slots.fill(core, arguments, rng, lower, source, held)
    mask = " ".join(masked_words(slots.masked(core, filling)))
    text = noise.dress(core, filling.values, rng, lower, tidy, wraps.BEFORE, wraps.AFTER)
    return Request(operation, text, filling.arguments, frame, mask)
