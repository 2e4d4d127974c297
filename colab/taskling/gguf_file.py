"""The model's own GGUF files, by the writer of colab/exports."""
from __future__ import annotations

from pathlib import Path

from exports import gguf_file

from .export import read_model, read_tokenizer


def write_all(folder: Path, say=print) -> None:
    model, tokenizer = read_model(folder), read_tokenizer(folder)
    for kind in ("f16", "q8_0"):
        path = folder / f"taskling-{kind}.gguf"
        gguf_file.write(model, tokenizer, path, kind, name="Taskling", license="apache-2.0")
        say(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
