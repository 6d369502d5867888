package acceptance

import (
	"math/big"
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
		"empty search":                    {harness.Values{"search_query": ""}, blank},
		"search of a blank":               {harness.Values{"search_query": " "}, blank},
		"search of blanks":                {harness.Values{"search_query": "\u00a0\t"}, blank},
		"search of 101 letters":           {harness.Values{"search_query": strings.Repeat("a", 101)}, long},
		"search of 101 emoji":             {harness.Values{"search_query": strings.Repeat(emoji, 101)}, long},
		"search of 99 letters, two emoji": {harness.Values{"search_query": strings.Repeat("ä", 99) + emoji + emoji}, long},

		"created_after without a time":    {harness.Values{"created_after": "2024-01-15"}, time("created_after", `"2024-01-15" isn't an RFC 3339 time`, ending)},
		"created_after without an offset": {harness.Values{"created_after": "2024-01-15T10:30:00"}, time("created_after", `"2024-01-15T10:30:00" isn't an RFC 3339 time`, ending)},
		"created_after with a space":      {harness.Values{"created_after": "2024-01-15 10:30:00Z"}, time("created_after", "isn't an RFC 3339 time", ending)},
		"created_after empty":             {harness.Values{"created_after": ""}, time("created_after", `"" isn't an RFC 3339 time`, ending)},
		"created_after on 30 February":    {harness.Values{"created_after": "2024-02-30T00:00:00Z"}, time("created_after", `"2024-02-30T00:00:00Z"`, "is a day or a time that doesn't exist")},
		"created_after before the year 0": {harness.Values{"created_after": "0000-01-01T00:00:00+00:01"}, time("created_after", "outside the years 0000 to 9999 in UTC")},
		"created_before in lower case":    {harness.Values{"created_before": "2024-01-15t10:30:00z"}, time("created_before", "isn't an RFC 3339 time", ending)},
		"created_before without seconds":  {harness.Values{"created_before": "2024-01-15T10:30Z"}, time("created_before", "isn't an RFC 3339 time", ending)},
		"created_before after the year 9999": {
			harness.Values{"created_before": "9999-12-31T23:59:59.9995Z"},
			time("created_before", "outside the years 0000 to 9999 in UTC"),
		},
		"created_after later than created_before": {
			harness.Values{"created_after": "2024-01-15T10:30:00.001Z", "created_before": "2024-01-15T11:30:00+01:00"},
			time("created_after", "created_after (2024-01-15T10:30:00.001Z) is later than created_before (2024-01-15T11:30:00+01:00)", "nothing can match"),
		},

		"page_size 0":        {harness.Values{"page_size": 0}, pageSize("0")},
		"page_size 101":      {harness.Values{"page_size": 101}, pageSize("101")},
		"page_size negative": {harness.Values{"page_size": -1}, pageSize("-1")},
		"page_size 2.5":      {harness.Values{"page_size": 2.5}, pageSize("2.5")},
		"page_size 1e400":    {harness.Values{"page_size": hugeNumber(t)}, pageSize("1e+400")},

		"timeouts.read negative":   {harness.Values{"timeouts": harness.Values{"read": "-5m"}}, duration(`"-5m" isn't a positive duration`)},
		"timeouts.read of nothing": {harness.Values{"timeouts": harness.Values{"read": "0s"}}, duration(`"0s" isn't a positive duration`)},
		"timeouts.read, no unit":   {harness.Values{"timeouts": harness.Values{"read": "300"}}, duration(`"300" isn't a duration`, "write it like 30s, 5m or 1h30m")},
		"timeouts.read empty":      {harness.Values{"timeouts": harness.Values{"read": ""}}, duration(`"" isn't a duration`)},
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
		"search of one letter":     {"search_query": "a"},
		"search of 100 emoji":      {"search_query": strings.Repeat("🔋", 100)}, // 200 UTF-16 code units: too long for older servers only
		"search of 100 umlauts":    {"search_query": strings.Repeat("ä", 100)},
		"one instant, two offsets": {"created_after": "2024-01-15T10:30:00Z", "created_before": "2024-01-15T11:30:00+01:00"},
		"created_after alone":      {"created_after": "9999-12-31T23:59:59.999Z"},
		"smallest page":            {"page_size": 1},
		"largest page":             {"page_size": 100},
		"timeouts without read":    {"timeouts": harness.Values{}},
		"short timeout":            {"timeouts": harness.Values{"read": "1ns"}},
		"nothing known":            {"search_query": harness.Unknown, "created_after": harness.Unknown, "created_before": harness.Unknown, "page_size": harness.Unknown, "timeouts": harness.Unknown},
		"timeout not known":        {"timeouts": harness.Values{"read": harness.Unknown}},
		"created_before not known": {"created_after": "2024-01-15T10:30:00Z", "created_before": harness.Unknown},
		"created_after not known":  {"created_after": harness.Unknown, "created_before": "0000-01-01T00:00:00Z"},
		"what Go takes for a time": {"created_after": "2024-01-15T1:30:00,5Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harness.ExpectNoDiagnostics(t, server.Validate(t, "tofupilot_procedures", arguments))
		})
	}
}

// hugeNumber is 1e400, with the precision that Terraform reads it with.
func hugeNumber(t *testing.T) *big.Float {
	t.Helper()
	huge, _, err := big.ParseFloat("1e400", 10, 512, big.ToNearestEven)
	if err != nil {
		t.Fatal(err)
	}
	return huge
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
