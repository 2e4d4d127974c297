"""Checkpoints: written beside their place and moved there when they are whole, so that a killed run never finds half of one.

    checkpoints/checkpoint-120/     weights, optimiser, schedule, random numbers, and the position in the data (the step)
        progress.json               the recipe's and the data's hashes, the steps' tokens, the early stop's memory
        complete.json               every other file with its size and SHA-256
    checkpoints/best/               weights of the lowest loss on the held-out rows, where the recipe stops early
"""

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from .recipe import RecipeError


class Checkpoints:
    def __init__(self, folder, keep, identity):
        self.folder = Path(folder)
        self.keep = keep
        self.identity = identity
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob("*.tmp"):
            shutil.rmtree(left)

    @contextmanager
    def writing(self, name):
        """A folder to write into; it gets its name when the block ends well."""
        fresh, final = self.folder / f"{name}.tmp", self.folder / name
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        yield fresh
        files = sorted(path for path in fresh.rglob("*") if path.is_file())
        listed = {path.relative_to(fresh).as_posix(): [path.stat().st_size, sha256_of(path)] for path in files}
        (fresh / "complete.json").write_text(json.dumps(listed), encoding="utf8")
        shutil.rmtree(final, ignore_errors=True)
        os.rename(fresh, final)

    def rotate(self):
        """Removes all but the newest."""
        for path in self.numbered()[: -self.keep]:
            shutil.rmtree(path)

    def numbered(self):
        """The oldest first."""
        return sorted(self.folder.glob("checkpoint-*[0-9]"), key=step_of)

    def latest(self):
        """The newest that is whole, or None. @raises RecipeError where checkpoints of another run lie in the folder"""
        for path in reversed(self.numbered()):
            why = damage(path)
            if why:
                print(f"{path.name} is left out: {why}", flush=True)
                continue
            identity = self.read_progress(path)["identity"]
            other = [name for name in self.identity if identity.get(name) != self.identity[name]]
            if other:
                raise RecipeError(f"{path} is of another run (its {' and '.join(other)} differs): remove {self.folder}, or train in another folder")
            return path
        return None

    def read_progress(self, path):
        return json.loads((path / "progress.json").read_text(encoding="utf8"))


def step_of(path):
    return int(path.name.rsplit("-", 1)[1])


def damage(path):
    """What is wrong with a checkpoint, or None."""
    try:
        listed = json.loads((path / "complete.json").read_text(encoding="utf8"))
    except (OSError, ValueError):
        return "it was not finished"
    for name, (size, digest) in listed.items():
        file = path / name
        if not file.is_file() or file.stat().st_size != size or sha256_of(file) != digest:
            return f"{name} is damaged"
    return None


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def hash_folder(folder, pattern="*"):
    """One SHA-256 over the names and contents of the files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in Path(folder).rglob(pattern) if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()
