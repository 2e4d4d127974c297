"""Texts outside the chat template in which one wish is said in several ways, named, or taken apart."""
from __future__ import annotations

import random

from . import replies, requests
from .requests import Request


def _again(request: Request, rng: random.Random) -> Request:
    """The same wish in another phrasing: same operation, same values."""
    keys = set(request.arguments)
    for _ in range(40):
        other = requests.make(request.operation, rng, 0.0, tidy=0.9)
        if set(other.arguments) == keys:
            text = other.text
            for key in ("new_title", "title", "due_date"):
                if key in keys:
                    text = text.replace(other.arguments[key], "\0" + key, 1) if other.arguments[key] in text else ""
            if not text or other.arguments.get("priority") != request.arguments.get("priority"):
                continue
            for key in keys & {"title", "new_title", "due_date"}:
                text = text.replace("\0" + key, request.arguments[key])
            return Request(request.operation, text, request.arguments, other.frame, other.masked)
    return request


def ways(rng: random.Random) -> str:
    """A wish in several phrasings, then in plain words."""
    request = requests.make(rng.choice(requests.OPERATIONS), rng, 0.3)
    said = [request.text] + [_again(request, rng).text for _ in range(rng.randint(1, 3))]
    style = rng.random()
    if style < 0.35:
        return "Ways to say the same thing:\n" + "\n".join(f"- {line}" for line in said) + "\n" + replies.restated(request, rng)
    if style < 0.7:
        return " ".join([said[0]] + [rng.choice(["In other words: {}", "Put differently: {}", "That is the same as: {}", "Or: {}"]).format(line) for line in said[1:]]) + " " + replies.restated(request, rng)
    return "\n".join(f"{line} => {replies.restated(request, rng)}" for line in said)


def named(rng: random.Random) -> str:
    """Requests, each with the name of what is wanted."""
    lines = []
    for _ in range(rng.randint(1, 4)):
        request = requests.make(rng.choice(requests.OPERATIONS), rng, 0.4)
        form = rng.random()
        if form < 0.4:
            lines.append(f"{rng.choice(['Request', 'User', 'Message', 'They said'])}: {request.text}\n{replies.fields(request, rng)}")
        elif form < 0.7:
            lines.append(f"{rng.choice(['Request', 'User', 'Message', 'They said'])}: {request.text}\n{rng.choice(['Meaning', 'In short', 'Plainly'])}: {replies.restated(request, rng)}")
        else:
            given = request.arguments
            lines.append(f"{request.text}\nIs that create, update, complete, delete or list? It is {request.operation}."
                         + (f" Which task? {given['title']}." if "title" in given else "") + (f" What is the new title? {given['new_title']}." if "new_title" in given else "")
                         + (f" When? {given['due_date']}." if "due_date" in given else "") + (f" What priority? {given['priority']}." if "priority" in given else ""))
    return "\n\n".join(lines)


def text(rng: random.Random) -> str:
    return (ways if rng.random() < 0.4 else named)(rng)
