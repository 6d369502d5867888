package reference

import (
	"context"
	"log/slog"
	"math/big"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/datasource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// Usual is a provider with its list of procedures filled the framework's usual
// way: Go structs with tfsdk tags, and State.Set. The schema is the provider's
// own and the client the same, so that only the way of filling differs.
func Usual(of provider.Provider) provider.Provider { return &usualProvider{of} }

type usualProvider struct{ provider.Provider }

func (p *usualProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var address, key string
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("url"), &address)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("api_key"), &key)...)
	base, err := config.ParseURL(address)
	if err != nil {
		resp.Diagnostics.AddError("Invalid url", err.Error())
		return
	}
	resp.DataSourceData = tofupilot.New(rest.Config{
		BaseURL: base, APIKey: key, Transport: rest.NewTransport(nil), Memory: new(rest.Budget), Log: slog.New(slog.DiscardHandler),
		MaxRetries: rest.DefaultMaxRetries, RequestTimeout: rest.DefaultRequestTimeout,
	})
}

func (p *usualProvider) DataSources(ctx context.Context) (sources []func() datasource.DataSource) {
	for _, create := range p.Provider.DataSources(ctx) {
		var metadata datasource.MetadataResponse
		create().Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "tofupilot"}, &metadata)
		if metadata.TypeName == DataSource {
			sources = append(sources, func() datasource.DataSource { return &usualDataSource{DataSource: create()} })
		}
	}
	return sources
}

type usualDataSource struct {
	datasource.DataSource

	client *tofupilot.Client
}

type usualModel struct {
	SearchQuery   types.String     `tfsdk:"search_query"`
	CreatedAfter  types.String     `tfsdk:"created_after"`
	CreatedBefore types.String     `tfsdk:"created_before"`
	PageSize      types.Number     `tfsdk:"page_size"`
	Timeouts      timeouts.Value   `tfsdk:"timeouts"`
	Procedures    []usualProcedure `tfsdk:"procedures"`
	IDs           []string         `tfsdk:"ids"`
}

type usualProcedure struct {
	ID               string           `tfsdk:"id"`
	Name             *string          `tfsdk:"name"`
	CreatedAt        *string          `tfsdk:"created_at"`
	CreatedByUser    *usualUser       `tfsdk:"created_by_user"`
	LinkedRepository *usualRepository `tfsdk:"linked_repository"`
	Runs             []usualRun       `tfsdk:"runs"`
	FPY              *big.Float       `tfsdk:"fpy"`
}

type usualUser struct {
	ID    *string `tfsdk:"id"`
	Name  *string `tfsdk:"name"`
	Email *string `tfsdk:"email"`
}

type usualRepository struct {
	ID       *string `tfsdk:"id"`
	Name     *string `tfsdk:"name"`
	FullName *string `tfsdk:"full_name"`
	Provider *string `tfsdk:"provider"`
}

type usualRun struct {
	ID        *string    `tfsdk:"id"`
	Outcome   *string    `tfsdk:"outcome"`
	StartedAt *string    `tfsdk:"started_at"`
	Unit      *usualUnit `tfsdk:"unit"`
}

type usualUnit struct {
	ID *string `tfsdk:"id"`
}

func (d *usualDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.client, _ = req.ProviderData.(*tofupilot.Client) // nil until the provider is configured
}

func (d *usualDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model usualModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	session := d.client.NewSession()
	defer session.Close()
	var mu sync.Mutex
	procedures := map[string]tofupilot.Procedure{}
	rows, err := session.List(ctx, tofupilot.Filter{}, func(p *tofupilot.Procedure) []byte {
		mu.Lock()
		defer mu.Unlock()
		procedures[p.ID] = *p
		return nil
	})
	if err != nil {
		resp.Diagnostics.AddError("Reading failed", err.Error())
		return
	}
	model.Procedures, model.IDs = []usualProcedure{}, []string{}
	for _, row := range rows {
		model.Procedures = append(model.Procedures, usualFrom(new(procedures[row.ID])))
		model.IDs = append(model.IDs, row.ID)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func usualFrom(p *tofupilot.Procedure) usualProcedure {
	mapped := usualProcedure{ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt, Runs: []usualRun{}}
	if p.FPY != nil {
		mapped.FPY, _, _ = big.ParseFloat(string(*p.FPY), 10, 512, big.ToNearestEven)
	}
	if user := p.CreatedByUser; user != nil {
		mapped.CreatedByUser = &usualUser{user.ID, user.Name, user.Email}
	}
	if repository := p.LinkedRepository; repository != nil {
		mapped.LinkedRepository = &usualRepository{repository.ID, repository.Name, repository.FullName, repository.Provider}
	}
	for _, run := range p.Runs {
		of := usualRun{ID: run.ID, Outcome: run.Outcome, StartedAt: run.StartedAt}
		if run.Unit != nil {
			of.Unit = &usualUnit{run.Unit.ID}
		}
		mapped.Runs = append(mapped.Runs, of)
	}
	return mapped
}
