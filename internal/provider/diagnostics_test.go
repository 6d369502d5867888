package provider

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

func TestWhatIsTooLargeIsToldWithWhatCanHelp(t *testing.T) {
	t.Parallel()
	r := &reader{settings: settings{baseURL: &url.URL{Scheme: "https", Host: "tofupilot.example.com", Path: "/api"}}}
	list, lookup := procedureFilters.advice("procedure"), readAdvice{noun: "procedure"}
	for name, c := range map[string]struct {
		err     error
		advice  readAdvice
		summary string
		words   string
	}{
		"a list":            {&tofupilot.ListTooLargeError{}, list, "Too many procedures for one data source", "Narrow the list by search_query, "},
		"a state":           {&bulk.TooLargeError{Size: 300 << 20}, list, "Too many procedures for one data source", "larger than 256 MiB"},
		"a lookup's list":   {&tofupilot.ListTooLargeError{}, lookup, "Too many procedures to look through", "Check that url leads to a TofuPilot server."},
		"lists at one time": {&tofupilot.ListTooLargeError{InAll: true}, list, "Too many procedures at the same time", "larger than 512 MiB"},
	} {
		said := r.explain(t.Context(), c.err, c.advice)
		if said.Summary() != c.summary || !strings.Contains(said.Detail(), c.words) || !strings.Contains(said.Detail(), "https://tofupilot.example.com/api") {
			t.Errorf("%s: %s: %s", name, said.Summary(), said.Detail())
		}
		if c.advice.narrower == "" && strings.Contains(said.Detail(), "arrow the list") {
			t.Errorf("%s can't be narrowed: %s", name, said.Detail())
		}
	}
}
