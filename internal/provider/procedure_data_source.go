package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

var (
	_ datasource.DataSourceWithConfigure      = (*procedureDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*procedureDataSource)(nil)
)

type procedureDataSource struct{ configured }

func newProcedureDataSource() datasource.DataSource { return &procedureDataSource{} }

func (d *procedureDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_procedure"
}

func (d *procedureDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := procedureObject.Attributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"id": schema.StringAttribute{
			Optional:            true,
			Computed:            true,
			MarkdownDescription: "The exact ID. Set either `id` or `name`.",
			Validators:          []validator.String{notEmpty("ID")},
		},
		"name": schema.StringAttribute{
			Optional: true,
			Computed: true,
			MarkdownDescription: "The exact name, including case and spaces. Set either `id` or `name`. " +
				"If several procedures have the name, reading fails and lists their IDs.",
			Validators: []validator.String{notEmpty("name")},
		},
		"timeouts": timeoutsAttribute(),
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads one procedure, by its name or its ID.",
		Attributes:          attributes,
	}
}

// ValidateConfig wants exactly one of id and name.
func (d *procedureDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	var id, name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	switch {
	case id.IsUnknown() || name.IsUnknown(): // and may still be null
	case id.IsNull() && name.IsNull():
		resp.Diagnostics.AddError("Neither id nor name is set", "Set either id or name, to say which procedure to read.")
	case !id.IsNull() && !name.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root("id"), "Both id and name are set", "Set either id or name, and remove the other.")
	}
}

func (d *procedureDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var (
		id, name types.String
		limits   timeouts.Value
	)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("timeouts"), &limits)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, done, diags := d.reader.begin(ctx, limits)
	defer done()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	find, attribute, wanted := d.reader.client.ProcedureByName, "name", name.ValueString()
	if !id.IsNull() {
		find, attribute, wanted = d.reader.client.ProcedureByID, "id", id.ValueString()
	}
	procedure, err := find(ctx, wanted)
	if err != nil {
		resp.Diagnostics.Append(d.reader.explainLookup(ctx, attribute, wanted, err))
		return
	}
	if err := bulk.SetState(ctx, &resp.State, procedureObject.EncodeFields(procedure)); err != nil {
		resp.Diagnostics.AddError("The state can't be written", sentence(err))
	}
}

// explainLookup says why no procedure, or more than one, was found.
func (r *reader) explainLookup(ctx context.Context, attribute, wanted string, err error) diag.Diagnostic {
	none, several := new(tofupilot.NotFoundError), new(tofupilot.AmbiguousError)
	wanted = r.quote(wanted)
	switch {
	case errors.As(err, &none):
		detail := fmt.Sprintf("No procedure at %s has the %s %s. The API key can read %s.", r.settings.baseURL, attribute, wanted, counted(none.Seen, "procedure"))
		switch {
		case len(none.Near) == 0:
			detail += " Check the spelling, and that the key's owner can see the procedure."
		case len(none.Near) == none.Seen:
			detail += " These are all of them:\n" + r.described(none.Near) + "\n\nTo read one of them, copy its " + attribute + "."
		default:
			detail += " The nearest are:\n" + r.described(none.Near) + "\n\nTo read one of them, copy its " + attribute + "."
		}
		return diag.NewAttributeErrorDiagnostic(path.Root(attribute), "No such procedure", detail)
	case errors.As(err, &several):
		return diag.NewAttributeErrorDiagnostic(path.Root(attribute), "Several procedures have this name", fmt.Sprintf(
			"%d procedures at %s have the name %s:\n%s\n\nSet id instead of name, with the ID of the procedure that you want.",
			len(several.Matches), r.settings.baseURL, wanted, r.described(several.Matches)))
	}
	return r.explain(ctx, err, readAdvice{noun: tofupilot.Procedures.Noun})
}

// maxDescribed bounds how many procedures an error lists.
const maxDescribed = 50

// described lists procedures for a person to choose from.
func (r *reader) described(procedures []tofupilot.Procedure) string {
	var lines []string
	for i, procedure := range procedures {
		if i == maxDescribed {
			lines = append(lines, fmt.Sprintf("  … and %d more", len(procedures)-i))
			break
		}
		lines = append(lines, "  - "+r.describe(procedure))
	}
	return strings.Join(lines, "\n")
}

// describe cleans each text by itself, so that a long one doesn't cut off the next.
func (r *reader) describe(procedure tofupilot.Procedure) string {
	text := r.client.Clean(procedure.ID)
	if procedure.Name != nil {
		text += " " + r.client.Clean(strconv.Quote(*procedure.Name)) // quotes show odd spaces
	}
	if procedure.CreatedAt != nil {
		text += ", created " + r.client.Clean(procedure.CreatedAt.Text)
	}
	if creator := procedure.CreatedByUser; creator != nil {
		if who := cmp.Or(creator.Name, creator.Email, creator.ID); who != nil {
			text += " by " + r.client.Clean(*who)
		}
	}
	return text
}
