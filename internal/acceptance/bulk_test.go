package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"pgregory.net/rapid"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/bench/reference"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

// referenceServer is a bare framework server of the same provider that fills its
// state the usual way: Go structs with tags, and State.Set. What it sends is what
// the fast path is held to.
func referenceServer() tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(reference.Usual(provider.New("test")()))()
}

// What Terraform receives through the fast path is, value for value and to the last
// digit, what the framework would have sent, and what the provider gives on a bare
// framework server. Everything on the way takes part: the server's JSON,
// the client, the schema and the encoding.
func TestFastPath(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(nil)
	api := fakeapi.New()
	server.Config.Handler = api
	server.Start()
	t.Cleanup(server.Close)

	ours, usual := harness.Connect(t, provider.Server("test")()), harness.Connect(t, referenceServer())
	bare := harness.Connect(t, providerserver.NewProtocol6(provider.New("test")())())
	for _, each := range []harness.Connection{ours, usual, bare} {
		harness.ExpectNoDiagnostics(t, each.Configure(t, false, harness.Values{"url": server.URL, "api_key": fakeapi.Key}))
	}
	rapid.Check(t, func(r *rapid.T) {
		stored := drawProcedures(r)
		api.Add(stored...)
		defer api.Delete(harness.IDs(stored)...)
		arguments := drawArguments(r)

		read := func(from harness.Connection) *tfprotov6.ReadDataSourceResponse {
			return from.Read(t, "tofupilot_procedures", arguments)
		}
		got, want, slow := read(ours), read(usual), read(bare)
		for _, resp := range []*tfprotov6.ReadDataSourceResponse{got, want, slow} {
			if len(resp.Diagnostics) > 0 {
				r.Fatal(harness.Describe(resp.Diagnostics))
			}
		}
		if difference := differences(t, ours, got, want); difference != "" {
			r.Errorf("other values than the framework's: %s", difference)
		}
		if difference := differences(t, ours, got, slow); difference != "" {
			r.Errorf("other values than on a bare framework server: %s", difference)
		}
	})
}

// differences says where two answers differ in value.
func differences(t *testing.T, server harness.Connection, a, b *tfprotov6.ReadDataSourceResponse) string {
	t.Helper()
	found, err := server.State(t, "tofupilot_procedures", a).Diff(server.State(t, "tofupilot_procedures", b))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, difference := range found {
		lines = append(lines, difference.String())
	}
	return strings.Join(lines, "\n")
}

func drawArguments(r *rapid.T) harness.Values {
	arguments := harness.Values{}
	if rapid.Bool().Draw(r, "with page_size") {
		arguments["page_size"] = 100
	}
	if rapid.Bool().Draw(r, "with timeouts") {
		arguments["timeouts"] = harness.Values{"read": "1m"}
	}
	return arguments
}

// drawProcedures draws up to one page of items, as a server may send them: each
// field that the fake's examples have, at whatever depth, is missing, null, empty,
// long or any text. An example with a new field is all it takes.
func drawProcedures(r *rapid.T) []fakeapi.Procedure {
	like := map[string]any{}
	for _, example := range []fakeapi.Procedure{fakeapi.Example2025(), fakeapi.Example2026()} {
		if err := json.Unmarshal([]byte(example.JSON), &like); err != nil {
			r.Fatal(err)
		}
	}
	var procedures []fakeapi.Procedure
	for i := range rapid.IntRange(0, 16).Draw(r, "count") {
		id := fmt.Sprintf("%d %s", i, anyText.Draw(r, "id"))
		item := drawObject(r, like)
		item["id"] = id
		encoded, err := json.Marshal(item)
		if err != nil {
			r.Fatal(err)
		}
		procedures = append(procedures, fakeapi.Procedure{ID: id, JSON: string(encoded)})
	}
	return procedures
}

func drawObject(r *rapid.T, like map[string]any) map[string]any {
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(like)) {
		switch rapid.IntRange(0, 5).Draw(r, name+" is") {
		case 0: // missing
		case 1:
			object[name] = nil
		default:
			object[name] = drawValue(r, name, like[name])
		}
	}
	return object
}

// drawValue draws a value of the kind that an example has.
func drawValue(r *rapid.T, name string, like any) any {
	switch like := like.(type) {
	case map[string]any:
		return drawObject(r, like)
	case []any:
		list := make([]any, rapid.IntRange(0, 16).Draw(r, name+" count"))
		for i := range list {
			list[i] = drawValue(r, name, like[0])
		}
		return list
	case float64:
		return anyNumber.Draw(r, name)
	case string:
		if _, err := time.Parse(time.RFC3339, like); err == nil {
			return anyTime.Draw(r, name)
		}
		return rapid.OneOf(anyText, anyText, anyText, anyText, longText).Draw(r, name)
	}
	r.Fatalf("an example has %s %v: nothing is drawn like it", name, like)
	return nil
}

var (
	anyText = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", strings.Repeat("a", 31), strings.Repeat("a", 32), "\x00", "\u2028", "\ufeff", "e\u0301", "🔋", "\U0010ffff",
	}))
	// Lengths, here and above, are around those at which MessagePack changes its form.
	longText = rapid.SampledFrom([]string{
		strings.Repeat("a", 255), strings.Repeat("ß", 128), strings.Repeat("a", 65535), strings.Repeat("a", 65536),
	})
	anyTime = rapid.Custom(func(r *rapid.T) string {
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60-59, 23*60+59).Draw(r, "offset"))
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(r, "nanoseconds"))
		return at.In(zone).Format(rapid.SampledFrom([]string{time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00"}).Draw(r, "form"))
	})
	anyNumber = rapid.OneOf(rapid.Float64Range(0, 100), rapid.Float64(), rapid.Map(rapid.Int(), func(n int) float64 { return float64(n) }),
		rapid.SampledFrom([]float64{0, 100, 127, 128, 255, 256, 1 << 53, 1 << 62, 1 << 63, -1 << 63, 1e22, math.MaxFloat64, math.SmallestNonzeroFloat64}))
)
