// Package config resolves what users configure: it parses and checks addresses, keys and
// certificates, and decides which value wins. It returns settings and problems as plain
// values, and sends nothing.
package config

import (
	"fmt"
	"net/url"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// Resolve decides which value each setting has: the argument of the provider block, else
// the environment variable, else the login file if its key is used, else the default. It
// reads the environment with getenv, and the files that it finds there. Without a home
// directory in the environment, it looks for login files in that of currentUser.
func Resolve(block Block, getenv func(string) string, currentUser func() (*user.User, error)) (Settings, []Problem) {
	files := loginFiles(getenv, currentUser)
	key, stored, keyProblem := resolveAPIKey(block, getenv, files)
	base, urlSource, urlProblem := resolveURL(block, getenv, stored)
	settings := Settings{
		APIKey:       key.value,
		KeySource:    key.source,
		BaseURL:      base,
		URLSource:    urlSource,
		unusedLogins: slices.DeleteFunc(files, func(file string) bool { return file == key.source.Login }),

		storeVariables: storeVariables(getenv),
	}
	if keyProblem == nil && urlProblem == nil {
		keyProblem = checkLoginServer(stored, base)
	}
	if keyProblem != nil {
		settings.APIKey = ""
		keyProblem.Detail = withHint(keyProblem.Detail, settings.OtherLogin())
	}
	if keyProblem != nil || urlProblem != nil {
		stored = nil // none of its other values is used without its key
	}

	var caProblem, clientProblem, timeoutProblem, headersProblem *Problem
	settings.CAs, caProblem = resolveCAs(block, getenv, stored)
	settings.RootCAs = settings.CAs.pool()
	settings.ClientCertificate, clientProblem = ParseClientCertificate(block.ClientCertPEM, block.ClientKeyPEM)
	settings.Headers, headersProblem = resolveHeaders(block, base)
	settings.RequestTimeout, timeoutProblem = resolveRequestTimeout(block)
	settings.MaxRetries = rest.DefaultMaxRetries
	if block.MaxRetries != nil {
		settings.MaxRetries = *block.MaxRetries
	}

	var problems []Problem
	for _, problem := range []*Problem{keyProblem, urlProblem, stored.warning(), caProblem, clientProblem, headersProblem, timeoutProblem} {
		if problem != nil {
			problems = append(problems, *problem)
		}
	}
	return settings, problems
}

// resolveAPIKey returns the key, and its login if it comes from one.
func resolveAPIKey(block Block, getenv func(string) string, files []string) (apiKey, *login, *Problem) {
	value, source, err := coalesce(block.APIKey, "api_key", EnvAPIKey, getenv)
	if source != (Source{}) {
		if err == nil {
			err = CheckAPIKey(value)
		}
		return apiKey{value, source}, nil, problemOf(source, err)
	}
	file, stored, err := findLogin(files)
	switch {
	case file == "":
		return apiKey{}, nil, missingKey(files)
	case err != nil:
		return apiKey{source: Source{Login: file}}, nil, problemOf(Source{Login: file}, err)
	}
	return apiKey{stored.apiKey, Source{Login: file}}, stored, nil
}

// missingKey returns the problem that no key is configured, and none of the login files
// exists.
func missingKey(files []string) *Problem {
	// The lines are broken here, because Terraform doesn't wrap lines that are indented.
	login := "Run `tofupilot login`. These login files don't exist:\n    " + strings.Join(files, "\n    ")
	if len(files) == 0 {
		login = "Run `tofupilot login`, and set " + homeVariable() + ": no home directory is known, so\n    no login file was looked for."
	}
	return &Problem{Summary: noAPIKey, Detail: "Reading from TofuPilot requires an API key. Do one of the following:\n" +
		"  - Create a key in TofuPilot's settings, and set " + EnvAPIKey + " to it.\n" +
		"  - Set the provider's api_key, in the block that the data source uses.\n" +
		"  - " + login + "\n" +
		"For a self-hosted server, also set " + EnvURL + ", unless you log in."}
}

// noAPIKey is the summary of errors about a missing key.
const noAPIKey = "No API key"

// resolveURL returns the API's base: the configured one, else that of the login's server.
func resolveURL(block Block, getenv func(string) string, stored *login) (*url.URL, Source, *Problem) {
	address, source, err := coalesce(block.URL, "url", EnvURL, getenv)
	if err != nil {
		return nil, source, problemOf(source, err)
	}
	if source == (Source{}) {
		if stored != nil {
			source = Source{Login: stored.file}
			if err := CheckScheme(stored.baseURL, block.AllowHTTP); err != nil {
				return nil, source, problemOf(source, fmt.Errorf("%s is for %s: %w", source, origin(stored.baseURL), err))
			}
			return stored.baseURL, source, nil
		}
		address = DefaultURL
	}
	base, err := ParseURL(address)
	if err == nil {
		err = CheckScheme(base, block.AllowHTTP)
	}
	if err != nil {
		return nil, source, problemOf(source, err)
	}
	return base, source, nil
}

// checkLoginServer returns a problem if a login's key would be sent to another server than the
// login's.
func checkLoginServer(stored *login, base *url.URL) *Problem {
	if stored == nil || rest.SameServer(stored.baseURL, base) {
		return nil
	}
	return &Problem{Summary: noAPIKey, Detail: fmt.Sprintf(
		"The login file %s is for %s, and its key is sent to no other server. The provider is configured for %s. "+
			"Set "+EnvAPIKey+", run %s for that server, or unset url and "+EnvURL+" to use the login's server.",
		stored.file, origin(stored.baseURL), origin(base), LoginCommand(stored.file))}
}

// resolveRequestTimeout returns how long one attempt may take.
func resolveRequestTimeout(block Block) (time.Duration, *Problem) {
	if block.RequestTimeout == nil {
		return rest.DefaultRequestTimeout, nil
	}
	timeout, err := ParseDuration(*block.RequestTimeout)
	return timeout, problemOf(Source{Argument: "request_timeout"}, err)
}

// withHint adds a sentence, which may be empty.
func withHint(text, hint string) string { return strings.TrimSpace(text + " " + hint) }
