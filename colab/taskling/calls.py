"""Requests with their calls as files: what lessons fine-tune on and are examined with (datasets/task-calls)."""
from __future__ import annotations

import json
import re
from pathlib import Path

from . import trials
from .settings import HERE
from .trials import Trial

FOLDER = HERE.parents[1] / "datasets" / "task-calls"
SEED = 64
"""Rows of each file; none stands in two of them. The last two have as many as people wrote."""
SIZES = {"train": 4800, "validation": 120, "held-out": 300, "unseen-words": 300, "more": 3200}


def _read_otherwise() -> set[str]:
    lines = (HERE / "requests" / "read_otherwise.txt").read_text("utf-8").splitlines()
    return {line.split(" | ", 2)[2] for line in lines if line and not line.startswith("#")}


def _without(found: list[Trial], taken: set[str], count: int, unclear: set[str] = frozenset()) -> list[Trial]:
    """The first that are not taken. The next ones of the same tool stand where unclear ones stood, so that all others keep their places."""
    left = [trial for trial in found if trial.request not in taken]
    others = iter([trial for trial in left[count:] if trial.request not in unclear])
    kept = [next(other for other in others if other.name == trial.name) if trial.request in unclear else trial for trial in left[:count]]
    taken.update(trial.request for trial in kept)
    return kept


def sets() -> dict[str, list[Trial]]:
    taken, unclear = set(), _read_otherwise()
    made = {
        "train": trials.tuning(2 * SIZES["train"], SEED), "validation": trials.tuning(2 * SIZES["validation"], SEED + 1),
        "held-out": trials.held_out(2 * SIZES["held-out"], SEED), "unseen-words": trials.unseen_words(2 * SIZES["unseen-words"], SEED),
        "more": trials.tuning(2 * SIZES["more"], SEED + 2, free=0.5, further=0.6),
    }
    gone = unclear - {trial.request for rows in made.values() for trial in rows}
    if gone:
        raise ValueError(f"requests/read_otherwise.txt has requests that are made no more: {'; '.join(sorted(gone))}")
    found = {name: _without(rows, taken, SIZES[name], unclear) for name, rows in made.items()}
    return {**found, "unseen-phrasings": trials.unseen_phrasings(), "another-hand": trials.another_hand()}


def write(say=print) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, rows in sets().items():
        text = "".join(json.dumps({"request": row.request, "name": row.name, "parameters": row.arguments}, ensure_ascii=False) + "\n" for row in rows)
        (FOLDER / f"{name}.jsonl").write_text(text, "utf-8")
        say(f"{FOLDER.name}/{name}.jsonl: {len(rows)} rows, {len(text.encode()):,} bytes, {len(set(re.findall(r'[a-z]+', text.lower()))):,} words")


def read(name: str, folder: Path = FOLDER) -> list[Trial]:
    rows = map(json.loads, (folder / f"{name}.jsonl").read_text("utf-8").splitlines())
    return [Trial(row["request"], row["name"], row["parameters"]) for row in rows]
