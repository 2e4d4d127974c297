"""To-do lists, and questions about them."""
from __future__ import annotations

import random

from . import dates, titles


def _rows(rng: random.Random) -> list[dict[str, str]]:
    return [{"title": titles.title(rng, 0.3).text, "due": dates.date(rng)[0], "priority": rng.choice(["low", "medium", "high"]), "state": rng.choice(["open", "done"])} for _ in range(rng.randint(2, 6))]


def text(rng: random.Random) -> str:
    rows = _rows(rng)
    style = rng.choice(["- {title} (due {due}, {priority} priority, {state})", "[{x}] {title}, {due}", "{i}. {title}: {priority}, {due}", "* {title} | {due} | {priority} | {state}"])
    lines = [style.format(i=at + 1, x="x" if row["state"] == "done" else " ", **row) for at, row in enumerate(rows)]
    asked = []
    for _ in range(rng.randint(1, 4)):
        row = rng.choice(rows)
        choices = [("When is {title} due?", "{due}."), ("What is due {due}?", "{title}."), ("Which task is due {due}?", '"{title}".')]
        if "{priority}" in style:
            choices += [("What is the priority of {title}?", "{priority}."), ("How important is {title}?", "It has {priority} priority.")]
        if "{state}" in style or "{x}" in style:
            choices += [("Is {title} done?", "Yes, it is done." if row["state"] == "done" else "No, it is still open.")]
        ask, reply = rng.choice(choices)
        asked.append(f"{ask} {reply}".format(**row))
    more = rng.random()
    if more < 0.2:
        asked.append(f"How many tasks are there? {len(rows)}.")
    elif more < 0.4:
        gone = rng.choice(rows)
        asked.append(f"After deleting {gone['title']}, what is left? " + "; ".join(row["title"] for row in rows if row is not gone) + ".")
    return rng.choice(["Tasks:\n", "To-do:\n", "My list\n", "List of tasks\n", ""]) + "\n".join(lines) + "\n" + "\n".join(asked)
