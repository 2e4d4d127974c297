"""Reads what Python code calls, and what packages declare, from their syntax alone: nothing is imported, so no GPU is needed.

    python tools/check_colab.py record WHEELS TARGETS     signatures of dotted names, read from wheels; JSON on stdout
    python tools/check_colab.py calls SIGNATURES FILES    every call of FILES held against signatures; JSON on stdout
    python tools/check_colab.py notebooks FILES           nbformat and syntax of notebooks; JSON on stdout

TARGETS and FILES are JSON lists in a file. A signature proves a keyword only where the function has no **kwargs; where it has,
the names that its own body reads from them count as known, and every other keyword is reported as open.
"""

import ast
import json
import re
import sys
from pathlib import Path

from wheel_signatures import PACKAGES, Wheels, dotted_name, is_call_of, recorded


class Calls(ast.NodeVisitor):
    """Every call into the packages: dotted name, number of positional arguments, keywords, line."""

    def __init__(self, signatures):
        self.signatures = signatures
        self.names, self.types, self.dicts, self.found = {}, {}, {}, []

    def visit_Import(self, node):
        for alias in node.names:
            if alias.name.split(".")[0] in PACKAGES:
                self.names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]

    def visit_ImportFrom(self, node):
        if not node.level and (node.module or "").split(".")[0] in PACKAGES:
            for alias in node.names:
                self.names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                self.found.append({"line": node.lineno, "target": f"{node.module}.{alias.name}", "import": True})

    def visit_Assign(self, node):
        self.generic_visit(node)
        for target in node.targets:
            if isinstance(target, ast.Name):
                called = self.target_of(node.value.func) if isinstance(node.value, ast.Call) else None
                is_class = called is not None and (self.signatures.get(called) or {}).get("kind") == "class"
                self.types[target.id] = called if is_class else None
                self.dicts[target.id] = keys_of(node.value)
            elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and isinstance(target.slice, ast.Constant):
                known = self.dicts.get(target.value.id)
                if known is not None:
                    known.append(str(target.slice.value))

    def target_of(self, node):
        name = dotted_name(node)
        if name is None:
            return None
        root, _, rest = name.partition(".")
        if self.types.get(root) and rest:
            return f"{self.types[root]}.{rest}"
        if root in self.names and root not in self.types:
            return f"{self.names[root]}.{rest}" if rest else self.names[root]
        return None

    def visit_Call(self, node):
        self.generic_visit(node)
        target = self.target_of(node.func)
        if target is None:
            return
        keywords, unseen = [], any(isinstance(argument, ast.Starred) for argument in node.args)
        for word in node.keywords:
            if word.arg is not None:
                keywords.append(word.arg)
                continue
            known = self.dicts.get(word.value.id) if isinstance(word.value, ast.Name) else keys_of(word.value)
            keywords += known or []
            unseen = unseen or known is None
        self.found.append({"line": node.lineno, "target": target, "positional": len(node.args), "keywords": keywords, "unseen": unseen})


def keys_of(node):
    """The keys of a dict that is written out, or None."""
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        return [str(key.value) for key in node.keys]
    if is_call_of(node, "dict") and not node.args and all(word.arg for word in node.keywords):
        return [word.arg for word in node.keywords]
    return None


def without_magics(source):
    """A cell as plain Python: lines of the notebook's own (%pip, !ls) become `pass`."""
    return re.sub(r"^([ \t]*)[%!](?:.*\\\n)*.*$", r"\1pass", source, flags=re.M)


def sources_of(path):
    """(where, Python) of a module, or of each code cell of a notebook together, so that a name of one is known in the next."""
    if not path.endswith(".ipynb"):
        return Path(path).read_text(encoding="utf8")
    notebook = json.loads(Path(path).read_text(encoding="utf8"))
    return "\n\n".join(without_magics("".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "code")


def judge(call, signatures):
    """(verdict, detail) of one call: right, wrong, open (nothing proves it), or unrecorded."""
    target = call["target"]
    if target not in signatures:
        return "unrecorded", "run npm run check:colab -- --record"
    signature = signatures[target]
    if signature is None:
        return "wrong", "there is no such name in the pinned version"
    if call.get("import"):
        return "right", ""
    known = [*signature["params"], *signature.get("keywordOnly", []), *signature.get("reads", [])]
    unknown = [word for word in call["keywords"] if word not in known]
    if unknown and not signature.get("kwargs"):
        near = [name for name in known if any(part in name for part in unknown[0].split("_") if len(part) > 3)]
        return "wrong", f"takes no {', '.join(unknown)}" + (f" (it has {', '.join(near[:6])})" if near else "")
    if call["positional"] > len(signature["params"]) and not signature.get("varargs"):
        return "wrong", f"takes {len(signature['params'])} arguments by position, {call['positional']} are given"
    twice = [name for name in signature["params"][: call["positional"]] if name in call["keywords"]]
    if twice:
        return "wrong", f"{', '.join(twice)} is given by position and by name"
    given = {*signature["params"][: call["positional"]], *call["keywords"]}
    lacking = [name for name in signature["required"] if name not in given]
    if lacking and not call["unseen"]:
        return "wrong", f"needs {', '.join(lacking)}"
    if unknown:
        return "open", f"{', '.join(unknown)} goes into **kwargs, which proves nothing"
    if call["unseen"]:
        return "open", "has arguments that are not written out"
    return "right", ""


def check_calls(signatures, paths):
    results = []
    for path in paths:
        calls = Calls(signatures)
        calls.visit(ast.parse(sources_of(path), path))
        for call in calls.found:
            verdict, detail = judge(call, signatures)
            results.append({"path": path, "line": call["line"], "target": call["target"], "keywords": call.get("keywords", []), "verdict": verdict, "detail": detail})
    return results


def check_notebooks(paths):
    import nbformat

    faults = []
    for path in paths:
        try:
            notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
            nbformat.validate(notebook)
        except Exception as error:  # nbformat raises many kinds; each means: no valid notebook
            faults.append({"path": path, "fault": f"no valid notebook: {str(error).splitlines()[0]}"})
            continue
        for cell in notebook.cells:
            if cell.cell_type == "code":
                try:
                    ast.parse(without_magics(cell.source))
                except SyntaxError as error:
                    faults.append({"path": path, "fault": f"cell {cell.id}, line {error.lineno}: {error.msg}"})
    return faults


def main(mode, *arguments):
    read = lambda path: json.loads(Path(path).read_text(encoding="utf8"))
    if mode == "record":
        wheels = Wheels(arguments[0])
        print(json.dumps({target: recorded(wheels, target) for target in read(arguments[1])}))
    elif mode == "calls":
        print(json.dumps(check_calls(read(arguments[0])["signatures"], read(arguments[1]))))
    elif mode == "notebooks":
        print(json.dumps(check_notebooks(read(arguments[0]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
