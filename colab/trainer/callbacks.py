"""What happens beside the training: metrics, the early stop, a checkpoint when the run is asked to end."""

import math
import signal
import time

from transformers import TrainerCallback


"""Steps without a loss that is a number, after which a run is over: its weights are broken and do not heal."""
BROKEN_STEPS = 10


class Reporting(TrainerCallback):
    """Every step and every look at the held-out rows becomes a line of metrics.jsonl; some also a line of the log."""

    def __init__(self, metrics, attempt, tokens, broken_since=None):
        self.metrics = metrics
        self.attempt = attempt if attempt > 1 else None
        self.tokens = tokens
        self.said = 0.0
        self.broken_since = broken_since
        """The last look at the held-out rows: step and loss."""
        self.looked = (None, None)

    def on_train_begin(self, args, state, control, **kwargs):
        self.at, self.seen = time.perf_counter(), self.tokens()

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            now, seen = time.perf_counter(), self.tokens()
            rate = (seen - self.seen) / max(now - self.at, 1e-9)
            self.at, self.seen = now, seen
            self.write(state, loss=logs["loss"], lr=logs["learning_rate"], grad_norm=logs.get("grad_norm"), epoch=logs.get("epoch"), tokens_per_second=rate)
            if now - self.said > 5 or state.global_step == state.max_steps:
                self.said = now
                print(f"step {state.global_step} of {state.max_steps}: loss {logs['loss']:.4f}, {rate:,.0f} tokens/s", flush=True)
            self.broken_since = None if math.isfinite(logs["loss"]) else self.broken_since or state.global_step
            if self.broken_since and state.global_step - self.broken_since >= BROKEN_STEPS:
                control.should_training_stop = True
        elif "eval_loss" in logs:
            self.write(state, eval_loss=logs["eval_loss"], epoch=logs.get("epoch"))
            print(f"step {state.global_step} of {state.max_steps}: loss on held-out rows {logs['eval_loss']:.4f}", flush=True)
            self.looked = (state.global_step, logs["eval_loss"])
            self.at = time.perf_counter()  # looking is no training
        return control

    def write(self, state, **fields):
        self.metrics.log(step=state.global_step, steps=state.max_steps, attempt=self.attempt, **fields)


class EarlyStop(TrainerCallback):
    """Ends a run whose loss on the held-out rows has not fallen for a while, and keeps the weights of the lowest."""

    def __init__(self, patience, min_delta, keep_best, memory=None):
        self.patience = patience
        self.min_delta = min_delta
        self.keep_best = keep_best
        self.memory = memory or {"best": None, "step": None, "waited": 0}

    def on_evaluate(self, args, state, control, metrics=None, **kwargs):
        loss = metrics["eval_loss"]
        best = self.memory["best"]
        if math.isfinite(loss) and (best is None or loss < best - self.min_delta):
            self.memory = {"best": loss, "step": state.global_step, "waited": 0}
            self.keep_best()
        else:
            self.memory["waited"] += 1
        if self.memory["waited"] >= self.patience:
            print(f"stopped early: no lower loss on held-out rows since step {self.memory['step']}", flush=True)
            control.should_training_stop = True
        return control


class Interruption(TrainerCallback):
    """The first SIGINT ends the run after the step at hand, with a checkpoint; a second one ends it at once."""

    def __init__(self):
        self.asked = False

    def listen(self):
        for name in ("SIGINT", "SIGBREAK"):  # Windows sends the second
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self.ask)

    def ask(self, number, frame):
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("asked to end: a checkpoint follows after this step", flush=True)

    def on_step_end(self, args, state, control, **kwargs):
        if self.asked:
            control.should_save = control.should_training_stop = True
        return control
