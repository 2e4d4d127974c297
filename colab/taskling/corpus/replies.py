"""What the assistant answers: fluent prose that says again what was asked, with its title, date and priority."""
from __future__ import annotations

import random

from . import dates, titles
from .requests import Request

ADDED = """I've added {t} to your list{due}{pri}.|Done. I created the task {t}{due}{pri}.|I've created {t}{due}{pri}.|Sure, I added {t}{due}{pri}.|Added: {t}{due}{pri}.|OK. New task: {t}{due}{pri}.|Got it, {t} is on your list now{due}{pri}.|The task {t} has been created{due}{pri}.
I made a new task called {t}{due}{pri}.|Noted. {t} is now one of your tasks{due}{pri}.|All right, I've put {t} on your list{due}{pri}.|Of course. I've created {t} for you{due}{pri}.|Created. You now have a task {t}{due}{pri}.|Your new task is {t}{due}{pri}."""
MOVED = """I've moved {t} to {d}.|Done. {t} is now due {d}.|I updated {t}: it is due {d} now.|OK, the new due date of {t} is {d}.|Updated. {t} has been rescheduled to {d}.|Sure, I changed the due date of {t} to {d}.|{t} has been updated. New due date: {d}.|I rescheduled {t}; the new date is {d}.|Changed: {t} is due {d}."""
RANKED = """I've set {t} to {p} priority.|Done. {t} has {p} priority now.|I updated {t}: its priority is {p}.|OK, the priority of {t} is now {p}.|Updated. {t} is marked as {p} priority.|Sure, I changed the priority of {t} to {p}.|{t} has been updated. New priority: {p}.|Changed: {t} is {p} priority now."""
RENAMED = """I've renamed {t} to {n}.|Done. {t} is now called {n}.|I updated the title: {t} is {n} now.|OK, the new title of {t} is {n}.|Updated. {t} has been renamed {n}.|Sure, I changed the title from {t} to {n}.|Renamed: {t} is now {n}."""
BOTH = """I've updated {t}: due {d}, {p} priority.|Done. {t} is now due {d} with {p} priority.|OK, I changed {t}. New due date: {d}. New priority: {p}."""
COMPLETED = """I've marked {t} as complete.|Done. {t} is completed.|Well done! {t} is checked off.|Great, I've completed {t}.|{t} has been marked as done.|I closed {t}. Good work.|Completed: {t}.|OK, {t} is complete now.|Nice. I marked {t} as complete.|{t} is now completed. One less to think about.|Good job! I've set {t} to complete.|Sure, {t} is complete."""
DELETED = """I've deleted {t}.|Done. {t} has been deleted.|Deleted: {t}.|OK, I removed {t} from your list.|{t} is deleted and gone from your list.|Sure, I've deleted the task {t}.|I deleted {t}. It's off your list.|All right, {t} has been removed.|The task {t} was deleted.|Removed. I deleted {t} for you."""
PROMISES = {
    "create": ["You want me to create the task {t}{due}{pri}.", "So I should create a new task: {t}{due}{pri}.", "You would like to add {t} to your list{due}{pri}.", "That means: create {t}{due}{pri}."],
    "move": ["You want me to update {t}: due {d}.", "So I should change the due date of {t} to {d}.", "You would like to update the date of {t} to {d}.", "That means: update {t}, due {d}."],
    "rank": ["You want me to update {t}: {p} priority.", "So I should change the priority of {t} to {p}.", "You would like to update the priority of {t} to {p}.", "That means: update {t}, {p} priority."],
    "rename": ["You want me to update {t}: new title {n}.", "So I should rename {t} to {n}.", "You would like to update the title of {t} to {n}.", "That means: update {t}, new title {n}."],
    "both": ["You want me to update {t}: due {d}, {p} priority.", "That means: update {t}, due {d}, {p} priority."],
    "complete": ["You want me to mark {t} as complete.", "So {t} is done and I should complete it.", "You have finished {t}, so I should complete it.", "That means: complete {t}."],
    "delete": ["You want me to delete the task {t}.", "So I should delete {t}.", "You don't need {t} any more, so I should delete it.", "That means: delete {t}."],
    "list": ["You want to see your {w}tasks{due}.", "So I should list your {w}tasks{due}.", "You would like a list of your {w}tasks{due}.", "That means: list the {w}tasks{due}."],
}
CLOSERS = ["Anything else?", "What's next?", "Is there more?", "You're welcome.", "Let me know if you need more.", "Good luck with it.", "Have a nice day!", "Can I help with something else?"]
split = lambda text: [line for part in text.splitlines() for line in part.split("|")]
ADDED, MOVED, RANKED, RENAMED, BOTH, COMPLETED, DELETED = map(split, (ADDED, MOVED, RANKED, RENAMED, BOTH, COMPLETED, DELETED))
QUOTES = ['"{}"', '"{}"', '"{}"', "'{}'", "“{}”", "‘{}’", "**{}**"]


def kind_of(request: Request) -> str:
    if request.operation != "update":
        return request.operation
    given = request.arguments
    if "new_title" in given:
        return "rename"
    return "both" if "due_date" in given and "priority" in given else "move" if "due_date" in given else "rank"


def _slots(request: Request, rng: random.Random) -> dict[str, str]:
    given, quote = request.arguments, rng.choice(QUOTES)
    due, level = given.get("due_date"), given.get("priority")
    return {
        "t": quote.format(given.get("title", "")), "n": quote.format(given.get("new_title", "")), "d": due or "", "p": level or "",
        "due": (f" due {due}" if request.operation == "list" else rng.choice([", due {}", ", due {}", " with the due date {}", " (due {})"]).format(due)) if due else "",
        "pri": rng.choice([", {} priority", " with {} priority", ", priority {}", " ({} priority)"]).format(level) if level else "",
        "w": f"{'completed ' if given.get('status') else ''}{level + ' priority ' if level else ''}",
    }


def restated(request: Request, rng: random.Random) -> str:
    """What the request means, in a sentence."""
    return rng.choice(PROMISES[kind_of(request)]).format(**_slots(request, rng))


def fields(request: Request, rng: random.Random) -> str:
    """What the request means, line by line."""
    given = request.arguments
    names = {"title": "Title", "new_title": "New title", "due_date": "Due", "priority": "Priority", "status": "Status"}
    lines = [f"{rng.choice(['Action', 'Wanted', 'Operation', 'Intent'])}: {request.operation}"] + [f"{names[key]}: {value}" for key, value in given.items()]
    return rng.choice(["\n", "\n", "; ", ", "]).join(lines)


FORMS = {"create": ADDED, "move": MOVED, "rank": RANKED, "rename": RENAMED, "both": BOTH, "complete": COMPLETED, "delete": DELETED}


def told(request: Request, rng: random.Random) -> str:
    """That it was done, in a sentence."""
    return rng.choice(FORMS[kind_of(request)]).format(**_slots(request, rng))


def answered(request: Request, rng: random.Random) -> str:
    """The assistant's answer. A list has tasks of its own making."""
    kind = kind_of(request)
    if kind == "list":
        return listed(request, rng)
    text = told(request, rng)
    if rng.random() < 0.25:
        text = restated(request, rng) + " " + text
    if kind == "create" and rng.random() < 0.15:
        given = request.arguments
        text = rng.choice(["Done.", "Created.", "Here is your new task.", "I've added this:"]) + f"\nTitle: {given['title']}" + (f"\nDue: {given['due_date']}" if "due_date" in given else "") + (f"\nPriority: {given['priority']}" if "priority" in given else "")
    return text + (" " + rng.choice(CLOSERS) if rng.random() < 0.2 else "")


def listed(request: Request, rng: random.Random) -> str:
    given = request.arguments
    slots = _slots(request, rng)
    opening = f"You have {{}} {slots['w']}task{{}}{slots['due']}"
    count = rng.choice([0, 1, 1, 1, 2, 2, 3])
    lead = restated(request, rng) + " " if rng.random() < 0.3 else ""
    if count == 0:
        return lead + rng.choice([f"You have no {slots['w']}tasks{slots['due']}.", f"There are no {slots['w']}tasks{slots['due']}.", f"Nothing: no {slots['w']}tasks{slots['due']}."])
    lines = []
    for at in range(count):
        title = titles.title(rng, 0.25).text
        due = "" if "due_date" in given or rng.random() < 0.3 else f", due {dates.date(rng)[0]}"
        level = "" if "priority" in given or rng.random() < 0.6 else f" ({rng.choice(['low', 'medium', 'high'])} priority)"
        lines.append(f"{title}{due}{level}")
    number = {1: "one", 2: "two", 3: "three", 4: "four"}[count] if rng.random() < 0.5 else str(count)
    mark = rng.choice(["- {}", "- {}", "{i}. {}", "• {}"])
    opening = rng.choice([opening, opening, f"Here {'is' if count == 1 else 'are'} your {{}} {slots['w']}task{{}}{slots['due']}"]).format(number, "" if count == 1 else "s")
    return lead + opening + ":\n" + "\n".join(mark.replace("{i}", str(i + 1)).replace("{}", line) for i, line in enumerate(lines))
