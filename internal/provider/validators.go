package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// rule validates a string with a function that returns what is wrong with it.
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
	validURL          = rule{"must be an http or https URL without user info, query and fragment, such as " + config.DefaultURL, checkWith(config.ParseURL)}
	validCertificates = rule{"must be one or more certificates in PEM", checkWith(config.ParseCACertPEM)}
	validTime         = rule{"must be a time in RFC 3339, such as 2024-01-15T10:30:00Z", checkWith(parseTime)}
	validDuration     = rule{"must be a positive duration such as 30s, 5m or 1h30m", checkWith(config.ParseDuration)}
	validID           = rule{"must not be empty", checkID}
	validName         = rule{"must not be empty", checkName}
	validSearchQuery  = rule{"must be 1 to 100 characters, and not only white space", checkSearchQuery}
)

// checkWith returns a function that checks whether a value can be parsed.
func checkWith[T any](parse func(string) (T, error)) func(string) error {
	return func(value string) error {
		_, err := parse(value)
		return err
	}
}

// parseTime parses an RFC 3339 time. Go's parser also accepts some other forms, which is safe,
// because the client formats the time for the request.
func parseTime(value string) (time.Time, error) {
	parsed, err := time.Parse(time.RFC3339, value)
	wrong, ok := errors.AsType[*time.ParseError](err)
	switch {
	case ok && strings.HasSuffix(wrong.Message, "out of range"):
		return time.Time{}, fmt.Errorf("%q is a day or a time that doesn't exist", value)
	case err != nil:
		return time.Time{}, fmt.Errorf("%q isn't an RFC 3339 time; write it like 2024-01-15T10:30:00Z or 2024-01-15T10:30:00+01:00", value)
	}
	if year := parsed.UTC().Year(); year < 0 || year > 9999 { // years have four digits in the API
		return time.Time{}, fmt.Errorf("%q is outside the years 0000 to 9999 in UTC", value)
	}
	return parsed, nil
}

func checkID(id string) error {
	if id == "" {
		return errors.New("the ID is empty; set it to the ID of a procedure")
	}
	return nil
}

func checkName(name string) error {
	if name == "" {
		return errors.New("the name is empty; set it to the exact name of a procedure")
	}
	return nil
}

func checkSearchQuery(query string) error {
	length := utf8.RuneCountInString(query)
	switch {
	case query == "":
		return errors.New("the search query is empty; omit search_query to list everything")
	case strings.TrimSpace(query) == "":
		return errors.New("the search query is only white space; omit search_query to list everything")
	case length > tofupilot.MaxSearchQuery:
		return fmt.Errorf("the search query has %d characters, and the API accepts at most %d; shorten it", length, tofupilot.MaxSearchQuery)
	}
	return nil
}

// namesRule checks that no name of a set is empty or null.
type namesRule struct{}

var _ validator.Set = namesRule{}

func (namesRule) Description(context.Context) string { return "names must not be empty or null" }

func (r namesRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (namesRule) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	for _, name := range req.ConfigValue.Elements() {
		switch {
		case name.IsNull():
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid names", "A name is null. Remove it, or correct it.")
		case name.Equal(types.StringValue("")):
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid names", "A name is empty. Remove it, or correct it.")
		}
	}
}
