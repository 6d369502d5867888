package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/explain"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// reader is what data sources read with. Configure makes it from the provider block.
type reader struct {
	explain.Explainer

	client  *tofupilot.Client // nil while something is unknown, or missing or wrong
	unknown []string          // the provider's attributes that aren't known yet
	// problems are what is missing or wrong outside the provider block. Every
	// read reports them.
	problems diag.Diagnostics
}

// configured is the part that all data sources share: the reader.
type configured struct {
	reader *reader // nil until the provider is configured, as for validate
}

func (c *configured) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	c.reader, _ = req.ProviderData.(*reader)
}

// begin makes the context of one read: with its deadline, whose cause names it, and with
// the key kept out of its log. done must be called when the read is over, whatever came.
func (r *reader) begin(ctx context.Context, config tfsdk.Config) (_ context.Context, done func(), diags diag.Diagnostics) {
	if r == nil {
		diags.AddError("Provider not configured", "The data source is read before the provider is configured. This is a bug in Terraform or in the provider. Please report it at "+explain.Homepage+"/issues.")
		return ctx, func() {}, diags
	}
	if len(r.unknown) > 0 {
		diags.AddError("Provider configuration not known yet", fmt.Sprintf(
			"The data source can't be read yet, because these arguments of the provider are known only after apply: %s. "+
				"Set them to values that are known when planning. You can also apply what they depend on first: terraform apply -target=….",
			strings.Join(r.unknown, ", ")))
		return ctx, func() {}, diags
	}
	if r.problems.HasError() {
		return ctx, func() {}, r.problems
	}
	var limits timeouts.Value
	if diags = config.GetAttribute(ctx, path.Root("timeouts"), &limits); diags.HasError() {
		return ctx, func() {}, diags
	}
	limit, diags := limits.Read(ctx, defaultReadTimeout)
	atMost := errors.New(rest.FormatDuration(limit) + ", the limit that timeouts.read sets")
	ctx, cancel := context.WithTimeoutCause(maskKey(ctx, r.Settings.APIKey), limit, atMost)
	return ctx, cancel, diags
}

// defaultReadTimeout bounds a whole read.
const defaultReadTimeout = 5 * time.Minute

// timeoutsBlock is the library's, with a rule: the library itself lets a negative
// duration pass. It is a block, because Terraform drops an unknown key of an
// attribute in silence, and names one of a block.
func timeoutsBlock() schema.Block {
	return schema.SingleNestedBlock{
		MarkdownDescription: "Timeouts of this data source.",
		CustomType:          timeouts.Type{ObjectType: types.ObjectType{AttrTypes: map[string]attr.Type{"read": types.StringType}}},
		Attributes: map[string]schema.Attribute{
			"read": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How long the whole read may take, as a duration such as `90s` or `10m`. Defaults to `5m`.",
				Validators:          []validator.String{validDuration},
			},
		},
	}
}

// maskKey keeps the key out of everything that is logged with the context. Masks
// live in one call's context, so every call sets them.
func maskKey(ctx context.Context, key string) context.Context {
	ctx = tflog.MaskAllFieldValuesStrings(ctx, key)
	return tflog.MaskMessageStrings(ctx, key)
}

// diagnostic turns the explanation of an error into a diagnostic.
func diagnostic(explained explain.Diagnostic) diag.Diagnostic {
	if explained.Attribute == "" {
		return diag.NewErrorDiagnostic(explained.Summary, explained.Detail)
	}
	name, nested, isNested := strings.Cut(explained.Attribute, ".")
	at := path.Root(name)
	if isNested {
		at = at.AtName(nested)
	}
	return diag.NewAttributeErrorDiagnostic(at, explained.Summary, explained.Detail)
}

// setState puts attributes that are encoded already into the state.
func (r *reader) setState(ctx context.Context, state *tfsdk.State, encoded map[string]bulk.Value) (diags diag.Diagnostics) {
	err := bulk.SetState(ctx, state, encoded)
	switch {
	case errors.As(err, new(*bulk.TooLargeError)):
		diags.AddError("Too many procedures for one data source", fmt.Sprintf(
			"The list at %s is larger than 256 MiB, the most that a provider can return.\n\n"+
				"To read all of it, use several data sources, or narrow the list by search_query, created_after or created_before.", r.Settings.BaseURL))
	case err != nil:
		diags.AddError("The state can't be set", config.Sentence(err)+" "+explain.Report)
	}
	return diags
}
