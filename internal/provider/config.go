package provider

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// Environment variables, with the names that TofuPilot's own clients use.
const (
	envAPIKey = "TOFUPILOT_API_KEY"
	envURL    = "TOFUPILOT_URL"
	envCACert = "TOFUPILOT_CA_CERT" // a path; the attribute is the text itself
)

// providerModel is the provider block.
type providerModel struct {
	APIKey         types.String `tfsdk:"api_key"`
	URL            types.String `tfsdk:"url"`
	CACertPEM      types.String `tfsdk:"ca_cert_pem"`
	MaxRetries     types.Number `tfsdk:"max_retries"`
	RequestTimeout types.String `tfsdk:"request_timeout"`
	AllowHTTP      types.Bool   `tfsdk:"allow_http"`
}

// unknownIn names the attributes of the provider block whose values aren't known yet.
func unknownIn(config tfsdk.Config) (names []string) {
	attributes := map[string]tftypes.Value{}
	_ = config.Raw.As(&attributes) // never fails: a configuration is an object
	for name, value := range attributes {
		if !value.IsKnown() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// settings are the result of the provider block, the environment and the login file.
type settings struct {
	apiKey         string
	keyFrom        source
	baseURL        *url.URL
	urlFrom        source
	rootCAs        *x509.CertPool // nil: the system's
	maxRetries     int
	requestTimeout time.Duration
	unusedLogins   []string // paths of login files whose keys aren't used, if they exist

	// problems are what is missing or wrong outside the provider block. Every
	// read reports them. If Configure did, Terraform would first ask for a provider
	// block where there is none, and what reads nothing would fail too.
	problems diag.Diagnostics
}

// source is where a value was found; its zero value is nowhere.
type source struct {
	attribute string // of the provider block
	variable  string // of the environment
	login     string // a login file
	words     string // such as "the environment variable TOFUPILOT_URL"
	invalid   string // the summary of an error about the value
}

var (
	byDefault = source{words: "the provider's default"} // of an address that nobody configured
	noKey     = source{invalid: "No API key"}           // that may be used
)

func fromAttribute(name string) source {
	return source{attribute: name, words: "the provider's " + name, invalid: "Invalid " + name}
}

func fromVariable(name string) source {
	return source{variable: name, words: "the environment variable " + name, invalid: "Invalid " + name}
}

func fromLogin(file string) source {
	return source{login: file, words: "the login file " + file, invalid: "The login file can't be used"}
}

// resolve decides which value wins: the attribute, then the environment
// variable, then the login file if its key is used, then the default. All values
// of the model must be known.
//
// The diagnostics are for Configure: errors that the provider block alone has,
// and warnings. All other errors are the settings' problems.
func (m providerModel) resolve(getenv func(string) string) (settings, diag.Diagnostics) {
	resolved := settings{maxRetries: rest.DefaultMaxRetries, requestTimeout: rest.DefaultRequestTimeout}
	var diags diag.Diagnostics
	fail := func(from source, problem string) {
		if from.attribute != "" {
			diags.AddAttributeError(path.Root(from.attribute), from.invalid, problem)
		} else {
			resolved.problems.AddError(from.invalid, problem)
		}
	}

	files := loginFiles(getenv)
	key, keyFrom, stored, keyErr := m.key(getenv, files)
	resolved.apiKey, resolved.keyFrom = key, keyFrom
	resolved.unusedLogins = slices.DeleteFunc(files, func(file string) bool { return file == keyFrom.login })

	var urlErr error
	resolved.baseURL, resolved.urlFrom, urlErr = m.baseURL(getenv, stored)
	if keyErr != nil {
		fail(keyFrom, withHint(sentence(keyErr), resolved.otherLogin()))
	}
	if urlErr != nil {
		fail(resolved.urlFrom, sentence(urlErr))
		return resolved, diags // whether the login's key may be used depends on it
	}
	if stored != nil && !rest.SameServer(stored.baseURL, resolved.baseURL) {
		resolved.apiKey = ""
		fail(noKey, withHint(fmt.Sprintf(
			"The login file %s is for %s, and its key is sent to no other server. The provider is configured for %s. "+
				"Set "+envAPIKey+", run %s for that server, or unset url and "+envURL+" to use the login's server.",
			stored.file, origin(stored.baseURL), origin(resolved.baseURL), loginCommand(stored.file)), resolved.otherLogin()))
		stored = nil
	}
	if stored != nil && stored.readableByOthers {
		diags.AddWarning("Login file readable by others", fmt.Sprintf(
			"%s holds an API key, and other users of this machine can read it. Run: chmod 600 %q", stored.file, stored.file))
	}

	var caFrom source
	var err error
	if resolved.rootCAs, caFrom, err = m.rootCAs(getenv, stored); err != nil {
		fail(caFrom, sentence(err))
	}
	if !m.MaxRetries.IsNull() {
		resolved.maxRetries = integer(m.MaxRetries)
	}
	if !m.RequestTimeout.IsNull() {
		if resolved.requestTimeout, err = time.ParseDuration(m.RequestTimeout.ValueString()); err != nil {
			fail(fromAttribute("request_timeout"), sentence(err))
		}
	}
	return resolved, diags
}

// withHint adds a sentence, which may be empty.
func withHint(text, hint string) string { return strings.TrimSpace(text + " " + hint) }

// origin is the part of an address that decides where a key may go.
func origin(address *url.URL) string { return address.Scheme + "://" + address.Host }

// key is the key, and the login that it is from, if it is from one. The error tells what
// is wrong with the value of its source, or that there is none.
func (m providerModel) key(getenv func(string) string, files []string) (key string, from source, stored *login, err error) {
	key, from, err = coalesce(m.APIKey, "api_key", envAPIKey, getenv)
	if err != nil {
		return "", from, nil, err
	}
	if key != "" || from.attribute != "" {
		return key, from, nil, checkAPIKey(key)
	}
	file, stored, err := findLogin(files)
	switch {
	case file == "":
		return "", noKey, nil, errors.New("reading from TofuPilot requires an API key. " +
			"Create one in TofuPilot's settings and set the environment variable " + envAPIKey + ", and " + envURL + " for a self-hosted server. " +
			"You can also run `tofupilot login`, which stores a key in ~/.tofupilot/credentials.json, or set the provider's api_key; " +
			"a provider block with an alias counts only for data sources that name it")
	case err != nil:
		return "", fromLogin(file), nil, err
	}
	return stored.apiKey, fromLogin(file), stored, nil
}

// baseURL is where requests go: as configured, else to the login file's server.
func (m providerModel) baseURL(getenv func(string) string, stored *login) (*url.URL, source, error) {
	address, from, err := coalesce(m.URL, "url", envURL, getenv)
	switch {
	case err != nil:
		return nil, from, err
	case address == "" && from.attribute == "" && stored != nil:
		from = fromLogin(stored.file)
		if err = checkScheme(stored.baseURL, m.AllowHTTP.ValueBool()); err != nil {
			err = fmt.Errorf("%s is for %s: %w", from.words, origin(stored.baseURL), err)
		}
		return stored.baseURL, from, err
	case address == "" && from.attribute == "":
		address, from = tofupilot.DefaultURL, byDefault
	}
	base, err := parseURL(address)
	if err == nil {
		err = checkScheme(base, m.AllowHTTP.ValueBool())
	}
	return base, from, err
}

// coalesce is the attribute if it is set, else the environment variable. One that
// is empty is unset.
func coalesce(attribute types.String, name, variable string, getenv func(string) string) (string, source, error) {
	if !attribute.IsNull() {
		return attribute.ValueString(), fromAttribute(name), nil
	}
	value := getenv(variable)
	if value != strings.TrimSpace(value) {
		return "", fromVariable(variable), errors.New("the value begins or ends with white space; remove it")
	}
	if value != strings.Trim(value, "\"'") { // as from a file of variables that no shell has read
		return "", fromVariable(variable), errors.New("the value has quotes around it; remove them")
	}
	return value, fromVariable(variable), nil
}

// checkScheme keeps the key off the network unless it is encrypted.
func checkScheme(address *url.URL, allowHTTP bool) error {
	if address.Scheme == "https" || allowHTTP || rest.IsLoopback(address) {
		return nil
	}
	return errors.New("the provider doesn't send the API key unencrypted over http://; use https://, " +
		"or set allow_http to true if you trust the network")
}

// rootCAs are the system's and the configured ones; nil if none is configured.
func (m providerModel) rootCAs(getenv func(string) string, stored *login) (*x509.CertPool, source, error) {
	if !m.CACertPEM.IsNull() {
		certificates, err := parseCACertPEM(m.CACertPEM.ValueString())
		if err != nil {
			return nil, fromAttribute("ca_cert_pem"), err
		}
		pool, err := addToSystemRoots(certificates)
		return pool, fromAttribute("ca_cert_pem"), err
	}
	file, from, err := coalesce(types.StringNull(), "", envCACert, getenv)
	whose, which := "", "the file "
	if file == "" && err == nil && stored != nil {
		file, from = stored.caCert, fromLogin(stored.file)
		whose = "the ca_cert of " + from.words + ": "
		which = whose
	}
	if err != nil || file == "" {
		return nil, from, err
	}
	if strings.Contains(file, beginPEM) {
		return nil, from, fmt.Errorf("%sthis must be the path of a file, but it is a certificate; "+
			"set the provider's ca_cert_pem to it instead", whose)
	}
	if absolute, err := filepath.Abs(file); err == nil { // else nobody sees where it was looked for
		file = absolute
	}
	bundle, err := readFile(file, maxCertificatesMiB)
	if err != nil {
		return nil, from, fmt.Errorf("%s%w; correct the path, or set the provider's ca_cert_pem instead", which, err)
	}
	certificates, err := parseCertificates(string(bundle))
	if err != nil {
		return nil, from, fmt.Errorf("%s%s: %w", which, file, err)
	}
	pool, err := addToSystemRoots(certificates)
	return pool, from, err
}

// maxCertificatesMiB bounds a file of certificates. The authorities that browsers
// trust are about 0.2 MiB.
const maxCertificatesMiB = 16

func addToSystemRoots(certificates []*x509.Certificate) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificates can't be read: %w", err)
	}
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool, nil
}

// userAgent names the provider, its home, Terraform, and what the user adds, in
// the form that Terraform's own clients send.
func userAgent(version, terraformVersion string, getenv func(string) string) string {
	agent := fmt.Sprintf("terraform-provider-tofupilot/%s (+%s) Terraform/%s", version, homepage, terraformVersion)
	// One line, whatever the variable holds.
	if more := strings.Join(strings.FieldsFunc(getenv("TF_APPEND_USER_AGENT"), unicode.IsControl), " "); strings.TrimSpace(more) != "" {
		agent += " " + strings.TrimSpace(more)
	}
	return agent
}
