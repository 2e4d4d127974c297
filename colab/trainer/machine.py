"""What this machine can do, and what a recipe becomes on it: device, precision, backend. Each departure from the recipe is said."""

import importlib.metadata
import os
import platform
from dataclasses import dataclass, field

from .recipe import RecipeError

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "safetensors", "bitsandbytes", "unsloth")


@dataclass(frozen=True)
class Machine:
    cuda: bool
    name: str
    """CUDA compute capability, e.g. (7, 5) of a T4; (0, 0) without a card."""
    capability: tuple = (0, 0)
    memory_bytes: int | None = None
    packages: dict = field(default_factory=dict)

    @property
    def bf16(self):
        """Below Ampere, bf16 is slow emulation at best, whatever torch.cuda.is_bf16_supported() says."""
        return self.capability >= (8, 0)


@dataclass(frozen=True)
class Plan:
    """How the recipe runs here."""
    device: str
    backend: str
    precision: str
    packed: bool
    optimizer: str
    """What is done otherwise than the recipe says, one sentence each."""
    notes: tuple


def look():
    """The machine that this process runs on."""
    import torch

    packages = {name: version for name in PACKAGES if (version := installed(name))}
    if not torch.cuda.is_available():
        return Machine(cuda=False, name=platform.processor() or platform.machine(), packages=packages)
    card = torch.cuda.get_device_properties(0)
    return Machine(cuda=True, name=card.name, capability=(card.major, card.minor), memory_bytes=card.total_memory, packages=packages)


def installed(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def decide(recipe, machine):
    """@raises RecipeError where this machine lacks what the recipe asks for, and the recipe names no way around it"""
    notes = []
    precision = recipe.precision
    if precision == "auto":
        # Never bf16 by itself: a recipe then gives the same arithmetic on a T4 and on newer cards.
        precision = "fp16" if machine.cuda else "fp32"
    if precision != "fp32" and not machine.cuda:
        raise RecipeError(f"precision is {precision}, and this machine has no CUDA card: set it to auto or fp32")
    if precision == "bf16" and not machine.bf16:
        raise RecipeError(f"precision is bf16, and {machine.name} has none (compute capability {machine.capability[0]}.{machine.capability[1]}, 8.0 is needed): set it to fp16")
    packed, missing = recipe.quantisation == "nf4", lacks_packing(machine)
    if packed and missing:
        if recipe.fallback == "refuse":
            raise RecipeError(f'quantisation is nf4, and {missing}; set fallback to "fp32" to train the same adapters over the unpacked base in fp32, or run the recipe on a T4')
        notes.append(f"quantisation: {missing}, so the base is not packed: the same adapters train over it in fp32")
        packed, precision = False, "fp32"
    optimizer = recipe.optimizer
    if optimizer != "adamw" and missing:
        if recipe.fallback == "refuse":
            raise RecipeError(f'optimizer is {optimizer}, and {missing}; take adamw, or set fallback to "fp32"')
        notes.append(f"optimizer: {missing}, so AdamW keeps its states in fp32")
        optimizer = "adamw"
    backend = choose_backend(recipe, machine, notes)
    if packed and backend == "trl" and "merged" in recipe.exports:
        raise RecipeError("exports has merged, and a packed base cannot take its adapter in without loss: export the adapter, and merge where the unpacked base fits, or train with Unsloth, which reads it shard by shard")
    return Plan("cuda" if machine.cuda else "cpu", backend, precision, packed, optimizer, tuple(notes))


def lacks_packing(machine):
    """What is missing to keep weights in 4 bits; None where nothing is."""
    if not machine.cuda:
        return "this machine has no CUDA card"
    return None if "bitsandbytes" in machine.packages else "bitsandbytes is not installed here"


def choose_backend(recipe, machine, notes):
    if recipe.backend == "trl" or (recipe.backend == "auto" and not machine.cuda):
        if recipe.gradient_checkpointing == "offload":
            notes.append("gradientCheckpointing: only Unsloth moves checkpoints to RAM; here they stay beside the model")
        return "trl"
    missing = "this machine has no CUDA card" if not machine.cuda else None if "unsloth" in machine.packages else "it is not installed here"
    if missing and recipe.backend == "unsloth":
        raise RecipeError(f"backend is unsloth, and {missing}: set it to auto or trl")
    if missing:
        notes.append(f"backend: Unsloth would be taken on this card, but {missing}; TRL and PEFT train")
        return "trl"
    if recipe.method == "full":
        notes.append("backend: full training runs with TRL")
        return "trl"
    return "unsloth"


def set_threads():
    """One thread unless OMP_NUM_THREADS says otherwise: small matrices gain nothing from more, and a busy machine loses much."""
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))
    return torch.get_num_threads()
