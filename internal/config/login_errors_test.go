package config

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

func TestLoginErrors(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	withKey := func(key string) string { return `{"api_key": ` + key + `, "base_url": "` + server + `"}` }
	for name, c := range map[string]struct{ content, words string }{
		"empty":                     {"", "isn't valid JSON"},
		"cut off":                   {`{"api_key": "tp_stored`, "isn't valid JSON"},
		"not JSON":                  {"tp_stored", "isn't valid JSON"},
		"two objects":               {loginJSON(server) + loginJSON(server), "isn't valid JSON"},
		"a list":                    {"[" + loginJSON(server) + "]", "isn't valid JSON"},
		"a key that isn't a string": {withKey(`{"tp_stored": 1}`), "isn't valid JSON"},
		"null":                      {"null", "has no usable api_key: the key is empty"},
		"no key":                    {`{"base_url": "` + server + `"}`, "has no usable api_key: the key is empty"},
		"a null key":                {withKey(`null`), "has no usable api_key: the key is empty"},
		"an empty key":              {withKey(`""`), "has no usable api_key: the key is empty"},
		"a key with a line break":   {withKey(`"tp_stored\n"`), "has no usable api_key: character 10 of the key is U+000A, but a key has only visible ASCII characters"},
		"no server":                 {`{"api_key": "tp_stored"}`, "has no usable base_url: the URL must begin with https://"},
		"a server without a scheme": {loginJSON("tp_stored.elsewhere.test"), "has no usable base_url: the URL must begin with https://"},
		"a server with a password":  {loginJSON("https://me:tp_stored@elsewhere.test"), "has no usable base_url: the URL contains user info"},
		"a server with a bad port":  {loginJSON(server + ":tp_stored"), "has no usable base_url: this isn't a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, file := newHome(t, c.content)
			checkReadError(t, Block{}, env, "The login file can't be used",
				"The login file "+file+" "+c.words, ". Run `tofupilot login` again, or set TOFUPILOT_API_KEY instead, and TOFUPILOT_URL for a self-hosted server.")
			checkNoSecrets(t, Block{}, env, "tp_", "elsewhere") // an invalid URL may contain a key
			env, file = newStationHome(t, c.content)
			checkReadError(t, Block{}, env, "The login file can't be used",
				"The login file "+file+" "+c.words, ". Run `tofupilot login --token` again, or set TOFUPILOT_API_KEY instead, and TOFUPILOT_URL for a self-hosted server.")
		})
	}
}

// TestLoginOwnServer checks that neither the key nor the ca_cert of a login is used for another server
// than the login's.
func TestLoginOwnServer(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	for name, c := range map[string]struct{ stored, configured string }{
		"another host":                {server, "https://www.tofupilot.app"},
		"a host that begins the same": {server, server + ".test"},
		"a host below the host":       {server, "https://api.tofupilot.example.com"},
		"another port":                {server, server + ":8443"},
		"tofupilot.app, another port": {"https://www.tofupilot.app", "https://tofupilot.app:8443"},
		"plain http":                  {"https://localhost", "http://localhost"},
		"plain http, with a port":     {"https://localhost:443", "http://localhost:443"},
		"another name of localhost":   {"http://localhost:3000", "http://127.0.0.1:3000"},
	} {
		for _, configured := range []struct {
			block Block
			url   string // TOFUPILOT_URL
		}{
			{Block{URL: new(c.configured + "/api")}, ""},
			{Block{}, c.configured},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				env, file := newHome(t, loginJSON(c.stored, `"ca_cert": "/missing.pem"`))
				env[EnvURL] = configured.url
				checkReadError(t, configured.block, env, "No API key",
					"The login file "+file+" is for "+c.stored+", and its key is sent to no other server. The provider is configured for "+c.configured+".",
					"Set TOFUPILOT_API_KEY, run `tofupilot login` for that server, or unset url and TOFUPILOT_URL to use the login's server.")
				checkNoSecrets(t, configured.block, env, storedKey)
				if got, _ := resolve(t, configured.block, env); got.APIKey != "" || got.RootCAs != nil {
					t.Errorf("the login is used: %+v", got)
				}
			})
		}
	}
}

func TestLoginPlainHTTP(t *testing.T) {
	t.Parallel()
	env, file := newHome(t, loginJSON("http://tofupilot.example.com"))
	checkReadError(t, Block{}, env, "The login file can't be used",
		"The login file "+file+" is for http://tofupilot.example.com: ", "unencrypted", "allow_http to true")
	got, problems := resolve(t, Block{AllowHTTP: true}, env)
	if len(problems) > 0 || got.APIKey != storedKey || got.BaseURL.String() != "http://tofupilot.example.com/api" {
		t.Errorf("allow_http true: got %+v, %v", got, problems)
	}
}

func TestLoginBadCA(t *testing.T) {
	t.Parallel()
	garbage := writeFile(t, "garbage")
	for ca, words := range map[string]string{
		"/missing.pem":   "/missing.pem can't be read: " + harness.FileNotFoundMessage(t) + "; correct the path, or set the provider's ca_cert_pem instead.",
		garbage:          garbage + ": no certificate found",
		beginCertificate: "this must be the path of a file, but it is a certificate;",
	} {
		env, login := newHome(t, loginJSON("https://tofupilot.example.com", `"ca_cert": `+quoteJSON(ca)))
		checkReadError(t, Block{}, env, "The login file can't be used", "The ca_cert of the login file "+login+": "+words)
	}
}

// TestFileError checks that the period at the end of a Windows error is removed, because more text
// follows it.
func TestFileError(t *testing.T) {
	t.Parallel()
	windows := errors.New("The system cannot find the file specified.")
	err := &fileError{"ca.pem", &fs.PathError{Op: "CreateFile", Path: "ca.pem", Err: windows}}
	if want := "ca.pem can't be read: The system cannot find the file specified"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, windows) {
		t.Errorf("got %v, want an error that wraps %v", err, windows)
	}
}

// TestOtherLogin checks that OtherLogin mentions a login file whose key isn't used. If TOFUPILOT_URL is set,
// the login must be for that server.
func TestOtherLogin(t *testing.T) {
	t.Parallel()
	const server, stationServer = "https://tofupilot.example.com", "https://station.example.com"
	for name, c := range map[string]struct {
		key, url string // TOFUPILOT_API_KEY and TOFUPILOT_URL
		want     string // the file that is mentioned; empty: none
	}{
		"a key, and no url":                {"tp_given", "", "credentials.json"},
		"a key, for the user's server":     {"tp_given", server, "credentials.json"},
		"a key, for the station's server":  {"tp_given", stationServer, "station.json"},
		"a key, for another server":        {"tp_given", "https://other.example.com", ""},
		"an invalid key and url":           {"Bearer tp_given", "other.example.com", ""},
		"the user's login":                 {"", "", "station.json"},
		"the user's login, for its server": {"", server, ""},
	} {
		env, user := newHome(t, loginJSON(server))
		station := writeLogin(t, env, "station.json", loginJSON(stationServer))
		sentences := map[string]string{
			"":                 "",
			"credentials.json": "There is also the login file " + user + " for " + server + ", used only without a key.",
			"station.json":     "There is also the login file " + station + " for " + stationServer + ", used only without a key and credentials.json.",
		}
		env[EnvAPIKey], env[EnvURL] = c.key, c.url
		settings, _ := resolve(t, Block{}, env)
		if got := settings.OtherLogin(); got != sentences[c.want] {
			t.Errorf("%s: got %q, want %q", name, got, sentences[c.want])
		}
	}
}
