package provider

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/explain"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// procedureFilters are the arguments that say which procedures to list.
var procedureFilters = listFilters{
	{
		name: "search_query",
		description: "Lists only procedures with this text in their name or, if it has at least 6 characters, in their ID. " +
			"Plain text without wildcards, 1 to 100 characters; some servers count an emoji as two of them. The server may ignore case. " +
			"To find an exact name, compare the names as well.",
		validators: []validator.String{
			stringvalidator.UTF8LengthAtMost(tofupilot.MaxSearchQuery),
			stringvalidator.RegexMatches(regexp.MustCompile(`[^\s\v\x{85}\p{Z}]`), "must be more than white space; omit it to list everything"),
		},
	},
	{
		name: "created_after", notLaterThan: "created_before",
		description: "Lists only procedures created after this time, in RFC 3339 with any offset, such as `2024-01-15T10:30:00+01:00`. " +
			"Must not be later than `created_before`. " +
			"The provider sends milliseconds, rounded down: the list may begin up to a millisecond earlier. Whether the time itself is included depends on the server.",
		validators: []validator.String{validTime},
		sent:       inMilliseconds(tofupilot.FormatAfter),
	},
	{
		name: "created_before",
		description: "Lists only procedures created before this time, in RFC 3339 with any offset, such as `2024-12-31T23:59:59Z`. " +
			"Must not be earlier than `created_after`. " +
			"The provider sends milliseconds, rounded up: the list may end up to a millisecond later. Whether the time itself is included depends on the server.",
		validators: []validator.String{validTime},
		sent:       inMilliseconds(tofupilot.FormatBefore),
	},
}

// pageSize is the name of the argument for [tofupilot.Filter]'s PageSize, which every
// list has beside its filters.
const pageSize = "page_size"

// listFilters are a list's arguments, each defined once: the schema, what is sent
// and the advice in errors are derived from them.
type listFilters []listFilter

// listFilter is one optional argument, a string.
type listFilter struct {
	name         string // of the attribute, and of the API's parameter
	notLaterThan string // the name of another, where both are times; may be empty
	description  string
	validators   []validator.String
	sent         func(value string) string // what is sent of a value; nil: the value as it is
}

func (f listFilters) attributes() map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, filter := range f {
		attributes[filter.name] = schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: filter.description,
			Validators:          filter.validators,
		}
	}
	return attributes
}

// checkOrder finds a time that is later than the one that it must not be later
// than. It ignores values that are missing or aren't times.
func (f listFilters) checkOrder(values map[string]string) (attribute string, err error) {
	for _, filter := range f {
		early, earlyErr := parseTime(values[filter.name])
		late, lateErr := parseTime(values[filter.notLaterThan])
		if earlyErr == nil && lateErr == nil && early.After(late) {
			return filter.name, fmt.Errorf("%s (%s) is later than %s (%s): nothing can match. Swap or correct them",
				filter.name, values[filter.name], filter.notLaterThan, values[filter.notLaterThan])
		}
	}
	return "", nil
}

// parameters are what is sent for the values, by attribute, of a configuration.
func (f listFilters) parameters(values map[string]string) map[string]string {
	parameters := maps.Clone(values)
	for _, filter := range f {
		if value, ok := values[filter.name]; ok && filter.sent != nil {
			parameters[filter.name] = filter.sent(value)
		}
	}
	return parameters
}

// advice is what errors of reading the list can say of its arguments.
func (f listFilters) advice(noun string) explain.Advice {
	var names []string
	attributes := map[string]string{tofupilot.PageSizeParameter: pageSize}
	for _, filter := range f {
		names = append(names, filter.name)
		attributes[filter.name] = filter.name
	}
	advice := explain.Advice{Noun: noun, Smaller: "lower " + pageSize, Attributes: attributes}
	switch last := len(names) - 1; {
	case last > 0:
		advice.Narrower = "narrow the list by " + strings.Join(names[:last], ", ") + " or " + names[last]
	case last == 0:
		advice.Narrower = "narrow the list by " + names[0]
	}
	return advice
}

// inMilliseconds sends a time in milliseconds. What isn't one, which validation refuses, is
// the server's to refuse.
func inMilliseconds(format func(time.Time) string) func(string) string {
	return func(value string) string {
		at, err := parseTime(value)
		if err != nil {
			return value
		}
		return format(at)
	}
}
