"""`python decide_plans.py < cases.jsonl`: what a recipe becomes on a machine, or the sentence that refuses it. Standard library alone.

Each line is {"recipe": …, "machine": the fields of trainer.machine.Machine}.
"""
import json
import sys
from dataclasses import asdict

from trainer.machine import Machine, decide
from trainer.recipe import RecipeError, check_recipe

for line in sys.stdin:
    case = json.loads(line)
    machine = Machine(**{**case["machine"], "capability": tuple(case["machine"].get("capability", (0, 0)))})
    try:
        print(json.dumps(asdict(decide(check_recipe(case["recipe"]), machine))))
    except RecipeError as error:
        print(json.dumps({"refused": str(error)}))
