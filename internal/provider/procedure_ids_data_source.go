package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

var _ datasource.DataSourceWithConfigure = (*procedureIDsDataSource)(nil)

type procedureIDsDataSource struct{ dataSource }

func newProcedureIDsDataSource() datasource.DataSource { return &procedureIDsDataSource{} }

func (d *procedureIDsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_procedure_ids"
}

func (d *procedureIDsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Looks up the IDs of procedures by their names. State contains names and IDs, and nothing else.",
		Attributes: map[string]schema.Attribute{
			"names": schema.SetAttribute{
				Required:    true,
				ElementType: types.StringType,
				MarkdownDescription: "The exact names, including case and spaces. Exactly one procedure must have each name. " +
					"An empty set sends no request and needs no API key.",
				Validators: []validator.Set{namesRule{}},
			},
			"ids": schema.MapAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Map from each name, as written in `names`, to the ID of its procedure.",
			},
		},
		Blocks: map[string]schema.Block{"timeouts": newTimeoutsBlock()},
	}
}

func (d *procedureIDsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var names []string
	var limits timeouts.Value
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("names"), &names)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if len(names) == 0 { // needs neither a request nor a key
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("ids"), map[string]string{})...)
		return
	}
	ctx, session, diags := d.open(ctx, limits)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	defer session.Close()

	found, err := session.Lookup(ctx, tofupilot.ByName, names)
	if err != nil {
		resp.Diagnostics.Append(newDiagnostic(session.explain.Names(ctx, len(names), err)))
		return
	}
	ids := map[string]string{}
	for name, procedure := range found {
		ids[name] = procedure.ID
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("ids"), ids)...)
}
