package provider

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

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
	MaxRetries     types.Int64  `tfsdk:"max_retries"`
	RequestTimeout types.String `tfsdk:"request_timeout"`
	AllowHTTP      types.Bool   `tfsdk:"allow_http"`
}

// unknown names the attributes whose values aren't known yet.
func (m providerModel) unknown() []string {
	var names []string
	for _, attribute := range []struct {
		name    string
		unknown bool
	}{
		{"api_key", m.APIKey.IsUnknown()},
		{"url", m.URL.IsUnknown()},
		{"ca_cert_pem", m.CACertPEM.IsUnknown()},
		{"max_retries", m.MaxRetries.IsUnknown()},
		{"request_timeout", m.RequestTimeout.IsUnknown()},
		{"allow_http", m.AllowHTTP.IsUnknown()},
	} {
		if attribute.unknown {
			names = append(names, attribute.name)
		}
	}
	return names
}

// settings are what the provider block and the environment come to.
type settings struct {
	apiKey         string
	apiKeySource   string // in words, for errors
	baseURL        *url.URL
	rootCAs        *x509.CertPool // nil: the system's
	maxRetries     int
	requestTimeout time.Duration
}

// resolve decides which value wins: the attribute, then the environment, then,
// where no key is given otherwise, the login file, then the default. All values
// of the model must be known.
func (m providerModel) resolve(getenv func(string) string) (settings, diag.Diagnostics) {
	var diags diag.Diagnostics
	fail := func(attribute, summary string, err error) {
		diags.AddAttributeError(path.Root(attribute), summary, sentence(err))
	}
	resolved := settings{maxRetries: tofupilot.DefaultMaxRetries, requestTimeout: tofupilot.DefaultRequestTimeout}

	var (
		stored *login
		err    error
	)
	resolved.apiKey, resolved.apiKeySource, err = coalesce(m.APIKey, "api_key", envAPIKey, getenv)
	if err != nil {
		fail("api_key", "Invalid api_key", err)
	} else if resolved.apiKey == "" {
		if stored, err = readLogin(loginFile(getenv)); err != nil {
			fail("api_key", "The login file can't be used", err)
		}
	}
	if resolved.baseURL, err = m.baseURL(getenv, stored); err != nil {
		fail("url", "Invalid url", err)
		return resolved, diags // whose key to take depends on it
	}
	elsewhere := stored != nil && !tofupilot.SameServer(stored.baseURL, resolved.baseURL)
	switch {
	case diags.HasError():
	case elsewhere:
		fail("api_key", "No API key", fmt.Errorf("the login file %s is for %s, and the provider is configured for %s; "+
			"its key is sent to its own server only. Set "+envAPIKey+" or the provider's api_key, "+
			"leave url and "+envURL+" unset, or run `tofupilot login` for that server", stored.file, stored.baseURL, resolved.baseURL))
		stored = nil
	case stored != nil:
		resolved.apiKey, resolved.apiKeySource = stored.apiKey, "the login file "+stored.file
		if stored.readableByOthers {
			diags.AddAttributeWarning(path.Root("api_key"), "Login file readable by others", fmt.Sprintf(
				"%s holds an API key, and other users of this machine can read it. Run: chmod 600 %q", stored.file, stored.file))
		}
	case resolved.apiKey == "":
		fail("api_key", "No API key", errors.New("a TofuPilot API key is needed to read procedures, and there is none. "+
			"Set the environment variable "+envAPIKey+" or the provider's api_key (best from an ephemeral variable), "+
			"or run `tofupilot login`, which leaves one in ~/.tofupilot/credentials.json. "+
			"Keys are made in TofuPilot's settings; a user's key sees what the user sees"))
	default:
		if err := tofupilot.CheckAPIKey(resolved.apiKey); err != nil {
			fail("api_key", "Invalid api_key", fmt.Errorf("%s: %w", resolved.apiKeySource, err))
		}
	}

	if resolved.rootCAs, err = m.rootCAs(getenv, stored); err != nil {
		fail("ca_cert_pem", "Invalid ca_cert_pem", err)
	}
	if !m.MaxRetries.IsNull() {
		resolved.maxRetries = int(m.MaxRetries.ValueInt64())
	}
	if !m.RequestTimeout.IsNull() {
		if resolved.requestTimeout, err = time.ParseDuration(m.RequestTimeout.ValueString()); err != nil {
			fail("request_timeout", "Invalid request_timeout", err)
		}
	}
	return resolved, diags
}

// baseURL is where requests go: as configured, else to the login file's server.
func (m providerModel) baseURL(getenv func(string) string, stored *login) (*url.URL, error) {
	address, source, err := coalesce(m.URL, "url", envURL, getenv)
	switch {
	case err != nil:
		return nil, err
	case address == "" && stored != nil:
		address, source = stored.baseURL.String(), "the login file "+stored.file
	case address == "":
		address = tofupilot.DefaultURL
	}
	base, err := tofupilot.ParseBaseURL(address)
	if err == nil {
		err = checkScheme(base, m.AllowHTTP.ValueBool())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return base, nil
}

// coalesce is the attribute where it is set, else the environment variable,
// where one that is empty is unset; and which of the two it is, in words.
func coalesce(attribute types.String, name, variable string, getenv func(string) string) (value, source string, err error) {
	if !attribute.IsNull() {
		return attribute.ValueString(), "the provider's " + name, nil
	}
	value = getenv(variable)
	source = "the environment variable " + variable
	if value != strings.TrimSpace(value) {
		return "", source, fmt.Errorf("%s has white space before or after its value; remove it", source)
	}
	return value, source, nil
}

// checkScheme keeps the key off the network unless it is encrypted.
func checkScheme(address *url.URL, allowHTTP bool) error {
	if address.Scheme == "https" || allowHTTP || tofupilot.IsLoopback(address) {
		return nil
	}
	return errors.New("over http:// the API key would travel unencrypted; use https://, " +
		"or set allow_http = true if the network in between is trusted")
}

// rootCAs are the system's and the configured ones; nil where none is configured.
func (m providerModel) rootCAs(getenv func(string) string, stored *login) (*x509.CertPool, error) {
	bundle, source := m.CACertPEM.ValueString(), "the provider's ca_cert_pem"
	if m.CACertPEM.IsNull() {
		file, variable, err := coalesce(types.StringNull(), "", envCACert, getenv)
		if file == "" && stored != nil {
			file, variable = stored.caCert, "the login file "+stored.file
		}
		if err != nil || file == "" {
			return nil, err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s names a CA certificate that can't be read: %w; put it there, or set ca_cert_pem instead", variable, err)
		}
		bundle, source = string(content), fmt.Sprintf("%s names %s", variable, file)
	}
	certificates, err := parseCertificates(bundle)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's certificates, to which %s is added, can't be read: %w", source, err)
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
	// A header has one line.
	if more := strings.Join(strings.FieldsFunc(getenv("TF_APPEND_USER_AGENT"), unicode.IsControl), " "); strings.TrimSpace(more) != "" {
		agent += " " + strings.TrimSpace(more)
	}
	return agent
}
