"""How much of the corpus comes from a source that only some mixes use. None, where nothing asks for it, so that older mixes stay as they were."""
from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Share:
    def __init__(self, name: str) -> None:
        self._share: ContextVar[float] = ContextVar(name, default=0.0)

    def draws(self, rng: random.Random) -> bool:
        """Whether this source is taken now. Where its share is 0 no number is drawn."""
        share = self._share.get()
        return share > 0 and rng.random() < share

    @contextmanager
    def of(self, share: float) -> Iterator[None]:
        """What is made within has this share of it."""
        before = self._share.set(share)
        try:
            yield
        finally:
            self._share.reset(before)


FREE_TITLES = Share("titles that are put together freely, of the known ones")
FURTHER_FRAMES = Share("frames of requests/further, of the whole utterances")
