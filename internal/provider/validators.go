package provider

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// rule is a validator of our own: what a value must be, and a function that says what is
// wrong with one. The same functions judge environment variables. Lengths and elements
// are the library's, terraform-plugin-framework-validators; it has no rule for keys,
// addresses, certificates, durations and times.
type rule struct {
	description string // such as "must be a duration such as 30s"
	check       func(string) error
}

var _ validator.String = rule{}

func (r rule) Description(context.Context) string         { return r.description }
func (r rule) MarkdownDescription(context.Context) string { return r.description }

func (r rule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := r.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), sentence(err))
	}
}

var (
	validAPIKey       = rule{"must be an API key: visible ASCII characters, with no quotes around them", checkAPIKey}
	validURL          = rule{"must be an http or https URL without user info, query and fragment, such as " + tofupilot.DefaultURL, parses(parseURL)}
	validCertificates = rule{"must be one or more certificates in PEM", parses(parseCACertPEM)}
	validTime         = rule{"must be a time in RFC 3339, such as 2024-01-15T10:30:00Z", parses(parseTime)}
	validDuration     = rule{"must be a positive duration such as 30s, 5m or 1h30m", checkDuration}
)

// parses is the check of a value that a function must be able to read.
func parses[T any](parse func(string) (T, error)) func(string) error {
	return func(value string) error {
		_, err := parse(value)
		return err
	}
}

// sentence turns an error into a sentence. The error may end in what a server said,
// and so in a period.
func sentence(err error) string {
	return strings.TrimSuffix(upperFirst(err.Error()), ".") + "."
}

func upperFirst(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func checkAPIKey(value string) error {
	switch {
	case value == "":
		return errors.New("the key is empty; omit api_key to use " + envAPIKey + " or the login file")
	case strings.TrimRight(value, "\r\n") != value:
		return errors.New(`the key ends in a line break; remove it, or read the key from its file with trimspace(file("…"))`)
	}
	return tofupilot.CheckAPIKey(value)
}

func parseURL(value string) (*url.URL, error) {
	if value == "" {
		return nil, errors.New("the URL is empty; omit url to use " + envURL + ", the login file's server or " + tofupilot.DefaultURL)
	}
	return tofupilot.ParseBaseURL(value)
}

func checkDuration(value string) error {
	duration, err := time.ParseDuration(value)
	if err != nil {
		return fmt.Errorf("%q isn't a duration; write it like 30s, 5m or 1h30m", value)
	}
	if duration <= 0 {
		return fmt.Errorf("%q isn't a positive duration", value)
	}
	return nil
}

const (
	// byteOrderMark begins a text in UTF-8 that some editors on Windows save.
	byteOrderMark = "\ufeff"

	beginPEM         = "-----BEGIN "
	beginCertificate = beginPEM + "CERTIFICATE-----"
)

// parseCertificates reads the certificates of a PEM bundle: at least one, and
// each that is marked as one must be one.
func parseCertificates(bundle string) ([]*x509.Certificate, error) {
	// Bundles put together from several files may have a mark in the middle.
	bundle = strings.ReplaceAll(bundle, byteOrderMark, "")
	var (
		certificates []*x509.Certificate
		others       []string
	)
	for rest := []byte(bundle); ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			others = append(others, block.Type)
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the bundle is damaged: %w", len(certificates)+1, err)
		}
		certificates = append(certificates, certificate)
	}
	marked := strings.Count(bundle, beginCertificate)
	switch {
	case marked > len(certificates):
		return nil, fmt.Errorf("%d of %s can't be decoded; each must stand whole between its lines %s and "+
			"-----END CERTIFICATE-----, without spaces in front", marked-len(certificates), counted(marked, "certificate"), beginCertificate)
	case len(certificates) > 0:
		return certificates, nil
	case len(others) > 0:
		return nil, fmt.Errorf("no certificate found, only: %s; give the CA certificate instead", strings.Join(others, ", "))
	case strings.Contains(bundle, "-\x00-"):
		return nil, errors.New("the text is in UTF-16; save it as UTF-8")
	case isDER(bundle):
		return nil, errors.New("this is a certificate in DER, not in PEM; convert it with " +
			"`openssl x509 -inform der -in FILE -out FILE.pem`, or on Windows with `certutil -encode FILE FILE.pem`")
	default:
		return nil, errors.New("no certificate found; a certificate in PEM begins with " + beginCertificate)
	}
}

// isDER reports whether this is a certificate in the binary form.
func isDER(content string) bool {
	_, err := x509.ParseCertificate([]byte(content))
	return err == nil
}

// parseCACertPEM reads the value of ca_cert_pem, which is the text of the certificates
// itself. People give the path of their file, as other settings want it.
func parseCACertPEM(value string) ([]*x509.Certificate, error) {
	certificates, err := parseCertificates(value)
	if line := strings.TrimSpace(value); err != nil && line != "" && !strings.Contains(line, "\n") && !strings.Contains(line, beginPEM) {
		return nil, fmt.Errorf(`%w. If this is the path of a file, use file("…")`, err)
	}
	return certificates, err
}

// parseTime reads an RFC 3339 time as Go's parser takes it, which is a little more than
// RFC 3339: what is sent is written anew from the instant.
func parseTime(value string) (time.Time, error) {
	parsed, err := time.Parse(time.RFC3339, value)
	wrong := new(time.ParseError)
	switch {
	case errors.As(err, &wrong) && strings.HasSuffix(wrong.Message, "out of range"):
		return time.Time{}, fmt.Errorf("%q is a day or a time that doesn't exist", value)
	case err != nil:
		return time.Time{}, fmt.Errorf("%q isn't an RFC 3339 time; write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00", value)
	}
	if year := parsed.UTC().Year(); year < 0 || year > 9999 { // the API's dates have four digits for it
		return time.Time{}, fmt.Errorf("%q is outside the years 0000 to 9999 in UTC", value)
	}
	return parsed, nil
}
