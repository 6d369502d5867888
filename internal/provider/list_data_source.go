package provider

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

var (
	_ datasource.DataSourceWithConfigure      = (*listDataSource[any])(nil)
	_ datasource.DataSourceWithValidateConfig = (*listDataSource[any])(nil)
)

// listDataSource reads one of the API's lists, of rows of type T, as a whole.
type listDataSource[T any] struct {
	configured

	name        string // of the data source, and of the attribute that holds the rows
	description string
	list        tofupilot.List[T]
	filters     listFilters
	object      bulk.Object[T] // what Terraform sees of a row
}

func (d *listDataSource[T]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + d.name
}

func (d *listDataSource[T]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := d.filters.attributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		pageSize: schema.NumberAttribute{
			Optional: true,
			MarkdownDescription: fmt.Sprintf("How many %s the provider requests at a time, 1 to 100. Defaults to 100. "+
				"This doesn't limit the list. A smaller number helps a slow server.", d.name),
			Validators: []validator.Number{wholeNumber{1, tofupilot.MaxPageSize}},
		},
		d.name: schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: fmt.Sprintf("The %s, oldest first. An empty list if none match.", d.name),
			NestedObject:        schema.NestedAttributeObject{Attributes: d.object.Attributes()},
		},
		"ids": schema.ListAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: fmt.Sprintf("The IDs of the `%s`, in the same order.", d.name),
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: d.description + " The order is stable: by `created_at`, oldest first, then by `id`.",
		Attributes:          attributes,
		Blocks:              map[string]schema.Block{"timeouts": timeoutsBlock()},
	}
}

// ValidateConfig checks what depends on several attributes.
func (d *listDataSource[T]) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	values, diags := d.known(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if attribute, err := d.filters.checkOrder(values); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root(attribute), "Invalid "+attribute, err.Error()+".")
	}
}

// known are the filters that are given, and known already, by their names.
func (d *listDataSource[T]) known(ctx context.Context, config tfsdk.Config) (values map[string]string, diags diag.Diagnostics) {
	values = map[string]string{}
	for _, filter := range d.filters {
		var value types.String
		diags.Append(config.GetAttribute(ctx, path.Root(filter.name), &value)...)
		if !value.IsNull() && !value.IsUnknown() {
			values[filter.name] = value.ValueString()
		}
	}
	return values, diags
}

func (d *listDataSource[T]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var perPage types.Number
	values, diags := d.known(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(pageSize), &perPage)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, done, diags := d.reader.begin(ctx, req.Config)
	defer done()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}

	filter := tofupilot.Filter{Parameters: d.filters.parameters(values), PageSize: integer(perPage)}
	rows, err := tofupilot.ReadAll(ctx, d.reader.client, d.list, filter, d.encode)
	if err != nil {
		advice := d.filters.advice(d.list.Noun)
		if filter.PageSize == 1 {
			advice.Smaller = ""
		}
		resp.Diagnostics.Append(diagnostic(d.reader.Read(ctx, err, advice)))
		return
	}
	resp.Diagnostics.Append(d.reader.setState(ctx, &resp.State, d.attributes(rows))...)
}

// encode makes what is kept of a row while the rest is read. Encoded later, out of
// order, the same would take several times as long: what takes the time is fetching
// strewn values from memory.
func (d *listDataSource[T]) encode(row *T) ([]byte, int) {
	encoded := d.object.Encode(row)
	return encoded, len(encoded) + len(d.list.Key(row)) // once more in ids
}

// attributes are the computed attributes.
func (d *listDataSource[T]) attributes(rows []tofupilot.Row[[]byte]) map[string]bulk.Value {
	encoded, ids := make([][]byte, len(rows)), make([]string, len(rows))
	for i, row := range rows {
		encoded[i], ids[i] = row.Kept, row.ID
	}
	return map[string]bulk.Value{d.name: bulk.ListOf(encoded), "ids": bulk.Strings(ids)}
}
