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
	// rapid prints a failing case. Without this flag, it also writes it to testdata.
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// fakeServer is the framework's server, except that each read sets the attributes and returns
// the response and the error.
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
	for name, of := range stateType.AttributeTypes {
		if ids, ok := given[name].([]string); ok {
			elements := []tftypes.Value{}
			for _, id := range ids {
				elements = append(elements, tftypes.NewValue(tftypes.String, id))
			}
			attributes[name] = tftypes.NewValue(of, elements)
		} else {
			attributes[name] = tftypes.NewValue(of, given[name])
		}
	}
	encoded, err := tfprotov6.NewDynamicValue(stateType, tftypes.NewValue(stateType, attributes))
	if err != nil {
		t.Fatal(err)
	}
	return &encoded
}

func twoIDs() map[string]Value { return map[string]Value{"ids": Strings([]string{"a", "b"})} }

func TestResponseUnchanged(t *testing.T) {
	t.Parallel()
	warning := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "careful"}
	failure := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: "broken"}
	deferred := &tfprotov6.Deferred{Reason: tfprotov6.DeferredReasonProviderConfigUnknown}
	for name, c := range map[string]struct {
		resp tfprotov6.ReadDataSourceResponse
		err  error
	}{
		"error":               {resp: tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{failure}}},
		"warning, then error": {resp: tfprotov6.ReadDataSourceResponse{Diagnostics: []*tfprotov6.Diagnostic{warning, failure}}},
		"deferral":            {resp: tfprotov6.ReadDataSourceResponse{Deferred: deferred}},
		"protocol error":      {err: errors.New("cut off")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := encodeState(t, map[string]any{"before": "x"})
			before := slices.Clone(state.MsgPack)
			c.resp.State = state
			got, err := (&server{fakeServer{resp: &c.resp, err: c.err, attributes: twoIDs()}}).ReadDataSource(t.Context(), nil)
			if got != &c.resp || !errors.Is(err, c.err) {
				t.Errorf("another response: %+v, %v", got, err)
			}
			if got.State != state || !bytes.Equal(state.MsgPack, before) {
				t.Error("the state was changed")
			}
		})
	}
}

func TestAttributeReplaced(t *testing.T) {
	t.Parallel()
	warning := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "careful"}
	for name, attributes := range map[string]map[string]Value{"one attribute": twoIDs(), "no attributes": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := &tfprotov6.ReadDataSourceResponse{
				State:       encodeState(t, map[string]any{"before": "x", "size": 7}),
				Diagnostics: []*tfprotov6.Diagnostic{warning},
			}
			got, err := (&server{fakeServer{resp: resp, attributes: attributes}}).ReadDataSource(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"before": "x", "size": 7}
			if attributes != nil {
				want["ids"] = []string{"a", "b"}
			}
			if !bytes.Equal(got.State.MsgPack, encodeState(t, want).MsgPack) || !slices.Contains(got.Diagnostics, warning) {
				t.Errorf("got %q with %v", got.State.MsgPack, got.Diagnostics)
			}
		})
	}
}

func TestStateNotObject(t *testing.T) {
	t.Parallel()
	whole := encodeState(t, map[string]any{"before": "x"}).MsgPack
	broken := [][]byte{nil, {0xc1}, []byte("text")}
	for end := range whole {
		broken = append(broken, whole[:end])
	}
	for _, state := range broken {
		resp := &tfprotov6.ReadDataSourceResponse{State: &tfprotov6.DynamicValue{MsgPack: state}}
		if _, err := (&server{fakeServer{resp: resp, attributes: twoIDs()}}).ReadDataSource(t.Context(), nil); err == nil {
			t.Errorf("%q is accepted as an object", state)
		}
	}
}

// TestNoMethodHidden compares the wrapper's methods with the framework's. A new release of the
// framework may have more methods that terraform-plugin-go finds by type assertion.
func TestNoMethodHidden(t *testing.T) {
	t.Parallel()
	framework := reflect.TypeOf(providerserver.NewProtocol6(sampleProvider{})())
	ours := reflect.TypeOf(NewProtocol6(sampleProvider{})())
	if framework.NumMethod() < 20 {
		t.Fatalf("%s has only %d methods: is it still the server itself?", framework, framework.NumMethod())
	}
	for method := range framework.Methods() {
		if _, ok := ours.MethodByName(method.Name); !ok {
			t.Errorf("%s is hidden: add its interface to frameworkServer", method.Name)
		}
	}
}

func TestStateTooLarge(t *testing.T) {
	t.Parallel()
	mebibyte := make([]byte, 1<<20)
	value := func(mebibytes int, more ...byte) Value {
		return append(slices.Repeat(Value{mebibyte}, mebibytes), more)
	}
	for name, test := range map[string]struct {
		state map[string]Value
		fits  bool
	}{
		"empty":                  {map[string]Value{}, true},
		"the largest that fits":  {map[string]Value{"a": value(200), "b": value(55)}, true},
		"a byte more":            {map[string]Value{"a": value(200, 0), "b": value(55)}, false},
		"an attribute too large": {map[string]Value{"a": value(256)}, false},
	} {
		err := SetState(context.WithValue(t.Context(), stateKey{}, map[string]Value{}), nil, test.state)
		if tooLarge := new(TooLargeError); errors.As(err, &tooLarge) == test.fits {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sampleProvider is a minimal provider with one data source, which has every kind of field.
type (
	sampleProvider struct {
		provider.Provider

		source datasource.DataSource
	}
	sampleDataSource struct{ list []sample }
	// usualDataSource is the same data source without this package.
	usualDataSource struct{ sampleDataSource }
)

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

type (
	usualModel struct {
		Argument types.String  `tfsdk:"argument"`
		Names    []string      `tfsdk:"names"`
		List     []usualSample `tfsdk:"list"`
	}
	usualSample struct {
		Number   *big.Float   `tfsdk:"number"`
		Name     string       `tfsdk:"name"`
		First    *usualChild  `tfsdk:"first"`
		Children []usualChild `tfsdk:"children"`
	}
	usualChild struct {
		Name string `tfsdk:"name"`
	}
)

func (d usualDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	model := usualModel{Names: []string{}, List: []usualSample{}}
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("argument"), &model.Argument)...)
	for _, s := range d.list {
		usual := usualSample{Name: s.name, Children: []usualChild{}}
		if s.number != nil {
			usual.Number, _, _ = big.ParseFloat(*s.number, 10, 512, big.ToNearestEven)
		}
		for _, child := range s.children {
			usual.Children = append(usual.Children, usualChild{child.name})
		}
		if len(usual.Children) > 0 {
			usual.First = &usual.Children[0]
		}
		model.Names, model.List = append(model.Names, s.name), append(model.List, usual)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (p sampleProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (p sampleProvider) Metadata(context.Context, provider.MetadataRequest, *provider.MetadataResponse) {
}

func (p sampleProvider) Resources(context.Context) []func() resource.Resource { return nil }

func (p sampleProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p sampleProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return p.source }}
}

// TestSameAsFramework compares a read through the wrapper with a read without it, and with a
// data source that sets its state from Go structs.
func TestSameAsFramework(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		ours := sampleDataSource{rapid.SliceOfN(rapid.Custom(drawSample), 0, 4).Draw(r, "list")}
		got := readSample(t, NewProtocol6(sampleProvider{source: ours})())
		for name, server := range map[string]tfprotov6.ProviderServer{
			"without the wrapper": providerserver.NewProtocol6(sampleProvider{source: ours})(),
			"with Go structs":     providerserver.NewProtocol6(sampleProvider{source: usualDataSource{ours}})(),
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
	of, ok := schema.DataSourceSchemas["sample"].ValueType().(tftypes.Object)
	if !ok {
		t.Fatal("the data source's type is no object")
	}
	arguments := map[string]tftypes.Value{}
	for name, attribute := range of.AttributeTypes {
		arguments[name] = tftypes.NewValue(attribute, nil)
	}
	arguments["argument"] = tftypes.NewValue(tftypes.String, "x")
	config, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, arguments))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "sample", Config: &config})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp.Diagnostics)
	}
	got, err := resp.State.Unmarshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
