package provider

import (
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

func TestUserAgent(t *testing.T) {
	t.Parallel()
	const own = "terraform-provider-tofupilot/1.2.3 (+https://github.com/tofupilot/terraform-provider-tofupilot) Terraform/1.11.4"
	for added, want := range map[string]string{
		"":                    own,
		" \n":                 own,
		"ci/7":                own + " ci/7",
		" ci/7 (nightly job)": own + " ci/7 (nightly job)",
	} {
		if got := formatUserAgent("1.2.3", "1.11.4", func(string) string { return added }); got != want {
			t.Errorf("TF_APPEND_USER_AGENT %q: got %q, want %q", added, got, want)
		}
	}
}

func TestSkippedCertificateIsLogged(t *testing.T) {
	t.Parallel()
	unreadable, err := os.ReadFile("../config/testdata/brainpool.pem")
	if err != nil {
		t.Fatal(err)
	}
	usable, _ := harness.NewCertificate(t, "usable")
	for bundle, want := range map[string]string{
		usable: "",
		usable + string(unreadable): `"@level":"warn","@message":"Skipped certificates that can't be read","@module":"provider","certificates":1,` +
			`"first":"certificate 2: x509: unsupported elliptic curve","from":"the provider's ca_cert_pem"`,
	} {
		ctx, lines := newLogContext(t)
		configuring := New("test")()
		var schema provider.SchemaResponse
		configuring.Schema(ctx, provider.SchemaRequest{}, &schema)
		block := harness.Value(t, schema.Schema.Type().TerraformType(ctx), harness.Values{"api_key": "tp_key", "ca_cert_pem": bundle})
		var configured provider.ConfigureResponse
		configuring.Configure(ctx, provider.ConfigureRequest{Config: tfsdk.Config{Raw: block, Schema: schema.Schema}}, &configured)
		if configured.Diagnostics.HasError() {
			t.Fatal(configured.Diagnostics)
		}
		if got := lines.String(); !strings.Contains(got, want) || strings.Contains(got, "Skipped") != (want != "") {
			t.Errorf("the log doesn't have %q: %s", want, got)
		}
	}
}
