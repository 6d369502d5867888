package acceptance

import (
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

func TestProceduresArgumentsAreCheckedAtValidate(t *testing.T) {
	t.Parallel()
	const (
		emoji  = "🔋"
		ending = "write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00"
	)
	blank := harness.Error("search_query", "Invalid Attribute Value Match", "Attribute search_query must be more than white space; omit it to list everything, got: ")
	long := harness.Error("search_query", "Invalid Attribute Value Length", "Attribute search_query UTF-8 character count must be at most 100, got: 101")
	time := func(attribute string, words ...string) harness.Diagnosis {
		return harness.Error(attribute, "Invalid "+attribute, words...)
	}
	duration := func(words ...string) harness.Diagnosis {
		return harness.Error("timeouts.read", "Invalid timeouts.read", words...)
	}
	pageSize := func(got string) harness.Diagnosis {
		return harness.Error("page_size", "Invalid page_size", "page_size must be a whole number from 1 to 100, not "+got+".")
	}
	server := harness.Connect(t, provider.Server("test")())
	for name, c := range map[string]struct {
		arguments harness.Values
		want      harness.Diagnosis
	}{
		"empty search":        {harness.Values{"search_query": ""}, blank},
		"search of blanks":    {harness.Values{"search_query": "\u00a0\t"}, blank},
		"search of 101 emoji": {harness.Values{"search_query": strings.Repeat(emoji, 101)}, long},

		"created_after without a time": {harness.Values{"created_after": "2024-01-15"}, time("created_after", `"2024-01-15" isn't an RFC 3339 time`, ending)},
		"created_before in lower case": {harness.Values{"created_before": "2024-01-15t10:30:00z"}, time("created_before", "isn't an RFC 3339 time", ending)},
		"created_after later than created_before": {
			harness.Values{"created_after": "2024-01-15T10:30:00.001Z", "created_before": "2024-01-15T11:30:00+01:00"},
			time("created_after", "created_after (2024-01-15T10:30:00.001Z) is later than created_before (2024-01-15T11:30:00+01:00)", "nothing can match"),
		},

		"page_size 0":   {harness.Values{"page_size": 0}, pageSize("0")},
		"page_size 101": {harness.Values{"page_size": 101}, pageSize("101")},
		"page_size 2.5": {harness.Values{"page_size": 2.5}, pageSize("2.5")},

		"timeouts.read of nothing": {harness.Values{"timeouts": harness.Values{"read": "0s"}}, duration(`"0s" isn't a positive duration`)},
		"timeouts.read, no unit":   {harness.Values{"timeouts": harness.Values{"read": "300"}}, duration(`"300" isn't a duration`, "write it like 30s, 5m or 1h30m")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.ExpectError(t, server.Validate(t, "tofupilot_procedures", c.arguments), c.want)
		})
	}
}

func TestProceduresArgumentsThatAreGoodOrNotKnownPassAtValidate(t *testing.T) {
	t.Parallel()
	server := harness.Connect(t, provider.Server("test")())
	for name, arguments := range map[string]harness.Values{
		"none":                     {},
		"search of 100 emoji":      {"search_query": strings.Repeat("🔋", 100)}, // 200 UTF-16 code units: too long for older servers only
		"one instant, two offsets": {"created_after": "2024-01-15T10:30:00Z", "created_before": "2024-01-15T11:30:00+01:00"},
		"smallest page":            {"page_size": 1},
		"largest page":             {"page_size": 100},
		"timeouts without read":    {"timeouts": harness.Values{}},
		"nothing known":            {"search_query": harness.Unknown, "created_after": harness.Unknown, "created_before": harness.Unknown, "page_size": harness.Unknown, "timeouts": harness.Unknown},
		"timeout not known":        {"timeouts": harness.Values{"read": harness.Unknown}},
		"created_before not known": {"created_after": "2024-01-15T10:30:00Z", "created_before": harness.Unknown},
		"created_after not known":  {"created_after": harness.Unknown, "created_before": "0000-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.ExpectNoDiagnostics(t, server.Validate(t, "tofupilot_procedures", arguments))
		})
	}
}

// Each mistake is told, not only the first.
func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	diagnostics := harness.Connect(t, provider.Server("test")()).Validate(t, "tofupilot_procedures", harness.Values{
		"search_query": "", "created_after": "yesterday", "created_before": "tomorrow", "page_size": 0, "timeouts": harness.Values{"read": "-5m"},
	})
	var paths []string
	for _, diagnostic := range diagnostics {
		paths = append(paths, harness.PathOf(diagnostic))
	}
	for _, path := range []string{"search_query", "created_after", "created_before", "page_size", "timeouts.read"} {
		if !strings.Contains(" "+strings.Join(paths, " ")+" ", " "+path+" ") {
			t.Errorf("nothing is told of %s: %s", path, harness.Describe(diagnostics))
		}
	}
}
