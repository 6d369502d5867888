package config

import (
	"encoding/json"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

const storedKey = "tp_stored"

// newHome returns an environment with a new home directory, in which a user's login file has this content.
// It also returns the path of the file.
func newHome(t *testing.T, content string) (env environment, file string) {
	t.Helper()
	env = newEmptyHome(t)
	return env, writeLogin(t, env, "credentials.json", content)
}

// newStationHome is like newHome, for a station's login file.
func newStationHome(t *testing.T, content string) (env environment, file string) {
	t.Helper()
	env = newEmptyHome(t)
	return env, writeLogin(t, env, "station.json", content)
}

func newEmptyHome(t *testing.T) environment {
	t.Helper()
	home := t.TempDir()
	return environment{"HOME": home, "USERPROFILE": home}
}

// writeLogin writes a login file with this name to the home directory.
func writeLogin(t *testing.T, env environment, name, content string) (file string) {
	t.Helper()
	file = filepath.Join(env["HOME"], ".tofupilot", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// loginJSON returns the content of a login file for a server, with these members beside the required ones.
func loginJSON(server string, members ...string) string {
	required := []string{`"api_key": ` + quoteJSON(storedKey), `"base_url": ` + quoteJSON(server)}
	return "{" + strings.Join(append(required, members...), ", ") + "}"
}

// quoteJSON returns the text as a JSON string. It escapes the backslashes of a Windows path.
func quoteJSON(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

// TestLogin tests each content as the login file of a user and of a station.
func TestLogin(t *testing.T) {
	t.Parallel()
	const server, base = "https://tofupilot.example.com", "https://tofupilot.example.com/api"
	for name, c := range map[string]struct{ content, base string }{
		"of a user": {loginJSON(server, `"organization_slug": "acme"`, `"installation_id": null`, `"ca_cert": null`), base},
		"of a station, by an older version of the CLI": {loginJSON(server, `"installation_id": "7c0e"`), base},
		"with required members only":                   {loginJSON(server), base},
		"saved by an editor with a byte-order mark":    {byteOrderMark + loginJSON(server), base},
		"with unknown members":                         {loginJSON(server, `"version": 3, "scopes": ["a", {"b": null}]`, `"ca_cert": ""`), base},
		"of a server on localhost":                     {loginJSON("http://localhost:3000"), "http://localhost:3000/api"},
	} {
		for _, create := range []func(*testing.T, string) (environment, string){newHome, newStationHome} {
			env, file := create(t, c.content)
			got, problems := resolve(t, Block{}, env)
			if len(problems) > 0 {
				t.Errorf("%s: %v", name, problems)
				continue
			}
			if got.APIKey != storedKey || got.BaseURL.String() != c.base || got.RootCAs != nil {
				t.Errorf("%s: got %+v, want the base %s", name, got, c.base)
			}
			if source := (Source{Login: file}); got.KeySource != source || got.URLSource != source {
				t.Errorf("%s: got a key of %s and a URL of %s, want %s", name, got.KeySource, got.URLSource, source)
			}
		}
	}
}

// TestLoginSameServer checks that a login's key is used if url or TOFUPILOT_URL is the login's server,
// even if its address is written in another way.
func TestLoginSameServer(t *testing.T) {
	t.Parallel()
	const server, base = "https://tofupilot.example.com", "https://tofupilot.example.com/api"
	for name, c := range map[string]struct{ stored, configured, base string }{
		"the same":            {server, server, base},
		"with the usual port": {server, server + ":443/api/", "https://tofupilot.example.com:443/api"},
		"below a path":        {server, server + "/below", "https://tofupilot.example.com/below/api"},
		"www.tofupilot.app":   {"https://tofupilot.app", "https://www.tofupilot.app", "https://www.tofupilot.app/api"},
		"tofupilot.app":       {"https://www.tofupilot.app", "https://tofupilot.app", "https://www.tofupilot.app/api"},
	} {
		env, _ := newHome(t, loginJSON(c.stored))
		withArgument, problems := resolve(t, Block{URL: new(c.configured)}, env)
		env[EnvURL] = c.configured
		withVariable, moreProblems := resolve(t, Block{}, env)
		if problems = append(problems, moreProblems...); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
			continue
		}
		for _, got := range []Settings{withArgument, withVariable} {
			if got.APIKey != storedKey || got.BaseURL.String() != c.base || got.URLSource.Login != "" {
				t.Errorf("%s: got %+v, want the base %s", name, got, c.base)
			}
		}
	}
}

// TestLoginCA checks that ca_cert_pem and TOFUPILOT_CA_CERT are used instead of the ca_cert of a login. An
// invalid TOFUPILOT_CA_CERT is an error even if the login has a ca_cert.
func TestLoginCA(t *testing.T) {
	t.Parallel()
	stored, _ := harness.NewCertificate(t, "stored")
	other, _ := harness.NewCertificate(t, "other")
	storedFile, otherFile := writeFile(t, stored), writeFile(t, other)
	env, login := newHome(t, loginJSON("https://tofupilot.example.com", `"ca_cert": `+quoteJSON(storedFile)))
	for _, c := range []struct {
		block    Block
		variable string
		want     string
		from     string // the source of the CA, as errors call it
	}{
		{Block{}, "", stored, storedFile + " (the ca_cert of the login file " + login + ")"},
		{Block{CACertPEM: new(other)}, "", other, "the provider's ca_cert_pem"},
		{Block{}, otherFile, other, otherFile + " (TOFUPILOT_CA_CERT)"},
	} {
		env[EnvCACert] = c.variable
		got, problems := resolve(t, c.block, env)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		checkTrust(t, got.RootCAs, c.want)
		if got.CAs.From != c.from {
			t.Errorf("got the source %q, want %q", got.CAs.From, c.from)
		}
	}
	env[EnvCACert] = `"ca.pem"`
	checkReadError(t, Block{}, env, "Invalid TOFUPILOT_CA_CERT", "The value has quotes around it; remove them.")
}

// TestUserLoginBeforeStationLogin checks that the station's login file isn't used if there is a user's login
// file, even if the user's can't be used. The error then mentions the station's file.
func TestUserLoginBeforeStationLogin(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	for name, c := range map[string]struct {
		user    string // content of the user's login file
		summary string // of the error
	}{
		"broken":             {"broken", "The login file can't be used"},
		"for another server": {loginJSON("https://other.example.com"), "No API key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, user := newHome(t, c.user)
			station := writeLogin(t, env, "station.json", loginJSON(server))
			env[EnvURL] = server
			checkReadError(t, Block{}, env, c.summary, "The login file "+user,
				"There is also the login file "+station+" for "+server+", used only without a key and credentials.json.")
			if got, _ := resolve(t, Block{}, env); got.APIKey != "" {
				t.Error("a key is used")
			}
		})
	}
}

// TestOtherCA checks that OtherCA mentions a login file whose key isn't used, but which has a CA for the
// configured server.
func TestOtherCA(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	loginWithCA := func(server string) string { return loginJSON(server, `"ca_cert": "/ca.pem"`) }
	for name, c := range map[string]struct {
		user, station string // content of the login files
		key           string // TOFUPILOT_API_KEY
		want          string // the file that is mentioned; empty: none
	}{
		"station CA, with a user login": {loginJSON(server), loginWithCA(server), "", "station.json"},
		"user CA, with a key":           {loginWithCA(server), "broken", "given", "credentials.json"},
		"station CA, with a key":        {loginJSON(server), loginWithCA(server), "given", "station.json"},
		"station CA for another server": {loginJSON(server), loginWithCA(server + ":8443"), "", ""},
		"no CA in the station login":    {loginJSON(server), loginJSON(server), "", ""},
		"broken station login":          {loginJSON(server), "broken", "", ""},
	} {
		env, _ := newHome(t, c.user)
		writeLogin(t, env, "station.json", c.station)
		env[EnvAPIKey], env[EnvURL] = c.key, server
		settings, problems := resolve(t, Block{}, env)
		if len(problems) > 0 || settings.RootCAs != nil {
			t.Errorf("%s: got %+v, %v", name, settings, problems)
		}
		want := ""
		if c.want != "" {
			want = "The login file " + filepath.Join(env["HOME"], ".tofupilot", c.want) +
				" has a CA for this server, /ca.pem, used only with that file's key."
		}
		if got := settings.OtherCA(); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestUnusedLogin checks that login files that aren't used cause no problem, even if they are broken or
// readable by others.
func TestUnusedLogin(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"broken", loginJSON("https://tofupilot.example.com", `"ca_cert": "/missing.pem"`)} {
		for _, c := range []struct {
			block Block
			key   string // TOFUPILOT_API_KEY
		}{
			{Block{APIKey: new("given")}, ""},
			{Block{}, "given"},
		} {
			env, user := newHome(t, content)
			writeLogin(t, env, "station.json", content)
			if err := os.Chmod(user, 0o644); err != nil {
				t.Fatal(err)
			}
			env[EnvAPIKey] = c.key
			got, problems := resolve(t, c.block, env)
			if len(problems) > 0 || got.APIKey != "given" || got.BaseURL.Host != "www.tofupilot.app" || got.RootCAs != nil {
				t.Errorf("got %+v, %v", got, problems)
			}
		}
	}
	env, user := newHome(t, loginJSON("https://tofupilot.example.com"))
	writeLogin(t, env, "station.json", "broken")
	if got, problems := resolve(t, Block{}, env); len(problems) > 0 || got.KeySource.Login != user {
		t.Errorf("broken station login: got a key of %s, %v, want one of %s", got.KeySource, problems, user)
	}
}

// TestHome checks that login files are looked for in the home directory that the environment names, or
// else in the one that the user database has, as TofuPilot's CLI does.
func TestHome(t *testing.T) {
	variable, otherVariable := "HOME", "USERPROFILE"
	if runtime.GOOS == "windows" {
		variable, otherVariable = "USERPROFILE", "HOME"
	}
	env, login := newHome(t, loginJSON("https://tofupilot.example.com"))
	withLogin, empty := env["HOME"], t.TempDir()
	file := filepath.Join(empty, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(withLogin) // a login file in the working directory isn't used, except with the home directory "."
	missing := func(home string) string {
		return "These login files don't exist:\n    " + filepath.Join(home, ".tofupilot", "credentials.json")
	}
	unknown := "set " + variable + ": no home directory is known, so\n    no login file was looked for."
	for name, c := range map[string]struct { //nolint:paralleltest // The test has a working directory of its own.
		env  environment
		user *user.User // in the user database; nil: it doesn't have the user
		err  string     // part of the error; empty: the login is used
	}{
		"the variable":                                   {environment{variable: withLogin}, nil, ""},
		"the variable, with a relative path":             {environment{variable: "."}, nil, ""},
		"the variable, though the database has another":  {environment{variable: empty}, &user.User{HomeDir: withLogin}, missing(empty)},
		"the database":                                   {environment{otherVariable: empty}, &user.User{HomeDir: withLogin}, ""},
		"the database, with a directory without a login": {environment{otherVariable: withLogin}, &user.User{HomeDir: empty}, missing(empty)},
		"the database, with a missing directory":         {environment{}, &user.User{HomeDir: filepath.Join(empty, "none")}, missing(filepath.Join(empty, "none"))},
		"the database, with a file":                      {environment{}, &user.User{HomeDir: file}, missing(file)},
		"a database without the user":                    {environment{otherVariable: withLogin}, nil, unknown},
		"a database without a home directory":            {environment{otherVariable: withLogin}, &user.User{}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := Resolve(Block{}, func(name string) string { return c.env[name] }, func() (*user.User, error) {
				if c.user == nil {
					return nil, user.UnknownUserIdError(1000)
				}
				return c.user, nil
			})
			if c.err == "" {
				if len(problems) > 0 || got.KeySource.Login != login {
					t.Errorf("got a key of %s, %v", got.KeySource, problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Summary != "No API key" || !strings.Contains(problems[0].Detail, c.err) {
				t.Errorf("got the problems %v, want one error with %q", problems, c.err)
			}
		})
	}
}

func TestLoginReadableByOthers(t *testing.T) {
	t.Parallel()
	for mode, readable := range map[os.FileMode]bool{
		0o600: false, 0o400: false, 0o440: false, 0o640: false, 0o660: false, 0o611: false,
		0o604: true, 0o644: true, 0o444: true, 0o666: true,
	} {
		env, file := newHome(t, loginJSON("https://tofupilot.example.com"))
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var want []Problem
		if readable && runtime.GOOS != "windows" {
			want = []Problem{{
				Warning: true, Summary: "Login file readable by others",
				Detail: file + ` holds an API key, and other users of this machine can read it. Run: chmod 600 "` + file + `"`,
			}}
		}
		settings, problems := resolve(t, Block{}, env)
		if settings.APIKey != storedKey || !slices.Equal(problems, want) {
			t.Errorf("%s: got the key %q and %v, want the key %q and %v", mode, settings.APIKey, problems, storedKey, want)
		}
	}
}
