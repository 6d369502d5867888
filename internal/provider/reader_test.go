package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
)

func TestDataSourceConfiguredWithSomethingElseSaysSo(t *testing.T) {
	t.Parallel()
	for _, create := range new(tofupilotProvider).DataSources(t.Context()) {
		source, ok := create().(datasource.DataSourceWithConfigure)
		if !ok {
			t.Fatalf("%T can't be configured", create())
		}
		var resp datasource.ConfigureResponse
		source.Configure(t.Context(), datasource.ConfigureRequest{ProviderData: "a client"}, &resp)
		if len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary() != "Unexpected provider data" {
			t.Fatalf("%T: %v", source, resp.Diagnostics)
		}
		for _, words := range []string{"The provider passed a string to the data source. This is a bug in the provider.", "Please report it at " + homepage + "/issues."} {
			if !strings.Contains(resp.Diagnostics[0].Detail(), words) {
				t.Errorf("%T: the detail doesn't say %q: %s", source, words, resp.Diagnostics[0].Detail())
			}
		}
	}
}
