"""What `npm run check:export` asks of Python: losses of GGUF files, llama.cpp's own quantiser, tensors side by side.

    deep FOLDER                   a Llama of random numbers with twelve layers, to hold the rule of layers against
    loss FOLDER GGUF …            nats a token of answers never seen, of a folder and of files, read by transformers
    margins FOLDER PARITY         how far apart the two best logits lie at each greedy token of taskling.parity's prompts
    quantise LIBRARIES IN OUT     q4_k_m by llama.cpp
    compare ONE OTHER             how many tensors of two GGUFs differ, in type or in bytes
"""
import ctypes
import json
import sys
from pathlib import Path

Q4_K_M = 15


def deep(folder):
    import torch
    from taskling.export import read_tokenizer
    from taskling.settings import PUBLISHED
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = read_tokenizer(PUBLISHED)
    torch.manual_seed(8)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), hidden_size=256, intermediate_size=512, num_hidden_layers=12, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
                                         tie_word_embeddings=False, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder, save_jinja_files=False)


def loss(folder, *files):
    import torch
    from taskling import trials
    from taskling.probe import encode_trial
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoded = [(len(start), start + answer) for start, answer in (encode_trial(tokenizer, trial) for trial in trials.held_out(60, 3))]
    found = {}
    for name in (None, *files):
        model = AutoModelForCausalLM.from_pretrained(folder if name is None else Path(name).parent, **({} if name is None else {"gguf_file": Path(name).name}), dtype=torch.float32).eval()
        total = tokens = 0
        with torch.inference_mode():
            for begin, ids in encoded:
                logits = model(input_ids=torch.tensor([ids])).logits[0, begin - 1:-1].log_softmax(-1)
                total -= float(logits.gather(1, torch.tensor(ids[begin:])[:, None]).sum())
                tokens += len(ids) - begin
        found[name or "folder"] = total / tokens
    print(json.dumps({"tokens": tokens, "nats": found}))


def margins(folder, parity):
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    model, found = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), []
    with torch.inference_mode():
        for prompt in json.loads(Path(parity).read_text("utf-8"))["prompts"]:
            best = model(input_ids=torch.tensor([prompt["tokens"] + prompt["greedy"]])).logits[0, len(prompt["tokens"]) - 1:-1].topk(2).values
            found.append([float(one - other) for one, other in best])
    print(json.dumps(found))


def quantise(libraries, source, target):
    class Settings(ctypes.Structure):
        # The rest is llama.cpp's to fill in: nothing of it is read here.
        _fields_ = [("threads", ctypes.c_int32), ("kind", ctypes.c_int32), ("rest", ctypes.c_char * 248)]

    for stem in ("libggml-base", "libggml", "libllama"):
        found = sorted(path for path in Path(libraries).glob(f"{stem}*.so*") if path.name.split(".")[0] == stem)
        library = ctypes.CDLL(str(found[0]), mode=ctypes.RTLD_GLOBAL)
    library.llama_model_quantize_default_params.restype = Settings
    library.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Settings)]
    library.llama_model_quantize.restype = ctypes.c_uint32
    settings = library.llama_model_quantize_default_params()
    settings.threads, settings.kind = 1, Q4_K_M
    if library.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(settings)) != 0:
        sys.exit("llama.cpp did not quantise it")


def compare(one, other):
    import gguf
    import numpy

    first, second = ({tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors} for path in (one, other))
    raw = lambda tensor: numpy.asarray(tensor.data).view(numpy.uint8)
    differing = [name for name in {*first, *second} if name not in first or name not in second or first[name].tensor_type != second[name].tensor_type or not numpy.array_equal(raw(first[name]), raw(second[name]))]
    types = {}
    for tensor in first.values():
        types[tensor.tensor_type.name] = types.get(tensor.tensor_type.name, 0) + 1
    print(json.dumps({"of": len(first), "differing": sorted(differing), "types": types}))


if __name__ == "__main__":
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    set_verbosity_error()
    disable_progress_bar()
    {"deep": deep, "loss": loss, "margins": margins, "quantise": quantise, "compare": compare}[sys.argv[1]](*sys.argv[2:])
