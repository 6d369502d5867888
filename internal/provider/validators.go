package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
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
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), config.Sentence(err))
	}
}

var (
	validAPIKey       = rule{"must be an API key: visible ASCII characters, with no quotes around them", config.CheckAPIKey}
	validURL          = rule{"must be an http or https URL without user info, query and fragment, such as " + config.DefaultURL, parses(config.ParseURL)}
	validCertificates = rule{"must be one or more certificates in PEM", parses(config.ParseCACertPEM)}
	validTime         = rule{"must be a time in RFC 3339, such as 2024-01-15T10:30:00Z", parses(parseTime)}
	validDuration     = rule{"must be a positive duration such as 30s, 5m or 1h30m", parses(config.ParseDuration)}
)

// parses is the check of a value that a function must be able to read.
func parses[T any](parse func(string) (T, error)) func(string) error {
	return func(value string) error {
		_, err := parse(value)
		return err
	}
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
