"""Patterns that are solved by copying: quoting, renaming, keeping a list, spelling, words between marks."""
from __future__ import annotations

import random

from . import dates, titles, words

SAID = ["{a} said: {q}. What did {a} say? {q}.", "The task is called {q}. Its name is {q}.", "Repeat after me: {q}. {q}.", "{a} wrote {q} on the board. The board says {q}.", "Title: {t}\nAgain: {t}",
        "Note: {t}. The note reads {q}.", "{q} is the first task. The first task is {q}.", "Copy: {t} -> {t}", "Input: {t}\nOutput: {t}", "The word of the day is {q}. Remember {q}.", "{t}; {t}; {t}"]
PAIRS = ["{a} has the task {q} and {b} has the task {r}. What does {a} have? {q}. And {b}? {r}.", "First {q}, then {r}. What comes second? {r}. What comes first? {q}.",
         "{q} was renamed to {r}. The old name is {q}; the new name is {r}.", "Old: {t}\nNew: {u}\nRenamed {q} to {r}.", "{q} is due {d}; {r} is due {e}. When is {r} due? {e}. When is {q} due? {d}.",
         "Replace {q} with {r}: {r}.", "Not {q} but {r}. So it is {r}.", "{t} = {d}\n{u} = {e}\n{u}: {e}\n{t}: {d}", "The due date of {q} moved from {d} to {e}. It is due {e} now, not {d}."]


def _title(rng: random.Random) -> str:
    return titles.title(rng, 0.65).text if rng.random() < 0.75 else " ".join(words.gibberish(rng) for _ in range(rng.randint(1, 4)))


def text(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.22:
        return _said(rng)
    if kind < 0.5:
        return _pairs(rng)
    if kind < 0.75:
        return _table(rng)
    if kind < 0.9:
        return _recall(rng)
    return _spelled(rng)


def _slots(rng: random.Random) -> dict[str, str]:
    t, u = _title(rng), _title(rng)
    quote = rng.choice(['"{}"', '"{}"', "'{}'", "“{}”", "**{}**", "{}"])
    return dict(t=t, u=u, q=quote.format(t), r=quote.format(u), a=words.name(rng), b=words.name(rng), d=dates.date(rng)[0], e=dates.date(rng)[0])


def _said(rng: random.Random) -> str:
    return " ".join(rng.choice(SAID).format(**_slots(rng)) for _ in range(rng.randint(1, 3)))


def _pairs(rng: random.Random) -> str:
    return "\n".join(rng.choice(PAIRS).format(**_slots(rng)) for _ in range(rng.randint(1, 2)))


def _table(rng: random.Random) -> str:
    """Keys and values, then some of them asked for in another order."""
    rows = [(_title(rng), rng.choice([lambda: dates.date(rng)[0], lambda: words.name(rng), lambda: words.gibberish(rng), lambda: words.code(rng)])()) for _ in range(rng.randint(2, 5))]
    sep = rng.choice([" - ", ": ", " | ", " -> "])
    asked = rng.sample(rows, rng.randint(1, len(rows)))
    question = rng.choice(["{}? {}.", "What belongs to {}? {}.", "{} goes with {}.", "And {}? {}."])
    return "\n".join(sep.join(row) for row in rows) + "\n" + "\n".join(question.format(*row) for row in asked)


def _recall(rng: random.Random) -> str:
    """A list of words, changed a little, and said again."""
    items = [_title(rng) if rng.random() < 0.5 else words.gibberish(rng) for _ in range(rng.randint(3, 6))]
    at = rng.randrange(len(items))
    before = ", ".join(items)
    change = rng.random()
    if change < 0.35:
        return f"List: {before}.\nWithout {items[at]}: {', '.join(items[:at] + items[at + 1:])}."
    if change < 0.7:
        new = words.gibberish(rng)
        return f"List: {before}.\nWith {new}: {before}, {new}."
    return f"List: {before}.\nAgain: {before}.\nThe last one is {items[-1]}. The first one is {items[0]}."


def _spelled(rng: random.Random) -> str:
    word = words.gibberish(rng)
    return f"{word} is spelled {'-'.join(word)}. {'-'.join(word)} makes {word}. The capital form of {word} is {word.capitalize()}."
