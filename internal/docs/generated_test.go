package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// TestGeneratedPages checks that pages have the descriptions of the schema. .ci/run also
// compares examples and templates, by generating all pages.
func TestGeneratedPages(t *testing.T) { //nolint:paralleltest // It is fast and must run first.
	schemas, err := provider.Server("test")().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	check := func(page string, block *tfprotov6.SchemaBlock) {
		attributes := block.Attributes
		for _, nested := range block.BlockTypes {
			attributes = append(attributes, &tfprotov6.SchemaAttribute{Name: nested.TypeName, Description: nested.Block.Description})
			attributes = append(attributes, nested.Block.Attributes...)
		}
		for _, attribute := range flatten(attributes) {
			if attribute.Description == "" {
				t.Errorf("%s: the attribute %s has no description", page, attribute.Name)
			}
			line := regexp.MustCompile("(?m)^- `" + attribute.Name + "` " + `\([^)]*\) ` + regexp.QuoteMeta(attribute.Description))
			if !line.MatchString(readPages(t)[page]) {
				t.Errorf("%s doesn't have the schema's description of %s: run \"make generate\"", page, attribute.Name)
			}
		}
	}
	check("docs/index.md", schemas.Provider.Block)
	for name, schema := range schemas.DataSourceSchemas {
		check("docs/data-sources/"+strings.TrimPrefix(name, "tofupilot_")+".md", schema.Block)
	}
}

// flatten returns the attributes and those nested in them.
func flatten(attributes []*tfprotov6.SchemaAttribute) (all []*tfprotov6.SchemaAttribute) {
	for _, attribute := range attributes {
		all = append(all, attribute)
		if attribute.NestedType != nil {
			all = append(all, flatten(attribute.NestedType.Attributes)...)
		}
	}
	return all
}
