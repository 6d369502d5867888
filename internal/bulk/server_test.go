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

// fakeServer replaces the framework's server. A read sets the attributes, as SetState does, and
// returns the response and the error.
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

var stateType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
	"before": tftypes.String,
	"ids":    tftypes.List{ElementType: tftypes.String},
	"size":   tftypes.Number,
}}

// encodeState encodes an object of stateType. Attributes that aren't given are null.
func encodeState(t *testing.T, given map[string]any) *tfprotov6.DynamicValue {
	t.Helper()
	attributes := map[string]tftypes.Value{}
	for name, attributeType := range stateType.AttributeTypes {
		attributes[name] = tftypes.NewValue(attributeType, given[name])
	}
	encoded, err := tfprotov6.NewDynamicValue(stateType, tftypes.NewValue(stateType, attributes))
	if err != nil {
		t.Fatal(err)
	}
	return &encoded
}

// encodedIDs are the IDs a and b, as a data source passes them to SetState.
var encodedIDs = map[string]Value{"ids": Strings([]string{"a", "b"})}

// TestResponseUnchanged checks that the wrapper returns the framework's response if SetState wasn't
// called, or if the read fails or is deferred.
func TestResponseUnchanged(t *testing.T) {
	t.Parallel()
	warning := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "careful"}
	failure := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: "broken"}
	deferred := &tfprotov6.Deferred{Reason: tfprotov6.DeferredReasonProviderConfigUnknown}
	for name, test := range map[string]fakeServer{
		"no attributes":       {resp: &tfprotov6.ReadDataSourceResponse{}},
		"error":               {resp: &tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{failure}}, attributes: encodedIDs},
		"warning, then error": {resp: &tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{warning, failure}}, attributes: encodedIDs},
		"deferral":            {resp: &tfprotov6.ReadDataSourceResponse{Deferred: deferred}, attributes: encodedIDs},
		"protocol error":      {resp: &tfprotov6.ReadDataSourceResponse{}, attributes: encodedIDs, err: errors.New("cut off")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := encodeState(t, map[string]any{"before": "x"})
			before := slices.Clone(state.MsgPack)
			test.resp.State = state
			wrapper := &server{test}
			got, err := wrapper.ReadDataSource(t.Context(), nil)
			if got != test.resp {
				t.Errorf("got another response: %+v", got)
			}
			if !errors.Is(err, test.err) {
				t.Errorf("got error %v, want %v", err, test.err)
			}
			if got.State != state || !bytes.Equal(state.MsgPack, before) {
				t.Error("the state was changed")
			}
		})
	}
}

// TestAttributeReplaced checks that the attributes of SetState replace those of the response,
// and that other attributes and warnings stay.
func TestAttributeReplaced(t *testing.T) {
	t.Parallel()
	warning := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "careful"}
	resp := &tfprotov6.ReadDataSourceResponse{
		State:       encodeState(t, map[string]any{"before": "x", "size": 7}),
		Diagnostics: []*tfprotov6.Diagnostic{warning},
	}
	wrapper := &server{fakeServer{resp: resp, attributes: encodedIDs}}
	got, err := wrapper.ReadDataSource(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := []tftypes.Value{tftypes.NewValue(tftypes.String, "a"), tftypes.NewValue(tftypes.String, "b")}
	if want := encodeState(t, map[string]any{"before": "x", "size": 7, "ids": ids}); !bytes.Equal(got.State.MsgPack, want.MsgPack) {
		t.Errorf("got state %q, want %q", got.State.MsgPack, want.MsgPack)
	}
	if !slices.Contains(got.Diagnostics, warning) {
		t.Errorf("got diagnostics %v without the warning", got.Diagnostics)
	}
}

// TestStateNotObject checks that a read fails if its state isn't an encoded object, or is cut off
// after any byte.
func TestStateNotObject(t *testing.T) {
	t.Parallel()
	invalid := [][]byte{nil, []byte("text"), {0xc1}} // MessagePack doesn't use 0xc1
	whole := encodeState(t, map[string]any{"before": "x"}).MsgPack
	for end := range whole {
		invalid = append(invalid, whole[:end])
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

// TestStateTooLarge checks that attributes of more than 255 MiB are a *TooLargeError.
func TestStateTooLarge(t *testing.T) {
	t.Parallel()
	mebibyte := make([]byte, 1<<20)
	newValue := func(mebibytes int) Value { return slices.Repeat(Value{mebibyte}, mebibytes) }
	oneByte := Value{{0}}
	for name, test := range map[string]struct {
		state    map[string]Value
		tooLarge bool
	}{
		"empty":                  {map[string]Value{}, false},
		"the largest that fits":  {map[string]Value{"a": newValue(200), "b": newValue(55)}, false},
		"a byte more":            {map[string]Value{"a": newValue(200), "b": newValue(55), "c": oneByte}, true},
		"an attribute too large": {map[string]Value{"a": newValue(256)}, true},
	} {
		ctx := context.WithValue(t.Context(), stateKey{}, map[string]Value{})
		err := SetState(ctx, nil, test.state)
		if !test.tooLarge && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if test.tooLarge && !errors.As(err, new(*TooLargeError)) {
			t.Errorf("%s: got %v, want a *TooLargeError", name, err)
		}
	}
}

// TestSameAsFramework checks that three reads give the same state: through the wrapper, without it,
// and from a data source that sets Go structs.
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

// readSample reads the sample data source and decodes its state.
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
	if err != nil || len(resp.Diagnostics) > 0 {
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

func (d sampleDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
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

// structDataSource sets the same list without this package.
type structDataSource struct{ sampleDataSource }

func (d structDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	model := sampleModel{Names: []string{}, List: []sampleElement{}}
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("argument"), &model.Argument)...)
	for _, s := range d.list {
		element := sampleElement{Name: s.name, Children: []childElement{}}
		if s.number != nil {
			element.Number, _, _ = big.ParseFloat(*s.number, 10, 512, big.ToNearestEven)
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
