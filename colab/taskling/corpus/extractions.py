"""Sentences about anything but tasks, then what they say: as JSON, line by line, or asked for. It teaches to take words out of a text whole."""
from __future__ import annotations

import json
import random

from . import dates, titles, words

"""A sentence with its fields. `{x}`: the value of the field x; the name before the colon says what kind of value it is."""
FORMS = """
{customer:name} ordered {item:thing} for {day:date}.|{customer:name} wants {item:thing}, to be sent {place:place}.|{author:name} wrote "{quote:title}" on the board.|The book "{book:title}" by {author:name} stands on shelf {shelf:code}.
{guest:name} comes to {event:thing} with {companion:name}.|{sender:name} sent {recipient:name} a message: {text:title}.|From {from:place} to {to:place} with {driver:name}.|The song {song:title} lasts {minutes:number} minutes.|{person:name} lives in {city:place} and likes {hobby:thing}.
{patient:name} has an appointment for {reason:thing} on {day:date}.|We found {item:thing} in {place:place}.|The word {word:word} means {meaning:thing}.|{seller:name} sells {item:thing} for {price:number} euros.|{old:name} is called {new:name} now.|The train to {destination:place} leaves at {time:time} from platform {platform:number}.
The room {room:code} is taken {day:date} by {person:name}.|{teacher:name} teaches {subject:thing} in room {room:code}.|{team:word} beat {other:word} by {points:number} points.|Recipe: {dish:title}. Serves {people:number}.|My cat is called {cat:name} and my dog {dog:name}.|File {file:code} holds {content:title}.|{name:name} called about {topic:title} and will call again {day:date}.
The parcel with {content:thing} goes to {recipient:name} in {city:place}.|Note from {writer:name}: {text:title}.|Between {first:thing} and {second:thing} I would take {choice:word}.|The password is {password:word}, not {wrong:word}.|{speaker:name} speaks about "{talk:title}" at {time:time}.|Out of {material:word} they make {product:thing}.
{host:name} invited {guest:name} to {event:thing} in {place:place}.|It was {who:name} who lost {item:thing}.|They renamed {old:word} to {new:word} on {day:date}.|{item:thing}: {count:number} left.|{kind:word} is a kind of {group:word}.|{runner:name} ran {distance:number} miles in {place:place}.|A {colour:word} {item:thing} stood in {place:place}.
""".strip()
FORMS = [form for line in FORMS.splitlines() for form in line.split("|")]


def _value(kind: str, rng: random.Random) -> str | int:
    strange = rng.random() < 0.55
    if kind == "name":
        made = words.gibberish(rng).capitalize() if strange else words.name(rng)
        return made + (" " + words.gibberish(rng).capitalize() if rng.random() < 0.2 else "")
    if kind == "place":
        return words.gibberish(rng).capitalize()
    if kind == "word":
        return words.gibberish(rng)
    if kind == "number":
        return rng.randint(1, 500)
    if kind == "code":
        return words.code(rng)
    if kind == "date":
        return dates.date(rng)[0]
    if kind == "time":
        return f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}"
    return titles.title(rng, 0.6, False if kind == "thing" else None).text


def _sentence(rng: random.Random) -> tuple[str, dict[str, str | int]]:
    form, values = rng.choice(FORMS), {}
    said = ""
    for at, part in enumerate(form.replace("{", "}").split("}")):
        if at % 2 == 0:
            said += part
            continue
        key, kind = part.split(":")
        values[key] = _value(kind, rng)
        said += str(values[key])
    return said, values


def text(rng: random.Random) -> str:
    parts = []
    for _ in range(rng.randint(1, 3)):
        said, values = _sentence(rng)
        keys = list(values) if rng.random() < 0.6 else rng.sample(list(values), rng.randint(1, len(values)))
        taken = {key: values[key] for key in keys}
        style = rng.random()
        if style < 0.55:
            parts.append(f"{said}{rng.choice([chr(10), chr(10), ' -> ', ' => '])}{json.dumps(taken, ensure_ascii=False)}")
        elif style < 0.8:
            parts.append(said + "\n" + "\n".join(f"{key}: {value}" for key, value in taken.items()))
        else:
            parts.append(said + " " + " ".join(f"{key.capitalize()}? {value}." for key, value in taken.items()))
    return "\n".join(parts)
