package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

var _ datasource.DataSourceWithConfigure = (*procedureIDsDataSource)(nil)

type procedureIDsDataSource struct{ configured }

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
				Validators: []validator.Set{nameRule{}},
			},
			"ids": schema.MapAttribute{
				Computed:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Map from each name, as written in `names`, to the ID of its procedure.",
			},
		},
		Blocks: map[string]schema.Block{"timeouts": timeoutsBlock()},
	}
}

// nameRule wants names to have at least one character. It tells of a wrong element
// on the set itself: the protocol has no path into a set.
type nameRule struct{}

func (nameRule) Description(context.Context) string {
	return "elements must have at least one character"
}

func (r nameRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (nameRule) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if _, err := namesIn(req.ConfigValue); err != nil && !errors.Is(err, errUnknownName) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid names", sentence(err))
	}
}

var errUnknownName = errors.New("a name isn't known yet")

// namesIn are the elements of names. The error is errUnknownName only if nothing
// else is wrong.
func namesIn(set types.Set) (names []string, err error) {
	if set.IsUnknown() {
		return nil, errUnknownName
	}
	for _, element := range set.Elements() {
		name, _ := element.(types.String) // the schema's type
		switch {
		case name.IsUnknown():
			err = errUnknownName
		case name.IsNull():
			return nil, errors.New("an element is null; remove it, or use compact() to drop such elements")
		case name.ValueString() == "":
			return nil, errors.New(`the element "" is empty; a name has at least one character`)
		}
		names = append(names, name.ValueString())
	}
	return names, err
}

type procedureIDsModel struct {
	Names    types.Set         `tfsdk:"names"`
	IDs      map[string]string `tfsdk:"ids"`
	Timeouts timeouts.Value    `tfsdk:"timeouts"`
}

func (d *procedureIDsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model procedureIDsModel
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("names"), &model.Names)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &model.Timeouts)...)
	names, err := namesIn(model.Names)
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("names"), "Invalid names", sentence(err))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	model.IDs = map[string]string{}
	if len(names) > 0 { // else there is nothing to ask, and a key isn't needed
		ctx, done, diags := d.reader.begin(ctx, model.Timeouts)
		defer done()
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
		found, err := d.reader.client.Lookup(ctx, tofupilot.ByName, names)
		if err != nil {
			resp.Diagnostics.Append(d.reader.explainNames(ctx, len(names), err))
			return
		}
		for name, procedure := range found {
			model.IDs[name] = procedure.ID
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}
