"""The leaderboard's own checker, for `npm run bench:bfcl`: python peer.py FOLDER answers.jsonl

FOLDER holds the unpacked wheel of bfcl-eval. Its checker needs none of the 40 packages that the wheel asks for; what it
imports of them, and of the list of models, is replaced by empty modules. One line comes out for each line that goes in.
"""
import json
import sys
import types
from types import SimpleNamespace

folder, answers = sys.argv[1:]
sys.path.insert(0, folder)


def stand_in(name: str, **names: object) -> None:
    module = types.ModuleType(name)
    module.__dict__.update(names)
    sys.modules[name] = module


stand_in("bfcl_eval.constants.model_config", MODEL_CONFIG_MAPPING={"ours": SimpleNamespace(underscore_to_dot=False)})
stand_in("bfcl_eval.constants.executable_backend_config", MULTI_TURN_FUNC_DOC_FILE_MAPPING={})
stand_in("filelock", FileLock=object)
stand_in("dotenv", load_dotenv=lambda *args, **more: None)

from bfcl_eval.constants.enums import Language  # noqa: E402
from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker  # noqa: E402
from bfcl_eval.utils import is_empty_output  # noqa: E402

data = f"{folder}/bfcl_eval/data"


def rows(path: str) -> dict:
    with open(path, encoding="utf-8") as file:
        return {row["id"]: row for row in map(json.loads, file)}


files: dict = {}
for line in open(answers, encoding="utf-8"):
    given = json.loads(line)
    category = given["category"]
    decoded = json.loads(given["answer"])
    if "relevance" in category:
        contains = not is_empty_output(decoded)
        verdict = {"valid": contains if "irrelevance" not in category else not contains}
    else:
        if category not in files:
            files[category] = rows(f"{data}/BFCL_v4_{category}.json"), rows(f"{data}/possible_answer/BFCL_v4_{category}.json")
        cases, truths = files[category]
        try:
            verdict = ast_checker(cases[given["id"]]["function"], decoded, truths[given["id"]]["ground_truth"], Language.PYTHON, category, "ours")
        except Exception as error:  # the checker does not expect every answer
            verdict = {"raised": f"{type(error).__name__}: {error}"}
    print(json.dumps({key: verdict[key] for key in ("valid", "error_type", "raised") if key in verdict}))
