"""Documents as tokens, packed end to end into rows of one length."""
from __future__ import annotations

import numpy
from transformers import PreTrainedTokenizerFast

from .corpus import mix
from .settings import Settings
from .tokenizer import BEGIN, END


class Rows:
    """
    Rows of tokens, one longer than what is predicted in them, always the same for a seed. A resumed run takes again what it had
    and throws it away (10 million tokens take about a minute).
    """

    def __init__(self, settings: Settings, tokenizer: PreTrainedTokenizerFast) -> None:
        self.settings, self.tokenizer = settings, tokenizer
        self.digest = mix.Digest()
        self._documents = mix.documents(settings.seed, settings.mix)
        self._rng = mix.draws("packing", settings.seed, settings.mix)
        self._held: list[int] = []
        self._weights: list[float] = []
        ids = tokenizer.convert_tokens_to_ids
        self._begin, self._end, self._words = ids(BEGIN), ids(END), settings.vocabulary - 8

    def _document(self) -> tuple[list[int], list[float]]:
        """Tokens, and how much each counts where it is to be predicted."""
        kind, document = next(self._documents)
        self.digest.add(kind, document)
        if isinstance(document, str):
            tokens = [self._begin, *self.tokenizer.encode(document, add_special_tokens=False), self._end]
            weights = [1.0] * len(tokens)
        else:
            tokens, weights = [self._begin], [1.0]
            for message in document:
                # Each begins with a special token, so that its tokens are the same alone as in the whole.
                turn = self.tokenizer.encode(render([message]).removeprefix(BEGIN), add_special_tokens=False)
                tokens += turn
                weights += [1.0 if message["role"] == "assistant" else self.settings.asked_weight] * len(turn)
        if self._rng.random() < self.settings.repeats:
            stretch = [self._rng.randrange(self._words) for _ in range(self._rng.randint(4, 24))]
            tokens += [self._begin, *stretch, *stretch, self._end]
            weights += [1.0] * (2 * len(stretch) + 2)
        return tokens, weights

    def take(self, step: int) -> tuple[numpy.ndarray, numpy.ndarray]:
        """The rows of a step and their weights; they have to be taken in order. Each begins with the last token of the one before."""
        at, steps = self.settings.within(step)
        width = self.settings.context if at >= self.settings.long_from * steps else self.settings.short
        rows = self.settings.batch // width
        wanted = rows * width + 1
        while len(self._held) < wanted:
            tokens, weights = self._document()
            self._held += tokens
            self._weights += weights
        taken, weights = numpy.array(self._held[:wanted], dtype=numpy.int64), numpy.array(self._weights[:wanted], dtype=numpy.float32)
        self._held, self._weights = self._held[wanted - 1:], self._weights[wanted - 1:]
        cut = lambda values: numpy.stack([values[at * width:at * width + width + 1] for at in range(rows)])
        return cut(taken), cut(weights)


def render(messages: list[dict[str, str]]) -> str:
    """The chat template by hand, for conversations without tools: a hundred times as fast. `check_render` holds the two together."""
    return BEGIN + "".join(f"<|start_header_id|>{message['role']}<|end_header_id|>\n\n{message['content'].strip()}<|eot_id|>" for message in messages)


def check_render(settings: Settings, tokenizer: PreTrainedTokenizerFast, count: int = 200) -> None:
    """Raises ValueError where the chat template writes a conversation of the corpus otherwise than `render`."""
    found = mix.documents(settings.seed, settings.mix)
    while count > 0:
        _, document = next(found)
        if isinstance(document, str):
            continue
        count -= 1
        if tokenizer.apply_chat_template(document, tokenize=False) != render(document):
            raise ValueError(f"the chat template writes another text than packing.render of: {document}")
