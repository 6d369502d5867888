// Package bulk fills large computed attributes of a data source at the cost of
// encoding them once.
//
// The framework fills a state by reflection, compares every nested value for
// semantic equality and validates it. For a computed list that the provider
// builds itself this buys nothing, and it costs: reading 10,000 procedures with
// five runs each takes 12 s that way, and 0.14 s when the list's MessagePack is
// put straight into the protocol's answer, most of which is fetching and decoding
// the pages (make bench, on 2 cores). Ready-made tftypes values in State.Raw,
// which need no protocol server of their own, took 4 s.
//
// The package knows nothing of the provider around it; another provider can take
// the folder as it is:
//
//  1. Describe each object with [NewObject]: one line per attribute, from which
//     both its schema and its encoding are read.
//  2. In the data source's Schema, use [Object.Attributes] for the computed
//     attribute. In Read, set everything else as usual, encode the elements with
//     [Object.Encode], and hand [ListOf] them to [SetState].
//  3. In main, serve [NewProtocol6] instead of providerserver.NewProtocol6.
//
// Everything else of the data source goes through the framework as usual. Without
// step 3 SetState fills the state as well, only slower.
package bulk

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/tinylib/msgp/msgp"
)

// frameworkServer is all that the framework's server can do. terraform-plugin-go
// finds the optional parts by type assertion, so that a wrapper which embedded a
// tfprotov6.ProviderServer alone would hide them.
type frameworkServer interface {
	tfprotov6.ProviderServerWithListResource //nolint:staticcheck // Once it is part of ProviderServer this line goes; a test tells.
	tfprotov6.ProviderServerWithActions      //nolint:staticcheck // as above
	tfprotov6.ProviderServerWithStateStores  //nolint:staticcheck // as above
}

// NewProtocol6 makes a provider's protocol server: the framework's, which puts
// what SetState was given into the answers of reads.
func NewProtocol6(p provider.Provider) func() tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)
	return func() tfprotov6.ProviderServer {
		return &server{framework().(frameworkServer)} //nolint:forcetypeassert // A test holds the framework to it.
	}
}

type server struct{ frameworkServer }

// stateKey is the context's key for the attributes that a read hands to the server.
type stateKey struct{}

func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	attributes := map[string]Value{}
	// The framework keeps every call's context until it is stopped.
	defer clear(attributes)
	resp, err := s.frameworkServer.ReadDataSource(context.WithValue(ctx, stateKey{}, attributes), req)
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
func replaceAttributes(object []byte, values map[string]Value) ([]byte, error) {
	size := len(object)
	for _, value := range values {
		size += value.Size()
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
			other = Value{value[:len(value)-len(rest)]}
		}
		replaced = msgp.AppendString(replaced, name)
		for _, part := range other {
			replaced = append(replaced, part...)
		}
		object = rest
	}
	return replaced, nil
}

// MaxAnswer is how many bytes fit into the protocol's largest message, 256 MiB,
// beside a data source's arguments. SetState refuses more.
const MaxAnswer = 255 << 20

// TooLargeError is a state that doesn't fit into the protocol's largest message.
// Terraform itself would answer it with a bare "Plugin error".
type TooLargeError struct{ Size int } // bytes

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%d MiB are more than the protocol's largest message, 256 MiB", (e.Size+1<<20-1)>>20)
}

// SetState sets attributes that are encoded already. It takes the place of
// State.Set for them alone; the error is a *TooLargeError, or tells of a value
// that doesn't fit the schema.
func SetState(ctx context.Context, state *tfsdk.State, encoded map[string]Value) error {
	size := 0
	for _, value := range encoded {
		size += value.Size()
	}
	if size > MaxAnswer {
		return &TooLargeError{Size: size}
	}
	if attributes, ok := ctx.Value(stateKey{}).(map[string]Value); ok {
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
