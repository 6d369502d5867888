package provider

// The fast path for large computed attributes.
//
// The framework fills a state by reflection, compares every nested value for
// semantic equality and validates it. For a computed list that we build
// ourselves this buys nothing, and it costs: reading 10,000 procedures with five
// runs each takes 12 s that way, and 0.1 s when the list's MessagePack is put
// straight into the protocol's answer, three quarters of which are fetching and
// decoding the pages (BenchmarkRead, on 2 cores). Ready-made tftypes values in
// State.Raw, which need no protocol server of our own, took 4 s.
//
// So a data source that has such an attribute encodes it itself and hands it to
// setEncoded. bulkServer, around the framework's server, puts it into the
// answer. Everything else of the data source goes through the framework as ever,
// and without bulkServer setEncoded fills the state, only slower.

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/tinylib/msgp/msgp"
)

// Server makes the provider's protocol server: the framework's, with the fast path.
func Server(version string) func() tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(New(version)())
	return func() tfprotov6.ProviderServer { return &bulkServer{framework()} }
}

type bulkServer struct {
	tfprotov6.ProviderServer
}

// handedUp is the context's key for the attributes that a read hands to bulkServer.
type handedUp struct{}

func (s *bulkServer) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	attributes := map[string]packed{}
	// The framework keeps every call's context until it is stopped.
	defer clear(attributes)
	resp, err := s.ProviderServer.ReadDataSource(context.WithValue(ctx, handedUp{}, attributes), req)
	if err != nil || len(attributes) == 0 || resp.Deferred != nil || slices.ContainsFunc(resp.Diagnostics, isError) {
		return resp, err
	}
	resp.State.MsgPack, err = replaceAttributes(resp.State.MsgPack, attributes)
	return resp, err
}

func isError(diagnostic *tfprotov6.Diagnostic) bool {
	return diagnostic.Severity == tfprotov6.DiagnosticSeverityError
}

// replaceAttributes returns an encoded object with other values for some of its attributes.
func replaceAttributes(object []byte, values map[string]packed) ([]byte, error) {
	size := len(object)
	for _, value := range values {
		size += value.size()
	}
	length, object, err := msgp.ReadMapHeaderBytes(object)
	if err != nil {
		return nil, fmt.Errorf("the state isn't an encoded object: %w", err)
	}
	replaced := msgp.AppendMapHeader(make([]byte, 0, size), length)
	for range length {
		name, value, err := msgp.ReadStringBytes(object)
		if err != nil {
			return nil, fmt.Errorf("the state's attributes can't be read: %w", err)
		}
		rest, err := msgp.Skip(value)
		if err != nil {
			return nil, fmt.Errorf("the state's attribute %s can't be read: %w", name, err)
		}
		other, ok := values[name]
		if !ok {
			other = packed{value[:len(value)-len(rest)]}
		}
		replaced = msgp.AppendString(replaced, name)
		for _, part := range other {
			replaced = append(replaced, part...)
		}
		object = rest
	}
	return replaced, nil
}

// packed is a value as the protocol's MessagePack. A long one comes in parts, and
// is copied once only: into the answer.
type packed [][]byte

func (p packed) size() (bytes int) {
	for _, part := range p {
		bytes += len(part)
	}
	return bytes
}

// setEncoded puts attributes into a state that are encoded already.
func setEncoded(ctx context.Context, state *tfsdk.State, encoded map[string]packed) error {
	if attributes, ok := ctx.Value(handedUp{}).(map[string]packed); ok {
		maps.Copy(attributes, encoded)
		return nil
	}
	object, ok := state.Schema.Type().TerraformType(ctx).(tftypes.Object)
	if !ok {
		return fmt.Errorf("the schema's type is %s, no object", state.Schema.Type())
	}
	attributes := map[string]tftypes.Value{}
	if err := state.Raw.As(&attributes); err != nil {
		return err
	}
	for name, value := range encoded {
		decoded, err := tfprotov6.DynamicValue{MsgPack: slices.Concat(value...)}.Unmarshal(object.AttributeTypes[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		attributes[name] = decoded
	}
	state.Raw = tftypes.NewValue(object, attributes)
	return nil
}
