package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// Whoever changes an attribute must regenerate its page. That examples and
// templates are in the pages, too, .ci/run finds out: it generates all of them.
func TestGeneratedPages(t *testing.T) { //nolint:paralleltest // It takes no time, and comes first.
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
		for _, attribute := range withNested(attributes) {
			if attribute.Description == "" {
				t.Errorf("%s: the attribute %s has no description", page, attribute.Name)
			}
			line := regexp.MustCompile("(?m)^- `" + attribute.Name + "` " + `\([^)]*\) ` + regexp.QuoteMeta(attribute.Description))
			if !line.MatchString(pages(t)[page]) {
				t.Errorf("%s doesn't have the attribute %s as the schema describes it: run \"make generate\"", page, attribute.Name)
			}
		}
	}
	check("docs/index.md", schemas.Provider.Block)
	for name, schema := range schemas.DataSourceSchemas {
		check("docs/data-sources/"+strings.TrimPrefix(name, "tofupilot_")+".md", schema.Block)
	}
}

func withNested(attributes []*tfprotov6.SchemaAttribute) (all []*tfprotov6.SchemaAttribute) {
	for _, attribute := range attributes {
		all = append(all, attribute)
		if attribute.NestedType != nil {
			all = append(all, withNested(attribute.NestedType.Attributes)...)
		}
	}
	return all
}
