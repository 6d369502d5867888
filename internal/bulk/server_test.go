package bulk

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"maps"
	"math/big"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	// Without this flag, rapid writes a failing case to testdata. It prints the case anyway.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// fakeServer replaces the framework's server. Its ReadDataSource adds the attributes to the context's map,
// as SetState does, and returns resp and err.
type fakeServer struct {
	frameworkServer

	resp       *tfprotov6.ReadDataSourceResponse
	err        error
	attributes map[string]Value
}

func (s fakeServer) ReadDataSource(ctx context.Context, _ *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	if attributes, ok := ctx.Value(stateKey{}).(map[string]Value); ok {
		maps.Copy(attributes, s.attributes)
	}
	return s.resp, s.err
}

// encodedIDs are the attributes that a data source passes to SetState.
var encodedIDs = map[string]Value{"ids": Strings([]string{"a", "b"})}

// encodedState is {"ids": null, "size": 7} in MessagePack.
var encodedState = []byte("\x82\xa3ids\xc0\xa4size\x07")

// TestResponseUnchanged checks that the wrapper returns the framework's response if SetState wasn't
// called, or if the read fails or is deferred.
func TestResponseUnchanged(t *testing.T) {
	t.Parallel()
	warning := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "careful"}
	failure := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: "broken"}
	deferred := &tfprotov6.Deferred{Reason: tfprotov6.DeferredReasonProviderConfigUnknown}
	for name, test := range map[string]fakeServer{
		"without SetState":    {resp: &tfprotov6.ReadDataSourceResponse{}},
		"error":               {resp: &tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{failure}}, attributes: encodedIDs},
		"warning, then error": {resp: &tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{warning, failure}}, attributes: encodedIDs},
		"deferral":            {resp: &tfprotov6.ReadDataSourceResponse{Deferred: deferred}, attributes: encodedIDs},
		"protocol error":      {resp: &tfprotov6.ReadDataSourceResponse{}, attributes: encodedIDs, err: errors.New("cut off")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := &tfprotov6.DynamicValue{MsgPack: slices.Clone(encodedState)}
			test.resp.State = state
			wrapper := &server{test}
			got, err := wrapper.ReadDataSource(t.Context(), nil)
			if got != test.resp {
				t.Errorf("got another response: %+v", got)
			}
			if !errors.Is(err, test.err) {
				t.Errorf("got error %v, want %v", err, test.err)
			}
			if got.State != state || !bytes.Equal(state.MsgPack, encodedState) {
				t.Error("the state was changed")
			}
		})
	}
}

// TestStateNotObject checks that a read fails if its state isn't an encoded object, or is cut off
// after any byte.
func TestStateNotObject(t *testing.T) {
	t.Parallel()
	invalid := [][]byte{nil, []byte("text"), {0xc1}} // MessagePack doesn't use 0xc1
	for end := range encodedState {
		invalid = append(invalid, encodedState[:end])
	}
	for _, state := range invalid {
		resp := &tfprotov6.ReadDataSourceResponse{State: &tfprotov6.DynamicValue{MsgPack: state}}
		wrapper := &server{fakeServer{resp: resp, attributes: encodedIDs}}
		if _, err := wrapper.ReadDataSource(t.Context(), nil); err == nil {
			t.Errorf("%q is accepted as an object", state)
		}
	}
}

// TestNoMethodHidden checks that the wrapper has every method of the framework's server. A new
// release of the framework may have more methods that terraform-plugin-go finds by type assertion.
func TestNoMethodHidden(t *testing.T) {
	t.Parallel()
	framework := reflect.TypeOf(providerserver.NewProtocol6(sampleProvider{})())
	wrapper := reflect.TypeOf(NewProtocol6(sampleProvider{})())
	if framework.NumMethod() < 20 {
		t.Fatalf("%s has only %d methods: does the framework now wrap its server?", framework, framework.NumMethod())
	}
	for method := range framework.Methods() {
		if _, ok := wrapper.MethodByName(method.Name); !ok {
			t.Errorf("%s is hidden: add its interface to frameworkServer", method.Name)
		}
	}
}

// TestStateTooLarge checks that SetState rejects attributes of more than 255 MiB.
func TestStateTooLarge(t *testing.T) {
	t.Parallel()
	mebibyte := make([]byte, 1<<20)
	newValue := func(mebibytes int) Value { return slices.Repeat(Value{mebibyte}, mebibytes) }
	oneByte := Value{{0}}
	for name, test := range map[string]struct {
		state    map[string]Value
		tooLarge bool
	}{
		"no attributes":            {map[string]Value{}, false},
		"255 MiB":                  {map[string]Value{"a": newValue(200), "b": newValue(55)}, false},
		"255 MiB and a byte":       {map[string]Value{"a": newValue(200), "b": newValue(55), "c": oneByte}, true},
		"one attribute of 256 MiB": {map[string]Value{"a": newValue(256)}, true},
	} {
		ctx := context.WithValue(t.Context(), stateKey{}, map[string]Value{})
		err := SetState(ctx, nil, test.state) // nil: it sets the context's map, not the framework's state
		if !test.tooLarge && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.tooLarge && !errors.As(err, new(*TooLargeError)) {
			t.Errorf("%s: got %v, want a *TooLargeError", name, err)
		}
	}
}

// TestSameAsFramework checks that a read through the wrapper gives the same state as two others: one
// without the wrapper, and one from a data source that sets Go structs.
func TestSameAsFramework(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		source := sampleDataSource{rapid.SliceOfN(rapid.Custom(drawSample), 0, 4).Draw(r, "list")}
		got := readSample(t, NewProtocol6(sampleProvider{source: source})())
		for name, server := range map[string]tfprotov6.ProviderServer{
			"without the wrapper": providerserver.NewProtocol6(sampleProvider{source: source})(),
			"with Go structs":     providerserver.NewProtocol6(sampleProvider{source: structDataSource{source}})(),
		} {
			if differences, err := got.Diff(readSample(t, server)); err != nil || len(differences) > 0 {
				r.Errorf("%s: %v %v", name, differences, err)
			}
		}
	})
}

func drawSample(r *rapid.T) sample {
	s := sample{name: rapid.String().Draw(r, "name")}
	if rapid.Bool().Draw(r, "with a number") {
		s.number = new(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?`).Draw(r, "number"))
	}
	for _, name := range rapid.SliceOfN(rapid.String(), 0, 3).Draw(r, "children") {
		s.children = append(s.children, sample{name: name})
	}
	return s
}

// sampleWarning is the summary of the warning that each read of the sample data source returns.
const sampleWarning = "careful"

// readSample reads the sample data source, checks that the warning is returned, and decodes the state.
func readSample(t *testing.T, server tfprotov6.ProviderServer) tftypes.Value {
	t.Helper()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schema.Diagnostics) > 0 {
		t.Fatal(err, schema.Diagnostics)
	}
	objectType, ok := schema.DataSourceSchemas["sample"].ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("the data source's type is no object")
	}
	arguments := map[string]tftypes.Value{}
	for name, attribute := range objectType.AttributeTypes {
		arguments[name] = tftypes.NewValue(attribute, nil)
	}
	arguments["argument"] = tftypes.NewValue(tftypes.String, "x")
	config, err := tfprotov6.NewDynamicValue(objectType, tftypes.NewValue(objectType, arguments))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "sample", Config: &config})
	if err != nil || len(resp.Diagnostics) != 1 || resp.Diagnostics[0].Summary != sampleWarning {
		t.Fatal(err, resp.Diagnostics)
	}
	got, err := resp.State.Unmarshal(objectType)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sampleProvider is a minimal provider with one data source.
type sampleProvider struct {
	provider.Provider

	source datasource.DataSource
}

func (sampleProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (sampleProvider) Metadata(context.Context, provider.MetadataRequest, *provider.MetadataResponse) {
}

func (sampleProvider) Resources(context.Context) []func() resource.Resource { return nil }

func (sampleProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p sampleProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return p.source }}
}

// sampleDataSource sets the list with this package.
type sampleDataSource struct{ list []sample }

func (sampleDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "sample"
}

func (sampleDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"argument": schema.StringAttribute{Optional: true},
		"names":    schema.ListAttribute{Computed: true, ElementType: types.StringType},
		"list":     schema.ListNestedAttribute{Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: sampleObject.Attributes()}},
	}}
}

// Read keeps the configured values and sets the list. Its warning shows whether diagnostics are kept.
func (d sampleDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Diagnostics.AddWarning(sampleWarning, "")
	resp.State.Raw = req.Config.Raw
	names, elements := []string{}, [][]byte{}
	for i := range d.list {
		names = append(names, d.list[i].name)
		elements = append(elements, sampleObject.Encode(&d.list[i]))
	}
	if err := SetState(ctx, &resp.State, map[string]Value{"names": Strings(names), "list": ListOf(elements)}); err != nil {
		resp.Diagnostics.AddError("SetState", err.Error())
	}
}

// sample is an element of the list. sampleObject has every kind of field.
type sample struct {
	name     string
	number   *string
	children []sample
}

var (
	sampleChild  = NewObject(Text("name", "Name.", func(s *sample) *string { return &s.name }))
	sampleObject = NewObject(
		Number("number", "Number.", func(s *sample) *string { return s.number }),
		Text("name", "Name.", func(s *sample) *string { return &s.name }),
		Nested("first", "First.", sampleChild, func(s *sample) *sample {
			if len(s.children) == 0 {
				return nil
			}
			return &s.children[0]
		}),
		NestedList("children", "Children.", sampleChild, func(s *sample) []sample { return s.children }),
	)
)

// structDataSource sets the same list as sampleDataSource, but encodes it with the framework, not with
// this package.
type structDataSource struct{ sampleDataSource }

func (d structDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Diagnostics.AddWarning(sampleWarning, "")
	model := sampleModel{Names: []string{}, List: []sampleElement{}}
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("argument"), &model.Argument)...)
	for _, s := range d.list {
		element := sampleElement{Name: s.name, Children: []childElement{}}
		if s.number != nil {
			element.Number, _, _ = big.ParseFloat(*s.number, 10, 512, big.ToNearestEven) // as terraform-plugin-go decodes numbers
		}
		for _, child := range s.children {
			element.Children = append(element.Children, childElement{child.name})
		}
		if len(element.Children) > 0 {
			element.First = &element.Children[0]
		}
		model.Names = append(model.Names, s.name)
		model.List = append(model.List, element)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

type (
	sampleModel struct {
		Argument types.String    `tfsdk:"argument"`
		Names    []string        `tfsdk:"names"`
		List     []sampleElement `tfsdk:"list"`
	}
	sampleElement struct {
		Number   *big.Float     `tfsdk:"number"`
		Name     string         `tfsdk:"name"`
		First    *childElement  `tfsdk:"first"`
		Children []childElement `tfsdk:"children"`
	}
	childElement struct {
		Name string `tfsdk:"name"`
	}
)
