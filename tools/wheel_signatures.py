"""What packages declare, read from the syntax of their wheels: signatures of functions, classes and methods.

Nothing is imported, so neither a GPU nor the packages' own dependencies are needed. Used by check_colab.py.
"""

import ast
import re
import zipfile
from pathlib import Path

PACKAGES = ("unsloth", "unsloth_zoo", "trl", "peft", "transformers", "bitsandbytes", "datasets")
# Branches of other machines: Unsloth defines its classes a second time for Apple's MLX.
NOT_HERE = ("_IS_MLX",)
# Functions that hand their **kwargs to another one of their package, by its documentation: what that one names is known too.
HANDED_ON = {
    "transformers.AutoModelForCausalLM.from_pretrained": "transformers.PreTrainedModel.from_pretrained",
    "transformers.AutoTokenizer.from_pretrained": "transformers.PreTrainedTokenizerBase.from_pretrained",
}


class Wheels:
    """The modules of the packages, by dotted name."""

    def __init__(self, folder):
        self.texts, self.statements = {}, {}
        for path in sorted(Path(folder).glob("*.whl")):
            with zipfile.ZipFile(path) as wheel:
                for name in wheel.namelist():
                    if name.endswith(".py") and name.split("/")[0] in PACKAGES:
                        self.texts[name[:-3].replace("/", ".")] = wheel.read(name).decode("utf8", "replace")

    def file_of(self, module):
        """The module's own file: of a package, its __init__."""
        return next((name for name in (module, f"{module}.__init__") if name in self.texts), None)

    def body(self, file):
        """The statements of a module, also those inside `if` and `try`."""
        if file not in self.statements:
            self.statements[file] = list(walk_statements(ast.parse(self.texts[file]).body))
        return self.statements[file]

    def find(self, file, name, seen=()):
        """Where a name of a module is defined: (file, node). Follows imports, also those that only type checkers run."""
        if (file, name) in seen or name not in self.texts[file] and "import *" not in self.texts[file]:
            return None
        for node in self.body(file):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name:
                return file, node
        for node in self.body(file):
            inner = None
            if isinstance(node, ast.ImportFrom):
                inner = next((alias.name for alias in node.names if (alias.asname or alias.name) == name or alias.name == "*"), None)
                target = self.file_of(self.absolute(file, node)) if inner else None
            elif isinstance(node, ast.Assign) and any(dotted_name(one) == name for one in node.targets):
                inner, target = dotted_name(node.value), file
            found = self.find(target, name if inner == "*" else inner, (*seen, (file, name))) if inner and target else None
            if inner not in (None, "*") and target and target != file:
                found = found or self.only_one(target.split(".")[0], inner)
            if found:
                return found
        return None

    def absolute(self, file, node):
        if not node.level:
            return node.module or ""
        parts = file.split(".")[: -node.level]
        return ".".join([*parts, *([node.module] if node.module else [])])

    def resolve(self, dotted):
        """(file, node, rest): the definition that a dotted name leads to, and the names after it."""
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            file = self.file_of(".".join(parts[:cut]))
            if file is None:
                continue
            found = self.find(file, parts[cut]) or self.only_one(parts[0], parts[cut])
            return (*found, parts[cut + 1 :]) if found else None
        return None

    def only_one(self, package, name):
        """A package that loads lazily names its classes nowhere: the one definition there is, or nothing where there are several."""
        pattern = re.compile(rf"^(class|def) {re.escape(name)}\b", re.M)
        files = [file for file, text in self.texts.items() if file.split(".")[0] == package and ".tests." not in file and pattern.search(text)]
        return self.find(files[0], name) if len(files) == 1 else None

    def bases(self, file, node):
        for base in node.bases:
            name = dotted_name(base)
            if name is None:
                continue
            found = self.find(file, name.split(".")[-1])
            if found and isinstance(found[1], ast.ClassDef):
                yield found

    def method(self, file, node, name):
        """A method by its class, or by the classes that it inherits from."""
        for inner in node.body:
            if isinstance(inner, ast.FunctionDef) and inner.name == name:
                return file, inner
        for base in self.bases(file, node):
            found = self.method(*base, name)
            if found:
                return found
        return None

    def fields(self, file, node):
        """The fields of a dataclass, those of its bases first: name to whether it is required."""
        collected = {}
        for base in reversed(list(self.bases(file, node))):
            collected.update(self.fields(*base))
        for inner in node.body:
            if not isinstance(inner, ast.AnnAssign) or not isinstance(inner.target, ast.Name):
                continue
            if "ClassVar" in ast.dump(inner.annotation):
                continue
            settings = {word.arg: word.value for word in inner.value.keywords} if is_call_of(inner.value, "field") else {}
            if isinstance(settings.get("init"), ast.Constant) and settings["init"].value is False:
                continue
            has_default = inner.value is not None and (not is_call_of(inner.value, "field") or "default" in settings or "default_factory" in settings)
            collected[inner.target.id] = not has_default
        return collected

    def signature(self, dotted):
        """What a call of this name takes, or None where the packages have no such name."""
        found = self.resolve(dotted)
        if found is None:
            return None
        file, node, rest = found
        kind = "function"
        if isinstance(node, ast.ClassDef):
            if not rest:
                own = any(isinstance(inner, ast.FunctionDef) and inner.name == "__init__" for inner in node.body)
                if not own and is_dataclass(node):
                    fields = self.fields(file, node)
                    return {"kind": "class", "params": list(fields), "required": [name for name, needed in fields.items() if needed]}
                kind, rest = "class", ["__init__"]
            found = self.method(file, node, rest[0])
            if found is None:
                return {"kind": "class", "params": [], "required": []} if rest == ["__init__"] else None
            node = found[1]
        node = self.unwrapped(found[0], node)
        return {"kind": kind, **parameters(node, bound=bool(rest))}

    def unwrapped(self, file, node):
        """The function that a wrapper hands everything on to, as functools.wraps declares it."""
        for mark in node.decorator_list:
            if is_call_of(mark, "wraps") and mark.args and node.args.kwarg:
                first, _, rest = (dotted_name(mark.args[0]) or "").partition(".")
                inner = self.find(file, first)
                if inner and rest and isinstance(inner[1], ast.ClassDef):
                    inner = self.method(*inner, rest)
                if inner and isinstance(inner[1], ast.FunctionDef) and inner[1] is not node:
                    return inner[1]
        return node


def recorded(wheels, target):
    signature, further = wheels.signature(target), wheels.signature(HANDED_ON[target]) if target in HANDED_ON else None
    if signature and further:
        names = [name for part in ("params", "keywordOnly", "reads") for name in further.get(part, [])]
        signature["reads"] = sorted({*signature.get("reads", []), *names})
    return signature


def walk_statements(body):
    """Statements of a module, also those inside `if`, `try` and `else`."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody"):
            is_elsewhere = part == "body" and isinstance(node, ast.If) and dotted_name(node.test) in NOT_HERE
            if isinstance(node, (ast.If, ast.Try)) and not is_elsewhere:
                yield from walk_statements(getattr(node, part, []))
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from walk_statements(handler.body)


def dotted_name(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted_name(node.value)
        return f"{before}.{node.attr}" if before else None
    return None


def is_call_of(node, name):
    return isinstance(node, ast.Call) and (dotted_name(node.func) or "").split(".")[-1] == name


def is_dataclass(node):
    names = [dotted_name(mark.func if isinstance(mark, ast.Call) else mark) or "" for mark in node.decorator_list]
    return any(name.split(".")[-1] == "dataclass" for name in names)


def parameters(node, bound):
    marks = {(dotted_name(mark) or "").split(".")[-1] for mark in node.decorator_list}
    positional = [*node.args.posonlyargs, *node.args.args]
    without = len(positional) - len(node.args.defaults)
    required = [name.arg for name in positional[:without]]
    required += [name.arg for name, value in zip(node.args.kwonlyargs, node.args.kw_defaults) if value is None]
    names = [name.arg for name in positional]
    if bound and "staticmethod" not in marks and names:
        required = [name for name in required if name != names[0]]
        names = names[1:]
    signature = {"params": names, "required": required}
    if node.args.kwonlyargs:
        signature["keywordOnly"] = [name.arg for name in node.args.kwonlyargs]
    if node.args.vararg:
        signature["varargs"] = True
    if node.args.kwarg:
        signature["kwargs"] = True
        reads = sorted(set(reads_of(node, node.args.kwarg.arg)))
        if reads:
            signature["reads"] = reads
    return signature


def reads_of(node, kwargs):
    """The names that a function itself takes out of its **kwargs."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in ("pop", "get", "setdefault"):
            if dotted_name(inner.func.value) == kwargs and inner.args and isinstance(inner.args[0], ast.Constant):
                yield str(inner.args[0].value)
        if isinstance(inner, ast.Subscript) and dotted_name(inner.value) == kwargs and isinstance(inner.slice, ast.Constant):
            yield str(inner.slice.value)
