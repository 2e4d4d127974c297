"""Another tokenizer for a trained model: its matrices stay, and tokens that it did not have begin as the mean of what stood for them."""
from __future__ import annotations

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast


@torch.no_grad()
def transplant(model: LlamaForCausalLM, old: PreTrainedTokenizerFast, new: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """The model with the new tokenizer's rows in its embedding, which is its output layer too. Both tokenizers have as many tokens."""
    weights = model.get_input_embeddings().weight
    if not len(old) == len(new) == len(weights):
        raise ValueError(f"the tokenizers have {len(old)} and {len(new)} tokens, and the model {len(weights)} rows")
    had, known, pieces = weights.clone(), old.get_vocab(), old.backend_tokenizer.model
    for token, row in new.get_vocab().items():
        weights[row] = had[known[token]] if token in known else had[[piece.id for piece in pieces.tokenize(token)]].mean(0)
    return model
