package provider

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// protocol talks to a provider as Terraform does, without the process between.
type protocol struct {
	tfprotov6.ProviderServer
	provider, procedures tftypes.Type
}

// speak begins a conversation with a server.
func speak(t *testing.T, server tfprotov6.ProviderServer) protocol {
	t.Helper()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	expectNoDiagnostics(t, schema.Diagnostics)
	return protocol{server, schema.Provider.ValueType(), schema.DataSourceSchemas["tofupilot_procedures"].ValueType()}
}

// values are the attributes of an object: string, int, float64, bool, unknown,
// []any for a list, or values again. The others are null.
type values map[string]any

const unknown = tftypes.UnknownValue

func encoded(t *testing.T, of tftypes.Type, arguments values) *tfprotov6.DynamicValue {
	t.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(of, value(t, of, arguments))
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

func value(t *testing.T, of tftypes.Type, given any) tftypes.Value {
	t.Helper()
	if elements, ok := given.([]any); ok {
		return listOf(t, of, elements)
	}
	arguments, ok := given.(values)
	if !ok {
		return tftypes.NewValue(of, given)
	}
	object, ok := of.(tftypes.Object)
	if !ok {
		t.Fatalf("%s takes no arguments", of)
	}
	attributes := map[string]tftypes.Value{}
	for name, attribute := range object.AttributeTypes {
		attributes[name] = value(t, attribute, arguments[name])
	}
	for name := range arguments {
		if _, ok := attributes[name]; !ok {
			t.Fatalf("there is no attribute %s", name)
		}
	}
	return tftypes.NewValue(of, attributes)
}

func listOf(t *testing.T, of tftypes.Type, elements []any) tftypes.Value {
	t.Helper()
	list, ok := of.(tftypes.List)
	if !ok {
		t.Fatalf("%s has no elements", of)
	}
	converted := []tftypes.Value{}
	for _, element := range elements {
		converted = append(converted, value(t, list.ElementType, element))
	}
	return tftypes.NewValue(of, converted)
}

func (p protocol) validateProvider(t *testing.T, arguments values) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := p.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: encoded(t, p.provider, arguments)})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

func (p protocol) validateProcedures(t *testing.T, arguments values) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := p.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: "tofupilot_procedures", Config: encoded(t, p.procedures, arguments),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

// configure configures the provider, from a Terraform that takes deferrals or
// from one that doesn't.
func (p protocol) configure(t *testing.T, deferrals bool, arguments values) []*tfprotov6.Diagnostic {
	t.Helper()
	resp, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion:   "1.11.4",
		Config:             encoded(t, p.provider, arguments),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: deferrals},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.Diagnostics
}

func (p protocol) read(t *testing.T, arguments values) *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	return p.readIn(t.Context(), t, arguments)
}

// readIn reads with a context of the test's own, for its log or its end.
func (p protocol) readIn(ctx context.Context, t *testing.T, arguments values) *tfprotov6.ReadDataSourceResponse {
	t.Helper()
	resp, err := p.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{
		TypeName: "tofupilot_procedures", Config: encoded(t, p.procedures, arguments),
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// diagnosis is what a diagnostic must say: where, its summary, and words of its
// detail. A path that is empty is none.
type diagnosis struct {
	path    string // such as timeouts.read
	summary string
	words   []string
}

// expectError expects one diagnostic, an error that reads as described.
func expectError(t *testing.T, diagnostics []*tfprotov6.Diagnostic, want diagnosis) {
	t.Helper()
	if len(diagnostics) != 1 {
		t.Fatalf("%d diagnostics instead of one: %s", len(diagnostics), describe(diagnostics))
	}
	got := diagnostics[0]
	if got.Severity != tfprotov6.DiagnosticSeverityError {
		t.Errorf("severity %s", got.Severity)
	}
	if where := pathOf(got); where != want.path {
		t.Errorf("it is on %q instead of %q: %s", where, want.path, describe(diagnostics))
	}
	if got.Summary != want.summary {
		t.Errorf("summary %q instead of %q", got.Summary, want.summary)
	}
	for _, word := range want.words {
		if !strings.Contains(got.Detail, word) {
			t.Errorf("the detail doesn't say %q: %s", word, got.Detail)
		}
	}
}

func expectNoDiagnostics(t *testing.T, diagnostics []*tfprotov6.Diagnostic) {
	t.Helper()
	if len(diagnostics) > 0 {
		t.Fatalf("diagnostics: %s", describe(diagnostics))
	}
}

func describe(diagnostics []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, diagnostic := range diagnostics {
		text.WriteString("\n" + pathOf(diagnostic) + ": " + diagnostic.Summary + "\n    " + diagnostic.Detail)
	}
	return text.String()
}

func pathOf(diagnostic *tfprotov6.Diagnostic) string {
	var names []string
	for _, step := range diagnostic.Attribute.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}
