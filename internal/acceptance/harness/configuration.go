package harness

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// NewConfiguration returns a provider block for the fake API at a URL, followed by the blocks.
func NewConfiguration(url string, blocks ...string) string {
	provider := Block(`provider "tofupilot"`, "url = "+Quote(url), "api_key = "+Quote(fakeapi.Key))
	return provider + strings.Join(blocks, "")
}

// DataSource returns the block of a data source. Each argument is a line.
func DataSource(kind, name string, arguments ...string) string {
	return Block(fmt.Sprintf("data %q %q", kind, name), arguments...)
}

// Procedures returns a tofupilot_procedures.
func Procedures(name string, arguments ...string) string {
	return DataSource("tofupilot_procedures", name, arguments...)
}

// Procedure returns a tofupilot_procedure.
func Procedure(name string, arguments ...string) string {
	return DataSource("tofupilot_procedure", name, arguments...)
}

// Output returns an output, with which a plan shows each change of the value.
func Output(name, value string) string {
	return Block(fmt.Sprintf("output %q", name), "value = "+value)
}

// Block returns a block with these lines.
func Block(header string, lines ...string) string {
	return header + " {\n  " + strings.Join(lines, "\n  ") + "\n}\n"
}

// Quote returns a string as a literal of a configuration.
func Quote(value string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strings.TrimSpace(text.String()))
}

// UnknownValue returns a resource whose output is the value, known only after apply.
func UnknownValue(name, value string) string {
	return Block(`resource "terraform_data" "`+name+`"`, "input = "+value)
}
