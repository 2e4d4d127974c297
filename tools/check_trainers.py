"""Loads what the workbook wrote with Hugging Face datasets, and gives it to TRL's trainers.

Called by check-trainers.ts with the path of a list of cases; prints one JSON object a line: {"check", "ok", "detail"}.
The model and the tokenizer are made here, of random numbers and of the 256 bytes: nothing is downloaded.
"""
import json
import math
import os
import sys
import warnings
from datetime import datetime

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1", TOKENIZERS_PARALLELISM="false", TRL_EXPERIMENTAL_SILENCE="1")
warnings.filterwarnings("ignore")

from datasets import disable_progress_bars, load_dataset  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed  # noqa: E402
from transformers.utils import logging as transformers_logging  # noqa: E402
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer  # noqa: E402

disable_progress_bars()
transformers_logging.set_verbosity_error()

# ChatML, with tools as JSON and a call's arguments by tojson, as the templates of Qwen and Llama print them.
TEMPLATE = (
    "{% if tools %}<|im_start|>system\n{{ tools | tojson }}<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content or '' }}"
    "{% for call in message.tool_calls or [] %}<tool_call>{{ call.function.name }} {{ call.function.arguments | tojson }}</tool_call>{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>"]


def tokenizer_of_bytes():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={byte: at for at, byte in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(SPECIAL)
    return PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|im_end|>", pad_token="<|pad|>", chat_template=TEMPLATE)


def make_model(tokenizer, path):
    """A model on disk: DPO loads its reference model from the place that the policy came from."""
    set_seed(63)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=2048, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id, bos_token_id=None,
    )).save_pretrained(path)
    tokenizer.save_pretrained(path)


def without_nones(value):
    """A table has every field in every row; what a row does not have is None there. Text of JSON that looks like a date
    comes from datasets' JSON loader as a datetime: it is compared by its text."""
    if isinstance(value, datetime):
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, dict):
        return {key: without_nones(held) for key, held in value.items() if held is not None}
    return [without_nones(item) for item in value] if isinstance(value, list) else value


def say(check, ok, detail=""):
    print(json.dumps({"check": check, "ok": bool(ok), "detail": detail}), flush=True)


def attempt(check, run):
    try:
        say(check, *run())
    except Exception as error:  # every failure of a library is a failed check, with what it said
        say(check, False, f"{type(error).__name__}: {str(error)[:300]}")


def read_rows(path):
    with open(path, encoding="utf8") as lines:
        return [json.loads(line) for line in lines]


def same_rows(data, rows):
    for at, (found, wanted) in enumerate(zip(data, rows)):
        if without_nones(found) != without_nones(wanted):
            return False, f"row {at + 1}: {str(found)[:200]} is not {str(wanted)[:200]}"
    return len(data) == len(rows), f"{len(data)} of {len(rows)} rows"


TRAINERS = {
    "sft": (SFTTrainer, SFTConfig, {"max_length": 2048}),
    "dpo": (DPOTrainer, DPOConfig, {"max_length": 2048}),
    "kto": (KTOTrainer, KTOConfig, {"max_length": 2048}),
}


def learned_texts(case, row):
    """What the trainer must be learning from: texts of the row that the trainer's tokens have to hold."""
    if case["trainer"] == "dpo":
        # Of texts with an implicit prompt, what comes after it.
        shared = len(os.path.commonprefix([row["chosen"], row["rejected"]])) if isinstance(row["chosen"], str) and "prompt" not in row else 0
        parts = {"chosen_ids": row["chosen"][shared:], "rejected_ids": row["rejected"][shared:]}
    elif case["trainer"] == "kto":
        parts = {"completion_ids": row["completion"]}
    else:
        parts = {"input_ids": row.get("messages") or row.get("completion") or row.get("text")}
    for column, part in parts.items():
        turns = part if isinstance(part, list) else [{"role": "assistant", "content": part}]
        for turn in turns:
            if turn["role"] != "assistant":
                continue
            if turn.get("content"):
                yield column, turn["content"]
            else:
                called = turn["tool_calls"][0]["function"]
                # Arguments that are text are printed in quotes: a real template would teach the model to write them so.
                yield column, f"<tool_call>{called['name']} " + ('"{' if isinstance(called["arguments"], str) else "{")


def trains(case, data, rows, folder, tokenizer):
    trainer_class, config_class, options = TRAINERS[case["trainer"]]
    config = config_class(
        output_dir=os.path.join(folder, "out"), max_steps=1, per_device_train_batch_size=4, report_to=[], use_cpu=True, bf16=False, fp16=False,
        save_strategy="no", disable_tqdm=True, dataloader_pin_memory=False, gradient_checkpointing=False, **options,
    )
    trainer = trainer_class(model=LlamaForCausalLM.from_pretrained(os.path.join(folder, "tiny")), args=config, train_dataset=data, processing_class=tokenizer)
    prepared = trainer.train_dataset
    if len(prepared) != len(rows):
        return False, f"{len(prepared)} of {len(rows)} rows were prepared"
    missing, looked = 0, 0
    for row, tokens in zip(rows, prepared):
        for column, text in learned_texts(case, row):
            if column not in tokens:
                continue
            looked += 1
            missing += text.strip() not in tokenizer.decode(tokens[column])
    loss = trainer.train().training_loss
    return missing == 0 and looked > 0 and math.isfinite(loss), f"{len(prepared)} rows prepared, {looked} answers found in the tokens ({missing} missing), one step, loss {loss:.3f}"


def check_case(case, folder, tokenizer):
    rows = read_rows(case["jsonl"])
    for kind in ("json", "parquet"):
        path = case["jsonl" if kind == "json" else "parquet"]
        name = f"{case['name']}, {'JSONL' if kind == 'json' else 'Parquet'}"
        loaded = {}

        def load():
            loaded["data"] = load_dataset(kind, data_files=path, split="train", cache_dir=os.path.join(folder, "cache"))
            return same_rows(loaded["data"], rows)

        attempt(f"{name}: load_dataset gives the rows written", load)
        if "data" not in loaded:
            continue
        data = loaded["data"]
        if kind == "parquet" and "messages" in data.features:
            turn = getattr(data.features["messages"], "feature", None)
            say(f"{name}: messages is a list of structs", isinstance(turn, dict) and {"role", "content"} <= set(turn), str(turn)[:160])
        if case.get("trainer"):
            attempt(f"{name}: {TRAINERS[case['trainer']][0].__name__} prepares and trains", lambda: trains(case, data, rows, folder, tokenizer))
        # The way back: what datasets writes of it, for the workbook to read.
        def write():
            data.to_parquet(case["back_parquet"][kind])
            data.to_json(case["back_jsonl"][kind], force_ascii=False)
            return True, "written"

        attempt(f"{name}: datasets writes it again", write)


def check_folder(folder_case, folder):
    def load():
        splits = load_dataset(folder_case["path"], cache_dir=os.path.join(folder, "cache"))
        wrong = [name for name, path in folder_case["splits"].items() if name not in splits or not same_rows(splits[name], read_rows(path))[0]]
        found = ", ".join(f"{name} {len(rows)}" for name, rows in splits.items())
        dates = [column for column, feature in next(iter(splits.values())).features.items() if getattr(feature, "dtype", "").startswith("timestamp")]
        return not wrong and set(splits) == set(folder_case["splits"]), found + (f"; read as a timestamp: {', '.join(dates)}" if dates else "") + (f"; not the same: {', '.join(wrong)}" if wrong else "")

    attempt(f'load_dataset("{folder_case["name"]}") gives its splits, row by row', load)


def main():
    with open(sys.argv[1], encoding="utf8") as file:
        plan = json.load(file)
    import datasets
    import pyarrow
    import torch
    import transformers
    import trl
    print(json.dumps({"versions": {module.__name__: module.__version__ for module in (datasets, pyarrow, trl, transformers, torch)}}), flush=True)
    tokenizer = tokenizer_of_bytes()
    make_model(tokenizer, os.path.join(plan["folder"], "tiny"))
    for case in plan["cases"]:
        check_case(case, plan["folder"], tokenizer)
    for folder_case in plan["folders"]:
        check_folder(folder_case, plan["folder"])


main()
