package acceptance

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func TestKeyIsInNoLineOfTheLogThoughTheUserSearchesForIt(t *testing.T) {
	t.Parallel()
	api, url := harness.Serve(t, fakeapi.Generate(1, fakeapi.WithRepository)...)
	api.Fail(fakeapi.Status(503, `{"message": "no such key: `+fakeapi.Key+`", "code": "SERVICE_UNAVAILABLE"}`))
	server := configured(t, harness.Values{"url": url, "api_key": fakeapi.Key, "max_retries": 1})

	var lines bytes.Buffer
	resp := server.ReadIn(tflogtest.RootLogger(t.Context(), &lines), t, quick, "tofupilot_procedures", harness.Values{"search_query": fakeapi.Key})
	if len(resp.Diagnostics) != 1 || strings.Contains(resp.Diagnostics[0].Detail, "no such key: "+fakeapi.Key) {
		t.Errorf("diagnostics: %s", harness.Describe(resp.Diagnostics))
	}
	for _, words := range []string{"Asked the server", "Trying a request again"} {
		if !strings.Contains(lines.String(), words) {
			t.Errorf("the log doesn't say %q: %s", words, &lines)
		}
	}
	if strings.Contains(lines.String(), fakeapi.Key) {
		t.Errorf("the key is in the log: %s", &lines)
	}
}
