"""`python check_recipes.py < recipes.jsonl`: null for each recipe that the trainer takes, else its sentence. Standard library alone."""
import json
import sys

from trainer.recipe import RecipeError, check_recipe

for line in sys.stdin:
    try:
        check_recipe(json.loads(line))
        print("null")
    except RecipeError as error:
        print(json.dumps(str(error)))
