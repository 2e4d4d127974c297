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


"""
Words that are one token together with the space before them: they are half of all words, and hardly a title begins with one.
Every other word is the same tokens behind a space, a quote or a bracket, so that a title is copied as it stands.
"""
SPACED = """
a about after again all already also am an and any anything are as at be because been before behind but by called came can cannot
could did do does done down due else every everything first for from get gets goes got had has have he her here high his how i if in
instead into is it its just know last less like low made make may me mean means medium more must my name named need needs never new
no nobody not nothing now of off on one only open or other our out over please priority put said same say says see shall she should
so something still task tasks than thanks that the their them then there these they thing things this those time to today tomorrow
too two until up us very want wanted wants was way we week were what when where which while who why will with without would yet you your
list assistant completed finished deleted created updated removed marked moved changed added closed I It The You What That So
"""
"""Parts of the tools' names that stand behind an underline."""
JOINED = ["_task", "_tasks", "_title", "_date"]
BEFORE = pre_tokenizers.Split(Regex(LLAMA_3), "isolated")
"""Llama-3's pre-tokenizer leaves a word with the character before it; this takes that off (but leaves 's, 't, 're, 've, 'm, 'll and 'd)."""
APART = pre_tokenizers.Split(Regex(r"^(?!(?i:'s|'t|'re|'ve|'m|'ll|'d)$)[^\p{L}\p{N}](?=\p{L})"), "isolated")
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def train(settings: Settings) -> Tokenizer:
    """
    Merges are learnt on Llama-3's words, or, where `words` is "apart", on what is left of them without the character before them; then
    come the words that are whole tokens anyway, which need no merges (`ignore_merges`, as in Llama-3's own tokenizer).
    """
    apart = settings.words == "apart"
    whole = [*(f"Ġ{word}" for word in SPACED.split()), *JOINED] if apart else []
    size = settings.vocabulary - len(SPECIAL) - len(whole)
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Sequence([BEFORE, APART, BYTES] if apart else [BEFORE, BYTES])
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=[], show_progress=False)
    learner.train_from_iterator(_texts(settings), trainer)
    learnt = json.loads(learner.to_str())["model"]
    vocabulary = {**learnt["vocab"], **{token: len(learnt["vocab"]) + at for at, token in enumerate(whole)}}
    if len(vocabulary) != settings.vocabulary - len(SPECIAL):
        raise ValueError(f"the corpus gives {len(vocabulary)} tokens of {settings.vocabulary - len(SPECIAL)}: take more characters")
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(merge) for merge in learnt["merges"]], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([BEFORE, BYTES])
    tokenizer.decoder = decoders.ByteLevel()
    # The special ones come last, as Llama-3's do.
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer


def _texts(settings: Settings):
    read = 0
    for _, document in mix.documents(settings.seed, settings.mix):
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
