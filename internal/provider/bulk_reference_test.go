package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// The usual way of filling a state: Go structs with tags, and State.Set. What
// it sends is what the fast path is held to.

// referenceServer is a bare framework server of the same provider, whose data
// source reads the same way and fills its state the usual way.
func referenceServer() tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(referenceProvider{&tofupilotProvider{version: "test"}})()
}

type referenceProvider struct{ *tofupilotProvider }

var _ provider.Provider = referenceProvider{}

func (referenceProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &referenceDataSource{} }}
}

type referenceDataSource struct{ proceduresDataSource }

type referenceState struct {
	SearchQuery   types.String         `tfsdk:"search_query"`
	CreatedAfter  types.String         `tfsdk:"created_after"`
	CreatedBefore types.String         `tfsdk:"created_before"`
	PageSize      types.Int64          `tfsdk:"page_size"`
	Timeouts      timeouts.Value       `tfsdk:"timeouts"`
	Procedures    []referenceProcedure `tfsdk:"procedures"`
	IDs           []string             `tfsdk:"ids"`
}

type referenceProcedure struct {
	ID               string               `tfsdk:"id"`
	Name             *string              `tfsdk:"name"`
	CreatedAt        *string              `tfsdk:"created_at"`
	CreatedByUser    *referenceUser       `tfsdk:"created_by_user"`
	LinkedRepository *referenceRepository `tfsdk:"linked_repository"`
	Runs             []referenceRun       `tfsdk:"runs"`
	FPY              *float64             `tfsdk:"fpy"`
}

type referenceUser struct {
	ID    *string `tfsdk:"id"`
	Name  *string `tfsdk:"name"`
	Email *string `tfsdk:"email"`
}

type referenceRepository struct {
	ID       *string `tfsdk:"id"`
	Name     *string `tfsdk:"name"`
	FullName *string `tfsdk:"full_name"`
	Provider *string `tfsdk:"provider"`
}

type referenceRun struct {
	ID        *string        `tfsdk:"id"`
	Outcome   *string        `tfsdk:"outcome"`
	StartedAt *string        `tfsdk:"started_at"`
	Unit      *referenceUnit `tfsdk:"unit"`
}

type referenceUnit struct {
	ID *string `tfsdk:"id"`
}

func (d *referenceDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config proceduresModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	procedures, err := d.reader.client.Procedures(ctx, tofupilot.ProcedureFilter{})
	if err != nil {
		resp.Diagnostics.AddError("Not read", err.Error())
		return
	}
	state := referenceState{
		SearchQuery: config.SearchQuery, CreatedAfter: config.CreatedAfter, CreatedBefore: config.CreatedBefore,
		PageSize: config.PageSize, Timeouts: config.Timeouts,
		Procedures: []referenceProcedure{}, IDs: []string{},
	}
	for _, procedure := range procedures {
		state.Procedures = append(state.Procedures, referenceOf(procedure))
		state.IDs = append(state.IDs, procedure.ID)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func referenceOf(p tofupilot.Procedure) referenceProcedure {
	r := referenceProcedure{ID: p.ID, Name: p.Name, FPY: p.FPY, Runs: []referenceRun{}}
	if p.CreatedAt != nil {
		r.CreatedAt = &p.CreatedAt.Text
	}
	if u := p.CreatedByUser; u != nil {
		r.CreatedByUser = &referenceUser{ID: u.ID, Name: u.Name, Email: u.Email}
	}
	if l := p.LinkedRepository; l != nil {
		r.LinkedRepository = &referenceRepository{ID: l.ID, Name: l.Name, FullName: l.FullName, Provider: l.Provider}
	}
	for _, run := range p.Runs {
		shown := referenceRun{ID: run.ID, Outcome: run.Outcome}
		if run.StartedAt != nil {
			shown.StartedAt = &run.StartedAt.Text
		}
		if run.Unit != nil {
			shown.Unit = &referenceUnit{ID: run.Unit.ID}
		}
		r.Runs = append(r.Runs, shown)
	}
	return r
}
