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

// providerData is passed from Configure to the data sources.
type providerData struct {
	client  *tofupilot.Client
	explain explain.Explainer

	// problems are the errors that each read reports: arguments of the provider that aren't
	// known yet, and errors outside the provider block. If there are any, client is nil.
	problems diag.Diagnostics
}

// dataSource is embedded in every data source.
type dataSource struct {
	provider *providerData // nil until the provider is configured, for example in validate
}

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.provider, _ = req.ProviderData.(*providerData)
}

// session holds what belongs to one read of a data source.
type session struct {
	*tofupilot.Session

	explain explain.Explainer
	cancel  context.CancelFunc
}

// open opens a session, which must be closed. The returned context has the deadline of
// timeouts.read, with a cause that names it, and masks the key in the log. If the
// diagnostics have an error, there is no session.
func (d *dataSource) open(ctx context.Context, limits timeouts.Value) (context.Context, *session, diag.Diagnostics) {
	var diags diag.Diagnostics
	if d.provider == nil {
		diags.AddError("Provider not configured", "The data source is read before the provider is configured. This is a bug in Terraform or in the provider. Please report it at "+explain.Homepage+"/issues.")
		return ctx, nil, diags
	}
	if d.provider.problems.HasError() {
		return ctx, nil, d.provider.problems
	}
	limit, diags := limits.Read(ctx, defaultReadTimeout)
	if diags.HasError() {
		return ctx, nil, diags
	}
	cause := errors.New(rest.FormatDuration(limit) + ", the limit that timeouts.read sets")
	ctx, cancel := context.WithTimeoutCause(maskKey(ctx, d.provider.explain.Settings.APIKey), limit, cause)
	return ctx, &session{d.provider.client.NewSession(), d.provider.explain, cancel}, diags
}

// Close ends the session: its requests, its deadline and the use of its memory.
func (s *session) Close() {
	s.cancel()
	s.Session.Close()
}

// setState sets attributes that are already encoded.
func (s *session) setState(ctx context.Context, state *tfsdk.State, encoded map[string]bulk.Value) (diags diag.Diagnostics) {
	err := bulk.SetState(ctx, state, encoded)
	switch {
	case errors.As(err, new(*bulk.TooLargeError)):
		diags.AddError("Too many procedures for one data source", fmt.Sprintf(
			"The list at %s is larger than 256 MiB, the most that a provider can return.\n\n"+
				"To read all of it, use several data sources, or narrow the list by search_query, created_after or created_before.", s.explain.Settings.BaseURL))
	case err != nil:
		diags.AddError("The state can't be set", config.Sentence(err)+" "+explain.Report)
	}
	return diags
}

// newDiagnostic returns the diagnostic of an explained error.
func newDiagnostic(explained explain.Diagnostic) diag.Diagnostic {
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

// maskKey masks the key in everything that is logged with the context. Masks belong to the
// context of one call, so each call sets them.
func maskKey(ctx context.Context, key string) context.Context {
	ctx = tflog.MaskAllFieldValuesStrings(ctx, key)
	return tflog.MaskMessageStrings(ctx, key)
}

// defaultReadTimeout bounds a whole read.
const defaultReadTimeout = 5 * time.Minute

// newTimeoutsBlock returns the library's block, but with a rule of this provider, because the
// library accepts a negative duration. It is a block, because Terraform reports an unknown
// name in a block, and ignores one in an attribute.
func newTimeoutsBlock() schema.Block {
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
