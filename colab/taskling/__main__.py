"""`python -m taskling`: from nothing to the finished model, stage by stage. See --help."""
from __future__ import annotations

import argparse
import os

# One thread: with two that have to share a core, PyTorch is five to ten times as slow. Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from . import stages  # noqa: E402
from .settings import PHASES  # noqa: E402

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m taskling", description=__doc__)
    parser.add_argument("stage", nargs="*", choices=[[], *stages.STAGES], help="stages to run (default: all)")
    parser.add_argument("--seed", type=int, help="another seed than the published model's")
    parser.add_argument("--cycles", type=int, choices=range(1, sum(len(phase.cycles) for phase in PHASES) + 1), help="only so many cycles of the pretraining (default: all)")
    parser.add_argument("--steps", type=int, help="one cycle of so many steps in each phase, for a quick try")
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    parser.add_argument("--out", help="the model's folder (default: colab/taskling/model for a whole run of the published seed, .workbook/taskling/RUN/model for any other)")
    parser.add_argument("--fresh", action="store_true", help="throw away what an earlier run left, and begin anew")
    stages.run(parser.parse_args())
