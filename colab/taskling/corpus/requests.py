"""What users ask of the Task API: a frame, its wrapping, its slots, and the call that it stands for."""
from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import dates, noise, titles, words
from .grammar import expand, read_frames

FOLDER = Path(__file__).parent.parent / "requests"
OPERATIONS = ("create", "update", "complete", "delete", "list")
TOOL_OF = {"create": "create_task", "update": "update_task", "complete": "complete_task", "delete": "delete_task", "list": "list_tasks"}
FRAMES = {operation: read_frames(FOLDER / f"{operation}.txt") for operation in OPERATIONS}

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

DO_WRAPS = """{}|{}|{}|{}|{}, please|Please {}|please {}|Can you {}?|Could you {}?|Would you {}?|Can you please {}?|Could you please {}?|Would you please {}?|Will you {}?|I need you to {}|I want you to {}|I'd like you to {}
I would like you to {}|Go ahead and {}|Go on and {}|Kindly {}|Just {}|Hey, {}|Hi, {}|Hello, please {}|Hi, can you {}?|OK, {}|Okay, {}|Now {}|Then {}|And {}|Also, {}|So, {}|Well, {}|Right, {}|Alright, {}|Actually, {}|Oh, {}
Do me a favour and {}|Do me a favor: {}|Be so kind and {}|You should {}|You can {}|You may {}|Make sure to {}|Be sure to {}|Please make sure you {}|I was wondering if you could {}|I was hoping you could {}|I'd appreciate it if you could {}
It would be great if you could {}|It would be nice if you could {}|Any chance you could {}?|Is it possible for you to {}?|Would you be able to {}?|Are you able to {}?|Might you {}?|Would it be possible for you to {}?|You have to {}|You need to {}
{} for me|{} for me, please|{}, thanks|{}, thank you|{}, would you?|{}, will you?|{}, ok?|{} when you can|{} right now|{} now|Quickly {}|Quick one: {}|One thing: {}|Let me ask you to {}|May I ask you to {}?|I'm asking you to {}|Time to {}|Let's {}
I'd be grateful if you would {}|Think you could {}?|pls {}|plz {}|hey {}|ok {}|If you can, {}|If possible, {}|When you get a chance, {}|When you have time, {}|First, {}|Next, {}|Try to {}|Help me {}|Your job: {}|Assistant, {}|Yes, {}|No, {}|Sorry, {}"""
DO_WRAPS = [wrap for line in DO_WRAPS.splitlines() for wrap in line.split("|")]
GERUND_WRAPS = ["Would you mind {}?", "Do you mind {}?", "How about {}?", "I'd appreciate you {}", "Thanks for {}", "I suggest {}", "Consider {}", "What do you think about {}?"]
SAY_WRAPS = """{}|{}|{}|{}|{}|{}|{}, please|{}, thanks|{}, thank you|{} please|Hey, {}|Hi, {}|Hello, {}|OK, {}|Okay, {}|So {}|Well, {}|Right, {}|Alright, {}|Actually, {}|Oh, {}|And {}|Also, {}|By the way, {}|FYI, {}|FYI {}|Just so you know, {}|For your information, {}
Note that {}|You know, {}|I think {}|I believe {}|Turns out, {}|It looks like {}|It seems {}|Yes, {}|Um, {}|Uh, {}|Good morning, {}|hey {}|ok {}|Listen, {}|Please know that {}|Quick note: {}|I just wanted to say {}|I'm telling you that {}|Since you ask, {}|Oh no, {}|Sorry, {}|Ah, {}|Great, {}|Finally, {}|Hm, {}"""
SAY_WRAPS = [wrap for line in SAY_WRAPS.splitlines() for wrap in line.split("|")]
ASK_WRAPS = ["{}?"] * 12 + ["Hey, {}?", "Hi, {}?", "Hello, {}?", "OK, {}?", "So {}?", "And {}?", "Please, {}?", "{} please?", "{}, please?", "{}", "Tell me, {}?", "Quick question: {}?", "Good morning, {}?",
                             "Sorry, {}?", "Um, {}?", "One question: {}?", "ok {}?", "By the way, {}?", "Actually, {}?", "Just wondering, {}?", "I was wondering, {}?"]
BEFORE = """I just got out of a meeting.|Good morning!|Good evening.|Hi there.|Hello!|What a day.|It's been a long week.|I'm back from lunch.|Quick thing.|Something came up.|My head is spinning.|I talked to {name}.|{name} called.|I spoke with {name} about it.|It's raining again.
I'm in a hurry.|Sorry to bother you.|Thanks for yesterday.|One more thing.|Listen.|I checked my calendar.|I have a lot going on.|Good news!|Bad news.|Hm.|I'm on the train.|The meeting ran late.|My phone is almost dead.|You're a great help.|I've been thinking.|Okay, next.|I got a message from {name}.|Busy day today."""
BEFORE = [line for part in BEFORE.splitlines() for line in part.split("|")]
AFTER = """Thanks!|Thank you.|Thanks a lot.|Thanks in advance.|That's all.|That would be great.|I appreciate it.|Cheers.|You're the best.|Let me know when that's done.|OK?|Got it?|{name} asked about it.|It was about time.|Many thanks.|Please.|That's it for now.|Sorry for the trouble.|Have a nice day.|I nearly forgot."""
AFTER = [line for part in AFTER.splitlines() for line in part.split("|")]
IRREGULAR = {"put": "putting", "get": "getting", "set": "setting", "drop": "dropping", "cancel": "cancelling", "let": "letting", "jot": "jotting", "log": "logging", "slot": "slotting", "pop": "popping",
             "cut": "cutting", "scrap": "scrapping", "bin": "binning", "axe": "axing", "skip": "skipping", "throw": "throwing", "tag": "tagging", "flag": "flagging", "run": "running", "slip": "slipping",
             "pin": "pinning", "forget": "forgetting", "rub": "rubbing", "wrap": "wrapping", "swap": "swapping", "see": "seeing", "refer": "referring", "spin": "spinning", "void": "voiding"}


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


def gerund(phrase: str) -> str:
    first, space, rest = phrase.partition(" ")
    made = IRREGULAR.get(first) or (first[:-1] + "ing" if first.endswith("e") and not first.endswith("ee") else first + "ing")
    return made + space + rest


def masked_words(text: str) -> list[str]:
    return re.findall(r"<\w>|[a-z']+", text.lower().replace("’", "'"))


def read_unseen_phrasings() -> list[Request]:
    """The requests that are kept apart, from requests/unseen_phrasings.txt."""
    found = []
    for number, line in enumerate((FOLDER / "unseen_phrasings.txt").read_text("utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        operation, text = line.split(" | ", 1)
        keys = {"t": "title", "n": "new_title", "d": "due_date", "p": "priority", "s": "status"}
        arguments = {}
        for slot, value, words_ in re.findall(r"\{(\w)(?:=([^:}]*))?:([^}]*)\}", text):
            given, _, meant = words_.partition("=")
            arguments[keys[slot]] = value or meant or given
        plain = re.sub(r"\{\w(?:=[^:}]*)?:([^}=]*)(?:=[^}]*)?\}", r"\1", text)
        mask = " ".join(masked_words(re.sub(r"\{(\w)(?:=[^:}]*)?:[^}]*\}", r"<\1>", text)))
        found.append(Request(operation, plain, arguments, f"unseen_phrasings/{number}", mask))
    return found


RUN = 5


@lru_cache(maxsize=1)
def _kept_apart() -> tuple[frozenset, frozenset]:
    requests = read_unseen_phrasings()
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


def make(operation: str, rng: random.Random, strangeness: float = 0.3, held: bool = False, allowed=lambda frame: True, tidy: float = 0.6) -> Request:
    """
    A request. `held`: with a title and date that are held back; `allowed`: which frames may be used; `tidy`: the share without slips.
    Requests that overlap with the held-out phrasings are thrown away and made anew.
    """
    while True:
        at = rng.randrange(len(FRAMES[operation]))
        frame = f"{operation}/{at}"
        if not allowed(frame):
            continue
        made = _fill(operation, frame, *FRAMES[operation][at], rng, strangeness, held, tidy)
        if made and not overlaps(made.masked):
            return made


def _fill(operation: str, frame: str, kind: str, source: str, rng: random.Random, strangeness: float, held: bool, tidy: float) -> Request | None:
    core = expand(source, rng, 0.4)
    arguments: dict = {}
    status = re.search(r"\{s=(\w+)\}", core)
    if status:
        arguments["status"] = status.group(1)
    fixed = re.search(r"\{p=(\w+)\}", core)
    if fixed:
        arguments["priority"] = fixed.group(1)
    core = re.sub(r"\{[sp]=\w+\}", "", core).strip()
    if kind == "do":
        core = rng.choice(GERUND_WRAPS).replace("{}", gerund(core)) if rng.random() < 0.05 else rng.choice(DO_WRAPS).replace("{}", core)
    else:
        core = rng.choice(SAY_WRAPS if kind == "say" else ASK_WRAPS).replace("{}", core)
    if operation == "create" and "priority" not in arguments and not re.search(r"\{p[awp]\}", core) and rng.random() < 0.22:
        core = core.rstrip(".!?") + rng.choice([". {ps}.", ", {psl}.", ". {ps}!", ", {psl}"])
    return fill_slots(operation, core, arguments, frame, rng, strangeness, held, tidy)


def fill_slots(operation: str, core: str, arguments: dict, frame: str, rng: random.Random, strangeness: float = 0.3, held: bool = False, tidy: float = 0.6) -> Request | None:
    lower = rng.random() < 0.12
    values: dict[str, str] = {}
    low = (lambda text: text.lower()) if lower else (lambda text: text)
    if "{t}" in core or "{v}" in core or "{nq}" in core:
        title = titles.title(rng, strangeness, True if "{v}" in core else None, held)
        text = low(title.text)
        if "{v}" not in core and rng.random() < 0.3:
            text = text[0].upper() + text[1:]
        title = titles.Title(text, title.verbal)
        values["t"] = "{v}" in core and title.text or _quoted(title, rng, 0.5)
        values["v"] = title.text
        arguments["title"] = title.text
    if "{n}" in core or "{nq}" in core:
        new = titles.title(rng, strangeness, None, held)
        text = low(new.text)
        if rng.random() < 0.4:
            text = text[0].upper() + text[1:]
        # Where nothing else sets it off from the old title, it is quoted.
        values["n"] = values["nq"] = _marked(text, rng) if "{nq}" in core or rng.random() < 0.7 else text
        arguments["new_title"] = text
    if re.search(r"\{(d|by|when)\}", core):
        while True:
            date, kind = dates.date(rng, held)
            if "{d}" not in core or kind != "whole":
                break
        arguments["due_date"] = date = low(date)
        values["d"] = date
        forms = dates.WHEN if "{when}" in core else dates.PREPOSITIONS
        values["by"] = values["when"] = dates.spoken(kind, rng, forms).format(date)
        core = core.replace("{when}", "{by}")
    if re.search(r"\{(d2|by2)\}", core):
        while True:
            other, kind = dates.date(rng)
            if kind != "whole" and low(other) != arguments.get("due_date"):
                break
        values["d2"], values["by2"] = low(other), dates.spoken(kind, rng, dates.WHEN).format(low(other))
    if re.search(r"\{(pa|pp|ps|psl|pw)\}", core):
        level = rng.choice(["high", "high", "high", "low", "low", "medium"])
        arguments["priority"] = level
        sentence = rng.choice(SENTENCES[level])
        values.update(pa=rng.choice(ADJECTIVES[level]), pp=rng.choice(BEFORE_NOUN[level]), ps=sentence, psl=sentence if sentence == "ASAP" else sentence[0].lower() + sentence[1:], pw=level)
    if "{done}" in core:
        values["done"] = rng.choice(DONE)
        arguments["status"] = "done"
    values["name"] = words.name(rng)
    preposition = values.get("by", "").replace(values.get("d", "\0"), "<d>")
    mask = core.replace("{by}", preposition)
    for slot, marker in (("t", "<t>"), ("v", "<t>"), ("n", "<n>"), ("nq", "<n>"), ("d", "<d>"), ("d2", "<d>"), ("by2", "<d>"), ("pa", "<p>"), ("pp", "<p>"), ("ps", "<p>"), ("psl", "<p>"), ("pw", "<p>"), ("done", "<s>"), ("name", "<x>")):
        mask = mask.replace("{" + slot + "}", marker)
    text = noise.dress(core, values, rng, lower, tidy, BEFORE, AFTER)
    order = ("title", "new_title", "due_date", "priority", "status")
    return Request(operation, text, {key: arguments[key] for key in order if key in arguments}, frame, " ".join(masked_words(mask)))
