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

// homeWith makes a home directory with what `tofupilot login` would leave there,
// and says where that is.
func homeWith(t *testing.T, credentials string) (env environment, file string) {
	t.Helper()
	env = environment{"HOME": t.TempDir()}
	env["USERPROFILE"] = env["HOME"]
	return env, leave(t, env, "credentials.json", credentials)
}

// homeWithStation makes a home directory with a station's login and no user's.
func homeWithStation(t *testing.T, content string) (env environment, file string) {
	t.Helper()
	env, user := homeWith(t, "")
	if err := os.Remove(user); err != nil {
		t.Fatal(err)
	}
	return env, leave(t, env, "station.json", content)
}

// leave writes a login file of this name into a home directory.
func leave(t *testing.T, home environment, name, content string) (file string) {
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

// credentials are a login's to a server, with further members of the object.
func credentials(server string, members ...string) string {
	stored := []string{`"api_key": ` + quoted(storedKey), `"base_url": ` + quoted(server)}
	return "{" + strings.Join(append(stored, members...), ", ") + "}"
}

// quoted writes a text in JSON, a path of Windows too.
func quoted(text string) string {
	written, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(written)
}

func with(env environment, variable, value string) environment {
	env[variable] = value
	return env
}

func TestLogin(t *testing.T) {
	t.Parallel()
	const server, base = "https://tofupilot.example.com", "https://tofupilot.example.com/api"
	for what, c := range map[string]struct {
		content  string
		url, env string // configured, by the attribute and by the environment
		want     string
	}{
		"as tofupilot login writes it": {
			credentials(server, `"organization_slug": "acme"`, `"installation_id": null`, `"ca_cert": null`), "", "", base,
		},
		"of a station, by an older version of the CLI": {credentials(server, `"installation_id": "7c0e"`), "", "", base},
		"without what is optional":                     {credentials(server), "", "", base},
		"saved by an editor with a byte-order mark":    {byteOrderMark + credentials(server), "", "", base},
		"with unknown members":                         {credentials(server, `"version": 3, "scopes": ["a", {"b": null}]`, `"ca_cert": ""`), "", "", base},
		"address with /api":                            {credentials(server + "/api/"), "", "", base},
		"on this machine":                              {credentials("http://localhost:3000"), "", "", "http://localhost:3000/api"},
		"url, the same":                                {credentials(server), server, "", base},
		"url with /api":                                {credentials(server), server + "/api", "", base},
		"url in upper case":                            {credentials(server), "HTTPS://TofuPilot.EXAMPLE.com", "", base},
		"url with the usual port":                      {credentials(server), server + ":443/api/", "", "https://tofupilot.example.com:443/api"},
		"stored with the usual port":                   {credentials(server + ":443"), server, "", base},
		"url below a path":                             {credentials(server), server + "/below", "", "https://tofupilot.example.com/below/api"},
		"url, TofuPilot's by its other name":           {credentials("https://tofupilot.app"), "https://www.tofupilot.app", "", "https://www.tofupilot.app/api"},
		"stored, TofuPilot's by its other name":        {credentials("https://www.tofupilot.app"), "https://tofupilot.app", "", "https://www.tofupilot.app/api"},
		"TofuPilot's by its other name":                {credentials("https://tofupilot.app"), "", "", "https://www.tofupilot.app/api"},
		"environment, the same":                        {credentials(server), "", server, base},
		"url before another variable":                  {credentials(server), server, "https://elsewhere.example.com", base},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			model := Block{}
			if c.url != "" {
				model.URL = new(c.url)
			}
			for _, home := range []func(*testing.T, string) (environment, string){homeWith, homeWithStation} {
				env, file := home(t, c.content)
				env[EnvAPIKey], env[EnvURL] = "", c.env // empty is unset
				got, problems := resolve(t, model, env)
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
	storedFile, otherFile := write(t, stored), write(t, other)
	content := credentials("https://tofupilot.example.com", `"ca_cert": `+quoted(storedFile))
	for what, c := range map[string]struct {
		model Block
		file  string // what the environment variable names
		want  string
		from  string
	}{
		"of the login":       {Block{}, "", stored, storedFile + " (the ca_cert of the login file {login})"},
		"of the attribute":   {Block{CACertPEM: new(other)}, "", other, "the provider's ca_cert_pem"},
		"of the environment": {Block{}, otherFile, other, otherFile + " (TOFUPILOT_CA_CERT)"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, file := homeWith(t, content)
			got, problems := resolve(t, c.model, with(env, EnvCACert, c.file))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			expectTrust(t, got.RootCAs, c.want)
			if want := strings.ReplaceAll(c.from, "{login}", file); got.CAs.From != want {
				t.Errorf("it comes from %q, want %q", got.CAs.From, want)
			}
		})
	}
}

// TofuPilot's CLI does the same.
func TestStationLogin(t *testing.T) {
	t.Parallel()
	const server, other = "https://tofupilot.example.com", "https://other.example.com"
	for what, c := range map[string]struct {
		user, station, url string
		summary            string // of the error; none if it is empty
		hint               bool   // of the station's login
	}{
		"a user's beside it":                     {credentials(server), "broken", "", "", false},
		"a user's, broken":                       {"broken", credentials(server), server, "The login file can't be used", true},
		"a user's, broken, and no url":           {"broken", credentials(server), "", "The login file can't be used", true},
		"a user's, broken, for another url":      {"broken", credentials(server), other, "The login file can't be used", false},
		"a user's for another server":            {credentials(other), credentials(server), server, "No API key", true},
		"both for another server":                {credentials(other), credentials(other), server, "No API key", false},
		"a user's for another, the other broken": {credentials(other), "broken", server, "No API key", false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, user := homeWith(t, c.user)
			station := leave(t, env, "station.json", c.station)
			env[EnvURL] = c.url
			got, problems := resolve(t, Block{}, env)
			if c.summary == "" {
				if len(problems) > 0 || got.KeySource.String() != "the login file "+user {
					t.Errorf("got %+v, %v", got, problems)
				}
				return
			}
			if got.APIKey != "" {
				t.Error("there is a key all the same")
			}
			expectProblem(t, Block{}, env, "", c.summary, "The login file "+user)
			hint := "There is also the login file " + station + " for " + server + ", used only without a key and credentials.json."
			if told := problems[0].Detail; strings.Contains(told, hint) != c.hint || strings.Contains(told, "station.json") != c.hint {
				t.Errorf("the station's login is told of: %t, in: %s", !c.hint, told)
			}
		})
	}
}

func TestUnusedLoginCA(t *testing.T) {
	t.Parallel()
	const server = "https://tofupilot.example.com"
	withCA := func(server string) string { return credentials(server, `"ca_cert": "/ca.pem"`) }
	for what, c := range map[string]struct {
		user, station, key string
		told               string // the file, if any
	}{
		"the station's, beside a user's":        {credentials(server), withCA(server), "", "station.json"},
		"the user's, beside a key":              {withCA(server), "broken", "given", "credentials.json"},
		"the station's, beside a key":           {credentials(server), withCA(server), "given", "station.json"},
		"the station's, for another server":     {credentials(server), withCA(server + ":8443"), "", ""},
		"the station's, without one":            {credentials(server), credentials(server), "", ""},
		"none beside the user's, which is used": {credentials(server), "broken", "", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, _ := homeWith(t, c.user)
			leave(t, env, "station.json", c.station)
			env[EnvAPIKey], env[EnvURL] = c.key, server
			got, problems := resolve(t, Block{}, env)
			if len(problems) > 0 || got.RootCAs != nil {
				t.Fatalf("got %+v, %v", got, problems)
			}
			want := ""
			if c.told != "" {
				want = "The login file " + filepath.Join(env["HOME"], ".tofupilot", c.told) +
					" has a CA for this server, /ca.pem, used only with that file's key."
			}
			if told := got.OtherCA(); told != want {
				t.Errorf("got %q, want %q", told, want)
			}
		})
	}
}

// A key from the attribute or the environment wins, and the file isn't even read.
func TestLoginNotRead(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"broken", credentials("https://tofupilot.example.com", `"ca_cert": "/missing.pem"`)} {
		for _, c := range []struct {
			model Block
			key   string // in the environment
		}{
			{Block{APIKey: new("given")}, ""},
			{Block{}, "given"},
		} {
			env, file := homeWith(t, content)
			leave(t, env, "station.json", content)
			if err := os.Chmod(file, 0o644); err != nil {
				t.Fatal(err)
			}
			got, problems := resolve(t, c.model, with(env, EnvAPIKey, c.key))
			if len(problems) > 0 || got.APIKey != "given" || got.BaseURL.Host != "www.tofupilot.app" || got.RootCAs != nil {
				t.Errorf("got %+v, %v", got, problems)
			}
		}
	}
}

// The home directory is found as TofuPilot's CLI finds it.
func TestHome(t *testing.T) {
	mine, others := "HOME", "USERPROFILE"
	if runtime.GOOS == "windows" {
		mine, others = others, mine
	}
	login := credentials("https://tofupilot.example.com")
	env, _ := homeWith(t, login)
	withLogin := env["HOME"]
	without := t.TempDir()
	file := filepath.Join(t.TempDir(), "null")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(withLogin) // a login below the working directory may have come with the configuration
	const missing = "These login files don't exist:\n    "
	unknown := "set " + mine + ": no home directory is known, so\n    no login file was looked for."
	found := "the login file " + filepath.Join(withLogin, ".tofupilot", "credentials.json")
	for name, c := range map[string]struct { //nolint:paralleltest // The test has a working directory of its own.
		env    environment
		user   *user.User // of the user database; nil if it doesn't have the user
		source string     // of the key
		words  string     // of "No API key"
	}{
		"the variable":                  {environment{mine: withLogin}, nil, found, ""},
		"the variable before the user":  {environment{mine: without}, &user.User{HomeDir: withLogin}, "", missing + filepath.Join(without, ".tofupilot")},
		"the user":                      {environment{others: without}, &user.User{HomeDir: withLogin}, found, ""},
		"the user, without a login":     {environment{others: withLogin}, &user.User{HomeDir: without}, "", missing + filepath.Join(without, ".tofupilot")},
		"a home that doesn't exist":     {environment{}, &user.User{HomeDir: "/nonexistent"}, "", missing},
		"a home that isn't a directory": {environment{}, &user.User{HomeDir: file}, "", missing + filepath.Join(file, ".tofupilot")},
		"a relative home":               {environment{mine: "."}, nil, found, ""},
		"an unknown user":               {environment{others: withLogin}, nil, "", unknown},
		"a user without a home":         {environment{others: withLogin}, &user.User{}, "", unknown},
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
		env, file := homeWith(t, credentials("https://tofupilot.example.com"))
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
