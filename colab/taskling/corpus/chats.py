"""Conversations in the chat template, answered in prose: never with a tool call, which fine-tuning is there to teach."""
from __future__ import annotations

import random

from . import prose, replies, requests, titles, words

Message = dict[str, str]
SYSTEMS = """You are a helpful assistant.|You are the assistant of a task manager.|You help people with their to-do lists.|You are a friendly assistant who looks after tasks.|You manage the tasks of the user. Be brief.|You are Taskling, a small assistant.|Answer in one or two sentences.
You are an assistant for a small team. Keep answers short.|Be polite.|You are the assistant of a Task API.|You help with tasks: you can create, update, complete, delete and list them.|You look after a to-do list. Say what you did.|Today is {day}. You help with tasks.|You work for {name}. Help with the daily tasks.|You are a careful assistant. Ask when something is unclear."""
SYSTEMS = [line for part in SYSTEMS.splitlines() for line in part.split("|")]
DESCRIPTIONS = {
    "create_task": ["Add a task", "Create a new task", "Make a task"], "update_task": ["Change a task", "Change the title, date or priority of a task"],
    "complete_task": ["Mark a task as done", "Complete a task"], "delete_task": ["Remove a task", "Delete a task for good"], "list_tasks": ["Show tasks", "List the tasks"],
    "send_mail": ["Send an e-mail"], "get_weather": ["Tell the weather"], "search": ["Search the web"], "add_note": ["Write a note"], "find_person": ["Look up a person"], "set_alarm": ["Set an alarm"],
}
PARAMETERS = ["title", "due_date", "priority", "new_title", "status", "name", "text", "place", "query", "time", "description", "to", "date", "id"]


def system(rng: random.Random) -> str:
    from .dates import WEEKDAYS
    text = rng.choice(SYSTEMS).replace("{day}", rng.choice(WEEKDAYS)).replace("{name}", words.name(rng))
    if rng.random() < 0.3:
        lines = [f"{tool}({', '.join(p + rng.choice(['', '?']) for p in rng.sample(PARAMETERS, rng.randint(1, 4)))}): {rng.choice(DESCRIPTIONS[tool])}"
                 for tool in rng.sample(list(DESCRIPTIONS), rng.randint(2, 6))]
        text += "\n\nTools:\n" + "\n".join(lines)
    return text


def _turn(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def task_chat(rng: random.Random) -> list[Message]:
    messages = [_turn("system", system(rng))] if rng.random() < 0.5 else []
    for at in range(rng.choice([1, 1, 1, 2, 2, 3])):
        operation = rng.choice(["create", "update", "update", "complete", "delete", "list"])
        request = requests.make(operation, rng, 0.35)
        messages.append(_turn("user", request.text))
        if operation != "list" and rng.random() < 0.06:
            messages.append(_turn("assistant", replies.restated(request, rng) + " " + rng.choice(["Is that right?", "Shall I?", "Shall I go ahead?", "OK?"])))
            messages.append(_turn("user", rng.choice(["Yes.", "yes please", "Right.", "Go ahead.", "Exactly.", "Yep", "Correct, thanks."])))
        messages.append(_turn("assistant", replies.answered(request, rng)))
    if rng.random() < 0.08:
        messages += [_turn("user", rng.choice(["Thanks!", "thank you", "Great.", "That's all.", "Perfect, thanks"])), _turn("assistant", rng.choice(["You're welcome!", "Any time.", "Glad to help.", "Have a good day!"]))]
    return messages


def _inside(request: requests.Request) -> str:
    """A request as it stands within a sentence: no stop behind it, and a small letter where it began with a capital only for being first."""
    text = request.text
    first = text.split(" ", 1)[0]
    small = first[:1].isupper() and first[1:].islower() and not first.startswith("I'") and not text.startswith(request.arguments.get("title", "\0"))
    return (text[0].lower() + text[1:] if small else text).rstrip(".!?")


def several_chat(rng: random.Random) -> list[Message]:
    """Two or three wishes in one turn, answered one after the other."""
    operations = [rng.choice(["create", "update", "complete", "delete"]) for _ in range(rng.choice([1, 1, 2]))] + [rng.choice(requests.OPERATIONS)]
    wanted = [requests.make(operation, rng, 0.35, spoken_share=0.15) for operation in operations]
    said = [request.text for request in wanted]
    if rng.random() < 0.5:
        text = said[0] + ("" if said[0][-1] in ".!?" else ".") + " " + " ".join(rng.choice(["{}", "Also, {}", "Also {}", "And {}", "Then {}", "Next, {}", "Besides, {}"]).format(line) for line in said[1:])
    else:
        inside = [said[0].rstrip(".!?"), *(_inside(request) for request in wanted[1:])]
        text = rng.choice([", ", "; ", ", then "]).join(inside[:-1]) + rng.choice([" and ", ", and ", "; ", ", then ", " and also ", ", and then "]) + inside[-1] + rng.choice([".", ".", "", "!", ", please."])
    answers = [replies.listed(request, rng) if request.operation == "list" else replies.told(request, rng) for request in wanted]
    messages = [_turn("system", system(rng))] if rng.random() < 0.5 else []
    return [*messages, _turn("user", text), _turn("assistant", " ".join(answers))]


UNCLEAR = [("Add a task.", "What should the task be called?"), ("Delete it.", "Which task shall I delete?"), ("Mark it as done.", "Which task have you finished?"), ("Move it to {d}.", "Which task shall I move to {d}?"),
           ("Change the priority.", "Of which task, and to what?"), ("Rename it.", "Which task, and what shall I call it?"), ("Create something for {d}.", "Sure, for {d}. What is the task?")]


def unclear_chat(rng: random.Random) -> list[Message]:
    from .dates import date
    while True:
        ask, reply = rng.choice(UNCLEAR)
        day, kind = date(rng)
        if kind != "whole":
            break
    title = titles.title(rng, 0.4).text
    return [_turn("user", ask.replace("{d}", day)), _turn("assistant", reply.replace("{d}", day)), _turn("user", rng.choice(["{}", '"{}"', "The one about {}.", "It's {}.", "{}, please"]).format(title)),
            _turn("assistant", rng.choice(['Thanks. I took "{}".', 'OK, that is "{}".', 'Done with "{}".']).format(title))]


def small_talk(rng: random.Random) -> list[Message]:
    ask, reply = prose.exchange(rng)
    return ([_turn("system", system(rng))] if rng.random() < 0.4 else []) + [_turn("user", ask), _turn("assistant", reply)]


def meaning_chat(rng: random.Random) -> list[Message]:
    request = requests.make(rng.choice(requests.OPERATIONS), rng, 0.35)
    ask = rng.choice(['What does this mean: {}', "Say it in other words: {}", "Which action is wanted here? {}", "Sum up the request: {}", "What does the user want? {}", "What is asked for? {}", "{}\n\nWhat should be done?"]).format(request.text)
    return [_turn("user", ask), _turn("assistant", (replies.fields if rng.random() < 0.4 else replies.restated)(request, rng))]
