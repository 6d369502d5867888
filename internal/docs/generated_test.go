package docs_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// TestGeneratedPages checks that each data source has a page, an example and a link in the README, and
// that each attribute has a description. .ci/run generates the pages, to check that they are up to date.
func TestGeneratedPages(t *testing.T) { //nolint:paralleltest // A missing page makes other tests fail, too, so this test must run first.
	schemas, err := provider.Server("test")().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	pages := readPages(t)
	checkDescriptions(t, "the provider", schemas.Provider.Block)
	for name, schema := range schemas.DataSourceSchemas {
		page := "docs/data-sources/" + strings.TrimPrefix(name, "tofupilot_") + ".md"
		if pages[page] == "" {
			t.Errorf(`%s has no page %s: run "make generate"`, name, page)
			continue
		}
		checkDescriptions(t, name, schema.Block)
		if !strings.Contains(pages[page], `data "`+name+`"`) {
			t.Errorf("%s has no example: write examples/data-sources/%s/data-source.tf, and run \"make generate\"", page, name)
		}
		if !strings.Contains(pages["README.md"], "[`"+name+"`]("+page+")") {
			t.Errorf("README.md doesn't link to %s: add it to the data sources under Documentation", page)
		}
	}
}

// checkDescriptions checks that a block's attributes and nested blocks have descriptions.
func checkDescriptions(t *testing.T, owner string, block *tfprotov6.SchemaBlock) {
	t.Helper()
	attributes := block.Attributes
	for _, nested := range block.BlockTypes {
		attributes = append(attributes, &tfprotov6.SchemaAttribute{Name: nested.TypeName, Description: nested.Block.Description})
		attributes = append(attributes, nested.Block.Attributes...)
	}
	for _, attribute := range flatten(attributes) {
		if attribute.Description == "" {
			t.Errorf("%s: the attribute %s has no description", owner, attribute.Name)
		}
	}
}

// flatten returns the attributes and, at any depth, the attributes that are nested in them.
func flatten(attributes []*tfprotov6.SchemaAttribute) (all []*tfprotov6.SchemaAttribute) {
	for _, attribute := range attributes {
		all = append(all, attribute)
		if attribute.NestedType != nil {
			all = append(all, flatten(attribute.NestedType.Attributes)...)
		}
	}
	return all
}
