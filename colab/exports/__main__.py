"""`python -m exports FOLDER --to gguf-q8_0,modelfile --out DIR`: one JSON document on stdout, or one sentence on stderr and status 1."""
from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from .gguf_file import ExportError, check, write  # noqa: E402
from .modelfile import go_template, modelfile  # noqa: E402
from .source import merged, open_source, stops_of  # noqa: E402

FORMATS = ("merged", "gguf-f32", "gguf-f16", "gguf-q8_0", "gguf-q4_k_m", "modelfile")


def export(path: Path, to: list[str], out: Path, base: Path | None, name: str) -> dict:
    files = [format for format in FORMATS if format in to]
    ggufs = [format for format in to if format.startswith("gguf-")]
    if "modelfile" in files and not ggufs:
        raise ExportError("a Modelfile names the GGUF that it is for: ask for one with it, e.g. --to gguf-q8_0,modelfile")
    source = open_source(path, base)
    for format in ggufs:
        check(source.model.config, format.removeprefix("gguf-"))
    template = go_template(source.tokenizer) if "modelfile" in files else None
    stops, made = stops_of(source), {}
    if "merged" in files and source.folder is not None and source.folder.resolve() == (out / "merged").resolve():
        raise ExportError(f"{source.folder} is merged already, and would be written over itself: leave merged out, or name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    # On the same disk, so that each thing is moved into place whole.
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out) as held:
        work = Path(held)
        if source.adapter is not None:
            made["merged"] = merged(source, work / "merged")
            source.model = open_source(work / "merged").model
        elif "merged" in files:
            made["merged"] = merged(source, work / "merged")
        for format in ggufs:
            kind = format.removeprefix("gguf-")
            target = work / f"{name}-{kind}.gguf"
            held_in = write(source.model, source.tokenizer, target, kind, name=name, stop=stops[0])
            made[format] = {"bytes": target.stat().st_size, **held_in}
        words = [source.tokenizer.convert_ids_to_tokens(stop) for stop in stops]
        if template is not None:
            text = modelfile(f"{name}-{ggufs[0].removeprefix('gguf-')}.gguf", template[0], words, source.model.config.max_position_embeddings)
            (work / "Modelfile").write_text(text, "utf-8")
            made["modelfile"] = {"bytes": len(text.encode()), "tools": template[1]}
        checked = made.get("merged")
        for format in list(made):
            if format not in files:
                del made[format]
                continue
            part = format if format == "merged" else "Modelfile" if format == "modelfile" else f"{name}-{format.removeprefix('gguf-')}.gguf"
            target = out / part
            if target.is_dir():
                shutil.rmtree(target)
            os.replace(work / part, target)
            made[format]["path"] = str(target)
    config = source.model.config
    return {
        "source": str(source.folder or source.adapter), "kind": "model" if source.adapter is None else "adapter", "stop": words, "context": config.max_position_embeddings, "hidden": config.hidden_size,
        **({"largest_probability_difference": checked["largest_probability_difference"]} if checked and "largest_probability_difference" in checked else {}), "made": made,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m exports", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--name")
    given = parser.parse_args()
    to = given.to.split(",")
    unknown = [format for format in to if format not in FORMATS]
    if unknown:
        raise ExportError(f"{unknown[0]} is no format; there are {', '.join(FORMATS)}")
    import torch
    from transformers.utils.logging import disable_progress_bar, set_verbosity_error

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    set_verbosity_error()
    disable_progress_bar()
    print(json.dumps(export(given.folder, to, given.out, given.base, given.name or "model"), ensure_ascii=False))


if __name__ == "__main__":
    try:
        main()
    except ExportError as error:
        sys.exit(str(error))
