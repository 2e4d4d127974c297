"""Due dates as people say them, and the prepositions that they take."""
from __future__ import annotations

import random

from .words import held_back

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
SHORT = [month[:3] for month in MONTHS]
NUMBERS = ["two", "three", "four", "five", "six", "ten", "2", "3", "4", "5", "7", "10"]


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _day(rng: random.Random) -> tuple[str, str]:
    """A date that takes "on", and its kind."""
    day, month = rng.randint(1, 28), rng.randrange(12)
    return rng.choice([
        lambda: f"{MONTHS[month]} {day}", lambda: f"{MONTHS[month]} {day}", lambda: f"{day} {MONTHS[month]}", lambda: f"{MONTHS[month]} {ordinal(day)}",
        lambda: f"the {ordinal(day)}", lambda: f"the {ordinal(day)} of {MONTHS[month]}", lambda: f"{SHORT[month]} {day}",
        lambda: f"2026-{month + 1:02}-{day:02}", lambda: f"2027-{month + 1:02}-{day:02}", lambda: f"{month + 1}/{day}", lambda: f"{ordinal(day)} {MONTHS[month]}",
        lambda: f"{rng.choice(WEEKDAYS)}, {MONTHS[month]} {day}", lambda: f"{MONTHS[month]} {day}, 2027",
    ])(), "on"


def _weekday(rng: random.Random) -> tuple[str, str]:
    day = rng.choice(WEEKDAYS)
    if rng.random() < 0.15:
        return f"{day} {rng.choice(['morning', 'afternoon', 'evening', 'night'])}", "on"
    if rng.random() < 0.12:
        return f"{day} at {rng.choice(['noon', '5pm', '9 am', '14:30', '8', '10:00', '6 pm'])}", "on"
    return day, "on"


def _bare(rng: random.Random) -> tuple[str, str]:
    return rng.choice([
        lambda: "today", lambda: "tomorrow", lambda: "tonight", lambda: "tomorrow", lambda: "tomorrow morning", lambda: "tomorrow evening", lambda: "this afternoon",
        lambda: "this evening", lambda: "next week", lambda: "this week", lambda: "next month", lambda: "this weekend", lambda: "next weekend", lambda: "this month",
        lambda: f"next {rng.choice(WEEKDAYS)}", lambda: f"next {rng.choice(WEEKDAYS)}", lambda: f"this {rng.choice(WEEKDAYS)}", lambda: "the day after tomorrow",
        lambda: f"tomorrow at {rng.choice(['noon', '5pm', '9 am', '14:30', '10:00'])}", lambda: f"a week from {rng.choice(['today', 'now'])}",
    ])(), "bare"


def _span(rng: random.Random) -> tuple[str, str]:
    return rng.choice([
        lambda: (f"in {rng.choice(NUMBERS)} {rng.choice(['days', 'weeks', 'hours', 'months'])}", "whole"), lambda: (f"in a {rng.choice(['week', 'month', 'few days'])}", "whole"),
        lambda: (f"the end of {rng.choice(['the month', 'the week', 'the year', 'the day', 'next week', rng.choice(MONTHS)])}", "by"),
        lambda: (rng.choice(MONTHS), "by"), lambda: ("noon", "by"), lambda: (rng.choice(["summer", "spring", "Christmas", "Easter", "New Year"]), "by"),
    ])()


def date(rng: random.Random, held: bool = False) -> tuple[str, str]:
    """The words of a date, and how it is spoken of. `held`: one that no corpus or fine-tuning set has (always a day of a month)."""
    while True:
        kind = 1.0 if held else rng.random()
        made = _weekday(rng) if kind < 0.3 else _bare(rng) if kind < 0.58 else _span(rng) if kind < 0.68 else _day(rng)
        calendar = any(c.isdigit() for c in made[0]) and kind >= 0.68
        if (calendar and held_back(made[0])) == held:
            return made


PREPOSITIONS = {
    "on": ["on {}", "by {}", "for {}", "due {}", "on {}", "by {}", "before {}", "due on {}", "no later than {}"],
    "bare": ["{}", "{}", "by {}", "for {}", "due {}", "{}"],
    "whole": ["{}", "{}", "due {}"],
    "by": ["by {}", "for {}", "before {}", "by {}", "due by {}"],
}
WHEN = {
    "on": ["on {}", "for {}", "due {}", "on {}", "by {}"],
    "bare": ["{}", "{}", "for {}", "due {}"],
    "whole": ["{}", "due {}"],
    "by": ["by {}", "before {}", "until {}"],
}


def spoken(kind: str, rng: random.Random, forms: dict[str, list[str]] = PREPOSITIONS) -> str:
    return rng.choice(forms[kind])
