package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

var (
	_ datasource.DataSourceWithConfigure      = (*procedureDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*procedureDataSource)(nil)
)

type procedureDataSource struct{ dataSource }

func newProcedureDataSource() datasource.DataSource { return &procedureDataSource{} }

func (d *procedureDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_procedure"
}

func (d *procedureDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := procedureObject.Attributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "The exact ID, a UUID. Set either `id` or `name`. " +
				"Short IDs such as `FVT1` come from API v1, and reading doesn't find them: use the procedure's name.",
			Validators: []validator.String{validID},
		},
		"name": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "The exact name, including case and spaces. Set either `id` or `name`. " +
				"If several procedures have the name, reading fails and lists their IDs.",
			Validators: []validator.String{validName},
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads one procedure, by its name or its ID.",
		Attributes:          attributes,
		Blocks:              map[string]schema.Block{"timeouts": newTimeoutsBlock()},
	}
}

// ValidateConfig checks that exactly one of id and name is set, if both are known: an unknown
// value may turn out to be null.
func (d *procedureDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var id, name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	switch {
	case resp.Diagnostics.HasError(), id.IsUnknown(), name.IsUnknown():
	case id.IsNull() && name.IsNull():
		resp.Diagnostics.AddError("No name or id", "Set name or id.")
	case !id.IsNull() && !name.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Both name and id", "Set name or id, not both.")
	}
}

func (d *procedureDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var id, name types.String
	var limits timeouts.Value
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, session, diags := d.open(ctx, limits)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	defer session.Close()

	by, wanted := tofupilot.ByName, name.ValueString()
	if !id.IsNull() {
		by, wanted = tofupilot.ByID, id.ValueString()
	}
	found, err := session.Lookup(ctx, by, []string{wanted})
	if err != nil {
		resp.Diagnostics.Append(newDiagnostic(session.explain.Lookup(ctx, by, err)))
		return
	}
	resp.Diagnostics.Append(session.setState(ctx, &resp.State, procedureObject.EncodeFields(found[wanted]))...)
}
