"""Makes a Llama of random numbers with a tokenizer of its own: `python tiny_model.py FOLDER TEXTFILE`. For tests; nothing is downloaded.

Byte-level BPE with 200 merges learned from the text file, Llama-3's special tokens, a chat template with tools and calls.
"""
import sys

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|pad|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
TEMPLATE = (
    "{{ bos_token }}"
    "{% if tools %}<|start_header_id|>system<|end_header_id|>\n\n{{ tools | tojson }}<|eot_id|>{% endif %}"
    "{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n{{ message.content | trim }}"
    "{% for call in message.tool_calls or [] %}{{ {'name': call.function.name, 'parameters': call.function.arguments} | tojson }}{% endfor %}"
    "<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def make_tokenizer(text):
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core.train_from_iterator([text], trainers.BpeTrainer(vocab_size=len(alphabet) + 200, initial_alphabet=alphabet, show_progress=False))
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token=SPECIAL[0], eos_token="<|eot_id|>", pad_token="<|pad|>", chat_template=TEMPLATE, model_max_length=512)


def make_model(tokenizer):
    torch.manual_seed(64)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        # Rows of the embedding this long give logits that an adapter can move.
        initializer_range=0.2, max_position_embeddings=512, tie_word_embeddings=True, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    ))


if __name__ == "__main__":
    folder, text = sys.argv[1:]
    made = make_tokenizer(open(text, encoding="utf8").read())
    made.save_pretrained(folder, save_jinja_files=False)
    make_model(made).save_pretrained(folder)
