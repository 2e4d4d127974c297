"""`python compare_losses.py JOB…`: each job's loss and gradients on its first batch as the trainer computes them, beside TRL's own.

Each JOB is a job's folder as the agent lays it out. Prints one line for a job, and one for what the loss does at its edges.
"""
import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import torch

from runtime.metrics import Metrics
from trainer import model as models
from trainer import training
from trainer.checkpoint import Checkpoints
from trainer.data import IGNORED, Encoder, read_dataset
from trainer.machine import decide, look
from trainer.recipe import read_recipe


def measured(model, loss):
    model.zero_grad()
    loss.backward()
    return loss.item(), torch.cat([weights.grad.flatten() for weights in model.parameters() if weights.requires_grad])


def common(rows):
    """Tokens that all rows begin with, counted one by one."""
    return next((at for at in range(rows.shape[1]) if len({row[at].item() for row in rows}) > 1), rows.shape[1])


def compare(job):
    os.chdir(job)
    recipe = read_recipe("recipe.json")
    plan, tokenizer = decide(recipe, look()), models.read_tokenizer(recipe)
    train = read_dataset(recipe.data.train, Encoder(tokenizer, recipe.completion_only), recipe.max_length)
    trainer = training.make_trainer(recipe, plan, models.load(recipe, plan), tokenizer, train, None, Checkpoints(Path("compared"), 1, {}), {}, Metrics("."), 1)
    batch = next(iter(trainer.get_train_dataloader()))
    loss = lambda: measured(trainer.model, trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=torch.tensor(1000)))
    for weights in trainer.model.parameters():  # adapters begin with B = 0, which hides a fault in A's gradient
        if weights.requires_grad:
            torch.nn.init.normal_(weights, std=0.05)
    trainer.model.eval()  # dropout would part them; the loss does not look
    with patch.object(training, "loss_where_labelled", wraps=training.loss_where_labelled) as own_way, patch.object(training, "hidden_after", wraps=training.hidden_after) as once:
        mine, my_gradient = loss()
    with patch.object(training, "suits_labelled_loss", return_value=False):
        theirs, gradient = loss()
    return {"job": Path(job).name, "mine": mine, "theirs": theirs, "gradient": gradient.abs().max().item(), "apart": (my_gradient - gradient).abs().max().item(), "took": own_way.call_count, "once": once.call_args.args[2] if once.called else 0, "beginning": common(batch["input_ids"])}


def edges(job):
    model = models.load_base(recipe := read_recipe(Path(job) / "recipe.json"), decide(recipe, look()))
    rows = torch.randint(0, model.config.vocab_size, (2, 12))
    nothing, gradient = measured(model, training.loss_where_labelled(model, {"input_ids": rows, "labels": torch.full_like(rows, IGNORED)}, 0))
    many = torch.zeros(training.MOST_LOGITS // model.config.vocab_size + 1, dtype=torch.int64)
    whole = models.is_whole(model)
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] = float("inf")
    return {"whole": [whole, models.is_whole(model)], "nothing": nothing, "of nothing": gradient.abs().max().item(), "suits": training.suits_labelled_loss(model, {"labels": rows}), "suits the largest": training.suits_labelled_loss(model, {"labels": many})}


for job in sys.argv[1:]:
    print(json.dumps(compare(job)))
print(json.dumps(edges(sys.argv[1])))
