package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
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
			"timeouts": timeoutsAttribute(),
		},
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
		if model.IDs, err = d.reader.client.ProcedureIDs(ctx, names); err != nil {
			resp.Diagnostics.Append(d.reader.explainNames(ctx, len(names), err))
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// maxNameLines bounds the lines about names in an error, so that all of it has at
// most 50.
const maxNameLines = 44

// explainNames says which names don't have exactly one procedure, all in one error.
func (r *reader) explainNames(ctx context.Context, asked int, err error) diag.Diagnostic {
	failed := new(tofupilot.NamesError)
	if !errors.As(err, &failed) {
		return r.explain(ctx, err, readAdvice{noun: tofupilot.Procedures.Noun})
	}
	count := len(failed.Missing) + len(failed.Several)
	head := fmt.Sprintf("%d of %s can't be looked up at %s.", count, counted(asked, "name"), r.settings.baseURL)
	var (
		told []string
		next string
	)
	if len(failed.Missing) > 0 {
		head += fmt.Sprintf(" The API key can read %s.", counted(failed.Seen, "procedure"))
		next = "Copy the names as TofuPilot shows them, including case and spaces. If a name is right, check that the key's owner can see the procedure."
	}
	for _, missing := range failed.Missing {
		if len(told) < maxNameLines-1 {
			told = append(told, r.missing(missing, failed.Seen))
			count--
		}
	}
	if len(failed.Several) > 0 {
		next = lines(next, "If several procedures have a name, rename all but one of them in TofuPilot, or use the ID that you want instead of the lookup.")
	}
	for _, several := range failed.Several {
		if room := maxNameLines - 1 - len(told); room > 1 {
			told = append(told, r.several(several, room)...)
			count--
		}
	}
	if count > 0 {
		told = append(told, "  … and "+counted(count, "more name"))
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("names"), "Not every name has exactly one procedure", lines(head, strings.Join(told, "\n"), next))
}

// missing is the line about a name that no procedure has.
func (r *reader) missing(missing tofupilot.MissingName, seen int) string {
	line := fmt.Sprintf("  - %s: no procedure has this name", r.quote(missing.Name))
	var near []string
	for _, procedure := range missing.Near {
		if name := procedure.Name; name != nil && !slices.Contains(near, r.quote(*name)) {
			near = append(near, r.quote(*name))
		}
	}
	switch {
	case len(near) == 0:
		return line
	case len(missing.Near) == seen:
		return line + "; these are all: " + strings.Join(near, ", ")
	}
	return line + "; the nearest: " + strings.Join(near, ", ")
}

// several are the lines about a name that several procedures have: a line for each
// of them, as far as there is room.
func (r *reader) several(several tofupilot.SeveralName, room int) []string {
	told := []string{fmt.Sprintf("  - %s: %d procedures have this name", r.quote(several.Name), len(several.Matches))}
	for i, procedure := range several.Matches {
		if left := len(several.Matches) - i; left > 1 && len(told) >= room-1 {
			return append(told, fmt.Sprintf("      … and %d more", left))
		}
		procedure.Name = nil // the line above says it
		told = append(told, "      "+r.describe(procedure))
	}
	return told
}

// quote is a name as an error shows it, safe and not too long.
func (r *reader) quote(name string) string {
	const most = 200 // characters
	quoted := []rune(r.client.Clean(strconv.Quote(name)))
	if len(quoted) > most {
		return string(quoted[:most]) + "…"
	}
	return string(quoted)
}
