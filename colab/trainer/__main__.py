"""One run: `python -m trainer recipe.json`, in the job's folder. Started again, it goes on from its last checkpoint."""

import math
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")

from .machine import decide, look, set_threads
from .recipe import RecipeError, read_recipe


def main(path):
    recipe = read_recipe(path)
    job = Path(os.environ.get("LLMOPS_JOB") or ".").resolve()
    machine = look()
    plan = decide(recipe, machine)
    for note in plan.notes:
        print(f"note: {note}", flush=True)
    if plan.backend == "unsloth":
        from . import unsloth_model  # noqa: F401  before all that it patches
    import torch

    from runtime.metrics import Metrics, out_of_memory

    try:
        run(recipe, path, job, machine, plan, Metrics(job))
    except (torch.OutOfMemoryError, MemoryError) as error:
        out_of_memory(error, job)
    except RuntimeError as error:
        if "DefaultCPUAllocator" in str(error):  # it has no exception of its own for this
            out_of_memory(error, job)
        raise


def run(recipe, recipe_path, job, machine, plan, metrics):
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    from .record import Record, attempt_of

    set_verbosity_error()
    disable_progress_bar()
    threads, attempt = set_threads(), attempt_of(job)
    record = Record(job, recipe_path, attempt)
    try:
        train_and_export(recipe, job, machine, plan, metrics, record, threads, attempt)
    except BaseException as error:
        if record.values["status"] == "running":
            record.set(reason=str(error)[:2000])
            record.write("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        raise


def train_and_export(recipe, job, machine, plan, metrics, record, threads, attempt):
    from transformers import set_seed

    from . import model as models
    from .checkpoint import Checkpoints
    from .data import Encoder, read_dataset
    from .record import describe_base, describe_machine, describe_plan
    from .training import make_trainer

    record.set(machine=describe_machine(machine, plan, threads), plan=describe_plan(plan), base=describe_base(recipe))
    record.write("running")

    tokenizer = models.read_tokenizer(recipe)
    encoder = Encoder(tokenizer, recipe.completion_only)
    train = read_dataset(recipe.data.train, encoder, recipe.max_length)
    held_out = read_dataset(recipe.data.eval, encoder, recipe.max_length) if recipe.data.eval else None
    stop = train.examples[0].stop
    record.set(data={"train": train.report, "eval": held_out.report if held_out else None}, stop_token=tokenizer.convert_ids_to_tokens(stop))
    for data in filter(None, (train, held_out)):
        tell_of_data(data.report)

    identity = {"recipe": record.values["recipe_sha256"], "data": train.report["sha256"], "held-out rows": held_out.report["sha256"] if held_out else None, "base": record.values["base"]["sha256"]}
    store = Checkpoints(job / "checkpoints", recipe.checkpoints.keep, identity)
    last = store.latest()
    progress = store.read_progress(last) if last else {}

    set_seed(recipe.seed)  # adapters begin with random numbers
    if plan.backend == "unsloth":
        from . import unsloth_model

        model, loaded = unsloth_model.load(recipe, plan)
        tokenizer = models.with_template(loaded, recipe)
    else:
        model = models.load(recipe, plan)
    record.set(parameters=models.count(model))
    trainer = make_trainer(recipe, plan, model, tokenizer, train, held_out, store, progress, metrics, attempt)
    if plan.precision != "bf16":
        models.widen_adapters(trainer.model)
    counted = record.values["parameters"]
    print(f"{counted['trainable']:,} of {counted['total']:,} parameters train, on {machine.name if machine.cuda else 'the CPU'} in {plan.precision}", flush=True)
    record.ran(from_step=progress.get("step", 0))
    record.write("running")

    began = time.perf_counter()
    if last:
        print(f"goes on from {last.name}", flush=True)
    if progress.get("ended"):
        trainer._load_from_checkpoint(str(last))
        trainer.state.global_step = trainer.state.max_steps = progress["step"]
    else:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    record.ran(to_step=trainer.state.global_step, train_seconds=round(time.perf_counter() - began, 3), tokens=trainer.tokens_read - progress.get("tokens", 0))
    if trainer.interruption.asked:
        record.write("interrupted")
        sys.exit(130)

    finish(recipe, plan, trainer, tokenizer, train, stop, record, job)


def finish(recipe, plan, trainer, tokenizer, train, stop, record, job):
    """The best weights where they were kept, a last look at the held-out rows, the exports, the record."""
    from . import model as models
    from .export import export_all

    broken = trainer.reporting.broken_since
    if broken:
        raise RecipeError(f"the loss is no number from step {broken} on, and nothing was exported: lower learningRate, or warm up for longer")
    best = trainer.best_weights()
    if best:
        print(f"the weights of step {trainer.early_stop.memory['step']} are taken: the lowest loss on held-out rows", flush=True)
        trainer._load_from_checkpoint(str(best))
        record.set(best=trainer.early_stop.memory)
    eval_loss = trainer.look() if trainer.eval_dataset is not None else None
    # The loss of the last step is of the weights before it.
    if not models.is_whole(trainer.model) or not math.isfinite(eval_loss or 0):
        raise RecipeError("after the last step the model holds no numbers or computes none, and nothing was exported: lower learningRate, or warm up for longer")
    if eval_loss is not None:
        record.set(eval_loss=eval_loss)
    record.set(steps=trainer.state.global_step)
    record.set(exports=export_all(recipe, plan, trainer, tokenizer, train.examples, stop, job / "artifacts"))
    record.write("finished")
    print("finished", flush=True)


def tell_of_data(report):
    line = f"{report['path']}: {report['used']:,} of {report['rows']:,} rows, {report['tokens']:,} tokens, {report['trained_tokens']:,} of them with a loss"
    if report["too_long"]["rows"]:
        line += f"; {report['too_long']['rows']:,} rows are longer than maxLength (up to {report['too_long']['longest_tokens']:,} tokens) and left out whole"
    print(line, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m trainer recipe.json")
    try:
        main(sys.argv[1])
    except RecipeError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
