package provider

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

const storedKey = "tp_stored"

// homeWith makes a home directory with what `tofupilot login` would leave there,
// and says where that is.
func homeWith(t *testing.T, credentials string) (env environment, file string) {
	t.Helper()
	home := t.TempDir()
	file = filepath.Join(home, ".tofupilot", "credentials.json")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(credentials), 0o600); err != nil {
		t.Fatal(err)
	}
	return environment{"HOME": home, "USERPROFILE": home}, file
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

func TestLoginIsUsedWithItsServerWhereNoKeyIsGivenOtherwise(t *testing.T) {
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
		"without what is optional":                  {credentials(server), "", "", base},
		"saved by an editor with a byte-order mark": {byteOrderMark + credentials(server), "", "", base},
		"with unknown members":                      {credentials(server, `"version": 3, "scopes": ["a", {"b": null}]`, `"ca_cert": ""`), "", "", base},
		"address with /api":                         {credentials(server + "/api/"), "", "", base},
		"on this machine":                           {credentials("http://localhost:3000"), "", "", "http://localhost:3000/api"},
		"url, the same":                             {credentials(server), server, "", base},
		"url with /api":                             {credentials(server), server + "/api", "", base},
		"url in upper case":                         {credentials(server), "HTTPS://TofuPilot.EXAMPLE.com", "", base},
		"url with the usual port":                   {credentials(server), server + ":443/api/", "", "https://tofupilot.example.com:443/api"},
		"stored with the usual port":                {credentials(server + ":443"), server, "", base},
		"url below a path":                          {credentials(server), server + "/below", "", "https://tofupilot.example.com/below/api"},
		"environment, the same":                     {credentials(server), "", server, base},
		"url before another variable":               {credentials(server), server, "https://elsewhere.example.com", base},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, file := homeWith(t, c.content)
			model := providerModel{}
			if c.url != "" {
				model.URL = types.StringValue(c.url)
			}
			env[envAPIKey], env[envURL] = "", c.env // empty is unset
			got, diags := resolve(t, model, env)
			if len(diags) > 0 || len(got.problems) > 0 {
				t.Fatal(diags, got.problems)
			}
			if got.apiKey != storedKey || got.apiKeySource != "the login file "+file || got.baseURL.String() != c.want || got.rootCAs != nil {
				t.Errorf("got %+v, want %s", got, c.want)
			}
		})
	}
}

func TestCertificatesOfTheLoginAreAddedUnlessOthersAreConfigured(t *testing.T) {
	t.Parallel()
	stored, _ := harness.NewCertificate(t, "stored")
	other, _ := harness.NewCertificate(t, "other")
	content := credentials("https://tofupilot.example.com", `"ca_cert": `+quoted(write(t, stored)))
	for what, c := range map[string]struct {
		model providerModel
		file  string // what the environment variable names
		want  string
	}{
		"of the login":       {providerModel{}, "", stored},
		"of the attribute":   {providerModel{CACertPEM: types.StringValue(other)}, "", other},
		"of the environment": {providerModel{}, write(t, other), other},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			env, _ := homeWith(t, content)
			got, diags := resolve(t, c.model, with(env, envCACert, c.file))
			if len(diags) > 0 || len(got.problems) > 0 {
				t.Fatal(diags, got.problems)
			}
			expectTrust(t, got.rootCAs, c.want)
		})
	}
}

// A key from the attribute or the environment wins, and the file isn't even read.
func TestLoginIsNotReadWhereAKeyIsGiven(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"broken", credentials("https://tofupilot.example.com", `"ca_cert": "/missing.pem"`)} {
		for _, c := range []struct {
			model providerModel
			key   string // in the environment
		}{
			{providerModel{APIKey: types.StringValue("given")}, ""},
			{providerModel{}, "given"},
		} {
			env, file := homeWith(t, content)
			if err := os.Chmod(file, 0o644); err != nil {
				t.Fatal(err)
			}
			got, diags := resolve(t, c.model, with(env, envAPIKey, c.key))
			if len(diags) > 0 || len(got.problems) > 0 || got.apiKey != "given" || got.baseURL.Host != "www.tofupilot.app" || got.rootCAs != nil {
				t.Errorf("got %+v, %v", got, diags)
			}
		}
	}
}

func TestHomeIsWhereTheSystemHasIt(t *testing.T) {
	t.Parallel()
	mine, other := "HOME", "USERPROFILE"
	if runtime.GOOS == "windows" {
		mine, other = other, mine
	}
	env, file := homeWith(t, credentials("https://tofupilot.example.com"))
	if got, diags := resolve(t, providerModel{}, environment{mine: env[mine], other: ""}); got.apiKeySource != "the login file "+file {
		t.Errorf("got %+v, %v", got, diags)
	}
	expectResolveError(t, providerModel{}, environment{mine: t.TempDir(), other: env[other]}, "", "No API key", "requires an API key")
}

// Without a home there is no login. A file below the working directory isn't
// the user's: it may have come with the configuration.
func TestWithoutAHomeNoFileOfTheWorkingDirectoryIsTaken(t *testing.T) {
	env, _ := homeWith(t, credentials("https://tofupilot.example.com"))
	t.Chdir(env["HOME"])
	expectResolveError(t, providerModel{}, environment{"HOME": "", "USERPROFILE": ""}, "", "No API key", "requires an API key")
}

func TestLoginReadableByOthersIsUsedWithAWarning(t *testing.T) {
	t.Parallel()
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true} {
		env, file := homeWith(t, credentials("https://tofupilot.example.com"))
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		got, diags := resolve(t, providerModel{}, env)
		var want diag.Diagnostics
		if warned && runtime.GOOS != "windows" {
			want.AddWarning("Login file readable by others",
				file+` holds an API key, and other users of this machine can read it. Run: chmod 600 "`+file+`"`)
		}
		if !diags.Equal(want) || got.apiKey != storedKey {
			t.Errorf("%s: got %q, %v; want %v", mode, got.apiKey, diags, want)
		}
	}
}
