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

// newHome creates a home directory with a user's login file. It returns an environment with that
// directory, and the file.
func newHome(t *testing.T, credentials string) (env environment, file string) {
	t.Helper()
	env = environment{"HOME": t.TempDir()}
	env["USERPROFILE"] = env["HOME"]
	return env, writeLogin(t, env, "credentials.json", credentials)
}

// newStationHome is like newHome, for a station's login file.
func newStationHome(t *testing.T, content string) (env environment, file string) {
	t.Helper()
	env, user := newHome(t, "")
	if err := os.Remove(user); err != nil {
		t.Fatal(err)
	}
	return env, writeLogin(t, env, "station.json", content)
}

// writeLogin writes a login file with this name in a home directory.
func writeLogin(t *testing.T, home environment, name, content string) (file string) {
	t.Helper()
	file = filepath.Join(home["HOME"], ".tofupilot", name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// loginJSON returns the content of a login file for a server, with further members.
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

func setVariable(env environment, variable, value string) environment {
	env[variable] = value
	return env
}

func TestLogin(t *testing.T) {
	t.Parallel()
	const server, base = "https://tofupilot.example.com", "https://tofupilot.example.com/api"
	for what, c := range map[string]struct {
		content  string
		url, env string // the argument url and TOFUPILOT_URL
		want     string
	}{
		"as tofupilot login writes it": {
			loginJSON(server, `"organization_slug": "acme"`, `"installation_id": null`, `"ca_cert": null`), "", "", base,
		},
		"of a station, by an older version of the CLI": {loginJSON(server, `"installation_id": "7c0e"`), "", "", base},
		"with required members only":                   {loginJSON(server), "", "", base},
		"saved by an editor with a byte-order mark":    {byteOrderMark + loginJSON(server), "", "", base},
		"with unknown members":                         {loginJSON(server, `"version": 3, "scopes": ["a", {"b": null}]`, `"ca_cert": ""`), "", "", base},
		"address with /api":                            {loginJSON(server + "/api/"), "", "", base},
		"of a server on localhost":                     {loginJSON("http://localhost:3000"), "", "", "http://localhost:3000/api"},
		"the same url":                                 {loginJSON(server), server, "", base},
		"url with /api":                                {loginJSON(server), server + "/api", "", base},
		"url in upper case":                            {loginJSON(server), "HTTPS://TofuPilot.EXAMPLE.com", "", base},
		"url with the usual port":                      {loginJSON(server), server + ":443/api/", "", "https://tofupilot.example.com:443/api"},
		"stored with the usual port":                   {loginJSON(server + ":443"), server, "", base},
		"url below a path":                             {loginJSON(server), server + "/below", "", "https://tofupilot.example.com/below/api"},
		"url, the other name of www.tofupilot.app":     {loginJSON("https://tofupilot.app"), "https://www.tofupilot.app", "", "https://www.tofupilot.app/api"},
		"stored, the other name of tofupilot.app":      {loginJSON("https://www.tofupilot.app"), "https://tofupilot.app", "", "https://www.tofupilot.app/api"},
		"tofupilot.app, no url":                        {loginJSON("https://tofupilot.app"), "", "", "https://www.tofupilot.app/api"},
		"the same URL in the environment":              {loginJSON(server), "", server, base},
		"url, and another one in the environment":      {loginJSON(server), server, "https://elsewhere.example.com", base},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			block := Block{}
			if c.url != "" {
				block.URL = new(c.url)
			}
			for _, home := range []func(*testing.T, string) (environment, string){newHome, newStationHome} {
				env, file := home(t, c.content)
				env[EnvAPIKey], env[EnvURL] = "", c.env // empty is unset
				got, problems := resolve(t, block, env)
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				urlSource := "the login file " + file
				switch {
				case c.url != "":
					urlSource = "the provider's url"
				case c.env != "":
					urlSource = "the environment variable TOFUPILOT_URL"
				}
				if got.APIKey != storedKey || got.KeySource.String() != "the login file "+file || got.BaseURL.String() != c.want || got.URLSource.String() != urlSource || got.RootCAs != nil {
					t.Errorf("got %+v, want %s", got, c.want)
				}
			}
		})
	}
}

func TestLoginCA(t *testing.T) {
	t.Parallel()
	stored, _ := harness.NewCertificate(t, "stored")
	other, _ := harness.NewCertificate(t, "other")
	storedFile, otherFile := writeFile(t, stored), writeFile(t, other)
	content := loginJSON("https://tofupilot.example.com", `"ca_cert": `+quoteJSON(storedFile))
	for what, c := range map[string]struct {
		block Block
		file  string // TOFUPILOT_CA_CERT
		want  string
		from  string
	}{
		"from the login":       {Block{}, "", stored, storedFile + " (the ca_cert of the login file {login})"},
		"from the argument":    {Block{CACertPEM: new(other)}, "", other, "the provider's ca_cert_pem"},
		"from the environment": {Block{}, otherFile, other, otherFile + " (TOFUPILOT_CA_CERT)"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, file := newHome(t, content)
			got, problems := resolve(t, c.block, setVariable(env, EnvCACert, c.file))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			checkTrust(t, got.RootCAs, c.want)
			if want := strings.ReplaceAll(c.from, "{login}", file); got.CAs.From != want {
				t.Errorf("the source is %q, want %q", got.CAs.From, want)
			}
		})
	}
}

// TestStationLogin uses a station's login only if there is no user's, as TofuPilot's CLI does.
func TestStationLogin(t *testing.T) {
	t.Parallel()
	const server, other = "https://tofupilot.example.com", "https://other.example.com"
	for what, c := range map[string]struct {
		user, station, url string
		summary            string // of the error; empty: no error
		hint               bool   // whether the error mentions the station's login
	}{
		"a user's and a broken one":                     {loginJSON(server), "broken", "", "", false},
		"a broken user's":                               {"broken", loginJSON(server), server, "The login file can't be used", true},
		"a broken user's, no url":                       {"broken", loginJSON(server), "", "The login file can't be used", true},
		"a broken user's, another url":                  {"broken", loginJSON(server), other, "The login file can't be used", false},
		"a user's for another server":                   {loginJSON(other), loginJSON(server), server, "No API key", true},
		"both for another server":                       {loginJSON(other), loginJSON(other), server, "No API key", false},
		"a user's for another server, and a broken one": {loginJSON(other), "broken", server, "No API key", false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, user := newHome(t, c.user)
			station := writeLogin(t, env, "station.json", c.station)
			env[EnvURL] = c.url
			got, problems := resolve(t, Block{}, env)
			if c.summary == "" {
				if len(problems) > 0 || got.KeySource.String() != "the login file "+user {
					t.Errorf("got %+v, %v", got, problems)
				}
				return
			}
			if got.APIKey != "" {
				t.Error("a key is used")
			}
			checkReadError(t, Block{}, env, c.summary, "The login file "+user)
			hint := "There is also the login file " + station + " for " + server + ", used only without a key and credentials.json."
			if detail := problems[0].Detail; strings.Contains(detail, hint) != c.hint || strings.Contains(detail, "station.json") != c.hint {
				t.Errorf("the detail mentions the station's login: %t, want %t: %s", !c.hint, c.hint, detail)
			}
		})
	}
}

func TestUnusedLoginCA(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	withCA := func(server string) string { return loginJSON(server, `"ca_cert": "/ca.pem"`) }
	for what, c := range map[string]struct {
		user, station, key string
		file               string // whose CA is mentioned; empty: none
	}{
		"the station's, with a user's login":      {loginJSON(server), withCA(server), "", "station.json"},
		"the user's, with a key":                  {withCA(server), "broken", "given", "credentials.json"},
		"the station's, with a key":               {loginJSON(server), withCA(server), "given", "station.json"},
		"the station's, for another server":       {loginJSON(server), withCA(server + ":8443"), "", ""},
		"no CA in either file":                    {loginJSON(server), loginJSON(server), "", ""},
		"no CA in the user's, a broken station's": {loginJSON(server), "broken", "", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, _ := newHome(t, c.user)
			writeLogin(t, env, "station.json", c.station)
			env[EnvAPIKey], env[EnvURL] = c.key, server
			got, problems := resolve(t, Block{}, env)
			if len(problems) > 0 || got.RootCAs != nil {
				t.Fatalf("got %+v, %v", got, problems)
			}
			want := ""
			if c.file != "" {
				want = "The login file " + filepath.Join(env["HOME"], ".tofupilot", c.file) +
					" has a CA for this server, /ca.pem, used only with that file's key."
			}
			if got := got.OtherCA(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestUnusedLoginIsNotRead checks that a broken login file causes no problem if the provider block
// or the environment sets the key.
func TestUnusedLoginIsNotRead(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"broken", loginJSON("https://tofupilot.example.com", `"ca_cert": "/missing.pem"`)} {
		for _, c := range []struct {
			block Block
			key   string // in the environment
		}{
			{Block{APIKey: new("given")}, ""},
			{Block{}, "given"},
		} {
			env, file := newHome(t, content)
			writeLogin(t, env, "station.json", content)
			if err := os.Chmod(file, 0o644); err != nil { // a used login would get a warning
				t.Fatal(err)
			}
			got, problems := resolve(t, c.block, setVariable(env, EnvAPIKey, c.key))
			if len(problems) > 0 || got.APIKey != "given" || got.BaseURL.Host != "www.tofupilot.app" || got.RootCAs != nil {
				t.Errorf("got %+v, %v", got, problems)
			}
		}
	}
}

// TestHome finds the home directory as TofuPilot's CLI does.
func TestHome(t *testing.T) {
	variable, unused := "HOME", "USERPROFILE"
	if runtime.GOOS == "windows" {
		variable, unused = unused, variable
	}
	login := loginJSON("https://tofupilot.example.com")
	env, _ := newHome(t, login)
	withLogin := env["HOME"]
	without := t.TempDir()
	file := filepath.Join(t.TempDir(), "null")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(withLogin) // a login file in the working directory isn't used
	const missing = "These login files don't exist:\n    "
	unknown := "set " + variable + ": no home directory is known, so\n    no login file was looked for."
	found := "the login file " + filepath.Join(withLogin, ".tofupilot", "credentials.json")
	for name, c := range map[string]struct { //nolint:paralleltest // The test has a working directory of its own.
		env    environment
		user   *user.User // of the user database; nil if it doesn't have the user
		source string     // of the key; empty: the error "No API key"
		words  string     // of the error
	}{
		"the variable":                  {environment{variable: withLogin}, nil, found, ""},
		"the variable before the user":  {environment{variable: without}, &user.User{HomeDir: withLogin}, "", missing + filepath.Join(without, ".tofupilot")},
		"the user":                      {environment{unused: without}, &user.User{HomeDir: withLogin}, found, ""},
		"the user, without a login":     {environment{unused: withLogin}, &user.User{HomeDir: without}, "", missing + filepath.Join(without, ".tofupilot")},
		"a home that doesn't exist":     {environment{}, &user.User{HomeDir: "/nonexistent"}, "", missing},
		"a home that isn't a directory": {environment{}, &user.User{HomeDir: file}, "", missing + filepath.Join(file, ".tofupilot")},
		"a relative home":               {environment{variable: "."}, nil, found, ""},
		"an unknown user":               {environment{unused: withLogin}, nil, "", unknown},
		"a user without a home":         {environment{unused: withLogin}, &user.User{}, "", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := Resolve(Block{}, func(name string) string { return c.env[name] }, func() (*user.User, error) {
				if c.user == nil {
					return nil, user.UnknownUserIdError(1000)
				}
				return c.user, nil
			})
			if c.source != "" {
				if len(problems) > 0 || got.KeySource.String() != c.source {
					t.Errorf("got a key of %s, %v", got.KeySource, problems)
				}
				return
			}
			if len(problems) != 1 || problems[0].Summary != "No API key" || !strings.Contains(problems[0].Detail, c.words) {
				t.Errorf("got %v, want %q", problems, c.words)
			}
		})
	}
}

func TestLoginReadableByOthers(t *testing.T) {
	t.Parallel()
	for mode, warned := range map[os.FileMode]bool{
		0o600: false, 0o400: false, 0o440: false, 0o640: false, 0o660: false, 0o611: false,
		0o604: true, 0o644: true, 0o444: true, 0o666: true,
	} {
		env, file := newHome(t, loginJSON("https://tofupilot.example.com"))
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		got, problems := resolve(t, Block{}, env)
		var want []Problem
		if warned && runtime.GOOS != "windows" {
			want = []Problem{{
				Warning: true, Summary: "Login file readable by others",
				Detail: file + ` holds an API key, and other users of this machine can read it. Run: chmod 600 "` + file + `"`,
			}}
		}
		if !slices.Equal(problems, want) || got.APIKey != storedKey {
			t.Errorf("%s: got %q, %v; want %v", mode, got.APIKey, problems, want)
		}
	}
}
