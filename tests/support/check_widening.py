"""`python check_widening.py JOB`: the precision of adapters over a base that says it is packed, before and after the trainer widens them."""
import json
import os
import sys
from pathlib import Path

os.chdir(sys.argv[1])

from runtime.metrics import Metrics
from trainer import model as models
from trainer.checkpoint import Checkpoints
from trainer.data import Encoder, read_dataset
from trainer.machine import decide, look
from trainer.recipe import read_recipe
from trainer.training import make_trainer

recipe = read_recipe("recipe.json")
plan = decide(recipe, look())
tokenizer = models.read_tokenizer(recipe)
train = read_dataset(recipe.data.train, Encoder(tokenizer, True), recipe.max_length)
model = models.load(recipe, plan)
model.is_loaded_in_4bit = True  # all that TRL looks at; bitsandbytes has no part in what it then does
trainer = make_trainer(recipe, plan, model, tokenizer, train, None, Checkpoints(Path("checkpoints"), 1, {}), {}, Metrics("."), 1)
kinds = [sorted({str(parameter.dtype) for parameter in trainer.model.parameters() if parameter.requires_grad})]
models.widen_adapters(trainer.model)
kinds.append(sorted({str(parameter.dtype) for parameter in trainer.model.parameters() if parameter.requires_grad}))
trainer.train()
kinds.append(sorted({str(parameter.dtype) for parameter in trainer.model.parameters() if parameter.requires_grad}))
print(json.dumps(kinds))
