"""The tokenizer: a byte-level BPE with Llama-3's pre-tokenizer and special tokens, trained on the corpus."""
from __future__ import annotations

import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from exports.gguf_file import LLAMA_3

from .corpus import mix
from .settings import HERE, Settings

BEGIN, END, PAD, TURN, MESSAGE = "<|begin_of_text|>", "<|end_of_text|>", "<|pad|>", "<|eot_id|>", "<|eom_id|>"
SPECIAL = [BEGIN, END, PAD, "<|start_header_id|>", "<|end_header_id|>", TURN, MESSAGE, "<|python_tag|>"]


def train(settings: Settings) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA_3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=settings.vocabulary - len(SPECIAL), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=[], show_progress=False)
    tokenizer.train_from_iterator(_texts(settings), trainer)
    # The special ones come last, as Llama-3's do.
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer


def _texts(settings: Settings):
    read = 0
    for _, document in mix.documents(settings.seed):
        text = mix.plain(document)
        yield text
        read += len(text)
        if read >= settings.tokenizer_characters:
            return


def save(tokenizer: Tokenizer, folder: Path, settings: Settings) -> PreTrainedTokenizerFast:
    """Writes tokenizer.json and tokenizer_config.json; the chat template is inside the latter, since transformers.js reads no other."""
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=TURN, pad_token=PAD, model_max_length=settings.context, clean_up_tokenization_spaces=False)
    made.chat_template = (HERE / "chat_template.jinja").read_text("utf-8")
    made.save_pretrained(folder, save_jinja_files=False)
    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    # transformers 4 and 5 both know this name.
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    return made
