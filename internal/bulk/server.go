// Package bulk sets large computed attributes of a data source, and encodes them only once.
//
// The framework sets a state by reflection, compares every nested value for semantic
// equality and validates it. A computed list that the provider builds itself needs none of
// this. Reading 10,000 procedures with five runs each takes 12 s with the framework. It takes
// 0.14 s, mostly for fetching and decoding the pages, if the list's MessagePack is copied into
// the protocol's response (make bench, on 2 cores). With prepared tftypes values in State.Raw, which
// would make this package's server unnecessary, it takes 4 s.
//
// The package doesn't depend on this provider. Another provider can copy the folder unchanged:
//
//  1. Describe each object with [NewObject]: one line for each attribute, from which its
//     schema and its encoding are derived.
//  2. In the data source's Schema, use [Object.Attributes] for the computed attribute. In
//     Read, set all other attributes as usual, encode the elements with [Object.Encode], and
//     pass the results to [SetState] as a [ListOf].
//  3. In main, serve [NewProtocol6] instead of providerserver.NewProtocol6.
//
// The framework handles all other attributes as usual. Without step 3, SetState also works,
// but is slower.
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

// frameworkServer has every method of the framework's server. terraform-plugin-go finds
// optional methods by type assertion, so a wrapper that embedded only a
// tfprotov6.ProviderServer would hide them.
type frameworkServer interface {
	tfprotov6.ProviderServerWithListResource //nolint:staticcheck // to be removed once it is part of ProviderServer
	tfprotov6.ProviderServerWithActions      //nolint:staticcheck // as above
	tfprotov6.ProviderServerWithStateStores  //nolint:staticcheck // as above
}

// NewProtocol6 returns a function that makes a provider's protocol server: the framework's,
// which also adds the attributes of SetState to the responses of reads.
func NewProtocol6(p provider.Provider) func() tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)
	return func() tfprotov6.ProviderServer {
		return &server{framework().(frameworkServer)} //nolint:forcetypeassert // a test checks the framework's type
	}
}

type server struct{ frameworkServer }

// stateKey is the context's key for the attributes that SetState adds to the response.
type stateKey struct{}

func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	attributes := map[string]Value{}
	// The framework keeps the context of each call until the server stops.
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

// replaceAttributes returns an encoded object with new values for some of its attributes.
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

// maxState bounds the attributes of SetState, in bytes. The protocol's largest message has
// 256 MiB, which leaves room for a data source's arguments.
const maxState = 255 << 20

// TooLargeError reports a state that doesn't fit into the protocol's largest message.
// Terraform itself would only report a "Plugin error".
type TooLargeError struct{ Size int } // bytes

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%d MiB are more than the protocol's largest message, 256 MiB", (e.Size+1<<20-1)>>20)
}

// SetState sets attributes that are already encoded, and leaves the others as they are. The
// error is a *TooLargeError, or reports a value that doesn't match the schema.
func SetState(ctx context.Context, state *tfsdk.State, encoded map[string]Value) error {
	size := 0
	for _, value := range encoded {
		size += value.Size()
	}
	if size > maxState {
		return &TooLargeError{Size: size}
	}
	if response, ok := ctx.Value(stateKey{}).(map[string]Value); ok { // served by NewProtocol6
		maps.Copy(response, encoded)
		return nil
	}
	// The framework's own server needs decoded values.
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
