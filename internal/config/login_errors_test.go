package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

func TestLoginErrors(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	key := func(key string) string { return `{"api_key": ` + key + `, "base_url": "` + server + `"}` }
	for what, c := range map[string]struct{ content, words string }{
		"empty":                              {"", "isn't valid JSON"},
		"cut off":                            {`{"api_key": "tp_stored`, "isn't valid JSON"},
		"not JSON":                           {"tp_stored", "isn't valid JSON"},
		"two objects":                        {loginJSON(server) + loginJSON(server), "isn't valid JSON"},
		"a list":                             {"[" + loginJSON(server) + "]", "isn't valid JSON"},
		"a key that isn't a string":          {key(`{"tp_stored": 1}`), "isn't valid JSON"},
		"null":                               {"null", "has no usable api_key: the key is empty"},
		"no key":                             {`{"base_url": "` + server + `"}`, "has no usable api_key: the key is empty"},
		"a null key":                         {key(`null`), "has no usable api_key: the key is empty"},
		"empty key":                          {key(`""`), "has no usable api_key: the key is empty"},
		"key with a line break":              {key(`"tp_stored\n"`), "has no usable api_key: character 10 of the key is U+000A, but a key has only visible ASCII characters"},
		"key in quotes":                      {key(`"'tp_stored'"`), "has no usable api_key: the key has quotes around it; remove them"},
		"a placeholder as the key":           {key(`"${TP_KEY}"`), "has no usable api_key: the key looks like a placeholder that wasn't replaced"},
		"no server":                          {`{"api_key": "tp_stored"}`, "has no usable base_url: the URL must begin with https://"},
		"server without a scheme":            {loginJSON("tp_stored.elsewhere.test"), "has no usable base_url: the URL must begin with https://"},
		"server with a password":             {loginJSON("https://me:tp_stored@elsewhere.test"), "has no usable base_url: the URL contains user info"},
		"server with a query":                {loginJSON(server + "?key=tp_stored"), "has no usable base_url: the URL has a query"},
		"server with a bad port":             {loginJSON(server + ":tp_stored"), "has no usable base_url: this isn't a URL"},
		"server with a bad escape":           {loginJSON(server + "%tp_stored"), "has no usable base_url: this isn't a URL"},
		"server with a bad host":             {loginJSON("https://tp_stored%20.com"), "has no usable base_url: this isn't a URL"},
		"server with an invisible character": {loginJSON("https://tp_stored\u200b.com"), "has no usable base_url: character 18 of the URL is U+200B"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, file := newHome(t, c.content)
			checkReadError(t, Block{}, env, "The login file can't be used",
				"The login file "+file+" "+c.words, ". Run `tofupilot login` again, or set TOFUPILOT_API_KEY instead, and TOFUPILOT_URL for a self-hosted server.")
			checkNoSecrets(t, Block{}, env, "tp_", `\u0007`, "elsewhere")
			env, file = newStationHome(t, c.content)
			checkReadError(t, Block{}, env, "The login file can't be used",
				"The login file "+file+" "+c.words, ". Run `tofupilot login --token` again, or set TOFUPILOT_API_KEY instead, and TOFUPILOT_URL for a self-hosted server.")
		})
	}
}

func TestInvalidKeyMentionsLogin(t *testing.T) {
	t.Parallel()
	env, file := newHome(t, loginJSON("https://tofupilot.example.com"))
	checkReadError(t, Block{}, setVariable(env, EnvAPIKey, "Bearer tp_given"), "Invalid TOFUPILOT_API_KEY",
		"keep only what follows it. There is also the login file "+file+" for https://tofupilot.example.com, used only without a key.")
}

func TestLoginOwnServer(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	for what, c := range map[string]struct{ stored, configured string }{
		"another host":                {server, "https://www.tofupilot.app"},
		"host within a host":          {server, server + ".test"},
		"host below the host":         {server, "https://api.tofupilot.example.com"},
		"another port":                {server, server + ":8443"},
		"tofupilot.app, another port": {"https://www.tofupilot.app", "https://tofupilot.app:8443"},
		"plain http":                  {"https://localhost", "http://localhost"},
		"plain http, with a port":     {"https://localhost:443", "http://localhost:443"},
		"another name of localhost":   {"http://localhost:3000", "http://127.0.0.1:3000"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			// The ca_cert of the login isn't read either.
			env, file := newHome(t, loginJSON(c.stored, `"ca_cert": "/missing.pem"`))
			words := []string{
				"The login file " + file + " is for " + c.stored + ", and its key is sent to no other server. The provider is configured for " + c.configured + ".",
				"Set TOFUPILOT_API_KEY, run `tofupilot login` for that server, or unset url and TOFUPILOT_URL to use the login's server.",
			}
			for _, by := range []struct {
				block Block
				url   string // in the environment
			}{
				{Block{URL: new(c.configured + "/api")}, ""},
				{Block{}, c.configured},
			} {
				checkReadError(t, by.block, setVariable(env, EnvURL, by.url), "No API key", words...)
				checkNoSecrets(t, by.block, env, storedKey)
				if got, _ := resolve(t, by.block, env); got.APIKey != "" || got.RootCAs != nil {
					t.Errorf("the login is used: %+v", got)
				}
			}
		})
	}
}

func TestLoginPlainHTTP(t *testing.T) {
	t.Parallel()
	env, file := newHome(t, loginJSON("http://tofupilot.example.com"))
	checkReadError(t, Block{}, env, "The login file can't be used",
		"The login file "+file+" is for http://tofupilot.example.com: ", "unencrypted", "allow_http to true")
	got, problems := resolve(t, Block{AllowHTTP: true}, env)
	if len(problems) > 0 || got.APIKey != storedKey || got.BaseURL.String() != "http://tofupilot.example.com/api" {
		t.Errorf("got %+v, %v", got, problems)
	}
}

func TestLoginBadCA(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ ca, words string }{
		{"/missing.pem", " can't be read: " + harness.FileNotFoundMessage(t) + "; correct the path, or set the provider's ca_cert_pem instead."},
		{writeFile(t, "garbage"), ": no certificate found"},
	} {
		env, file := newHome(t, loginJSON("https://tofupilot.example.com", `"ca_cert": `+quoteJSON(c.ca)))
		checkReadError(t, Block{}, env, "The login file can't be used", "The ca_cert of the login file "+file+": "+c.ca+c.words)
	}
}

// TestFileError checks that the period at the end of a Windows error is removed, because more text
// follows it.
func TestFileError(t *testing.T) {
	t.Parallel()
	windows := errors.New("The system cannot find the file specified.")
	err := &fileError{"ca.pem", &fs.PathError{Op: "CreateFile", Path: "ca.pem", Err: windows}}
	if want := "ca.pem can't be read: The system cannot find the file specified"; err.Error() != want {
		t.Errorf("%q instead of %q", err, want)
	}
	if !errors.Is(err, windows) {
		t.Error("it doesn't wrap the system's error")
	}
}

// TestOtherLogin checks that an unused login for the configured server is mentioned. If no url is
// configured, an unused login for another server is mentioned too.
func TestOtherLogin(t *testing.T) {
	t.Parallel()
	const server, stations = "https://tofupilot.example.com", "https://station.example.com"
	const user, station = "credentials.json for " + server + ", ", "station.json for " + stations + ", "
	for what, c := range map[string]struct {
		key, url string // of the environment
		want     string // the file and its server; empty: no login is mentioned
	}{
		"a key, and no url":               {"tp_given", "", user},
		"a key, for the user's server":    {"tp_given", server, user},
		"a key, for the station's server": {"tp_given", stations, station},
		"a key, for another server":       {"tp_given", "https://other.example.com", ""},
		"a wrong key, and a wrong url":    {"Bearer tp_given", "other.example.com", ""},
		"the user's login":                {"", "", station},
		"the user's login, and its url":   {"", server, ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, _ := newHome(t, loginJSON(server))
			writeLogin(t, env, "station.json", loginJSON(stations))
			got, _ := resolve(t, Block{}, setVariable(setVariable(env, EnvAPIKey, c.key), EnvURL, c.url))
			if got := got.OtherLogin(); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
