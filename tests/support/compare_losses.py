"""`python compare_losses.py MODEL`: the trainer's loss and its gradients beside transformers' own, on rows with padding and prompts."""
import json
import sys

import torch
from transformers import AutoModelForCausalLM

from trainer.data import IGNORED
from trainer.training import loss_where_labelled, suits_labelled_loss

torch.manual_seed(7)
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
rows = torch.randint(0, model.config.vocab_size, (4, 24))
labels = rows.clone()
labels[:, :15] = IGNORED
labels[1, 20:] = IGNORED
labels[2, :] = IGNORED  # a row without an answer, as a long prompt may leave it


def measured(loss):
    model.zero_grad()
    loss.backward()
    return loss.item(), torch.cat([weights.grad.flatten() for weights in model.parameters()])


mine, my_gradient = measured(loss_where_labelled(model, {"input_ids": rows, "labels": labels.clone()}, None))
theirs, gradient = measured(model(input_ids=rows, labels=labels).loss)
shared, _ = measured(loss_where_labelled(model, {"input_ids": rows, "labels": labels.clone()}, 4 * int((labels[:, 1:] != IGNORED).sum())))
nothing, empty = measured(loss_where_labelled(model, {"input_ids": rows, "labels": torch.full_like(labels, IGNORED)}, 0))
print(json.dumps({
    "mine": mine, "theirs": theirs, "gradient": gradient.abs().max().item(), "apart": (my_gradient - gradient).abs().max().item(),
    "shared": shared, "nothing": nothing, "of nothing": empty.abs().max().item(),
    "suits": suits_labelled_loss(model, {"labels": labels}), "suits the largest": suits_labelled_loss(model, {"labels": torch.zeros(2**27 // model.config.vocab_size + 1, dtype=torch.int64)}),
}))
