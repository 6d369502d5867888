package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
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

type proceduresDataSource struct{ configured }

func newProceduresDataSource() datasource.DataSource { return &proceduresDataSource{} }

func (d *proceduresDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_procedures"
}

// proceduresModel is a tofupilot_procedures block.
type proceduresModel struct {
	SearchQuery   types.String   `tfsdk:"search_query"`
	CreatedAfter  types.String   `tfsdk:"created_after"`
	CreatedBefore types.String   `tfsdk:"created_before"`
	PageSize      types.Int64    `tfsdk:"page_size"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
	Procedures    types.List     `tfsdk:"procedures"`
	IDs           types.List     `tfsdk:"ids"`
}

func (d *proceduresDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Every procedure that the API key may see and that matches, from all pages, in a stable order: " +
			"by `created_at`, oldest first, then by `id`. A procedure that is created later goes to the end and moves no index.",
		Attributes: map[string]schema.Attribute{
			"search_query": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Only procedures with this text in their name, or, from 6 characters on, in their ID. " +
					"1 to 100 UTF-16 code units: most characters count one, an emoji two. The server searches; for an exact name, compare names as well.",
				Validators: []validator.String{rule(checkSearchQuery)},
			},
			"created_after": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Only procedures created after this time, in RFC 3339 with any offset, such as `2024-01-15T10:30:00+01:00`. " +
					"Sent in milliseconds, rounded down. Not later than `created_before`.",
				Validators: []validator.String{rule(checkCreatedAfter)},
			},
			"created_before": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Only procedures created before this time, in RFC 3339 with any offset, such as `2024-12-31T23:59:59Z`. " +
					"Sent in milliseconds, rounded up. Not earlier than `created_after`.",
				Validators: []validator.String{rule(checkCreatedBefore)},
			},
			"page_size": schema.Int64Attribute{
				Optional: true,
				MarkdownDescription: "How many procedures to ask for per request, 1 to 100. Default 100, which is best for nearly everyone. " +
					"It never bounds how many there are in all.",
				Validators: []validator.Int64{int64validator.Between(1, tofupilot.MaxPageSize)},
			},
			"timeouts": timeoutsAttribute(),
			"procedures": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The procedures. Empty, not null, where none matches.",
				NestedObject:        schema.NestedAttributeObject{Attributes: procedureObject.Attributes()},
			},
			"ids": schema.ListAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Their IDs, in the same order.",
			},
		},
	}
}

// ValidateConfig checks what no attribute shows alone.
func (d *proceduresDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var config proceduresModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	after, afterErr := parseTime(config.CreatedAfter.ValueString(), false)
	before, beforeErr := parseTime(config.CreatedBefore.ValueString(), true)
	if afterErr == nil && beforeErr == nil && after.After(before) { // else one isn't known, or its own rule speaks
		resp.Diagnostics.AddAttributeError(path.Root("created_after"), "Invalid created_after",
			fmt.Sprintf("created_after (%s) is later than created_before (%s): nothing can match. Swap or correct them.",
				config.CreatedAfter.ValueString(), config.CreatedBefore.ValueString()))
	}
}

func (d *proceduresDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config proceduresModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	filter, err := config.filter()
	if err != nil {
		resp.Diagnostics.AddError("Invalid filter", sentence(err))
		return
	}
	ctx, done, diags := d.reader.begin(ctx, config.Timeouts)
	defer done()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	procedures, err := d.reader.client.ReducedProcedures(ctx, filter, encodeProcedure)
	if err != nil {
		resp.Diagnostics.Append(d.reader.explain(ctx, err, listRead))
		return
	}
	err = bulk.SetState(ctx, &resp.State, joinProcedures(procedures))
	if tooLarge := new(bulk.TooLargeError); errors.As(err, &tooLarge) {
		resp.Diagnostics.AddError("The procedures can't be handed to Terraform", fmt.Sprintf("%d procedures are %v; "+
			"narrow the list by search_query, created_after or created_before, in several data sources if all are needed.", len(procedures), err))
	} else if err != nil {
		resp.Diagnostics.AddError("The state can't be written", sentence(err))
	}
}

// encodeProcedure leaves of a procedure its encoding, and what its place in the
// list depends on. Encoded later, out of order, the same would take several times
// as long: what takes the time is fetching strewn values from memory.
func encodeProcedure(procedure *tofupilot.Procedure) {
	*procedure = tofupilot.Procedure{ID: procedure.ID, CreatedAt: procedure.CreatedAt, Encoded: procedureObject.Encode(procedure)}
}

// joinProcedures makes the computed attributes of encoded procedures.
func joinProcedures(procedures []tofupilot.Procedure) map[string]bulk.Value {
	encoded, ids := make([][]byte, len(procedures)), make([]string, len(procedures))
	for i := range procedures {
		encoded[i], ids[i] = procedures[i].Encoded, procedures[i].ID
	}
	return map[string]bulk.Value{"procedures": bulk.ListOf(encoded), "ids": bulk.Strings(ids)}
}

// filter is what the configuration asks for.
func (m proceduresModel) filter() (tofupilot.ProcedureFilter, error) {
	filter := tofupilot.ProcedureFilter{
		SearchQuery: m.SearchQuery.ValueString(),
		PageSize:    int(m.PageSize.ValueInt64()),
	}
	if !m.CreatedAfter.IsNull() {
		after, err := parseTime(m.CreatedAfter.ValueString(), false)
		if err != nil {
			return filter, err
		}
		filter.CreatedAfter = &after
	}
	if !m.CreatedBefore.IsNull() {
		before, err := parseTime(m.CreatedBefore.ValueString(), true)
		if err != nil {
			return filter, err
		}
		filter.CreatedBefore = &before
	}
	return filter, nil
}

// defaultReadTimeout bounds a whole read.
const defaultReadTimeout = 5 * time.Minute

// timeoutsAttribute is the library's, with a rule: the library itself lets a
// negative duration pass.
func timeoutsAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Limits of time.",
		CustomType:          timeouts.Type{ObjectType: types.ObjectType{AttrTypes: map[string]attr.Type{"read": types.StringType}}},
		Attributes: map[string]schema.Attribute{
			"read": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How long the whole read may take, as a duration such as `90s` or `10m`. Default `5m`.",
				Validators:          []validator.String{rule(checkDuration)},
			},
		},
	}
}
