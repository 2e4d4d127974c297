"""run.json: what was trained with what, and what came of it. Written when a run begins and again when it ends."""

import json
import os
import platform
import time
from pathlib import Path

from .checkpoint import hash_folder, sha256_of

HERE = Path(__file__).parent


class Record:
    def __init__(self, job, recipe_path, attempt):
        self.path = Path(job) / "artifacts" / "run.json"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        before = read_json(self.path) or {}
        self.began = time.time()
        self.values = {
            "version": 1, "status": "running", "recipe": json.loads(Path(recipe_path).read_text(encoding="utf8")),
            "recipe_sha256": sha256_of(recipe_path), "code_sha256": hash_folder(HERE, "*.py"),
            "attempts": [*before.get("attempts", []), {"attempt": attempt, "from_step": 0, "to_step": 0, "seconds": 0.0}],
        }

    def set(self, **fields):
        self.values |= fields

    def ran(self, **fields):
        """What is known of this attempt."""
        self.values["attempts"][-1] |= fields

    def write(self, status):
        self.values["attempts"][-1]["seconds"] = round(time.time() - self.began, 3)
        text = json.dumps(self.values | {"status": status}, indent=2, allow_nan=False) + "\n"
        # Not before: a record that cannot be written has not ended, and who catches the error writes that it failed.
        self.values["status"] = status
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text, encoding="utf8")
        os.replace(fresh, self.path)


def read_json(path):
    try:
        return json.loads(Path(path).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return None


def attempt_of(job):
    """Which start of the job this is: as the agent counts them, or by the record of the one before."""
    spec = read_json(Path(job) / "job.json") or {}
    before = read_json(Path(job) / "artifacts" / "run.json") or {}
    return spec.get("attempt") or len(before.get("attempts", [])) + 1


def describe_machine(machine, plan, threads):
    return {
        "device": plan.device, "name": machine.name, "memory_bytes": machine.memory_bytes, "capability": list(machine.capability) if machine.cuda else None,
        "system": platform.platform(), "python": platform.python_version(), "threads": threads, "packages": machine.packages,
    }


def describe_plan(plan):
    return {"backend": plan.backend, "precision": plan.precision, "packed": plan.packed, "optimizer": plan.optimizer, "notes": list(plan.notes)}


def describe_base(recipe):
    """A folder is known by its hash; of a Hub id the name alone is known here."""
    folder = Path(recipe.base)
    return {"name": recipe.base, "sha256": hash_folder(folder) if folder.is_dir() else None}
