package provider

import (
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestLoginThatCannotBeUsedIsAnErrorThatNamesItAndSaysWhatToRun(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	key := func(key string) string { return `{"api_key": ` + key + `, "base_url": "` + server + `"}` }
	for what, c := range map[string]struct{ content, words string }{
		"station's":                {credentials(server, `"installation_id": "tp_stored-1"`), "is a station's, not a user's"},
		"station's, by a number":   {credentials(server, `"installation_id": 7`), "is a station's, not a user's"},
		"empty":                    {"", "is broken"},
		"cut off":                  {`{"api_key": "tp_stored`, "is broken"},
		"not JSON":                 {"tp_stored", "is broken"},
		"two objects":              {credentials(server) + credentials(server), "is broken"},
		"a list":                   {"[" + credentials(server) + "]", "is broken"},
		"a key that is no text":    {key(`{"tp_stored": 1}`), "is broken"},
		"null":                     {"null", "has no usable api_key: the key is empty"},
		"no key":                   {`{"base_url": "` + server + `"}`, "has no usable api_key: the key is empty"},
		"null for a key":           {key(`null`), "has no usable api_key: the key is empty"},
		"empty key":                {key(`""`), "has no usable api_key: the key is empty"},
		"key with a line break":    {key(`"tp_stored\n"`), "has no usable api_key: the key has white space in it"},
		"key with a control":       {key(`"tp_stored\u0007"`), "has no usable api_key: the key has a control character in it"},
		"no server":                {`{"api_key": "tp_stored"}`, "has no usable base_url: the URL must begin with https://"},
		"server without a scheme":  {credentials("tp_stored.example.com"), "has no usable base_url: the URL must begin with https://"},
		"server with a password":   {credentials("https://me:tp_stored@example.com"), "has no usable base_url: the URL carries user info"},
		"server with a query":      {credentials(server + "?key=tp_stored"), "has no usable base_url: the URL has a query"},
		"server with a bad port":   {credentials(server + ":tp_stored"), "has no usable base_url: not a URL"},
		"server with a bad escape": {credentials(server + "%tp_stored"), "has no usable base_url: not a URL"},
		"server with a bad host":   {credentials("https://tp_stored .com"), "has no usable base_url: not a URL"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, file := homeWith(t, c.content)
			expectResolveError(t, providerModel{}, env, "api_key", "The login file can't be used",
				"The login file "+file+" "+c.words, "; run `tofupilot login` again, or set TOFUPILOT_API_KEY instead.")
			expectUnsaid(t, providerModel{}, env, "tp_", `\u0007`, "example.com")
		})
	}
}

// expectUnsaid expects that no diagnostic repeats any of these.
func expectUnsaid(t *testing.T, model providerModel, env environment, secrets ...string) {
	t.Helper()
	_, diags := resolve(t, model, env)
	for _, d := range diags {
		for _, secret := range secrets {
			if strings.Contains(d.Summary()+d.Detail(), secret) {
				t.Errorf("it repeats %q: %s", secret, d.Detail())
			}
		}
	}
}

// Root reads files that nobody may read, but not a directory.
func TestLoginThatCannotBeReadIsAnErrorThatNamesItAndSaysWhatToRun(t *testing.T) {
	t.Parallel()
	env, file := homeWith(t, "")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	expectResolveError(t, providerModel{}, env, "api_key", "The login file can't be used", "The login file can't be read", file,
		"; run `tofupilot login` again, or set TOFUPILOT_API_KEY instead.")
}

func TestKeyOfALoginGoesToItsOwnServerOnly(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	for what, c := range map[string]struct{ stored, configured, shown string }{
		"another host":        {server, "https://www.tofupilot.app", "https://www.tofupilot.app/api"},
		"host within a host":  {server, server + ".test", server + ".test/api"},
		"host below the host": {server, "https://api.tofupilot.example.com", "https://api.tofupilot.example.com/api"},
		"another port":        {server, server + ":8443", server + ":8443/api"},
		"plain http":          {"https://localhost", "http://localhost", "http://localhost/api"},
		"plain http, by port": {"https://localhost:443", "http://localhost:443", "http://localhost:443/api"},
		"another name of it":  {"http://localhost:3000", "http://127.0.0.1:3000", "http://127.0.0.1:3000/api"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			// The certificates of that server don't count either.
			env, file := homeWith(t, credentials(c.stored, `"ca_cert": "/missing.pem"`))
			words := []string{
				"The login file " + file + " is for " + c.stored + "/api, and the provider is configured for " + c.shown + "; " +
					"its key is sent to its own server only.",
				"Set TOFUPILOT_API_KEY or the provider's api_key, leave url and TOFUPILOT_URL unset, or run `tofupilot login` for that server.",
			}
			for _, by := range []struct {
				model providerModel
				url   string // in the environment
			}{
				{providerModel{URL: types.StringValue(c.configured)}, ""},
				{providerModel{}, c.configured},
			} {
				expectResolveError(t, by.model, with(env, envURL, by.url), "api_key", "No API key", words...)
				expectUnsaid(t, by.model, env, storedKey)
				if got, _ := resolve(t, by.model, env); got.apiKey != "" || got.rootCAs != nil {
					t.Errorf("it is used all the same: %+v", got)
				}
			}
		})
	}
}

func TestPlainHTTPOfALoginIsRefusedAsElsewhere(t *testing.T) {
	t.Parallel()
	env, file := homeWith(t, credentials("http://tofupilot.example.com"))
	expectResolveError(t, providerModel{}, env, "url", "Invalid url", "The login file "+file, "unencrypted", "allow_http = true")
	got, diags := resolve(t, providerModel{AllowHTTP: types.BoolValue(true)}, env)
	if len(diags) > 0 || got.apiKey != storedKey || got.baseURL.String() != "http://tofupilot.example.com/api" {
		t.Errorf("got %+v, %v", got, diags)
	}
}

func TestCertificatesOfALoginThatCannotBeUsedAreAnErrorThatNamesBothFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ca, words string }{
		{"/missing.pem", " names a CA certificate that can't be read: open /missing.pem"},
		{write(t, "garbage"), ": there is no certificate in it"},
	} {
		env, file := homeWith(t, credentials("https://tofupilot.example.com", `"ca_cert": `+quoted(c.ca)))
		expectResolveError(t, providerModel{}, env, "ca_cert_pem", "Invalid ca_cert_pem", "The login file "+file+" names ", c.ca, c.words)
	}
}
