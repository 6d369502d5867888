package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

var (
	_ datasource.DataSourceWithConfigure      = (*proceduresDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*proceduresDataSource)(nil)
)

type proceduresDataSource struct{ dataSource }

func newProceduresDataSource() datasource.DataSource { return &proceduresDataSource{} }

func (d *proceduresDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_procedures"
}

func (d *proceduresDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the procedures that the API key can read and that match the arguments. The order is stable: by `created_at`, oldest first, then by `id`.",
		Attributes: map[string]schema.Attribute{
			"search_query": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Lists only procedures with this text in their name or, if it has at least 6 characters, in their ID. " +
					"Plain text without wildcards, 1 to 100 characters; some servers count an emoji as two characters. The server may ignore case. " +
					"To find an exact name, compare the names as well.",
				Validators: []validator.String{validSearchQuery},
			},
			"created_after": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Lists only procedures created after this time, in RFC 3339 with any offset, such as `2024-01-15T10:30:00+01:00`. " +
					"Must not be later than `created_before`. " +
					"The provider sends milliseconds, rounded down: the list may begin up to a millisecond earlier. The server decides whether a procedure created at exactly this time is included.",
				Validators: []validator.String{validTime},
			},
			"created_before": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Lists only procedures created before this time, in RFC 3339 with any offset, such as `2024-12-31T23:59:59Z`. " +
					"Must not be earlier than `created_after`. " +
					"The provider sends milliseconds, rounded up: the list may end up to a millisecond later. The server decides whether a procedure created at exactly this time is included.",
				Validators: []validator.String{validTime},
			},
			"page_size": schema.NumberAttribute{
				Optional: true,
				MarkdownDescription: "How many procedures the provider requests at a time, 1 to 100. Defaults to 100. " +
					"This doesn't limit the list. A smaller number helps a slow server.",
				Validators: []validator.Number{wholeNumber{1, tofupilot.MaxPageSize}},
			},
			"procedures": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The procedures, oldest first. An empty list if none match.",
				NestedObject:        schema.NestedAttributeObject{Attributes: procedureObject.Attributes()},
			},
			"ids": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "The IDs of the `procedures`, in the same order.",
			},
		},
		Blocks: map[string]schema.Block{"timeouts": newTimeoutsBlock()},
	}
}

type proceduresModel struct {
	SearchQuery   types.String   `tfsdk:"search_query"`
	CreatedAfter  types.String   `tfsdk:"created_after"`
	CreatedBefore types.String   `tfsdk:"created_before"`
	PageSize      types.Number   `tfsdk:"page_size"`
	Procedures    types.List     `tfsdk:"procedures"`
	IDs           types.List     `tfsdk:"ids"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

// filter returns the arguments in the client's types.
func (m proceduresModel) filter() tofupilot.Filter {
	return tofupilot.Filter{
		SearchQuery:   m.SearchQuery.ValueString(),
		CreatedAfter:  parseTimeArgument(m.CreatedAfter),
		CreatedBefore: parseTimeArgument(m.CreatedBefore),
		PageSize:      toInt(m.PageSize),
	}
}

// parseTimeArgument returns the time of an argument, or nil if it isn't set, isn't known yet or
// can't be parsed. Validation reports the latter.
func parseTimeArgument(argument types.String) *time.Time {
	at, err := parseTime(argument.ValueString())
	if err != nil {
		return nil
	}
	return &at
}

// ValidateConfig checks that created_after isn't later than created_before.
func (d *proceduresDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var model proceduresModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	after, before := parseTimeArgument(model.CreatedAfter), parseTimeArgument(model.CreatedBefore)
	if after != nil && before != nil && after.After(*before) {
		resp.Diagnostics.AddAttributeError(path.Root("created_after"), "Invalid created_after",
			fmt.Sprintf("created_after (%s) is later than created_before (%s): nothing can match. Swap or correct them.",
				model.CreatedAfter.ValueString(), model.CreatedBefore.ValueString()))
	}
}

func (d *proceduresDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model proceduresModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, session, diags := d.open(ctx, model.Timeouts)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	defer session.Close()

	// Encoding while the list is read is several times faster than afterwards, because a
	// procedure that was just decoded is still in the processor's cache.
	rows, err := session.List(ctx, model.filter(), procedureObject.Encode)
	if err != nil {
		resp.Diagnostics.Append(newDiagnostic(session.explain.List(ctx, err, toInt(model.PageSize))))
		return
	}
	encoded, ids := make([][]byte, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		encoded[i], ids[i] = row.Encoded, row.ID
	}
	resp.Diagnostics.Append(session.setState(ctx, &resp.State, map[string]bulk.Value{
		"procedures": bulk.ListOf(encoded),
		"ids":        bulk.Strings(ids),
	})...)
}
