"""Small grammars: `(a|b)` is one of them, `[x]` perhaps, `{slot}` a slot for the caller to fill."""
from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=None)
def parse(frame: str) -> tuple:
    """The tree of a frame. Raises ValueError where brackets do not match."""
    nodes, at = _sequence(frame, 0, "")
    if at != len(frame):
        raise ValueError(f"a bracket closes that was never opened, at {at} of: {frame}")
    return nodes


def _sequence(frame: str, at: int, stops: str) -> tuple[tuple, int]:
    nodes: list = []
    text = ""
    while at < len(frame) and frame[at] not in stops + ")]":
        if frame[at] in "([":
            if text:
                nodes.append(text)
                text = ""
            node, at = _group(frame, at)
            nodes.append(node)
        else:
            text += frame[at]
            at += 1
    if text:
        nodes.append(text)
    return tuple(nodes), at


def _group(frame: str, at: int) -> tuple[tuple, int]:
    close = ")" if frame[at] == "(" else "]"
    options, start = [], at
    at += 1
    while True:
        option, at = _sequence(frame, at, "|")
        options.append(option)
        if at >= len(frame):
            raise ValueError(f"no {close} for the bracket at {start} of: {frame}")
        if frame[at] == close:
            return ("one" if close == ")" else "perhaps", tuple(options)), at + 1
        at += 1


def expand(frame: str, rng: random.Random, keep: float = 0.5) -> str:
    """One text of a frame; `keep` is the chance of each `[…]`. Slots stay."""
    return _expand(parse(frame), rng, keep)


def _expand(nodes: tuple, rng: random.Random, keep: float) -> str:
    parts = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(node)
        elif node[0] == "one" or rng.random() < keep:
            parts.append(_expand(rng.choice(node[1]), rng, keep))
    return "".join(parts)


def read_frames(path: Path) -> list[tuple[str, str]]:
    """Lines `kind: frame` of a file, comments left out. Each is parsed here, so that a fault names its line."""
    frames = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        kind, colon, frame = line.partition(": ")
        if not colon:
            raise ValueError(f"{path}:{number}: no `kind: ` before the frame")
        try:
            parse(frame)
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from None
        frames.append((kind, frame))
    return frames


def alternatives(text: str) -> list[str]:
    """The parts of a text between the `|` that stand in no bracket; a line's end is one too."""
    parts, depth = [""], 0
    for char in text.replace("\n", "|"):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(char, 0)
        if char == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
