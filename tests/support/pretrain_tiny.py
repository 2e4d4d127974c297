"""`python pretrain_tiny.py FOLDER`: the phases of taskling's pretraining in the smallest size: tokenizers, transplant, two processes, going on."""
import json
import random
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import torch
from taskling import export, packing, pretrain, tokenizer, transplant
from taskling.corpus import mix, shares, titles
from taskling.settings import PHASES

FOLDER = Path(sys.argv[1])
SMALL = {"vocabulary": 700, "context": 64, "short": 32, "batch": 256, "hidden": 32, "layers": 1, "heads": 2, "key_value_heads": 1, "intermediate": 64,
         "tokenizer_characters": 150_000, "cycles": (60,), "warmup": 5, "checkpoint_every": 20}
FIRST, WIDER, ANSWERS, _ = (replace(phase, **SMALL) for phase in PHASES)


def keep_copy(line):
    """Called at step 50: the checkpoint of step 40 is where the run goes on from in another folder."""
    if line.startswith("step 50/"):
        shutil.copy(FOLDER / "two" / "checkpoint.pt", FOLDER / "again" / "checkpoint.pt")


def silent(line):
    pass


def phase(settings, own, start, name):
    (FOLDER / name).mkdir(exist_ok=True)
    return pretrain.Phase(settings, own, start, FOLDER / name, "fp32")


def begin(model, old, new):
    start = pretrain.fresh(WIDER, new)
    start.load_state_dict(model.state_dict())
    return transplant.transplant(start, old, new)


def answers_alone(model, own):
    """The loss of the first rows' answers and texts, computed from whole logits: what users and systems say left out."""
    taken, weights = (torch.from_numpy(part) for part in packing.Rows(ANSWERS, own).take(0))
    labels = taken[:, 1:].masked_fill(weights[:, 1:] == 0, -100)
    with torch.no_grad():
        logits = model(input_ids=taken[:, :-1]).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()).item(), int((labels == -100).sum())


def some_titles():
    rng = random.Random(3)
    return [titles.title(rng, 0.0).text for _ in range(50)]


def losses(name):
    return json.loads((FOLDER / name / "pretraining.json").read_text("utf-8"))["losses"]


def largest(one, other):
    return max((a - b).abs().max().item() for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def alike_everywhere(own):
    """Of words that titles begin with, how many are the same tokens alone and behind a space, a quote and a bracket."""
    found = mix.documents(5, "first")
    text = " ".join(mix.plain(next(found)[1]) for _ in range(200))
    words = sorted({word for word in re.findall(r"[A-Za-z]{4,}", text) if word not in tokenizer.SPACED.split()})
    chosen = random.Random(1).sample(words, 60)
    return sum(all(own.encode(before + word, add_special_tokens=False)[-len(alone):] == alone for before in (" ", '"', "(")) for word in chosen if (alone := own.encode(word, add_special_tokens=False)))


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)
    owns = {}
    for settings in (FIRST, WIDER):
        owns[settings.mix] = tokenizer.save(tokenizer.train(settings), FOLDER / settings.mix, settings)
        packing.check_render(settings, owns[settings.mix], 20)
    old, new = owns["first"], owns["wider"]
    said = {"alike": {name: alike_everywhere(own) for name, own in owns.items()}}

    first = phase(FIRST, old, pretrain.fresh(FIRST, old), "one")
    trained = pretrain.pretrain(first, silent)
    said["first"] = losses("one")
    said["done"] = [pretrain.is_done(phase(FIRST, old, pretrain.fresh(FIRST, old), "one")), pretrain.is_done(phase(FIRST, old, trained, "one"))]

    held, moved = trained.get_input_embeddings().weight.detach().clone(), begin(trained, old, new).get_input_embeddings().weight
    shared = [token for token in new.get_vocab() if token in old.get_vocab()]
    said["kept"] = all(torch.equal(moved[new.get_vocab()[token]], held[old.get_vocab()[token]]) for token in shared) and 0 < len(shared) < len(new)
    said["mean"] = torch.allclose(moved[new.convert_tokens_to_ids("_title")], held[[old.convert_tokens_to_ids(piece) for piece in old.tokenize("_title")]].mean(0))

    (FOLDER / "again").mkdir()
    two = pretrain.pretrain(phase(WIDER, new, begin(trained, old, new), "two"), keep_copy)
    alone = pretrain.pretrain(phase(replace(WIDER, processes=1), new, begin(trained, old, new), "alone"), silent)
    again = pretrain.pretrain(phase(WIDER, new, begin(trained, old, new), "again"), silent)
    said |= {"two": losses("two"), "alone": losses("alone"), "again": losses("again"), "resumed apart": largest(two, again)}
    expected, left_out = answers_alone(two, new)
    pretrain.pretrain(phase(ANSWERS, new, two, "three"), silent)
    said |= {"three": losses("three"), "answers alone": [expected, left_out]}
    before = some_titles()
    with shares.FREE_TITLES.of(1.0):
        free = some_titles()
    said["titles"] = [before == some_titles(), len(set(before) & set(free)), len(set(free))]
    said["other start"] = pretrain.is_done(phase(WIDER, new, pretrain.fresh(WIDER, new), "two"))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
