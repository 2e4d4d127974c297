"""The model's shape and the phases of its pretraining: all that decides what comes out, besides the code and the packages."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
"""The model that the lessons use. A run that is not the whole one of the published seed goes elsewhere, unless told."""
PUBLISHED = HERE / "model"
"""Checkpoints, recorded results and other things that a run leaves; ignored by git."""
STATE = HERE.parents[1] / ".workbook" / "taskling"


@dataclass(frozen=True)
class Settings:
    """One phase of the pretraining."""
    seed: int = 64
    """Which documents: a key of `MIXES` in corpus/mix.py. It is the phase's name, too."""
    mix: str = "first"
    """Whether the tokenizer learns its merges on words joined with the character before them, or apart from it: see tokenizer.py. Or it is kept, from the phase before."""
    words: str = "joined"
    vocabulary: int = 2048
    context: int = 512
    """K-quants of GGUF come in blocks of 256, so rows have to be multiples of it."""
    hidden: int = 256
    layers: int = 3
    heads: int = 4
    key_value_heads: int = 2
    intermediate: int = 512
    rope_theta: float = 10000.0
    """Characters that the tokenizer is trained on."""
    tokenizer_characters: int = 4_000_000
    """Tokens of a step: in rows of 256 at first, which cost less, and of the whole context in the last sixth of a cycle."""
    batch: int = 4096
    short: int = 256
    long_from: float = 0.84
    """
    Steps of each cycle of the learning rate; each goes on from the weights and the documents where the one before ended. The first
    alone makes a model, in under half an hour on two quiet cores; what the others add is in the model's card.
    """
    cycles: tuple[int, ...] = (3600, 4400)
    matrix_rate: float = 4e-3
    other_rate: float = 2e-3
    warmup: int = 50
    """From which share of a cycle on the rate falls, linearly, to a hundredth."""
    decay_from: float = 0.5
    """How much what users and system prompts say counts in the loss, against 1 for all other text: it is not what has to be learnt."""
    asked_weight: float = 0.25
    """Share of documents after which a random stretch is repeated."""
    repeats: float = 0.04
    checkpoint_every: int = 100
    """Each takes an equal part of a step's rows, and their gradients are added. It changes the order of the sums, so it is a setting."""
    processes: int = 1

    @property
    def steps(self) -> int:
        return sum(self.cycles)

    def within(self, step: int) -> tuple[int, int]:
        """Where a step stands in its cycle, and how many steps that has."""
        for length in self.cycles:
            if step < length:
                return step, length
            step -= length
        raise ValueError(f"the cycles {self.cycles} end before this step")

    def as_dict(self) -> dict:
        return asdict(self)


"""
The phases, each of which begins with the weights of the one before. The second has another tokenizer, under which a title is the same
tokens wherever it stands, and more of its documents are wishes with their meaning, several in one turn among them.
The third has its loss on answers alone, as instruction tuning has; and titles that are put together freely: one that
was met before tells where it ends, and users' own do not. The fourth goes on with it, and more ways to ask.
"""
PHASES = (
    Settings(),
    Settings(mix="wider", words="apart", cycles=(10_000,), matrix_rate=3e-3, other_rate=1.5e-3, decay_from=0.25, processes=2),
    Settings(mix="answers", words="kept", cycles=(8_000,), matrix_rate=3e-3, other_rate=1.5e-3, decay_from=0.2, asked_weight=0.0, processes=2),
    Settings(mix="voices", words="kept", cycles=(4_000,), matrix_rate=2e-3, other_rate=1e-3, decay_from=0.1, asked_weight=0.0, processes=2),
)
