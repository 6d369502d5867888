package provider

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
)

// validHeaders checks the names of headers, and the values that are known.
type validHeaders struct{}

var _ validator.Map = validHeaders{}

func (validHeaders) Description(context.Context) string {
	return "must be names and values of HTTP headers"
}

func (v validHeaders) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (validHeaders) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	names := headerNames(req.ConfigValue)
	err := config.CheckHeaderNames(names)
	for _, name := range names {
		if err == nil && !req.ConfigValue.Elements()[name].IsUnknown() {
			err = config.CheckHeaderValue(name, headerValues(req.ConfigValue)[name])
		}
	}
	if err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid headers", config.Sentence(err))
	}
}

// headerNames returns the names of the headers that are known, sorted.
func headerNames(headers types.Map) []string {
	return slices.Sorted(maps.Keys(headers.Elements()))
}

// headerValues returns the headers as plain values, nil where they are null.
func headerValues(headers types.Map) map[string]*string {
	values := map[string]*string{}
	for name, value := range headers.Elements() {
		text, _ := value.(types.String)
		values[name] = text.ValueStringPointer()
	}
	return values
}
