package provider

import (
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// environment is what a process finds in its environment. There is no login file
// unless it names a home directory that has one.
type environment map[string]string

func (e environment) get(t *testing.T) func(string) string {
	t.Helper()
	nowhere := t.TempDir()
	return func(name string) string {
		if value, ok := e[name]; ok || name != "HOME" && name != "USERPROFILE" {
			return value
		}
		return nowhere
	}
}

func resolve(t *testing.T, model providerModel, env environment) (settings, diag.Diagnostics) {
	t.Helper()
	return model.resolve(env.get(t))
}

// expectResolveError expects one error with these words: of Configure if it names
// an attribute, else of the reads, which have room for eight lines.
func expectResolveError(t *testing.T, model providerModel, env environment, attribute, summary string, words ...string) {
	t.Helper()
	resolved, diags := resolve(t, model, env)
	all := slices.Concat(diags, resolved.problems)
	if len(all) != 1 || all.ErrorsCount() != 1 {
		t.Fatalf("diagnostics: %v", all)
	}
	got, where := all[0], ""
	if withPath, ok := got.(diag.DiagnosticWithPath); ok {
		where = withPath.Path().String()
	}
	if where != attribute || (where == "") != (len(diags) == 0) {
		t.Errorf("it isn't on %q: of Configure %v, of reads %v", attribute, diags, resolved.problems)
	}
	if got.Summary() != summary {
		t.Errorf("summary %q instead of %q", got.Summary(), summary)
	}
	for _, word := range words {
		if !strings.Contains(got.Detail(), word) {
			t.Errorf("the detail doesn't say %q: %s", word, got.Detail())
		}
	}
	if n := printedLines(got.Detail()); n > 8 {
		t.Errorf("Terraform prints it in %d lines: %s", n, got.Detail())
	}
}

// printedLines is how many lines Terraform prints a text in, at its usual width
// of 78. A path counts as long as /home/somebody/.tofupilot/credentials.json.
func printedLines(text string) int {
	const width, longest = 78, 42
	lines, column := 1, 0
	for word := range strings.FieldsSeq(text) {
		length := min(utf8.RuneCountInString(word), longest)
		if column > 0 && column+1+length > width {
			lines, column = lines+1, 0
		} else if column > 0 {
			column++
		}
		column += length
	}
	return lines
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	type result struct {
		key, source, url, urlSource string
		retries                     int
		timeout                     time.Duration
	}
	const ours, theirs = "from-attribute", "from-environment"
	text := types.StringValue
	number := func(value float64) types.Number { return types.NumberValue(big.NewFloat(value)) }
	fromEnv := environment{envAPIKey: theirs}
	for name, c := range map[string]struct {
		model providerModel
		env   environment
		want  result
	}{
		"defaults": {
			providerModel{}, fromEnv,
			result{theirs, "the environment variable TOFUPILOT_API_KEY", "https://www.tofupilot.app/api", "the provider's default", 3, 30 * time.Second},
		},
		"environment": {
			providerModel{}, environment{envAPIKey: theirs, envURL: "https://env.example.com/api/"},
			result{theirs, "the environment variable TOFUPILOT_API_KEY", "https://env.example.com/api", "the environment variable TOFUPILOT_URL", 3, 30 * time.Second},
		},
		"attributes": {
			providerModel{APIKey: text(ours), URL: text("https://attribute.example.com"), MaxRetries: number(0), RequestTimeout: text("1m30s")},
			environment{envAPIKey: theirs, envURL: "https://env.example.com"},
			result{ours, "the provider's api_key", "https://attribute.example.com/api", "the provider's url", 0, 90 * time.Second},
		},
		"attributes, though the environment is broken": {
			providerModel{APIKey: text(ours), URL: text("https://attribute.example.com")},
			environment{envAPIKey: " broken ", envURL: "\n"},
			result{ours, "the provider's api_key", "https://attribute.example.com/api", "the provider's url", 3, 30 * time.Second},
		},
		"key of one, address of the other": {
			providerModel{URL: text("https://attribute.example.com"), MaxRetries: number(10)}, fromEnv,
			result{theirs, "the environment variable TOFUPILOT_API_KEY", "https://attribute.example.com/api", "the provider's url", 10, 30 * time.Second},
		},
		"variables that are empty are unset": {
			providerModel{APIKey: text(ours)}, environment{envAPIKey: "", envURL: "", envCACert: ""},
			result{ours, "the provider's api_key", "https://www.tofupilot.app/api", "the provider's default", 3, 30 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, diags := resolve(t, c.model, c.env)
			if len(diags) > 0 || len(got.problems) > 0 {
				t.Fatal(diags, got.problems)
			}
			if got := (result{got.apiKey, got.keyFrom.words, got.baseURL.String(), got.urlFrom.words, got.maxRetries, got.requestTimeout}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if got.rootCAs != nil {
				t.Error("there are roots of certificates, though none are configured")
			}
		})
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	for _, env := range []environment{{}, {envAPIKey: ""}} {
		expectResolveError(t, providerModel{}, env, "", "No API key",
			"TOFUPILOT_API_KEY", "the provider's api_key", "`tofupilot login`", "~/.tofupilot/credentials.json", "TofuPilot's settings")
	}
}

func TestVariableSurroundings(t *testing.T) {
	t.Parallel()
	const space, quotes = "The value begins or ends with white space; remove it.", "The value has quotes around it; remove them."
	for around, words := range map[string]string{
		" ": space, "\n": space, "\t": space, "\r\n": space, "\u00a0": space,
		`"`: quotes, "'": quotes,
	} {
		for variable, good := range map[string]string{
			envAPIKey: "tp_secret",
			envURL:    "https://tofupilot.example.com",
			envCACert: "/etc/ssl/tofupilot.pem",
		} {
			for _, value := range []string{around + good, good + around, around + good + around, around} {
				env := environment{envAPIKey: "key"}
				env[variable] = value
				expectResolveError(t, providerModel{}, env, "", "Invalid "+variable, words)
			}
		}
	}
}

func TestVariableErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ variable, value, words string }{
		{envAPIKey, "bearer", "includes the word Bearer"},
		{envAPIKey, "Authorization: Bearer\u00a0tp_a", "includes the word Bearer"},
		{envAPIKey, "Bearer tp_a", "includes the word Bearer, which the provider adds; keep only what follows it."},
		{envAPIKey, "tp_\u200ba", "Character 4 of the key is U+200B, but a key has only visible ASCII characters; remove or correct it."},
		{envURL, "https://tofupilot.example.com\u201d", "Character 30 of the URL is U+201D '\u201d', and a URL has no quotes"},
		{envCACert, "-----BEGIN CERTIFICATE-----\nMIH", "This must be the path of a file, but it is a certificate; set the provider's ca_cert_pem to it instead."},
		{envURL, "https://user:hunter2@example.com", "user info"},
		{envURL, "http://example.com", "unencrypted"},
	} {
		env := environment{envAPIKey: "key"}
		env[c.variable] = c.value
		expectResolveError(t, providerModel{}, env, "", "Invalid "+c.variable, c.words)
		expectUnsaid(t, providerModel{}, env, "tp_", "hunter2")
	}
}

func TestWhoReports(t *testing.T) {
	t.Parallel()
	model := providerModel{URL: types.StringValue("http://example.com"), CACertPEM: types.StringValue("garbage"), RequestTimeout: types.StringValue("soon")}
	summaries := func(diags diag.Diagnostics) (all []string) {
		for _, d := range diags {
			all = append(all, d.Summary())
		}
		return all
	}
	// The address decides whether a login's key may be used, and which certificates count.
	got, diags := resolve(t, model, environment{})
	if all := summaries(diags); !slices.Equal(all, []string{"Invalid url"}) {
		t.Errorf("of Configure: %q", all)
	}
	if all := summaries(got.problems); !slices.Equal(all, []string{"No API key"}) {
		t.Errorf("of the reads: %q", all)
	}
	model.URL = types.StringNull()
	got, diags = resolve(t, model, environment{envAPIKey: " "})
	if all := summaries(diags); !slices.Equal(all, []string{"Invalid ca_cert_pem", "Invalid request_timeout"}) {
		t.Errorf("of Configure: %q", all)
	}
	if all := summaries(got.problems); !slices.Equal(all, []string{"Invalid TOFUPILOT_API_KEY"}) {
		t.Errorf("of the reads: %q", all)
	}
	// With nothing wrong in the block, all that is wrong elsewhere is reported at once.
	got, diags = resolve(t, providerModel{}, environment{envCACert: "/missing.pem"})
	if len(diags) > 0 {
		t.Errorf("of Configure: %q", summaries(diags))
	}
	if all := summaries(got.problems); !slices.Equal(all, []string{"No API key", "Invalid TOFUPILOT_CA_CERT"}) {
		t.Errorf("of the reads: %q", all)
	}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	local := []string{"http://localhost:3000", "http://[::1]:3000/api", "https://example.com"}
	remote := []string{"http://example.com", "http://10.0.0.7", "HTTP://example.com"}
	model := func(url string, allow types.Bool) providerModel {
		return providerModel{APIKey: types.StringValue("key"), URL: types.StringValue(url), AllowHTTP: allow}
	}
	for _, url := range local {
		for _, allow := range []types.Bool{types.BoolNull(), types.BoolValue(false), types.BoolValue(true)} {
			if got, diags := resolve(t, model(url, allow), nil); len(diags) > 0 || len(got.problems) > 0 {
				t.Errorf("%s, allow_http %s: %v, %v", url, allow, diags, got.problems)
			}
		}
	}
	for _, url := range remote {
		for _, allow := range []types.Bool{types.BoolNull(), types.BoolValue(false)} {
			expectResolveError(t, model(url, allow), nil, "url", "Invalid url", "https://", "allow_http to true")
		}
		if got, diags := resolve(t, model(url, types.BoolValue(true)), nil); len(diags) > 0 || len(got.problems) > 0 {
			t.Errorf("%s, allowed: %v, %v", url, diags, got.problems)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	const own = "terraform-provider-tofupilot/1.2.3 (+https://github.com/tofupilot/terraform-provider-tofupilot) Terraform/1.11.4"
	for added, want := range map[string]string{
		"":                    own,
		" \n":                 own,
		"ci/7":                own + " ci/7",
		" ci/7 (nightly job)": own + " ci/7 (nightly job)",
	} {
		if got := userAgent("1.2.3", "1.11.4", environment{"TF_APPEND_USER_AGENT": added}.get(t)); got != want {
			t.Errorf("TF_APPEND_USER_AGENT %q: got %q, want %q", added, got, want)
		}
	}
}
