package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// wholeNumber validates that a number is whole and within bounds. An Int64Attribute can't
// be used: it rejects 2.5 with "This is always an error in the provider. Please report the
// following to the provider developer", twice.
type wholeNumber struct{ least, most int64 }

var _ validator.Number = wholeNumber{}

func (w wholeNumber) Description(context.Context) string {
	return fmt.Sprintf("must be a whole number from %d to %d", w.least, w.most)
}

func (w wholeNumber) MarkdownDescription(ctx context.Context) string { return w.Description(ctx) }

func (w wholeNumber) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueBigFloat()
	if whole, _ := value.Int64(); !value.IsInt() || whole < w.least || whole > w.most {
		text := value.Text('g', -1)
		if len(text) > 20 { // a quotient of Terraform's has 155 digits
			text = text[:20] + "…"
		}
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), fmt.Sprintf("%s %s, not %s.", req.Path, w.Description(ctx), text))
	}
}

// toInt returns the value of an attribute that is a wholeNumber, or 0 if it isn't set.
func toInt(value types.Number) int {
	if value.IsNull() || value.IsUnknown() {
		return 0
	}
	whole, _ := value.ValueBigFloat().Int64()
	return int(whole)
}
