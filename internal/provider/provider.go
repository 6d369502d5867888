// Package provider implements the Terraform provider: schemas, validators, Configure and the
// data sources.
package provider

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/explain"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

var (
	_ provider.Provider                   = (*tofupilotProvider)(nil)
	_ provider.ProviderWithValidateConfig = (*tofupilotProvider)(nil)
)

type tofupilotProvider struct {
	version string
}

// New returns a function that makes the provider. The version appears in requests and in
// Terraform's log.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &tofupilotProvider{version: version} }
}

// Server returns a function that makes the provider's protocol server.
func Server(version string) func() tfprotov6.ProviderServer {
	return bulk.NewProtocol6(New(version)())
}

func (p *tofupilotProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "tofupilot"
	resp.Version = p.version
}

func (p *tofupilotProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the test procedures of a [TofuPilot](https://www.tofupilot.com) organization. The provider is read-only.",
		Attributes: map[string]schema.Attribute{
			"api_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "API key. Defaults to the environment variable `" + config.EnvAPIKey + "`, then to the file that `tofupilot login` writes: " +
					"`credentials.json` or, where that doesn't exist, a station's `station.json`. " +
					"Create a key in TofuPilot's settings.",
				Validators: []validator.String{validAPIKey},
			},
			"url": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Address of the server, such as `https://tofupilot.example.com`, with or without `/api` at its end. " +
					"Defaults to the environment variable `" + config.EnvURL + "`, then to the server of the login file if its key is used, then to `" + config.DefaultURL + "`.",
				Validators: []validator.String{validURL},
			},
			"ca_cert_pem": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "CA certificates of a self-hosted server, in PEM format. The provider trusts them in addition to the system's. " +
					"Defaults to the file that the environment variable `" + config.EnvCACert + "` names, then to that of the login file if its key is used.",
				Validators: []validator.String{validCertificates},
			},
			"client_cert_pem": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Client certificate in PEM format, followed by its chain, for a server that requests one. " +
					"Requires `client_key_pem`.",
				Validators: []validator.String{rule{"must be a certificate in PEM", config.CheckClientCertPEM}},
			},
			"client_key_pem": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Private key of the client certificate, in PEM format and not encrypted: PKCS #1, PKCS #8 or SEC 1. " +
					"The key isn't sent. Requires `client_cert_pem`.",
				Validators: []validator.String{rule{"must be a private key in PEM", config.CheckClientKeyPEM}},
			},
			"headers": schema.MapAttribute{
				Optional:    true,
				Sensitive:   true,
				ElementType: types.StringType,
				MarkdownDescription: "HTTP headers to send with every request, for a gateway in front of the server. " +
					"They go to the configured server only. The provider sets `Authorization` itself, and `Proxy-Authorization` can be sent over `https://` only. " +
					"If the server repeats a value in an error, the provider redacts it, unless it has fewer than eight characters.",
				Validators: []validator.Map{validHeaders{}},
			},
			"max_retries": schema.NumberAttribute{
				Optional: true,
				MarkdownDescription: "How often the provider retries a request that fails for a temporary reason: " +
					"no connection, an incomplete response, or status 408 or 5xx. 0 (never) to 10. Defaults to 3. " +
					"Retries after a 429 (too many requests) count only until some request has succeeded. " +
					"A retry after a 503 (unavailable) counts only if no request has succeeded since the previous 503. " +
					"[Retries](https://registry.terraform.io/providers/tofupilot/tofupilot/latest/docs/guides/self-hosted#retries) has all limits.",
				Validators: []validator.Number{wholeNumber{0, rest.MaxRetries}},
			},
			"request_timeout": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How long one attempt of a request may take, including its response, as a duration such as `45s` or `2m`. " +
					"Defaults to `30s`. `timeouts.read` of a data source limits the whole read.",
				Validators: []validator.String{validDuration},
			},
			"allow_http": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to send the key over plain `http://` to another machine. " +
					"Defaults to `false`, which allows plain HTTP to localhost only.",
			},
		},
	}
}

// ValidateConfig checks url together with allow_http.
func (p *tofupilotProvider) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !model.ClientCertPEM.IsUnknown() && !model.ClientKeyPEM.IsUnknown() {
		if _, problem := config.ParseClientCertificate(model.ClientCertPEM.ValueStringPointer(), model.ClientKeyPEM.ValueStringPointer()); problem != nil {
			resp.Diagnostics.Append(newProblemDiagnostic(*problem))
		}
	}
	if model.URL.IsNull() || model.URL.IsUnknown() {
		return
	}
	address, err := config.ParseURL(model.URL.ValueString())
	if err != nil {
		return // validURL reports it
	}
	if err := config.CheckScheme(address, model.AllowHTTP.ValueBool()); err != nil && !model.AllowHTTP.IsUnknown() {
		resp.Diagnostics.AddAttributeError(path.Root("url"), "Invalid url", config.Sentence(err))
	}
	if err := config.CheckHeaderScheme(headerNames(model.Headers), address); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("headers"), "Invalid headers", config.Sentence(err))
	}
}

// Configure creates the client that all data sources share.
func (p *tofupilotProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if unknown := findUnknown(req.Config); len(unknown) > 0 {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		}
		// Each read reports the error, so that a configuration without reads can be planned.
		// An environment variable must not replace a value that isn't known yet: the key
		// could be sent to another server than its own.
		var problems diag.Diagnostics
		problems.AddError("Provider configuration not known yet", fmt.Sprintf(
			"The data source can't be read yet, because these arguments of the provider are known only after apply: %s. "+
				"Set them to values that are known when planning. You can also apply what they depend on first: terraform apply -target=….",
			strings.Join(unknown, ", ")))
		resp.DataSourceData = &providerData{problems: problems}
		return
	}
	settings, problems := config.Resolve(model.block(), os.Getenv, user.Current)
	var readProblems diag.Diagnostics
	for _, problem := range problems {
		if problem.InConfigure() {
			resp.Diagnostics.Append(newProblemDiagnostic(problem))
		} else {
			readProblems.Append(newProblemDiagnostic(problem))
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if readProblems.HasError() {
		resp.DataSourceData = &providerData{problems: readProblems}
		return
	}
	ctx = maskKey(ctx, settings.APIKey)
	tflog.Debug(ctx, "Configured the client", map[string]any{"url": settings.BaseURL.String(), "api_key_from": settings.KeySource.String()})
	if skipped := settings.CAs.Skipped; len(skipped) > 0 {
		tflog.Warn(ctx, "Skipped certificates that can't be read", map[string]any{
			"certificates": len(skipped), "first": skipped[0].Error(), "from": settings.CAs.From,
		})
	}
	var headers []redact.Header
	for name, value := range settings.Headers {
		headers = append(headers, redact.Header{Name: name, Value: value})
	}
	redactor := redact.New(settings.APIKey, headers...)
	client := tofupilot.New(rest.Config{
		BaseURL:        settings.BaseURL,
		APIKey:         settings.APIKey,
		Headers:        settings.Headers,
		Certificate:    settings.ClientCertificate,
		Transport:      rest.NewTransport(settings.RootCAs),
		Memory:         new(rest.Budget),
		MaxRetries:     settings.MaxRetries,
		RequestTimeout: settings.RequestTimeout,
		UserAgent:      formatUserAgent(p.version, req.TerraformVersion, os.Getenv),
		ClientType:     "terraform",
		ClientVersion:  p.version,
		Log:            slog.New(redactor.Handler(logger.Handler())),
	})
	resp.DataSourceData = &providerData{client: client, explain: explain.Explainer{Settings: settings, Redact: redactor.Text, RedactOwn: redactor.OwnText}}
}

func (p *tofupilotProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newProcedureIDsDataSource, newProcedureDataSource, newProceduresDataSource}
}

func (p *tofupilotProvider) Resources(context.Context) []func() resource.Resource { return nil }

// providerModel is the provider block.
type providerModel struct {
	APIKey         types.String `tfsdk:"api_key"`
	URL            types.String `tfsdk:"url"`
	CACertPEM      types.String `tfsdk:"ca_cert_pem"`
	ClientCertPEM  types.String `tfsdk:"client_cert_pem"`
	ClientKeyPEM   types.String `tfsdk:"client_key_pem"`
	Headers        types.Map    `tfsdk:"headers"`
	MaxRetries     types.Number `tfsdk:"max_retries"`
	RequestTimeout types.String `tfsdk:"request_timeout"`
	AllowHTTP      types.Bool   `tfsdk:"allow_http"`
}

// block returns the provider block as plain values. All of its values must be known.
func (m providerModel) block() config.Block {
	block := config.Block{
		APIKey:         m.APIKey.ValueStringPointer(),
		URL:            m.URL.ValueStringPointer(),
		CACertPEM:      m.CACertPEM.ValueStringPointer(),
		ClientCertPEM:  m.ClientCertPEM.ValueStringPointer(),
		ClientKeyPEM:   m.ClientKeyPEM.ValueStringPointer(),
		Headers:        headerValues(m.Headers),
		RequestTimeout: m.RequestTimeout.ValueStringPointer(),
		AllowHTTP:      m.AllowHTTP.ValueBool(),
	}
	if !m.MaxRetries.IsNull() {
		block.MaxRetries = new(toInt(m.MaxRetries))
	}
	return block
}

// findUnknown returns the names of the arguments whose values aren't known yet.
func findUnknown(config tfsdk.Config) (names []string) {
	attributes := map[string]tftypes.Value{}
	_ = config.Raw.As(&attributes) // never fails: a configuration is an object
	for name, value := range attributes {
		if !value.IsFullyKnown() { // a map with an unknown element is itself known
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// newProblemDiagnostic returns the diagnostic of a problem with the configuration.
func newProblemDiagnostic(problem config.Problem) diag.Diagnostic {
	switch {
	case problem.Warning:
		return diag.NewWarningDiagnostic(problem.Summary, problem.Detail)
	case problem.Argument != "":
		return diag.NewAttributeErrorDiagnostic(path.Root(problem.Argument), problem.Summary, problem.Detail)
	default:
		return diag.NewErrorDiagnostic(problem.Summary, problem.Detail)
	}
}

// formatUserAgent returns a User-Agent header as Terraform's own clients send it: the provider,
// its homepage, Terraform, and the value of TF_APPEND_USER_AGENT.
func formatUserAgent(version, terraformVersion string, getenv func(string) string) string {
	agent := fmt.Sprintf("terraform-provider-tofupilot/%s (+%s) Terraform/%s", version, explain.Homepage, terraformVersion)
	// Control characters aren't valid in a header.
	if more := strings.Join(strings.FieldsFunc(getenv("TF_APPEND_USER_AGENT"), unicode.IsControl), " "); strings.TrimSpace(more) != "" {
		agent += " " + strings.TrimSpace(more)
	}
	return agent
}
