package config

import (
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// environment maps the names of environment variables to their values.
type environment map[string]string

// getenv returns a function like os.Getenv. For a missing HOME or USERPROFILE, that function returns an
// empty temporary directory.
func (e environment) getenv(t *testing.T) func(string) string {
	t.Helper()
	home := t.TempDir()
	return func(name string) string {
		value, ok := e[name]
		if !ok && (name == "HOME" || name == "USERPROFILE") {
			return home
		}
		return value
	}
}

// resolve calls Resolve with no other home directory than the one in env.
func resolve(t *testing.T, block Block, env environment) (Settings, []Problem) {
	t.Helper()
	return Resolve(block, env.getenv(t), func() (*user.User, error) { return nil, user.UnknownUserIdError(1000) })
}

// checkArgumentError checks that there is one problem: an error about this argument of the provider
// block, whose detail contains the words, and that Configure reports it.
func checkArgumentError(t *testing.T, block Block, argument string, words ...string) {
	t.Helper()
	checkError(t, block, nil, argument, "Invalid "+argument, words)
}

// checkReadError checks that there is one problem: an error outside of the provider block, whose detail
// contains the words, and that each read reports it.
func checkReadError(t *testing.T, block Block, env environment, summary string, words ...string) {
	t.Helper()
	checkError(t, block, env, "", summary, words)
}

func checkError(t *testing.T, block Block, env environment, argument, summary string, words []string) {
	t.Helper()
	_, problems := resolve(t, block, env)
	if len(problems) != 1 || problems[0].Warning {
		t.Fatalf("got the problems %v, want one error", problems)
	}
	got := problems[0]
	if got.Summary != summary || got.Argument != argument {
		t.Errorf("got the summary %q and the argument %q, want %q and %q", got.Summary, got.Argument, summary, argument)
	}
	if want := argument != ""; got.InConfigure() != want {
		t.Errorf("reported by Configure: got %t, want %t", got.InConfigure(), want)
	}
	for _, word := range words {
		if !strings.Contains(got.Detail, word) {
			t.Errorf("got the detail %q, want one with %q", got.Detail, word)
		}
	}
	if n := countLines(got.Detail); n > 8 { // errors should stay short
		t.Errorf("Terraform prints the detail in %d lines, want at most 8: %s", n, got.Detail)
	}
}

// countLines returns the number of lines in which Terraform prints a text, with 78 characters in a line. A
// word counts as at most 42 characters, the length of /home/somebody/.tofupilot/credentials.json, because
// the tests' paths in temporary directories are longer than those of users.
func countLines(text string) int {
	const width, longest = 78, 42
	lines := 0
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines++
		column := 0
		for word := range strings.FieldsSeq(paragraph) {
			length := min(utf8.RuneCountInString(word), longest)
			if column > 0 && column+1+length > width {
				lines++
				column = 0
			} else if column > 0 {
				column++ // a space
			}
			column += length
		}
	}
	return lines
}

// checkNoSecrets checks that no problem contains any of the secrets.
func checkNoSecrets(t *testing.T, block Block, env environment, secrets ...string) {
	t.Helper()
	_, problems := resolve(t, block, env)
	for _, problem := range problems {
		for _, secret := range secrets {
			if strings.Contains(problem.Summary+problem.Detail, secret) {
				t.Errorf("the problem contains %q: %s", secret, problem.Detail)
			}
		}
	}
}

// TestKeyPrecedence checks that api_key is used before TOFUPILOT_API_KEY, even if the variable is
// invalid.
func TestKeyPrecedence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		argument *string
		variable string
		want     string
		source   string
	}{
		"variable":                      {nil, "variable", "variable", "the environment variable TOFUPILOT_API_KEY"},
		"argument and variable":         {new("argument"), "variable", "argument", "the provider's api_key"},
		"argument and invalid variable": {new("argument"), " broken ", "argument", "the provider's api_key"},
	} {
		got, problems := resolve(t, Block{APIKey: c.argument}, environment{EnvAPIKey: c.variable})
		if len(problems) > 0 || got.APIKey != c.want || got.KeySource.String() != c.source {
			t.Errorf("%s: got %s of %s, %v; want %s of %s", name, got.APIKey, got.KeySource, problems, c.want, c.source)
		}
	}
}

// TestURLPrecedence checks that url wins over TOFUPILOT_URL, even if the variable is invalid, and that the
// variable wins over the default.
func TestURLPrecedence(t *testing.T) {
	t.Parallel()
	const argument, variable = "https://argument.example.com", "https://variable.example.com"
	for name, c := range map[string]struct {
		argument *string
		variable string
		want     string
		source   string
	}{
		"default":                       {nil, "", "https://www.tofupilot.app/api", "the provider's default"},
		"variable":                      {nil, variable + "/api/", variable + "/api", "the environment variable TOFUPILOT_URL"},
		"argument and variable":         {new(argument), variable, argument + "/api", "the provider's url"},
		"argument and invalid variable": {new(argument), "\n", argument + "/api", "the provider's url"},
	} {
		got, problems := resolve(t, Block{URL: c.argument}, environment{EnvAPIKey: "key", EnvURL: c.variable})
		if len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		} else if got.BaseURL.String() != c.want || got.URLSource.String() != c.source {
			t.Errorf("%s: got %s of %s, want %s of %s", name, got.BaseURL, got.URLSource, c.want, c.source)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got, problems := resolve(t, Block{APIKey: new("key")}, environment{EnvCACert: ""}) // empty counts as not set
	if len(problems) > 0 || got.MaxRetries != 3 || got.RequestTimeout != 30*time.Second {
		t.Errorf("got %d retries and a timeout of %s, want 3 and 30s; %v", got.MaxRetries, got.RequestTimeout, problems)
	}
	if got.RootCAs != nil || got.ClientCertificate != nil {
		t.Errorf("got the CAs %v and the client certificate %v, want none", got.RootCAs, got.ClientCertificate)
	}
}

func TestMaxRetriesAndRequestTimeout(t *testing.T) {
	t.Parallel()
	got, problems := resolve(t, Block{APIKey: new("key"), MaxRetries: new(0), RequestTimeout: new("1m30s")}, nil)
	if len(problems) > 0 || got.MaxRetries != 0 || got.RequestTimeout != 90*time.Second {
		t.Errorf("got %d retries and a timeout of %s, want 0 and 1m30s; %v", got.MaxRetries, got.RequestTimeout, problems)
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, env := range []environment{{}, {EnvAPIKey: ""}} {
		env["HOME"], env["USERPROFILE"] = home, home
		checkReadError(t, Block{}, env, "No API key", `Reading from TofuPilot requires an API key. Do one of the following:
  - Create a key in TofuPilot's settings, and set TOFUPILOT_API_KEY to it.
  - Set the provider's api_key, in the block that the data source uses.
  - Run `+"`tofupilot login`"+`. These login files don't exist:
    `+filepath.Join(home, ".tofupilot", "credentials.json")+`
    `+filepath.Join(home, ".tofupilot", "station.json")+`
For a self-hosted server, also set TOFUPILOT_URL, unless you log in.`)
	}
}

// TestQuotedVariables checks that white space and quotes at an end of a variable's value are errors.
func TestQuotedVariables(t *testing.T) {
	t.Parallel()
	const space, quotes = "The value begins or ends with white space; remove it.", "The value has quotes around it; remove them."
	for added, words := range map[string]string{
		" ": space, "\n": space, "\t": space, "\r\n": space, "\u00a0": space,
		`"`: quotes, "'": quotes,
	} {
		for variable, valid := range map[string]string{
			EnvAPIKey: "tp_secret",
			EnvURL:    "https://tofupilot.example.com",
			EnvCACert: "/etc/ssl/tofupilot.pem",
		} {
			for _, value := range []string{added + valid, valid + added, added + valid + added, added} {
				env := environment{EnvAPIKey: "key"}
				env[variable] = value
				checkReadError(t, Block{}, env, "Invalid "+variable, words)
			}
		}
	}
}

func TestVariableErrors(t *testing.T) {
	t.Parallel()
	missing, err := filepath.Abs("missing.pem")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ variable, value, words string }{
		{EnvAPIKey, "bearer", "includes the word Bearer"},
		{EnvAPIKey, "Authorization: Bearer\u00a0tp_a", "includes the word Bearer"},
		{EnvAPIKey, "Bearer tp_a", "includes the word Bearer, which the provider adds; keep only what follows it."},
		{EnvAPIKey, "tp_\u200ba", "Character 4 of the key is U+200B, but a key has only visible ASCII characters; remove or correct it."},
		{EnvURL, "https://tofupilot.example.com\u201d", "Character 30 of the URL is U+201D '\u201d', and a URL has no quotes"},
		{EnvCACert, "-----BEGIN CERTIFICATE-----\nMIH", "This must be the path of a file, but it is a certificate; set the provider's ca_cert_pem to it instead."},
		{EnvCACert, "missing.pem", "The file " + missing + " can't be read: "}, // an absolute path, because a relative one depends on terraform's option -chdir
		{EnvURL, "https://user:hunter2@example.com", "user info"},
		{EnvURL, "http://example.com", "unencrypted"},
	} {
		env := environment{EnvAPIKey: "key"}
		env[c.variable] = c.value
		checkReadError(t, Block{}, env, "Invalid "+c.variable, c.words)
		checkNoSecrets(t, Block{}, env, "tp_", "hunter2")
	}
}

// TestAllProblemsAreReported checks that all problems are reported: those in the provider block by Configure,
// and the others by the reads.
func TestAllProblemsAreReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		block Block
		env   environment
		want  []string // who reports each problem, and its summary
	}{
		{
			Block{URL: new("http://example.com"), CACertPEM: new("garbage"), RequestTimeout: new("soon")}, environment{},
			[]string{"reads: No API key", "Configure: Invalid url", "Configure: Invalid ca_cert_pem", "Configure: Invalid request_timeout"},
		},
		{Block{CACertPEM: new("garbage")}, environment{EnvAPIKey: " "}, []string{"reads: Invalid TOFUPILOT_API_KEY", "Configure: Invalid ca_cert_pem"}},
		{Block{}, environment{EnvCACert: "/missing.pem"}, []string{"reads: No API key", "reads: Invalid TOFUPILOT_CA_CERT"}},
	} {
		_, problems := resolve(t, c.block, c.env)
		var got []string
		for _, problem := range problems {
			if problem.InConfigure() {
				got = append(got, "Configure: "+problem.Summary)
			} else {
				got = append(got, "reads: "+problem.Summary)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestPlainHTTP checks that an http URL of another machine is an error unless allow_http is true.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://localhost:3000", "http://[::1]:3000/api", "https://example.com"} {
		for _, allow := range []bool{false, true} {
			if _, problems := resolve(t, Block{APIKey: new("key"), URL: &url, AllowHTTP: allow}, nil); len(problems) > 0 {
				t.Errorf("%s, allow_http %t: %v", url, allow, problems)
			}
		}
	}
	for _, url := range []string{"http://example.com", "http://10.0.0.7", "HTTP://example.com"} {
		checkArgumentError(t, Block{APIKey: new("key"), URL: &url}, "url", "https://", "allow_http to true")
		if _, problems := resolve(t, Block{APIKey: new("key"), URL: &url, AllowHTTP: true}, nil); len(problems) > 0 {
			t.Errorf("%s, allow_http true: %v", url, problems)
		}
	}
}
