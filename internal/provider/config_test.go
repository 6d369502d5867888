package provider

import (
	"slices"
	"strings"
	"testing"
	"time"

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

// expectResolveError expects one error, on the attribute and with the words.
func expectResolveError(t *testing.T, model providerModel, env environment, attribute, summary string, words ...string) {
	t.Helper()
	_, diags := resolve(t, model, env)
	if len(diags) != 1 || diags.ErrorsCount() != 1 {
		t.Fatalf("diagnostics: %v", diags)
	}
	got, ok := diags[0].(diag.DiagnosticWithPath)
	if !ok || got.Path().String() != attribute {
		t.Errorf("it isn't on %s: %v", attribute, diags)
	}
	if got.Summary() != summary {
		t.Errorf("summary %q instead of %q", got.Summary(), summary)
	}
	for _, word := range words {
		if !strings.Contains(got.Detail(), word) {
			t.Errorf("the detail doesn't say %q: %s", word, got.Detail())
		}
	}
}

func TestAttributeWinsOverEnvironmentWinsOverDefault(t *testing.T) {
	t.Parallel()
	type result struct {
		key, source, url string
		retries          int
		timeout          time.Duration
	}
	const ours, theirs = "from-attribute", "from-environment"
	text, number := types.StringValue, types.Int64Value
	fromEnv := environment{envAPIKey: theirs}
	for name, c := range map[string]struct {
		model providerModel
		env   environment
		want  result
	}{
		"defaults": {
			providerModel{}, fromEnv,
			result{theirs, "the environment variable TOFUPILOT_API_KEY", "https://www.tofupilot.app/api", 3, 30 * time.Second},
		},
		"environment": {
			providerModel{}, environment{envAPIKey: theirs, envURL: "https://env.example.com/api/"},
			result{theirs, "the environment variable TOFUPILOT_API_KEY", "https://env.example.com/api", 3, 30 * time.Second},
		},
		"attributes": {
			providerModel{APIKey: text(ours), URL: text("https://attribute.example.com"), MaxRetries: number(0), RequestTimeout: text("1m30s")},
			environment{envAPIKey: theirs, envURL: "https://env.example.com"},
			result{ours, "the provider's api_key", "https://attribute.example.com/api", 0, 90 * time.Second},
		},
		"attributes, though the environment is broken": {
			providerModel{APIKey: text(ours), URL: text("https://attribute.example.com")},
			environment{envAPIKey: " broken ", envURL: "\n"},
			result{ours, "the provider's api_key", "https://attribute.example.com/api", 3, 30 * time.Second},
		},
		"key of one, address of the other": {
			providerModel{URL: text("https://attribute.example.com"), MaxRetries: number(10)}, fromEnv,
			result{theirs, "the environment variable TOFUPILOT_API_KEY", "https://attribute.example.com/api", 10, 30 * time.Second},
		},
		"variables that are empty are unset": {
			providerModel{APIKey: text(ours)}, environment{envAPIKey: "", envURL: "", envCACert: ""},
			result{ours, "the provider's api_key", "https://www.tofupilot.app/api", 3, 30 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, diags := resolve(t, c.model, c.env)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := (result{got.apiKey, got.apiKeySource, got.baseURL.String(), got.maxRetries, got.requestTimeout}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if got.rootCAs != nil {
				t.Error("there are roots of certificates, though none are configured")
			}
		})
	}
}

func TestKeyThatIsNowhereNamesEveryPlace(t *testing.T) {
	t.Parallel()
	for _, env := range []environment{{}, {envAPIKey: ""}} {
		expectResolveError(t, providerModel{}, env, "api_key", "No API key",
			"TOFUPILOT_API_KEY", "the provider's api_key", "tofupilot login", "credentials.json")
	}
}

func TestWhiteSpaceAroundAVariableIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	for _, space := range []string{" ", "\n", "\t", "\r\n", "\u00a0"} {
		for _, c := range []struct{ variable, value, attribute, summary string }{
			{envAPIKey, "tp_secret", "api_key", "Invalid api_key"},
			{envURL, "https://tofupilot.example.com", "url", "Invalid url"},
			{envCACert, "/etc/ssl/tofupilot.pem", "ca_cert_pem", "Invalid ca_cert_pem"},
		} {
			for _, value := range []string{space + c.value, c.value + space, space} {
				env := environment{envAPIKey: "key"}
				env[c.variable] = value
				expectResolveError(t, providerModel{}, env, c.attribute, c.summary,
					"environment variable "+c.variable, "white space before or after its value", "remove it")
			}
		}
	}
}

func TestVariablesAreHeldToTheRulesOfTheAttributes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		variable, value, attribute, summary string
		words                               []string
	}{
		{envAPIKey, "tp_a tp_b", "api_key", "Invalid api_key", []string{"white space in it"}},
		{envAPIKey, "tp_\x00", "api_key", "Invalid api_key", []string{"control character"}},
		{envURL, "tofupilot.example.com", "url", "Invalid url", []string{"must begin with https://"}},
		{envURL, "https://", "url", "Invalid url", []string{"has no host"}},
		{envURL, "https://user:hunter2@example.com", "url", "Invalid url", []string{"user info"}},
		{envURL, "https://example.com/?a=b", "url", "Invalid url", []string{"a query"}},
		{envURL, "https://example.com/#a", "url", "Invalid url", []string{"a fragment"}},
		{envURL, "http://example.com", "url", "Invalid url", []string{"unencrypted"}},
	} {
		env := environment{envAPIKey: "key"}
		env[c.variable] = c.value
		words := append([]string{"The environment variable " + c.variable}, c.words...)
		expectResolveError(t, providerModel{}, env, c.attribute, c.summary, words...)
		_, diags := resolve(t, providerModel{}, env)
		for _, secret := range []string{"tp_", "hunter2"} {
			if strings.Contains(diags[0].Detail(), secret) {
				t.Errorf("%s repeats a secret: %s", c.variable, diags[0].Detail())
			}
		}
	}
}

func TestPlainHTTPStaysOnThisMachineUnlessAllowed(t *testing.T) {
	t.Parallel()
	local := []string{"http://localhost:3000", "http://LOCALHOST", "http://127.0.0.1", "http://127.9.9.9:1", "http://[::1]:3000/api", "https://example.com"}
	remote := []string{
		"http://example.com", "http://10.0.0.7", "http://0.0.0.0:80", "http://[fe80::1]", "http://localhost.example.com",
		"http://127.0.0.1.example.com", "http://notlocalhost", "HTTP://example.com",
	}
	model := func(url string, allow types.Bool) providerModel {
		return providerModel{APIKey: types.StringValue("key"), URL: types.StringValue(url), AllowHTTP: allow}
	}
	for _, url := range local {
		for _, allow := range []types.Bool{types.BoolNull(), types.BoolValue(false), types.BoolValue(true)} {
			if _, diags := resolve(t, model(url, allow), nil); len(diags) > 0 {
				t.Errorf("%s, allow_http %s: %v", url, allow, diags)
			}
		}
	}
	for _, url := range remote {
		for _, allow := range []types.Bool{types.BoolNull(), types.BoolValue(false)} {
			expectResolveError(t, model(url, allow), nil, "url", "Invalid url", "The provider's url", "https://", "allow_http = true")
		}
		if _, diags := resolve(t, model(url, types.BoolValue(true)), nil); len(diags) > 0 {
			t.Errorf("%s, allowed: %v", url, diags)
		}
	}
}

func TestUnknownAttributesAreNamed(t *testing.T) {
	t.Parallel()
	if got := (providerModel{}).unknown(); len(got) > 0 {
		t.Errorf("of an empty block: %v", got)
	}
	got := providerModel{
		APIKey: types.StringUnknown(), URL: types.StringUnknown(), CACertPEM: types.StringUnknown(),
		MaxRetries: types.Int64Unknown(), RequestTimeout: types.StringUnknown(), AllowHTTP: types.BoolUnknown(),
	}.unknown()
	if want := []string{"api_key", "url", "ca_cert_pem", "max_retries", "request_timeout", "allow_http"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUserAgentNamesProviderTerraformAndWhatTheUserAdds(t *testing.T) {
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
