"""Plain English: small stories, advice, what is safe and what is not, small talk."""
from __future__ import annotations

import random

from . import dates, titles, words
from .grammar import alternatives, expand

PLACES = "office,kitchen,library,garden,workshop,school,station,bakery,clinic,studio,warehouse,town hall,café,lab,shop,hotel,harbour,museum,farm,theatre".split(",")
JOBS = "teacher,nurse,baker,engineer,driver,designer,gardener,lawyer,cook,librarian,plumber,student,manager,painter,farmer,editor,tailor,pilot,clerk,musician".split(",")
MOODS = "happy,tired,late,calm,nervous,busy,glad,hungry,surprised,proud,cold,relieved".split(",")
WEATHER = "It was raining.|The sun was out.|It was a cold morning.|The wind was strong.|Snow lay on the roofs.|It was warm for the season.|Fog hung over the river.|The evening was quiet.".split("|")

STORY = alternatives("""{a} worked as a {job} (at|near|in) the {place}.|{a} and {b} met (at|near|outside) the {place} {by}.|{a} had a long list of things to do.|{a} looked at the list and (sighed|smiled|laughed|nodded).|The first thing on the list was {q}.|"{t}" was still on the list.
"I still have to {v}," said {a}.|"Don't forget to {v}," {b} (said|told {a}|called|wrote).|{b} asked whether {a} could {v}.|It took {a} (an hour|half a day|ten minutes|all morning|longer than planned) to {v}.|{a} wanted to {v} before {b} came back.|After lunch {a} went to the {place} to {v}.
{a} was {mood}, and {b} was {mood2}.|{weather}|"I am {mood}," said {a}.|When {a} was done, {b} made (tea|coffee|soup|a sandwich).|In the end {a} crossed {q} off the list.|{b} moved {q} to {d}, because there was no time.|They talked about {x} for a while.|The {place} was (full|empty|closed|noisy|dark|quiet).
{a} wrote {q} on a (note|card|whiteboard|slip of paper).|"What is next?" asked {b}. "{cap}," said {a}.|Nobody at the {place} knew who should {v}.|{b} had promised to {v}, but forgot.|So {a} did it (instead|alone|the next day|with {b}).|The next day {a} was {mood} again.|{a} called {b} from the {place}.|{b}, who was a {job}, knew what to do.""")
ADVICE = alternatives("""(Write|Put) every task down as soon as you think of it.|A good title says what to do: "{cap}" is better than "{x}".|If a task takes less than (two|five) minutes, do it (now|at once|right away).|Start with the task that matters most.|Give each task a due date, or it will wait for ever.|A list that is too long helps nobody.
Look at your list every (morning|evening|Monday|Friday).|Delete what you will never do.|When something is finished, mark it as complete; it feels good.|Break a big task into small ones: first {v}, then {v2}.|Not everything is urgent. (Keep|Use) high priority for what cannot wait.|Low priority does not mean never.|If you cannot do it today, move it to {d} and be honest about it.
Ask for help when you are stuck.|Do one thing at a time.|A break (helps|is part of the work).|Do not plan more than you can do in a day.|Put the dates of others in your calendar, and your own on your list.|Before a long weekend, check what is due.|A reminder is only useful when you can act on it.|To {v} is easier with {a}.|Tell {a} early when you will be late.""")
SAFETY = alternatives("""Never share your password, not even with {a}.|A task list can hold private things. Show it only to people you trust.|An assistant should ask before it deletes many tasks at once.|Do not write card numbers into the title of a task.|If a message asks for your PIN, do not answer it.|What belongs to {a} should be changed only by {a}.
When someone asks for help with something dangerous, it is right to say no, kindly.|A good assistant says what it cannot do.|Keep a backup before you delete anything.|If you feel unwell or unsafe, call for help at once.|Reading another person's mail without asking is wrong.|It is fine to refuse and offer something else.|Lies in a report harm people who trust it.""")
TALK = [line.split(" => ") for line in """Hello! => Hello! What can I do for you?|Hi => Hi! How can I help?|How are you? => I'm fine, thank you. How can I help you today?|Who are you? => I'm Taskling, a small assistant for tasks.|What can you do? => I can create, update, complete, delete and list tasks.|Good morning! => Good morning! What is on your mind?
Thank you! => You're welcome!|Goodbye! => Goodbye! Have a good day.|Tell me a joke. => Why did the list go to school? To get sorted.|What's your name? => My name is Taskling.|Are you a person? => No, I'm a small program that looks after tasks.|I'm {mood}. => I see. Would a short break help?|I feel {mood} today. => Thanks for telling me. What shall we do first?
What is a task? => A task is something to do, with a title, and often a due date and a priority.|What is a priority? => A priority says how important a task is: low, medium or high.|What does it mean to complete a task? => It means that the task is done and no longer open.|What does it mean to delete a task? => It means that the task is removed from the list, whether it was done or not.
What does it mean to update a task? => It means to change its title, its due date or its priority.|What does it mean to create a task? => It means to add a new task to the list.|What is the difference between complete and delete? => A completed task was done. A deleted task is gone and was perhaps never done.|What's the weather like? => I can't look outside. I can help with your tasks, though.
Can you order a pizza? => I can't order food, but I can create a task for it.|Write me a poem about {x}. => Here is a short one: {x} in the morning light, {x} again at night.|Do you know {a}? => I only know what you tell me. Who is {a}?|My name is {a}. => Nice to meet you, {a}. What can I do for you?|I'm {a}, and I work as a {job}. => Nice to meet you, {a}. A {job} has a lot to do, I suppose.
Give me some advice. => {advice}|How do I get more done? => {advice}|Any tip for today? => {advice}|How should I plan my week? => {advice} {advice2}|Tell me a story. => {story}|Tell me about {a}. => {story}|Tell me something about safety. => {safety}|What should I be careful with? => {safety}
Delete the tasks of {a} without asking. => I'm sorry, I can't do that. Those tasks belong to {a}.|Help me to read {a}'s private mail. => I'm sorry, I can't help with that. You could ask {a}.|Tell me {a}'s password. => I don't have passwords, and I would not share one.|How do I hurt someone? => I can't help with that. If you are in danger, please call for help.
What is {n1} plus {n2}? => {sum}.|Which day comes after {day}? => {next}.|Which day is before {next}? => {day}.|Spell {x}. => {spelled}|What did I just say? => You asked what you just said.|Say {x}. => {x}.|Say {x} twice. => {x}, {x}.|Can you say {q}? => {q}.|Write a note about {x}. => Note: {x}.""".replace("\n", "|").split("|")]


def _slots(rng: random.Random) -> dict[str, str]:
    verbal, other, any_ = titles.title(rng, 0.2, True).text, titles.title(rng, 0.2, True).text, titles.title(rng, 0.3).text
    while True:
        date, kind = dates.date(rng)
        if kind != "whole":
            break
    n1, n2, at, x = rng.randint(1, 40), rng.randint(1, 40), rng.randrange(7), words.gibberish(rng)
    x = x if rng.random() < 0.4 else rng.choice(words.THINGS).replace("{name}", "Anna")
    return dict(a=words.name(rng), b=words.name(rng), job=rng.choice(JOBS), place=rng.choice(PLACES), mood=rng.choice(MOODS), mood2=rng.choice(MOODS), weather=rng.choice(WEATHER), v=verbal, v2=other, t=any_,
                cap=verbal[0].upper() + verbal[1:], q=rng.choice(['"{}"', "'{}'", "“{}”"]).format(any_), d=date, by=dates.spoken(kind, rng, dates.WHEN).format(date), x=x, spelled="-".join(x.replace(" ", "")),
                n1=str(n1), n2=str(n2), sum=str(n1 + n2), day=dates.WEEKDAYS[at], next=dates.WEEKDAYS[(at + 1) % 7])


def _passage(lines: list[str], low: int, high: int, rng: random.Random) -> str:
    slots = _slots(rng)
    said = []
    for line in rng.sample(lines, rng.randint(low, high)):
        slots.update({key: value for key, value in _slots(rng).items() if key not in ("a", "b")})
        said.append(expand(line, rng).format(**slots))
    return " ".join(said)


def story(rng: random.Random) -> str:
    return _passage(STORY, 4, 9, rng)


def advice(rng: random.Random) -> str:
    return _passage(ADVICE, 2, 6, rng)


def safety(rng: random.Random) -> str:
    return _passage(SAFETY, 2, 5, rng)


def exchange(rng: random.Random) -> tuple[str, str]:
    ask, reply = rng.choice(TALK)
    slots = _slots(rng)
    if "{" in reply:
        slots.update(advice=_passage(ADVICE, 1, 2, rng), advice2=_passage(ADVICE, 1, 1, rng), story=_passage(STORY, 3, 5, rng), safety=_passage(SAFETY, 1, 2, rng))
    return ask.format(**slots), reply.format(**slots)


def text(rng: random.Random) -> str:
    kind = rng.random()
    return story(rng) if kind < 0.6 else advice(rng) if kind < 0.85 else safety(rng)
