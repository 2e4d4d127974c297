// Renders conversations with a template as Ollama does: stdin {"template", "conversations": [{"messages", "tools"}]},
// stdout a JSON array of texts.
//
// Ollama's own package cannot be fetched here. What a template sees is written after template/template.go and
// api/types.go at fb3076099 (2026-08-21): properties and arguments are maps, messages of one role that follow each other
// are joined, tools print as JSON.
package main

import (
	"encoding/json"
	"os"
	"strings"
	"text/template"
)

type properties map[string]any
type arguments map[string]any

func asJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
func (p properties) String() string { return asJSON(map[string]any(p)) }
func (a arguments) String() string  { return asJSON(map[string]any(a)) }

type tool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Parameters  struct {
			Type       string     `json:"type"`
			Required   []string   `json:"required,omitempty"`
			Properties properties `json:"properties"`
		} `json:"parameters"`
	} `json:"function"`
}

func (t tool) String() string { return asJSON(t) }

type message struct {
	Role, Content, Thinking string
	ToolName                string `json:"tool_name"`
	ToolCallID              string `json:"tool_call_id"`
	ToolCalls               []struct {
		ID       string
		Function struct {
			Index     int
			Name      string
			Arguments arguments
		}
	} `json:"tool_calls"`
}

func collate(given []*message) (string, []*message) {
	var system []string
	var joined []*message
	for _, m := range given {
		if m.Role == "system" {
			system = append(system, m.Content)
		}
		if last := len(joined) - 1; last >= 0 && joined[last].Role == m.Role && m.Role != "tool" {
			joined[last].Content += "\n\n" + m.Content
		} else {
			joined = append(joined, m)
		}
	}
	return strings.Join(system, "\n\n"), joined
}

func main() {
	var asked struct {
		Template      string
		Conversations []struct {
			Messages []*message
			Tools    []tool
		}
	}
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		panic(err)
	}
	parsed := template.Must(template.New("").Option("missingkey=zero").Funcs(template.FuncMap{"json": asJSON}).Parse(asked.Template))
	texts := []string{}
	for _, c := range asked.Conversations {
		system, messages := collate(c.Messages)
		var text strings.Builder
		values := map[string]any{"System": system, "Messages": messages, "Tools": c.Tools, "Response": "", "Think": false, "IsThinkSet": false}
		if err := parsed.Execute(&text, values); err != nil {
			panic(err)
		}
		texts = append(texts, text.String())
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(texts); err != nil {
		panic(err)
	}
}
