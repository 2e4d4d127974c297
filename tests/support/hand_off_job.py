"""A job for tests: counts to `steps`, writes its step to a checkpoint, and goes on from there when it is started again.

It holds at step `hold_at` until the file `until` is there; with `fail_once` its first attempt fails at the end."""

import json
import os
import sys
import time
from pathlib import Path

from runtime.metrics import Metrics

recipe = json.loads(Path("recipe.json").read_text(encoding="utf8"))
checkpoint = Path("checkpoints/step.json")
checkpoint.parent.mkdir(exist_ok=True)
first = json.loads(checkpoint.read_text())["step"] + 1 if checkpoint.exists() else 1
metrics = Metrics()
for step in range(first, recipe["steps"] + 1):
    metrics.log(step=step, steps=recipe["steps"], loss=1 / step)
    checkpoint.with_suffix(".new").write_text(json.dumps({"step": step}))
    os.replace(checkpoint.with_suffix(".new"), checkpoint)
    while step == recipe.get("hold_at") and not Path(recipe["until"]).exists():
        time.sleep(0.02)
if recipe.get("fail_once") and not Path("failed").exists():
    Path("failed").touch()
    sys.exit("this job fails once")
Path("artifacts/result.json").write_text(json.dumps({"first": first, "steps": recipe["steps"], "token": "HF_TOKEN" in os.environ}))
Path("artifacts/adapter").mkdir(exist_ok=True)
Path("artifacts/adapter/weights.bin").write_bytes(bytes(range(256)) * recipe.get("pages", 16))
print("done")
