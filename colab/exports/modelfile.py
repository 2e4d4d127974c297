"""
Ollama's Modelfile: the chat template in Go's syntax, and what ends an answer.

A Jinja template cannot be translated by rule, so two are known: taskling's, with tools, calls and results, and the plain
one of Llama-3's header tokens, which is recognised by what it writes. Ollama hands a template maps for a tool's
parameters and a call's arguments (template/template.go at fb3076099, 2026-08-21), and Go walks a map in the order of the
alphabet: the parameters named here keep their order, others come behind them by the alphabet. Go's templates cannot trim;
blanks around a message stay.
"""
from __future__ import annotations

from pathlib import Path

from .gguf_file import ExportError

TASKLING = Path(__file__).parents[1] / "taskling" / "chat_template.jinja"
"""The parameters of the Task API, in the order of its tools."""
PARAMETERS = ("title", "new_title", "due_date", "priority", "status")
HEADER = "<|start_header_id|>{role}<|end_header_id|>\n\n"

SYSTEM = '''{{- $system := "" }}{{ if .Messages }}{{ $first := index .Messages 0 }}{{ if eq $first.Role "system" }}{{ $system = $first.Content }}{{ end }}{{ end }}
{{- if or $system .Tools }}<|start_header_id|>system<|end_header_id|>

{{ $system }}{{ if .Tools }}{{ if $system }}

{{ end }}Tools:
{{ range .Tools }}{{ $p := .Function.Parameters }}{{ $sep := "" }}{{ .Function.Name }}(%PARAMETERS%){{ if .Function.Description }}: {{ .Function.Description }}{{ end }}
{{ end }}Call a tool: {"name": its name, "parameters": {its parameters}}{{ end }}<|eot_id|>{{ end }}'''

MESSAGES = '''{{- range $i, $message := .Messages }}
{{- if eq .Role "tool" "ipython" }}<|start_header_id|>ipython<|end_header_id|>

{{ .Content }}<|eot_id|>
{{- else if not (and (eq $i 0) (eq .Role "system")) }}<|start_header_id|>{{ .Role }}<|end_header_id|>

{{ .Content }}
{{- if .ToolCalls }}{{ if .Content }}
{{ end }}{{ range $j, $call := .ToolCalls }}{{ if $j }}; {{ end }}{{ $sep := "" }}{"name": "{{ .Function.Name }}", "parameters": {{ "{" }}%ARGUMENTS%}}{{ end }}{{ end }}<|eot_id|>
{{- end }}
{{- end }}<|start_header_id|>assistant<|end_header_id|>

'''

PLAIN = '''{{- range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>

{{ .Content }}<|eot_id|>
{{- end }}<|start_header_id|>assistant<|end_header_id|>

'''

ONE_PARAMETER = '{{ $sep }}{{ $n }}{{ $mark := "?" }}{{ range $p.Required }}{{ if eq . $n }}{{ $mark = "" }}{{ end }}{{ end }}{{ $mark }}{{ $sep = ", " }}'
# `json` writes < > & as \u003c…, which JSON allows and the tokenizer's template does not do.
ONE_ARGUMENT = '{{ $sep }}"{{ $n }}": {{ if eq (printf "%T" $v) "string" }}{{ printf "%q" $v }}{{ else }}{{ json $v }}{{ end }}{{ $sep = ", " }}'


def in_order(source: str, one: str, names: tuple[str, ...]) -> str:
    """A walk through a map: these names first, then the others."""
    known = " ".join(f'"{name}"' for name in names)
    tests = [f'eq $n "{name}"' for name in names] + [f"not (eq $n {known})" if names else "true"]
    return "".join(f"{{{{ range $n, $v := {source} }}}}{{{{ if {test} }}}}{one}{{{{ end }}}}{{{{ end }}}}" for test in tests)


def go_template(tokenizer, parameters: tuple[str, ...] = PARAMETERS) -> tuple[str, bool]:
    """The tokenizer's chat template as Ollama's, and whether it carries tools. @raises ExportError for one that is not known"""
    own = tokenizer.chat_template or ""
    begin = tokenizer.bos_token or ""
    if own.strip() == TASKLING.read_text("utf-8").strip():
        text = begin + "\n" + SYSTEM.replace("%PARAMETERS%", in_order("$p.Properties", ONE_PARAMETER, parameters)) + "\n" + MESSAGES.replace("%ARGUMENTS%", in_order(".Function.Arguments", ONE_ARGUMENT, parameters))
        return text, True
    if is_plain(tokenizer):
        return begin + "\n" + PLAIN, False
    raise ExportError("its chat template is none that is known here as a Go template (taskling's, or Llama-3's headers): write the Modelfile's TEMPLATE by hand, and hold it against the tokenizer's")


def is_plain(tokenizer) -> bool:
    """Whether the template writes headers, contents and end tokens and nothing else."""
    rounds = [[{"role": "user", "content": "one"}], [{"role": "system", "content": "be"}, {"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, {"role": "user", "content": "three"}]]
    for messages in rounds:
        plain = (tokenizer.bos_token or "") + "".join(HEADER.format(role=message["role"]) + message["content"] + "<|eot_id|>" for message in messages) + HEADER.format(role="assistant")
        try:
            if tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) != plain:
                return False
        except Exception:  # a template may refuse a system turn with any error of Jinja's
            return False
    return True


def modelfile(weights: str, template: str, stops: list[str], context: int) -> str:
    """
    The file's text. It has no SYSTEM: that belongs to whoever asks. `temperature 0`, because calls are to be made as they
    were learned and Ollama's own default draws at 0.8.

    @param weights: the GGUF, seen from the Modelfile
    """
    lines = [f"FROM ./{weights}", f'TEMPLATE """{template}"""', *(f'PARAMETER stop "{stop}"' for stop in stops), f"PARAMETER num_ctx {context}", "PARAMETER temperature 0"]
    return "\n".join(lines) + "\n"
