"""TRL's SFTTrainer as this trainer uses it: the recipe's arguments, own batches, checkpoints that are whole or not there."""

import json

import torch
from peft import PeftModel
from torch.utils.data import Sampler
from transformers import DynamicCache, LlamaForCausalLM, PrinterCallback, ProgressCallback, Trainer
from trl import SFTConfig, SFTTrainer

from .callbacks import EarlyStop, Interruption, Reporting
from .data import IGNORED

OPTIMIZERS = {"adamw": "adamw_torch", "adamw-8bit": "adamw_8bit", "paged-adamw-8bit": "paged_adamw_8bit"}
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def arguments(recipe, plan, folder):
    """The recipe in TRL's words. fp16 and bf16 are set both, because TRL takes bf16 where neither is."""
    steps = {"max_steps": recipe.steps} if recipe.steps is not None else {"num_train_epochs": recipe.epochs}
    looks = {"eval_strategy": "steps", "eval_steps": recipe.evaluate_every} if recipe.evaluate_every else {"eval_strategy": "no"}
    return SFTConfig(
        output_dir=str(folder), **steps, **looks,
        per_device_train_batch_size=recipe.batch, per_device_eval_batch_size=recipe.batch, gradient_accumulation_steps=recipe.accumulation,
        learning_rate=recipe.learning_rate, lr_scheduler_type=SCHEDULES[recipe.schedule], warmup_steps=recipe.warmup,
        optim=OPTIMIZERS[plan.optimizer], weight_decay=recipe.weight_decay, max_grad_norm=recipe.max_grad_norm,
        fp16=plan.precision == "fp16", bf16=plan.precision == "bf16", use_cpu=plan.device == "cpu",
        gradient_checkpointing=recipe.gradient_checkpointing != "none",
        max_length=recipe.max_length, packing=recipe.packing, eval_packing=False,
        logging_strategy="steps", logging_steps=1, logging_nan_inf_filter=False, report_to="none", disable_tqdm=True, prediction_loss_only=True,
        save_strategy="steps", save_steps=recipe.checkpoints.every, seed=recipe.seed, data_seed=recipe.seed, dataloader_pin_memory=plan.device == "cuda",
    )


class Batches:
    """Rows → one tensor each, padded on the right to the longest."""

    def __init__(self, pad):
        self.pad = pad

    def __call__(self, rows):
        width = max(len(row["input_ids"]) for row in rows)
        fill = {"input_ids": self.pad, "labels": IGNORED}
        made = {name: torch.tensor([row[name] + [value] * (width - len(row[name])) for row in rows]) for name, value in fill.items()}
        made["attention_mask"] = torch.tensor([[1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in rows])
        return made


class LengthGroups(Sampler):
    """The places of the rows, so that the rows of an update are alike in length: updates are cut from pools of rows in their order of
    length, and drawn. Only the last of an epoch may have fewer rows.

    @param update - rows of one update, those of all its micro-batches
    """

    POOL = 25  # updates: with the workbook's conversations padding is then 2 % of what is real, and 35 % without

    def __init__(self, lengths, update, seed):
        self.lengths, self.update, self.seed, self.epoch = lengths, update, seed, 0

    def __len__(self):
        return len(self.lengths)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __iter__(self):
        draw = torch.Generator().manual_seed(self.seed + self.epoch)
        rows = torch.randperm(len(self.lengths), generator=draw).tolist()
        whole, pool = len(rows) - len(rows) % self.update, self.update * self.POOL
        ordered = [row for at in range(0, whole, pool) for row in sorted(rows[at : min(at + pool, whole)], key=self.lengths.__getitem__)]
        updates = [ordered[at : at + self.update] for at in range(0, whole, self.update)]
        yield from (row for at in torch.randperm(len(updates), generator=draw).tolist() for row in updates[at])
        yield from rows[whole:]


# Logits that are held at once: 512 MiB in fp32, as many as in a tile of TRL's own loss (4,096 positions of 32,768 words).
MOST_LOGITS = 2**27


def suits_labelled_loss(model, inputs):
    """Whether `loss_where_labelled` may take the batch: a Llama, and so few labels that their logits need no tiles."""
    return isinstance(model, LlamaForCausalLM) and int((inputs["labels"] != IGNORED).sum()) * model.config.vocab_size <= MOST_LOGITS


def shared_beginning(inputs):
    """How many tokens the rows of a batch have in common before any that decides the loss."""
    ids, labels = inputs["input_ids"], inputs["labels"]
    alike = (ids == ids[:1]).all(0) & (labels == IGNORED).all(0)
    # The last of them says what comes after it, which may be labelled.
    return max(int(alike.long().cumprod(0).sum()) - 1, 0) if len(ids) > 1 else 0


def hidden_after(decoder, ids, shared):
    """Hidden states behind the first `shared` tokens. These are the same in every row: they are computed once, and so is their gradient."""
    beginning = DynamicCache(config=decoder.config)
    decoder(ids[:1, :shared], past_key_values=beginning, use_cache=True)
    beginning.batch_repeat_interleave(len(ids))
    return decoder(ids[:, shared:], past_key_values=beginning, use_cache=True).last_hidden_state


def loss_where_labelled(model, inputs, count, shared=0):
    """
    TRL's loss, without the logits of positions that have none: off a card TRL 1.16 writes the logits of every position, most of
    which are the prompt's, and that is a third of a small model's step. And without a prompt's beginning once for each row: the
    tools of a chat are most of its tokens, and the same in all rows.

    @param count - the labels of all micro-batches of the update; None: of this one
    @param shared - tokens that all rows begin with, see `shared_beginning`; with them, rows must be whole documents
    """
    labels = inputs.pop("labels")[:, 1 + shared:]
    decoder = model.get_decoder()
    hidden = (hidden_after(decoder, inputs["input_ids"], shared) if shared else decoder(**inputs, use_cache=False).last_hidden_state)[:, :-1]
    labelled = labels != IGNORED
    logits = model.lm_head(hidden[labelled])
    loss = torch.nn.functional.cross_entropy(logits.float(), labels[labelled], reduction="sum")
    return loss / torch.as_tensor(labelled.sum() if count is None else count).clamp(min=1)


class RecipeTrainer(SFTTrainer):
    """SFTTrainer with the workbook's checkpoints; counts the tokens that it has read."""

    def watch(self, recipe, store, progress):
        self.recipe, self.store = recipe, store
        self.tokens_read = progress.get("tokens", 0)
        self.reporting = next(callback for callback in self.callback_handler.callbacks if isinstance(callback, Reporting))
        self.early_stop = next((callback for callback in self.callback_handler.callbacks if isinstance(callback, EarlyStop)), None)
        self.interruption = next(callback for callback in self.callback_handler.callbacks if isinstance(callback, Interruption))
        self.writing_into = None

    def training_step(self, model, inputs, *args, **kwargs):
        mask = inputs.get("attention_mask")
        self.tokens_read += int(mask.sum()) if mask is not None else inputs["input_ids"].numel()
        return super().training_step(model, inputs, *args, **kwargs)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        mask = inputs.pop("attention_mask", None)
        if mask is not None:
            # Rows are padded behind, where no token looks and nothing has a loss, and attention is faster without a mask. TRL
            # then wants positions.
            inputs["position_ids"] = torch.arange(mask.shape[1], device=mask.device).expand(mask.shape)
        whole = model.get_base_model() if isinstance(model, PeftModel) else model
        if self.args.use_cpu and not return_outputs and suits_labelled_loss(whole, inputs):
            # Packed rows have no mask, and begin within a document. Checkpointing keeps no cache. Dropout would hit every row alike.
            sharing = mask is not None and not self.args.gradient_checkpointing and not (whole.training and self.recipe.dropout)
            shared = shared_beginning(inputs) if sharing else 0
            return loss_where_labelled(whole, inputs, num_items_in_batch, shared)
        return super().compute_loss(model, inputs, return_outputs=return_outputs, num_items_in_batch=num_items_in_batch)

    def _get_train_sampler(self, train_dataset=None):
        if not self.recipe.group_by_length:
            return super()._get_train_sampler(train_dataset)
        rows = self.train_dataset if train_dataset is None else train_dataset
        return LengthGroups([len(ids) for ids in rows["input_ids"]], self.recipe.batch * self.recipe.accumulation, self.recipe.seed)

    def _get_output_dir(self, trial=None):
        return str(self.writing_into or self.args.output_dir)

    def _save_checkpoint(self, model, trial=None):
        # Transformers writes `checkpoint-STEP` into the folder that it is told; it is moved to its place when it is whole.
        name, save = f"checkpoint-{self.state.global_step}", Trainer._save_checkpoint  # TRL's own writes a model card beside
        with self.store.writing(name) as folder:
            self.writing_into = folder
            save(self, model, trial)
            self.writing_into = None
            for path in (folder / name).iterdir():
                path.rename(folder / path.name)
            (folder / name).rmdir()
            (folder / "progress.json").write_text(json.dumps(self.progress()), encoding="utf8")
        self.store.rotate()

    def progress(self):
        """What Transformers does not keep."""
        ended = self.state.global_step >= self.state.max_steps or (self.control.should_training_stop and not self.interruption.asked)
        return {
            "identity": self.store.identity, "step": self.state.global_step, "steps": self.state.max_steps, "tokens": self.tokens_read,
            "ended": ended, "broken_since": self.reporting.broken_since, "early_stop": self.early_stop.memory if self.early_stop else None,
        }

    def keep_best(self):
        """Weights alone: what is exported, not what goes on."""
        with self.store.writing("best") as folder:
            self.accelerator.unwrap_model(self.model).save_pretrained(folder)

    def best_weights(self):
        """The folder of the weights with the lowest loss on held-out rows, where they were kept."""
        return self.store.folder / "best" if self.early_stop and self.early_stop.memory["step"] is not None else None

    def look(self):
        """The loss on the held-out rows with the weights as they are, beside the run: no metric, no early stop."""
        step, loss = self.reporting.looked
        if step == self.state.global_step and self.best_weights() is None:
            return loss
        for callback in list(self.callback_handler.callbacks):
            if isinstance(callback, (Reporting, EarlyStop)):
                self.remove_callback(callback)
        return self.evaluate()["eval_loss"]


def make_trainer(recipe, plan, model, tokenizer, train, held_out, store, progress, metrics, attempt):
    from datasets import Dataset as Table

    def table(data):
        return Table.from_dict({"input_ids": [example.input_ids for example in data.examples], "labels": [example.labels for example in data.examples]})

    interruption = Interruption()
    interruption.listen()
    callbacks = [Reporting(metrics, attempt, lambda: trainer.tokens_read, progress.get("broken_since")), interruption]
    if recipe.early_stop:
        callbacks.append(EarlyStop(recipe.early_stop.patience, recipe.early_stop.min_delta, lambda: trainer.keep_best(), progress.get("early_stop")))
    trainer = RecipeTrainer(
        model=model, args=arguments(recipe, plan, store.folder), train_dataset=table(train), eval_dataset=table(held_out) if held_out else None,
        processing_class=tokenizer, callbacks=callbacks,
        data_collator=None if recipe.packing else Batches(tokenizer.pad_token_id),  # packed rows need TRL's own, which keeps documents apart
    )
    for unwanted in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(unwanted)
    trainer.watch(recipe, store, progress)
    return trainer
