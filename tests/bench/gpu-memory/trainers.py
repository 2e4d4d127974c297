"""The same step through transformers.Trainer and TRL's SFTTrainer / DPOTrainer, with their own defaults where the plan says nothing."""
import os
import tempfile


def tokenizer():
    """TRL wants one; the data is token ids already."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    vocab = {"<pad>": 0, "</s>": 1, **{f"w{i}": i for i in range(2, 64)}}
    tok = Tokenizer(models.WordLevel(vocab, unk_token="w2"))
    tok.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tok, pad_token="<pad>", eos_token="</s>")


def train_with(torch, model, ref, c, shape, meter, dev):
    import transformers as tf
    from transformers import TrainerCallback
    times = []

    class Marks(TrainerCallback):
        def on_step_begin(self, args, state, control, **kw):
            self.t0, self.tag = meter.now(), "step1." if state.global_step == 0 else "steady."

        def on_pre_optimizer_step(self, args, state, control, **kw):
            meter.mark(self.tag + "forward+backward")

        def on_optimizer_step(self, args, state, control, **kw):
            meter.mark(self.tag + "optimizer")

        def on_step_end(self, args, state, control, **kw):
            times.append(meter.now() - self.t0)

    rows, steps = c["batch"] * c["accum"], c["steps"]
    g = torch.Generator().manual_seed(0)
    ids = lambda n: torch.randint(2, shape["vocab"], (n,), generator=g).tolist()
    common = dict(output_dir=os.path.join(tempfile.gettempdir(), f"gpu-memory-{os.getpid()}"), per_device_train_batch_size=c["batch"],
                  gradient_accumulation_steps=c["accum"], max_steps=steps, learning_rate=1e-5, optim=c["opt"], bf16=c["amp"] == "bf16", fp16=c["amp"] == "fp16",
                  gradient_checkpointing=c["ckpt"] != "false", save_strategy="no", report_to="none", logging_steps=1, disable_tqdm=True,
                  use_cpu=dev == "cpu", dataloader_pin_memory=False)
    if c["ckpt"] != "false":
        common["gradient_checkpointing_kwargs"] = {"use_reentrant": "reentrant" in c["ckpt"]}
    if c["framework"] == "trainer":
        data = [{"input_ids": r, "labels": r} for r in (ids(c["seq"]) for _ in range(rows * steps))]
        t = tf.Trainer(model=model, args=tf.TrainingArguments(**common), train_dataset=data, callbacks=[Marks()],
                       data_collator=lambda b: {k: torch.tensor([r[k] for r in b]) for k in b[0]})
    else:
        import datasets
        import trl
        datasets.disable_progress_bars()
        if c["method"] == "DPO":
            words = lambda n: " ".join(f"w{2 + i % 62}" for i in ids(n))
            half = c["seq"] // 2  # TRL ends the completions with an end-of-sequence token: one word less makes the stated length
            data = datasets.Dataset.from_list([{"prompt": words(half), "chosen": " " + words(c["seq"] - half - 1), "rejected": " " + words(c["seq"] - half - 1)} for _ in range(rows * steps)])
            args = trl.DPOConfig(max_length=c["seq"], **common)
            t = trl.DPOTrainer(model=model, ref_model=ref, args=args, train_dataset=data, processing_class=tokenizer(), callbacks=[Marks()])
        else:
            data = datasets.Dataset.from_list([{"input_ids": ids(c["seq"])} for _ in range(rows * steps)])
            args = trl.SFTConfig(max_length=c["seq"], **common)
            t = trl.SFTTrainer(model=model, args=args, train_dataset=data, processing_class=tokenizer(), callbacks=[Marks()])
    shapes = set()
    t.model.register_forward_pre_hook(lambda mod, args, kw: shapes.add(tuple(kw["input_ids"].shape)) if kw.get("input_ids") is not None else None, with_kwargs=True)
    t.train()
    want = (c["batch"] * (2 if c["method"] == "DPO" else 1), c["seq"])
    if shapes and shapes != {want}:
        raise ValueError(f"the trainer ran batches of {shapes}, the plan says {want}")
    meter.mark("end")
    return min(times[1:])
