"""What a job reports while it runs: one JSON object a line in metrics.jsonl, which the notebook follows.

Standard fields, each optional but `step`: step, steps (of how many), loss, eval_loss, lr, grad_norm, tokens_per_second,
memory_bytes (the accelerator's peak so far, the process's own where there is none), epoch, attempt (which start of the job
wrote it, where that is not the first: its lines replace those of an earlier one from that step on). A job may add its own.
"""

import json
import math
import os
import sys
import time
from pathlib import Path


class Metrics:
    """Appends to metrics.jsonl of the job's folder (or of `folder`). A line is written whole or not at all."""

    def __init__(self, folder=None):
        self.path = Path(folder or os.environ.get("LLMOPS_JOB") or ".") / "metrics.jsonl"
        self.began = time.time()
        self.file = open(self.path, "ab", buffering=0)

    def log(self, step, **fields):
        line = {"step": step, "seconds": round(time.time() - self.began, 3), "memory_bytes": peak_memory(), **fields}
        self.file.write((json.dumps({key: plain(value) for key, value in line.items() if value is not None}) + "\n").encode("utf8"))

    def close(self):
        self.file.close()


def plain(value):
    """A number that is none as text: JSON has neither NaN nor Infinity, and a loss that broke must be seen."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def peak_memory():
    """The most memory held so far, in bytes: of the GPU where PyTorch uses one, else of this process."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        reserved_now = torch.cuda.memory_reserved()
        # The context and what libraries hold beside PyTorch's pool: in use on the device, but not reserved.
        return torch.cuda.max_memory_reserved() + max(0, total - free - reserved_now)
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def out_of_memory(error, folder=None):
    """Leaves what is known of a failed allocation in oom.json, for the notebook's advice; then raises it again."""
    path = Path(folder or os.environ.get("LLMOPS_JOB") or ".") / "oom.json"
    path.write_text(json.dumps({"peak_bytes": peak_memory(), "message": str(error)[:2000]}), encoding="utf8")
    raise error
