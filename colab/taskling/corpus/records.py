"""Nested JSON about anything: the punctuation that fine-tuning will need, and none of the calls that it teaches."""
from __future__ import annotations

import json
import random

from . import dates, titles, words

KEYS = """id name title text place size color owner city street year month day price count items tags notes parts rooms pages author due_date new_title
priority status level kind state code phone email start end open active parent children first last unit value total score rank address parameters settings options user_name file_name order_id task_list
list_items created_at updated_at deleted_at completed_at""".split()


def _value(rng: random.Random, depth: int):
    kind = rng.random()
    if depth > 0 and kind < 0.16:
        return _object(rng, depth - 1)
    if depth > 0 and kind < 0.24:
        return [_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    if kind < 0.34:
        return rng.choice([rng.randint(0, 20), rng.randint(0, 9999), round(rng.random() * 100, 2)])
    if kind < 0.42:
        return rng.choice([True, False, None])
    if kind < 0.55:
        return rng.choice(["low", "medium", "high", "done", "open", "new", "old", "red", "blue"])
    if kind < 0.66:
        return dates.date(rng)[0]
    return rng.choice([lambda: titles.title(rng, 0.4).text, lambda: words.gibberish(rng), lambda: words.name(rng), lambda: words.code(rng)])()


def _object(rng: random.Random, depth: int) -> dict:
    return {key: _value(rng, depth) for key in rng.sample(KEYS, rng.choice([0, 1, 2, 2, 3, 3, 4]) if depth < 2 else rng.randint(1, 5))}


def text(rng: random.Random) -> str:
    made = _object(rng, 2)
    if rng.random() < 0.3:
        return "\n".join(json.dumps(_object(rng, 1), ensure_ascii=False) for _ in range(rng.randint(2, 4)))
    written = json.dumps(made, ensure_ascii=False, indent=rng.choice([None, None, None, 1, 2]))
    if rng.random() < 0.3 and made:
        key = rng.choice(list(made))
        return f"{written}\n{key}: {json.dumps(made[key], ensure_ascii=False)}"
    return written
