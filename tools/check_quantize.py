"""Quantises the tensors of plan.json with bitsandbytes, PyTorch, NumPy, gguf and llama.cpp, and writes what they give.

Called by check-quantize.ts, which compares. Each result is a file of raw bytes, NAME.WHAT.
"""
import ctypes
import json
import sys
from importlib.metadata import version
from pathlib import Path

import bitsandbytes.functional as bnb
import gguf
import numpy as np
import torch

plan = json.loads(Path(sys.argv[1]).read_text())
folder = Path(plan["folder"])
written = {}


def write(name, what, array):
    if isinstance(array, torch.Tensor):
        array = array.detach().contiguous().view(torch.uint8).numpy() if array.dim() else np.asarray(array.numpy())
    (folder / f"{name}.{what}").write_bytes(np.ascontiguousarray(array).tobytes())
    written.setdefault(name, []).append(what)


def four_bit(name, x):
    for kind in ("nf4", "fp4"):
        packed, state = bnb.quantize_4bit(x, blocksize=64, quant_type=kind)
        write(name, f"{kind}.packed", packed)
        write(name, f"{kind}.absmax", state.absmax)
        write(name, f"{kind}.values", bnb.dequantize_4bit(packed, state).flatten())
    packed, state = bnb.quantize_4bit(x, blocksize=64, quant_type="nf4", compress_statistics=True)
    write(name, "nested.offset", state.offset.reshape(1))
    write(name, "nested.codes", state.absmax)
    write(name, "nested.absmax", state.state2.absmax)
    write(name, "nested.values", bnb.dequantize_4bit(packed, state).flatten())
    # In fp64 the same function takes its general path, which compares with every code of the codebook.
    plain = bnb.quantize_4bit(x, blocksize=64, quant_type="nf4")[1].absmax
    codes, absmax = torch.ops.bitsandbytes.quantize_blockwise.default((plain - state.offset).double(), bnb.create_dynamic_map(), 256)
    write(name, "general.codes", codes)
    write(name, "general.absmax", absmax)


def int8(name, x, columns):
    matrix = x.reshape(-1, columns)
    codes, stats, _ = torch.ops.bitsandbytes.int8_vectorwise_quant.default(matrix.clone(), 0.0)
    write(name, "int8.codes", codes)
    write(name, "int8.scales", stats)
    write(name, "int8.values", torch.ops.bitsandbytes.int8_vectorwise_dequant.default(codes, stats))
    # On a GPU the weights arrive in fp16.
    half = matrix.half()
    if torch.isfinite(half).all():
        codes, stats, _ = torch.ops.bitsandbytes.int8_vectorwise_quant.default(half, 0.0)
        write(name, "int8-half.codes", codes)
        write(name, "int8-half.scales", stats)
    threshold = plan["threshold"]
    codes, stats, outliers = torch.ops.bitsandbytes.int8_vectorwise_quant.default(matrix.clone(), threshold)
    write(name, "outliers.codes", codes)
    write(name, "outliers.scales", stats)
    write(name, "outliers.columns", outliers.to(torch.int32))


def files(name, x, library):
    for kind in (gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0):
        blocks = gguf.quants.quantize(x, kind)
        write(name, f"gguf.{kind.name}", blocks)
        write(name, f"gguf.{kind.name}.values", gguf.quants.dequantize(blocks, kind))
    if library is None:
        return
    for kind in ("Q8_0", "Q4_0", "Q4_K"):
        number = gguf.GGMLQuantizationType[kind]
        values, size = gguf.GGML_QUANT_SIZES[number]
        blocks = np.zeros(x.size // values * size, dtype=np.uint8)
        library.ggml_quantize_chunk(int(number), x.ctypes.data, blocks.ctypes.data, 0, 1, x.size, None)
        write(name, f"llama.{kind}", blocks)
        back = np.zeros(x.size, dtype=np.float32)
        getattr(library, f"dequantize_row_{kind.replace('Q', 'q')}")(blocks.ctypes.data, back.ctypes.data, x.size)
        write(name, f"llama.{kind}.values", back)
        write(name, f"gguf-reads.{kind}.values", gguf.quants.dequantize(blocks, number))


def load(path):
    if path is None:
        return None
    library = ctypes.CDLL(path)
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p]
    for kind in ("q8_0", "q4_0", "q4_K"):
        getattr(library, f"dequantize_row_{kind}").argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    return library


library = load(plan.get("library"))
write("codebooks", "nf4", bnb.get_4bit_type("nf4", device="cpu"))
write("codebooks", "fp4", bnb.get_4bit_type("fp4", device="cpu"))
write("codebooks", "dynamic", bnb.create_dynamic_map())
for case in plan["cases"]:
    x = np.fromfile(folder / f"{case['name']}.f32", dtype=np.float32)
    tensor = torch.from_numpy(x)
    if case["halves"]:
        with np.errstate(over="ignore", invalid="ignore"):
            write(case["name"], "numpy.fp16", x.astype(np.float16))
        write(case["name"], "torch.fp16", tensor.half())
        write(case["name"], "torch.bf16", tensor.bfloat16())
        continue
    four_bit(case["name"], tensor)
    int8(case["name"], tensor, case["columns"])
    if x.size % 256 == 0:
        files(case["name"], x, library)
every = np.arange(65536, dtype=np.uint16)
write("bits", "fp16", every.view(np.float16).astype(np.float32))
write("bits", "bf16", torch.from_numpy(every.view(np.int16)).view(torch.bfloat16).float())
print(json.dumps({"versions": {name: version(name) for name in ("bitsandbytes", "torch", "numpy", "gguf")}, "cpu": torch.backends.cpu.get_cpu_capability(), "written": written}))
