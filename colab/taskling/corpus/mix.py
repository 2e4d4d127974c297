"""The mix of documents, in order of its seed, and its SHA-256."""
from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator

from . import chats, copying, extractions, lists, paraphrase, prose, records, shares
from .requests import FOLDER

_WISHES = {"task chats": 0.36, "several wishes": 0.07, "meaning chats": 0.32, "paraphrases": 0.05, "copying": 0.04, "extractions": 0.05, "lists": 0.02, "prose": 0.02, "small talk": 0.03, "unclear": 0.02, "JSON": 0.02}
"""Share of documents (not of tokens) by kind, for each phase of the pretraining."""
MIXES = {
    "first": {"task chats": 0.34, "meaning chats": 0.1, "paraphrases": 0.12, "copying": 0.15, "extractions": 0.1, "lists": 0.03, "prose": 0.06, "small talk": 0.03, "unclear": 0.02, "JSON": 0.05},
    "wider": {"task chats": 0.32, "several wishes": 0.05, "meaning chats": 0.15, "paraphrases": 0.11, "copying": 0.12, "extractions": 0.1, "lists": 0.03, "prose": 0.04, "small talk": 0.03, "unclear": 0.02, "JSON": 0.03},
    "answers": _WISHES,
    "voices": _WISHES,
}
"""Of the known titles, the share that is put together freely; and of whole utterances, the share that is of the further frames."""
FREE_TITLES = {"first": 0.0, "wider": 0.0, "answers": 0.5, "voices": 0.5}
FURTHER_FRAMES = {"first": 0.0, "wider": 0.0, "answers": 0.0, "voices": 0.6}
Document = "str | list[dict[str, str]]"
MAKERS = {"task chats": chats.task_chat, "several wishes": chats.several_chat, "meaning chats": chats.meaning_chat, "paraphrases": paraphrase.text, "copying": copying.text, "extractions": extractions.text, "lists": lists.text,
          "prose": prose.text, "small talk": chats.small_talk, "unclear": chats.unclear_chat, "JSON": records.text}


def read_unseen_words() -> list[str]:
    lines = (FOLDER / "unseen_words.txt").read_text("utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


UNSEEN = frozenset(word.casefold() for word in read_unseen_words())


def has_unseen(text: str) -> bool:
    return any(word in UNSEEN for word in re.findall(r"[^\W\d_]+", text.casefold()))


def plain(document: Document) -> str:
    return document if isinstance(document, str) else "\n".join(message["content"] for message in document)


def draws(of: str, seed: int, mix: str) -> random.Random:
    """The dice of one part of the generator."""
    return random.Random(f"taskling {of} {seed}" + ("" if mix == "first" else f" {mix}"))


def documents(seed: int, mix: str) -> Iterator[tuple[str, Document]]:
    """Documents without end, each with its kind. One that has a held-out word by chance is left out."""
    rng = draws("corpus", seed, mix)
    kinds, weights = list(MIXES[mix]), list(MIXES[mix].values())
    while True:
        kind = rng.choices(kinds, weights)[0]
        with shares.FREE_TITLES.of(FREE_TITLES[mix]), shares.FURTHER_FRAMES.of(FURTHER_FRAMES[mix]):
            document = MAKERS[kind](rng)
        if not has_unseen(plain(document)):
            yield kind, document


class Digest:
    """The SHA-256 of the documents taken so far."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.documents = 0
        self.characters = 0
        self.kinds: dict[str, int] = {}

    def add(self, kind: str, document: Document) -> None:
        text = document if isinstance(document, str) else "\x1e".join(f"{message['role']}\x1f{message['content']}" for message in document)
        self._hash.update(text.encode() + b"\x1d")
        self.documents += 1
        self.characters += len(text)
        self.kinds[kind] = self.kinds.get(kind, 0) + len(text)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()
