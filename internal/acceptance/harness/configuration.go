package harness

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Configuration is a provider block for the fake at the URL, and whatever else
// stands in the file.
func Configuration(url string, blocks ...string) string {
	provider := Block(`provider "tofupilot"`, "url = "+Quote(url), "api_key = "+Quote(fakeapi.Key))
	return provider + strings.Join(blocks, "")
}

// Data is a data source of this kind, such as tofupilot_procedures, with the
// arguments given as lines.
func Data(kind, name string, arguments ...string) string {
	return Block(fmt.Sprintf("data %q %q", kind, name), arguments...)
}

// Procedures is a tofupilot_procedures.
func Procedures(name string, arguments ...string) string {
	return Data("tofupilot_procedures", name, arguments...)
}

// Procedure is a tofupilot_procedure.
func Procedure(name string, arguments ...string) string {
	return Data("tofupilot_procedure", name, arguments...)
}

// Output makes a plan that isn't empty out of any change in the value.
func Output(name, value string) string {
	return Block(fmt.Sprintf("output %q", name), "value = "+value)
}

// Block is a block, with the lines in it.
func Block(header string, lines ...string) string {
	return header + " {\n  " + strings.Join(lines, "\n  ") + "\n}\n"
}

// Quote writes a string as a literal of a configuration.
func Quote(value string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strings.TrimSpace(text.String()))
}

// KnownAfterApply is a value that is known only after apply.
func KnownAfterApply(name, value string) string {
	return Block(`resource "terraform_data" "`+name+`"`, "input = "+value)
}
