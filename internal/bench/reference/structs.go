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

// WithStructs returns a provider that fills its list of procedures with Go structs, tfsdk tags and
// State.Set, as most providers do. It uses the schema of p and the client of this project.
func WithStructs(p provider.Provider) provider.Provider { return &structProvider{p} }

type structProvider struct{ provider.Provider }

func (p *structProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
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

func (p *structProvider) DataSources(ctx context.Context) (sources []func() datasource.DataSource) {
	for _, create := range p.Provider.DataSources(ctx) {
		var metadata datasource.MetadataResponse
		create().Metadata(ctx, datasource.MetadataRequest{ProviderTypeName: "tofupilot"}, &metadata)
		if metadata.TypeName == dataSource { // benchmarks read no other
			sources = append(sources, func() datasource.DataSource { return &structDataSource{DataSource: create()} })
		}
	}
	return sources
}

type structDataSource struct {
	datasource.DataSource

	client *tofupilot.Client
}

type model struct {
	SearchQuery   types.String   `tfsdk:"search_query"`
	CreatedAfter  types.String   `tfsdk:"created_after"`
	CreatedBefore types.String   `tfsdk:"created_before"`
	PageSize      types.Number   `tfsdk:"page_size"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
	Procedures    []procedure    `tfsdk:"procedures"`
	IDs           []string       `tfsdk:"ids"`
}

type procedure struct {
	ID               string      `tfsdk:"id"`
	Name             *string     `tfsdk:"name"`
	CreatedAt        *string     `tfsdk:"created_at"`
	CreatedByUser    *user       `tfsdk:"created_by_user"`
	LinkedRepository *repository `tfsdk:"linked_repository"`
	Runs             []run       `tfsdk:"runs"`
	FPY              *big.Float  `tfsdk:"fpy"`
}

type user struct {
	ID    *string `tfsdk:"id"`
	Name  *string `tfsdk:"name"`
	Email *string `tfsdk:"email"`
}

type repository struct {
	ID       *string `tfsdk:"id"`
	Name     *string `tfsdk:"name"`
	FullName *string `tfsdk:"full_name"`
	Provider *string `tfsdk:"provider"`
}

type run struct {
	ID        *string `tfsdk:"id"`
	Outcome   *string `tfsdk:"outcome"`
	StartedAt *string `tfsdk:"started_at"`
	Unit      *unit   `tfsdk:"unit"`
}

type unit struct {
	ID *string `tfsdk:"id"`
}

func (d *structDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.client, _ = req.ProviderData.(*tofupilot.Client) // nil until the provider is configured
}

func (d *structDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.Config.Get(ctx, &state)...)
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
		return nil // no encoded row: the structs are encoded below
	})
	if err != nil {
		resp.Diagnostics.AddError("Reading failed", err.Error())
		return
	}
	state.Procedures, state.IDs = []procedure{}, []string{}
	for _, row := range rows {
		state.Procedures = append(state.Procedures, convert(new(procedures[row.ID])))
		state.IDs = append(state.IDs, row.ID)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// convert converts a procedure of the client to the structs of the state.
func convert(p *tofupilot.Procedure) procedure {
	converted := procedure{ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt, Runs: []run{}}
	if p.FPY != nil {
		converted.FPY, _, _ = big.ParseFloat(string(*p.FPY), 10, 512, big.ToNearestEven) // as terraform-plugin-go decodes numbers
	}
	if u := p.CreatedByUser; u != nil {
		converted.CreatedByUser = &user{u.ID, u.Name, u.Email}
	}
	if r := p.LinkedRepository; r != nil {
		converted.LinkedRepository = &repository{r.ID, r.Name, r.FullName, r.Provider}
	}
	for _, r := range p.Runs {
		convertedRun := run{ID: r.ID, Outcome: r.Outcome, StartedAt: r.StartedAt}
		if r.Unit != nil {
			convertedRun.Unit = &unit{r.Unit.ID}
		}
		converted.Runs = append(converted.Runs, convertedRun)
	}
	return converted
}
