package harness

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// NewConfiguration returns a configuration: a provider block for the fake API at the URL, and the
// given blocks.
func NewConfiguration(url string, blocks ...string) string {
	provider := Block(`provider "tofupilot"`, "url = "+Quote(url), "api_key = "+Quote(fakeapi.Key))
	return provider + strings.Join(blocks, "")
}

// DataSource returns the block of a data source. An argument is a line such as `page_size = 7`.
func DataSource(kind, name string, arguments ...string) string {
	return Block(fmt.Sprintf("data %q %q", kind, name), arguments...)
}

// Procedures returns the block of a data source tofupilot_procedures.
func Procedures(name string, arguments ...string) string {
	return DataSource("tofupilot_procedures", name, arguments...)
}

// Procedure returns the block of a data source tofupilot_procedure.
func Procedure(name string, arguments ...string) string {
	return DataSource("tofupilot_procedure", name, arguments...)
}

// Output returns the block of an output.
func Output(name, value string) string {
	return Block(fmt.Sprintf("output %q", name), "value = "+value)
}

// Block returns a block with this header and these lines.
func Block(header string, lines ...string) string {
	return header + " {\n  " + strings.Join(lines, "\n  ") + "\n}\n"
}

// Quote returns a string as a literal of Terraform's language, with templates escaped.
func Quote(value string) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text) // its escapes are Terraform's, except \b and \f
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strings.TrimSpace(text.String()))
}

// UnknownValue returns the block of a terraform_data. Its attribute output is the value, and is known
// only after apply.
func UnknownValue(name, value string) string {
	return Block(fmt.Sprintf("resource %q %q", "terraform_data", name), "input = "+value)
}
