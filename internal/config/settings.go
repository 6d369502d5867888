package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Environment variables, with the names that TofuPilot's own clients use.
const (
	EnvAPIKey = "TOFUPILOT_API_KEY"
	EnvURL    = "TOFUPILOT_URL"
	EnvCACert = "TOFUPILOT_CA_CERT" // a path; the argument is the text itself
)

// coalesce returns the argument if it is set, else the environment variable, and where the
// value comes from: the zero Source if neither is set. An empty variable is unset.
func coalesce(argument *string, name, variable string, getenv func(string) string) (string, Source, error) {
	if argument != nil {
		return *argument, Source{Argument: name}, nil
	}
	source, value := Source{Variable: variable}, getenv(variable)
	if value == "" {
		return "", Source{}, nil
	}
	if value != strings.TrimSpace(value) {
		return "", source, errors.New("the value begins or ends with white space; remove it")
	}
	if value != strings.Trim(value, "\"'") { // as from a file of variables that no shell has read
		return "", source, errors.New("the value has quotes around it; remove them")
	}
	return value, source, nil
}

// Block holds the arguments of the provider block. An argument that isn't set is nil.
type Block struct {
	APIKey         *string
	URL            *string
	CACertPEM      *string
	ClientCertPEM  *string
	ClientKeyPEM   *string
	Headers        map[string]*string
	MaxRetries     *int // 0 to [rest.MaxRetries]
	RequestTimeout *string
	AllowHTTP      bool
}

// Settings holds the values that Resolve chose.
type Settings struct {
	APIKey            string // empty if there is a problem with it
	KeySource         Source
	BaseURL           *url.URL // of the API; nil if there is a problem with it
	URLSource         Source
	CAs               CABundle
	RootCAs           *x509.CertPool   // the system's with those of CAs; nil: the system's
	ClientCertificate *tls.Certificate // nil: none
	Headers           map[string]string
	MaxRetries        int
	RequestTimeout    time.Duration

	unusedLogins   []string // paths of login files whose keys aren't used, if they exist
	storeVariables []string // that say where the system's certificates are
}

type apiKey struct {
	value  string
	source Source
}

// Source says where a value was found. The zero value is the provider's default.
type Source struct {
	Argument string // of the provider block
	Variable string // of the environment
	Login    string // path of a login file
}

// String names the source, such as "the environment variable TOFUPILOT_URL".
func (s Source) String() string {
	switch {
	case s.Argument != "":
		return "the provider's " + s.Argument
	case s.Variable != "":
		return "the environment variable " + s.Variable
	case s.Login != "":
		return "the login file " + s.Login
	default:
		return "the provider's default"
	}
}

// Problem is an error or a warning about the configuration.
type Problem struct {
	Warning  bool
	Argument string // of the provider block; empty if the problem is outside of it
	Summary  string
	Detail   string
}

// InConfigure reports whether Configure reports the problem. Errors outside the provider
// block are reported by each read instead: if Configure did, Terraform would first ask for
// a provider block, and modules that read nothing would fail, too.
func (p Problem) InConfigure() bool { return p.Warning || p.Argument != "" }

// problemOf turns an error about the value of a source into a problem. It returns nil if
// there is no error.
func problemOf(source Source, err error) *Problem {
	if err == nil {
		return nil
	}
	problem := &Problem{Argument: source.Argument, Summary: "Invalid " + source.Argument + source.Variable, Detail: Sentence(err)}
	if source.Login != "" {
		problem.Summary = "The login file can't be used"
	}
	return problem
}

// Sentence turns an error into a sentence. The error may already end in a period.
func Sentence(err error) string {
	text := strings.TrimSuffix(err.Error(), ".")
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// ParseDuration parses a positive duration such as 30s.
func ParseDuration(value string) (time.Duration, error) {
	duration, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("%q isn't a duration; write it like 30s, 5m or 1h30m", value)
	}
	if duration <= 0 {
		return 0, fmt.Errorf("%q isn't a positive duration", value)
	}
	return duration, nil
}

// counted returns a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
