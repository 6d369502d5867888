package acceptance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
)

const procedureIDs = "tofupilot_procedure_ids"

// elements are the elements of a set.
func elements(names ...string) []any {
	all := []any{}
	for _, name := range names {
		all = append(all, name)
	}
	return all
}

// forFake configures a provider for a fake at the URL.
func forFake(t *testing.T, url string) harness.Connection {
	t.Helper()
	return configured(t, harness.Values{"url": url, "api_key": fakeapi.Key})
}

func TestNamesAreCheckedAtValidate(t *testing.T) {
	t.Parallel()
	connection := harness.Connect(t, provider.Server("test")())
	empty := harness.Error("names", "Invalid Attribute Value Length", `names[Value("")] string length must be at least 1, got: 0`)
	null := harness.Error("names", "Null Set Value", "This attribute contains a null value.")
	for what, c := range map[string]struct {
		names any
		want  *harness.Diagnosis // nil: they are good
	}{
		"an empty name":               {elements("FVT", ""), &empty},
		"null among them":             {[]any{"FVT", nil}, &null},
		"an empty and an unknown one": {[]any{"", harness.Unknown}, &empty},
		"one that isn't known":        {[]any{"FVT", harness.Unknown}, nil},
		"a space":                     {elements(" "), nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			diagnostics := connection.Validate(t, procedureIDs, harness.Values{"names": c.names})
			if c.want == nil {
				harness.ExpectNoDiagnostics(t, diagnostics)
				return
			}
			harness.ExpectError(t, diagnostics, *c.want)
		})
	}
}

// One error tells of all names that are wrong, and can be read to its end.
func TestOneErrorTellsOfAllNamesThatAreWrong(t *testing.T) {
	t.Parallel()
	stored := fakeapi.Generate(300, fakeapi.WithRepository)
	for i := range 60 {
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprint("many-", i), Name: "Many", CreatedAt: stored[i].CreatedAt})
	}
	for i := range 5 {
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprint("twin-", i), Name: "Twin", CreatedAt: stored[i].CreatedAt})
	}
	nobodys, long := []string{"Twin"}, []string{}
	for i := range 200 {
		nobodys = append(nobodys, fmt.Sprintf("Nobody's %03d", i))
		long = append(long, fmt.Sprint(i, strings.Repeat(" very long", 1000)))
	}
	right, upper := stored[3].Name, strings.ToUpper(stored[4].Name)
	for what, c := range map[string]struct {
		names []string
		words []string
	}{
		"a few": {[]string{right, upper, "Nobody's", "Twin"}, []string{
			"3 of 4 names can't be looked up at {url}/api. The API key can read 365 procedures.",
			fmt.Sprintf("\n  - %q: no procedure has this name; the nearest: %q", upper, stored[4].Name),
			"\n  - \"Nobody's\": no procedure has this name\n",
			"\n  - \"Twin\": 5 procedures have this name\n      twin-0, created 20", "\n      twin-4, created 20",
			"Copy the names as TofuPilot shows them", "A station's key may see only the procedures that its station is linked to, or none.", "If several procedures have a name, rename all but one of them",
		}},
		"many":           {nobodys, []string{"201 of 201 names", `"Nobody's 000"`, `"Nobody's 042"`, "… and 158 more names"}},
		"a name of many": {[]string{"Many", "Twin"}, []string{`"Many": 60 procedures have this name`, "\n      … and 19 more\n", "\n  … and 1 more name"}},
		"long names":     {long, []string{"very lo…: no procedure has this name", "… and 157 more names"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, url := harness.Serve(t, stored...)
			resp := forFake(t, url).Read(t, procedureIDs, harness.Values{"names": elements(c.names...)})
			for i := range c.words {
				c.words[i] = strings.ReplaceAll(c.words[i], "{url}", url)
			}
			harness.ExpectError(t, resp.Diagnostics, harness.Error("names", "Some names don't match exactly one procedure", append(c.words, url)...))
			detail := resp.Diagnostics[0].Detail
			harness.ExpectPlain(t, detail)
			if lines := strings.Count(detail, "\n") + 1; lines > 50 || strings.Contains(detail, right) {
				t.Errorf("it has %d lines, or tells of a name that is right:\n%s", lines, detail)
			}
			expectIDs(t, resp.State, nil)
		})
	}
}

// expectIDs wants the map of a state to be this one; nil: null.
func expectIDs(t *testing.T, state *tfprotov6.DynamicValue, want harness.Values) {
	t.Helper()
	of := harness.Connect(t, provider.Server("test")()).Type(procedureIDs)
	value, err := state.Unmarshal(of)
	if err != nil {
		t.Fatal(err)
	}
	ids, _, err := tftypes.WalkAttributePath(value, tftypes.NewAttributePath().WithAttributeName("ids"))
	if err != nil {
		t.Fatal(err)
	}
	var expected any // null
	if want != nil {
		expected = want
	}
	if got, ok := ids.(tftypes.Value); !ok || !got.Equal(harness.Value(t, tftypes.Map{ElementType: tftypes.String}, expected)) {
		t.Errorf("the IDs are %s; want %v", ids, want)
	}
}
