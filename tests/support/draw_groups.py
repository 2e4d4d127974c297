"""`python draw_groups.py < cases.jsonl`: the order in which rows of given lengths are trained on. Each line is {"lengths": …, "update": …, "seed": …, "epochs": …}."""
import json
import sys

from trainer.training import LengthGroups

for line in sys.stdin:
    case = json.loads(line)
    groups = LengthGroups(case["lengths"], case["update"], case["seed"])
    orders = []
    for epoch in case["epochs"]:
        groups.set_epoch(epoch)
        orders.append(list(groups))
    print(json.dumps(orders))
