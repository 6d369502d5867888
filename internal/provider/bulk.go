package provider

// The fast path for large computed attributes.
//
// The framework fills a state by reflection, compares every nested value for
// semantic equality and validates it. For a computed list that we build
// ourselves this buys nothing, and it costs: a state of 10,000 procedures with
// five runs each took 15.9 s that way, 4.0 s with ready-made tftypes values in
// State.Raw, and 0.38 s when its MessagePack was written directly into the
// protocol's answer, of which 0.3 s were fetching and decoding the pages.
//
// So a data source that has such an attribute encodes it itself and hands it to
// setEncoded. bulkServer, around the framework's server, puts it into the
// answer. Everything else of the data source goes through the framework as ever,
// and without bulkServer setEncoded fills the state, only slower.

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
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
	attributes := map[string][]byte{}
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
func replaceAttributes(object []byte, values map[string][]byte) ([]byte, error) {
	size := len(object)
	for _, value := range values {
		size += len(value)
	}
	replaced := bytes.NewBuffer(make([]byte, 0, size))
	from, to := msgpack.NewDecoder(bytes.NewReader(object)), msgpack.NewEncoder(replaced)

	length, err := from.DecodeMapLen()
	if err != nil {
		return nil, fmt.Errorf("the state isn't an encoded object: %w", err)
	}
	if err := to.EncodeMapLen(length); err != nil {
		return nil, err
	}
	for range length {
		name, err := from.DecodeString()
		if err != nil {
			return nil, fmt.Errorf("the state's attributes can't be read: %w", err)
		}
		value, err := from.DecodeRaw()
		if err != nil {
			return nil, fmt.Errorf("the state's attribute %s can't be read: %w", name, err)
		}
		if other, ok := values[name]; ok {
			value = other
		}
		if err := to.EncodeString(name); err != nil {
			return nil, err
		}
		replaced.Write(value)
	}
	return replaced.Bytes(), nil
}

// setEncoded puts attributes into a state that are encoded already, as the
// protocol's MessagePack.
func setEncoded(ctx context.Context, state *tfsdk.State, encoded map[string][]byte) error {
	if attributes, ok := ctx.Value(handedUp{}).(map[string][]byte); ok {
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
		decoded, err := tfprotov6.DynamicValue{MsgPack: value}.Unmarshal(object.AttributeTypes[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		attributes[name] = decoded
	}
	state.Raw = tftypes.NewValue(object, attributes)
	return nil
}
