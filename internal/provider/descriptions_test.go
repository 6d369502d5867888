package provider

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// described is what a schema's attribute and a validator have in common.
type described interface {
	Description(context.Context) string
	MarkdownDescription(context.Context) string
}

// TestDescriptions holds every attribute that can be written, and every validator
// of one, to a description: tools that show schemas show these.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	checked := 0
	check := func(t *testing.T, name string, attribute any) {
		t.Helper()
		for _, v := range validators(attribute) {
			checked++
			if v.Description(t.Context()) == "" || v.MarkdownDescription(t.Context()) == "" {
				t.Errorf("%s: a validator (%T) has no description", name, v)
			}
		}
		if a, ok := attribute.(interface{ GetMarkdownDescription() string }); !ok || a.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", name)
		}
	}

	p := New("test")()
	var own provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &own)
	for name, attribute := range own.Schema.Attributes {
		check(t, name, attribute)
	}
	for _, newSource := range p.DataSources(t.Context()) {
		source := newSource()
		var meta datasource.MetadataResponse
		source.Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "tofupilot"}, &meta)
		var its datasource.SchemaResponse
		source.Schema(t.Context(), datasource.SchemaRequest{}, &its)
		for name, attribute := range its.Schema.Attributes {
			check(t, meta.TypeName+"."+name, attribute)
		}
		for block, its := range its.Schema.Blocks {
			check(t, meta.TypeName+"."+block, its)
			for name, attribute := range its.GetNestedObject().GetAttributes() {
				check(t, meta.TypeName+"."+block+"."+name, attribute)
			}
		}
	}
	if checked < 12 {
		t.Errorf("only %d validators found", checked)
	}
}

// validators are an attribute's, of any type.
func validators(attribute any) []described {
	var found []described
	if a, ok := attribute.(interface{ StringValidators() []validator.String }); ok {
		for _, v := range a.StringValidators() {
			found = append(found, v)
		}
	}
	if a, ok := attribute.(interface{ NumberValidators() []validator.Number }); ok {
		for _, v := range a.NumberValidators() {
			found = append(found, v)
		}
	}
	if a, ok := attribute.(interface{ SetValidators() []validator.Set }); ok {
		for _, v := range a.SetValidators() {
			found = append(found, v)
		}
	}
	return found
}
