package acceptance

import (
	"cmp"
	"slices"
	"strconv"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// A list is a data source that has a page_size.
func TestEveryListIsWholeAndOldestFirstWhateverThePageSize(t *testing.T) {
	t.Parallel()
	for dataSource, schema := range harness.Connect(t, provider.Server("test")()).DataSources() {
		if !slices.ContainsFunc(schema.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == "page_size" }) {
			continue
		}
		for source, servers := range wholeReads[dataSource].sources {
			for _, api := range servers {
				for _, size := range []int{1, 7, 100} {
					t.Run(dataSource+"/"+source+"/"+strconv.Itoa(size), func(t *testing.T) {
						t.Parallel()
						url := harness.Serving(t, api).URL
						server := configured(t, harness.Values{"url": url, "api_key": fakeapi.Key})
						resp := server.Read(t, dataSource, harness.Values{"page_size": size})
						harness.ExpectNoDiagnostics(t, resp.Diagnostics)
						harness.ExpectEqual(t, "IDs", idsIn(t, server.State(t, dataSource, resp)), oldestFirst(served(t, url+wholeReads[dataSource].path)))
					})
				}
			}
		}
	}
}

// oldestFirst are the IDs of rows in the order that the provider promises. Their
// times are all in UTC and in milliseconds, so they compare as texts.
func oldestFirst(rows []object) (ids []string) {
	text := func(row object, name string) string { value, _ := row[name].(string); return value }
	slices.SortFunc(rows, func(a, b object) int {
		return cmp.Or(cmp.Compare(text(a, "created_at"), text(b, "created_at")), cmp.Compare(text(a, "id"), text(b, "id")))
	})
	for _, row := range rows {
		ids = append(ids, text(row, "id"))
	}
	return ids
}
