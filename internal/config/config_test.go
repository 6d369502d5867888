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

// environment has the variables of a process.
type environment map[string]string

// getenv returns a function like os.Getenv. If the environment has no home directory, the function
// returns the path of a new, empty directory.
func (e environment) getenv(t *testing.T) func(string) string {
	t.Helper()
	home := t.TempDir()
	return func(name string) string {
		if value, ok := e[name]; ok || name != "HOME" && name != "USERPROFILE" {
			return value
		}
		return home
	}
}

// resolve resolves a configuration for a user that isn't in the user database.
func resolve(t *testing.T, block Block, env environment) (Settings, []Problem) {
	t.Helper()
	return Resolve(block, env.getenv(t), func() (*user.User, error) { return nil, user.UnknownUserIdError(1000) })
}

// checkProblem checks that there is one error, with these words and at most eight lines. A problem
// with an argument must be reported by Configure, one without by each read.
func checkProblem(t *testing.T, block Block, env environment, argument, summary string, words ...string) {
	t.Helper()
	_, problems := resolve(t, block, env)
	if len(problems) != 1 || problems[0].Warning {
		t.Fatalf("problems: %v", problems)
	}
	got := problems[0]
	if got.Argument != argument || got.InConfigure() != (argument != "") {
		t.Errorf("the argument isn't %q: %+v", argument, got)
	}
	if got.Summary != summary {
		t.Errorf("summary %q instead of %q", got.Summary, summary)
	}
	for _, word := range words {
		if !strings.Contains(got.Detail, word) {
			t.Errorf("the detail doesn't say %q: %s", word, got.Detail)
		}
	}
	if n := countLines(got.Detail); n > 8 {
		t.Errorf("Terraform prints it in %d lines: %s", n, got.Detail)
	}
}

// countLines returns the number of lines in which Terraform prints a text, with 78 characters in
// a line. A longer path counts like /home/somebody/.tofupilot/credentials.json.
func countLines(text string) int {
	const width, longest = 78, 42
	lines := 0
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines++
		column := 0
		for word := range strings.FieldsSeq(paragraph) {
			length := min(utf8.RuneCountInString(word), longest)
			if column > 0 && column+1+length > width {
				lines, column = lines+1, 0
			} else if column > 0 {
				column++
			}
			column += length
		}
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
	const fromArgument, fromVariable = "from-argument", "from-environment"
	fromEnv := environment{EnvAPIKey: fromVariable}
	for name, c := range map[string]struct {
		block Block
		env   environment
		want  result
	}{
		"defaults": {
			Block{}, fromEnv,
			result{fromVariable, "the environment variable TOFUPILOT_API_KEY", "https://www.tofupilot.app/api", "the provider's default", 3, 30 * time.Second},
		},
		"environment": {
			Block{}, environment{EnvAPIKey: fromVariable, EnvURL: "https://env.example.com/api/"},
			result{fromVariable, "the environment variable TOFUPILOT_API_KEY", "https://env.example.com/api", "the environment variable TOFUPILOT_URL", 3, 30 * time.Second},
		},
		"arguments": {
			Block{APIKey: new(fromArgument), URL: new("https://attribute.example.com"), MaxRetries: new(0), RequestTimeout: new("1m30s")},
			environment{EnvAPIKey: fromVariable, EnvURL: "https://env.example.com"},
			result{fromArgument, "the provider's api_key", "https://attribute.example.com/api", "the provider's url", 0, 90 * time.Second},
		},
		"arguments, and an invalid environment": {
			Block{APIKey: new(fromArgument), URL: new("https://attribute.example.com")},
			environment{EnvAPIKey: " broken ", EnvURL: "\n"},
			result{fromArgument, "the provider's api_key", "https://attribute.example.com/api", "the provider's url", 3, 30 * time.Second},
		},
		"the key of the environment, the argument url": {
			Block{URL: new("https://attribute.example.com"), MaxRetries: new(10)}, fromEnv,
			result{fromVariable, "the environment variable TOFUPILOT_API_KEY", "https://attribute.example.com/api", "the provider's url", 10, 30 * time.Second},
		},
		"empty variables": {
			Block{APIKey: new(fromArgument)}, environment{EnvAPIKey: "", EnvURL: "", EnvCACert: ""},
			result{fromArgument, "the provider's api_key", "https://www.tofupilot.app/api", "the provider's default", 3, 30 * time.Second},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := resolve(t, c.block, c.env)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if got := (result{got.APIKey, got.KeySource.String(), got.BaseURL.String(), got.URLSource.String(), got.MaxRetries, got.RequestTimeout}); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if got.RootCAs != nil {
				t.Error("there are root certificates, though none are configured")
			}
		})
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, env := range []environment{{}, {EnvAPIKey: ""}} {
		env["HOME"], env["USERPROFILE"] = home, home
		checkProblem(t, Block{}, env, "", "No API key", `Reading from TofuPilot requires an API key. Do one of the following:
  - Create a key in TofuPilot's settings, and set TOFUPILOT_API_KEY to it.
  - Set the provider's api_key, in the block that the data source uses.
  - Run `+"`tofupilot login`"+`. These login files don't exist:
    `+filepath.Join(home, ".tofupilot", "credentials.json")+`
    `+filepath.Join(home, ".tofupilot", "station.json")+`
For a self-hosted server, also set TOFUPILOT_URL, unless you log in.`)
	}
}

func TestQuotedVariables(t *testing.T) {
	t.Parallel()
	const space, quotes = "The value begins or ends with white space; remove it.", "The value has quotes around it; remove them."
	for around, words := range map[string]string{
		" ": space, "\n": space, "\t": space, "\r\n": space, "\u00a0": space,
		`"`: quotes, "'": quotes,
	} {
		for variable, good := range map[string]string{
			EnvAPIKey: "tp_secret",
			EnvURL:    "https://tofupilot.example.com",
			EnvCACert: "/etc/ssl/tofupilot.pem",
		} {
			for _, value := range []string{around + good, good + around, around + good + around, around} {
				env := environment{EnvAPIKey: "key"}
				env[variable] = value
				checkProblem(t, Block{}, env, "", "Invalid "+variable, words)
			}
		}
	}
}

func TestVariableErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ variable, value, words string }{
		{EnvAPIKey, "bearer", "includes the word Bearer"},
		{EnvAPIKey, "Authorization: Bearer\u00a0tp_a", "includes the word Bearer"},
		{EnvAPIKey, "Bearer tp_a", "includes the word Bearer, which the provider adds; keep only what follows it."},
		{EnvAPIKey, "tp_\u200ba", "Character 4 of the key is U+200B, but a key has only visible ASCII characters; remove or correct it."},
		{EnvURL, "https://tofupilot.example.com\u201d", "Character 30 of the URL is U+201D '\u201d', and a URL has no quotes"},
		{EnvCACert, "-----BEGIN CERTIFICATE-----\nMIH", "This must be the path of a file, but it is a certificate; set the provider's ca_cert_pem to it instead."},
		{EnvURL, "https://user:hunter2@example.com", "user info"},
		{EnvURL, "http://example.com", "unencrypted"},
	} {
		env := environment{EnvAPIKey: "key"}
		env[c.variable] = c.value
		checkProblem(t, Block{}, env, "", "Invalid "+c.variable, c.words)
		checkNoSecrets(t, Block{}, env, "tp_", "hunter2")
	}
}

func TestAllProblemsAreReported(t *testing.T) {
	t.Parallel()
	summaries := func(problems []Problem) (all []string) {
		for _, problem := range problems {
			who := "reads: "
			if problem.InConfigure() {
				who = "Configure: "
			}
			all = append(all, who+problem.Summary)
		}
		return all
	}
	for _, c := range []struct {
		block Block
		env   environment
		want  []string
	}{
		{
			Block{URL: new("http://example.com"), CACertPEM: new("garbage"), RequestTimeout: new("soon")}, environment{},
			[]string{"reads: No API key", "Configure: Invalid url", "Configure: Invalid ca_cert_pem", "Configure: Invalid request_timeout"},
		},
		{Block{CACertPEM: new("garbage")}, environment{EnvAPIKey: " "}, []string{"reads: Invalid TOFUPILOT_API_KEY", "Configure: Invalid ca_cert_pem"}},
		{Block{}, environment{EnvCACert: "/missing.pem"}, []string{"reads: No API key", "reads: Invalid TOFUPILOT_CA_CERT"}},
	} {
		if _, problems := resolve(t, c.block, c.env); !slices.Equal(summaries(problems), c.want) {
			t.Errorf("got %q, want %q", summaries(problems), c.want)
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	local := []string{"http://localhost:3000", "http://[::1]:3000/api", "https://example.com"}
	remote := []string{"http://example.com", "http://10.0.0.7", "HTTP://example.com"}
	block := func(url string, allow bool) Block {
		return Block{APIKey: new("key"), URL: new(url), AllowHTTP: allow}
	}
	for _, url := range local {
		for _, allow := range []bool{false, true} {
			if got, problems := resolve(t, block(url, allow), nil); len(problems) > 0 {
				t.Errorf("%s, allow_http %t: %v, %v", url, allow, got, problems)
			}
		}
	}
	for _, url := range remote {
		checkProblem(t, block(url, false), nil, "url", "Invalid url", "https://", "allow_http to true")
		if got, problems := resolve(t, block(url, true), nil); len(problems) > 0 {
			t.Errorf("%s, allowed: %v, %v", url, got, problems)
		}
	}
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
