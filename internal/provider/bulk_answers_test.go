package provider

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/tinylib/msgp/msgp"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// handing is a protocol server whose reads hand ids up and answer as told.
type handing struct {
	tfprotov6.ProviderServer
	resp   *tfprotov6.ReadDataSourceResponse
	err    error
	handed map[string]packed
}

func (s handing) ReadDataSource(ctx context.Context, _ *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	if attributes, ok := ctx.Value(handedUp{}).(map[string]packed); ok {
		maps.Copy(attributes, s.handed)
	}
	return s.resp, s.err
}

var answerType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
	"before": tftypes.String,
	"ids":    tftypes.List{ElementType: tftypes.String},
	"size":   tftypes.Number,
}}

func handedIDs() map[string]packed {
	return map[string]packed{"ids": joinProcedures([]tofupilot.Procedure{{ID: "a"}, {ID: "b"}})["ids"]}
}

func TestAnswersWithErrorsOrADeferralGoThroughUntouched(t *testing.T) {
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
			state := encoded(t, answerType, values{"before": "x"})
			before := slices.Clone(state.MsgPack)
			c.resp.State = state
			got, err := (&bulkServer{handing{resp: &c.resp, err: c.err, handed: handedIDs()}}).ReadDataSource(t.Context(), nil)
			if got != &c.resp || !errors.Is(err, c.err) {
				t.Errorf("another answer: %+v, %v", got, err)
			}
			if got.State != state || !bytes.Equal(state.MsgPack, before) {
				t.Error("the state was changed")
			}
		})
	}
}

func TestWhatIsHandedUpReplacesItsAttributeAndNoOther(t *testing.T) {
	t.Parallel()
	warning := &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "careful"}
	for name, handed := range map[string]map[string]packed{"ids": handedIDs(), "nothing": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := &tfprotov6.ReadDataSourceResponse{
				State:       encoded(t, answerType, values{"before": "x", "size": 7}),
				Diagnostics: []*tfprotov6.Diagnostic{warning},
			}
			got, err := (&bulkServer{handing{resp: resp, handed: handed}}).ReadDataSource(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			want := values{"before": "x", "size": 7}
			if handed != nil {
				want["ids"] = []any{"a", "b"}
			}
			if !bytes.Equal(got.State.MsgPack, encoded(t, answerType, want).MsgPack) || !slices.Contains(got.Diagnostics, warning) {
				t.Errorf("got %q with %s", got.State.MsgPack, describe(got.Diagnostics))
			}
		})
	}
}

func TestStateThatIsNoObjectIsAnErrorAndNoCrash(t *testing.T) {
	t.Parallel()
	whole := encoded(t, answerType, values{"before": "x"}).MsgPack
	broken := [][]byte{nil, {0xc1}, []byte("text")}
	for end := range whole {
		broken = append(broken, whole[:end])
	}
	for _, state := range broken {
		resp := &tfprotov6.ReadDataSourceResponse{State: &tfprotov6.DynamicValue{MsgPack: state}}
		if _, err := (&bulkServer{handing{resp: resp, handed: handedIDs()}}).ReadDataSource(t.Context(), nil); err == nil {
			t.Errorf("%q was taken for an object", state)
		}
	}
}

// The schema's computed attributes and what the encoder writes are the same set,
// at every depth. A field that only one of them has is named.
func TestSchemaAndEncodingHaveTheSameFields(t *testing.T) {
	t.Parallel()
	text, number := "x", 1.5
	stamp := &tofupilot.Timestamp{Text: "2024-01-01T00:00:00Z"}
	full := tofupilot.Procedure{
		ID: text, Name: &text, CreatedAt: stamp, FPY: &number,
		CreatedByUser:    &tofupilot.User{ID: &text, Name: &text, Email: &text},
		LinkedRepository: &tofupilot.Repository{ID: &text, Name: &text, FullName: &text, Provider: &text},
		Runs:             []tofupilot.Run{{ID: &text, Outcome: &text, StartedAt: stamp, Unit: &tofupilot.Unit{ID: &text}}},
	}
	encodeProcedure(&full)
	attributes := joinProcedures([]tofupilot.Procedure{full})
	var resp datasource.SchemaResponse
	newProceduresDataSource().Schema(t.Context(), datasource.SchemaRequest{}, &resp)
	for name, attribute := range resp.Schema.Attributes {
		if _, ok := attributes[name]; attribute.IsComputed() != ok {
			t.Errorf("%s: computed in the schema: %t, in the encoding: %t", name, attribute.IsComputed(), ok)
		}
	}
	for name, encoding := range attributes {
		attribute, ok := resp.Schema.Attributes[name]
		if !ok {
			t.Errorf("%s is in the encoding, and not in the schema", name)
			continue
		}
		decoded, _, err := msgp.ReadIntfBytes(slices.Concat(encoding...))
		if err != nil {
			t.Fatal(err)
		}
		compareEncoding(t, name, attribute.GetType().TerraformType(t.Context()), decoded)
	}
}

func compareEncoding(t *testing.T, at string, of tftypes.Type, encoding any) {
	t.Helper()
	switch of := of.(type) {
	case tftypes.List:
		for _, element := range encoding.([]any) { //nolint:forcetypeassert // A panic names the place, too.
			compareEncoding(t, at+"[]", of.ElementType, element)
		}
	case tftypes.Object:
		fields, ok := encoding.(map[string]any)
		if !ok {
			t.Fatalf("%s is an object in the schema, and %T in the encoding", at, encoding)
		}
		for name, attribute := range of.AttributeTypes {
			if value, ok := fields[name]; !ok {
				t.Errorf("%s.%s is in the schema, and not in the encoding", at, name)
			} else if value == nil {
				t.Errorf("%s.%s is null, though the procedure has all fields: add the new field to this test's", at, name)
			} else {
				compareEncoding(t, at+"."+name, attribute, value)
			}
		}
		for name := range fields {
			if _, ok := of.AttributeTypes[name]; !ok {
				t.Errorf("%s.%s is in the encoding, and not in the schema", at, name)
			}
		}
	}
}

// All results are read-only: an attribute of a procedure that could be set would
// not be filled by the encoder.
func TestEveryAttributeOfAProcedureIsOnlyComputed(t *testing.T) {
	t.Parallel()
	for name, attribute := range procedureObject.attributes() {
		if !attribute.IsComputed() || attribute.IsOptional() || attribute.IsRequired() || attribute.GetMarkdownDescription() == "" {
			t.Errorf("%s: computed %t, optional %t, described by %q", name, attribute.IsComputed(), attribute.IsOptional(), attribute.GetMarkdownDescription())
		}
	}
}

func TestAnswerBeyondTheProtocolsLimitIsRefusedInWords(t *testing.T) {
	t.Parallel()
	if maxAnswer >= 256<<20 {
		t.Errorf("an answer of %d bytes leaves no room in a message of 256 MiB", maxAnswer)
	}
	mebibyte := make([]byte, 1<<20)
	answer := func(procedures, ids int, more ...byte) map[string]packed {
		return map[string]packed{
			"procedures": slices.Repeat(packed{mebibyte}, procedures),
			"ids":        append(slices.Repeat(packed{mebibyte}, ids), more),
		}
	}
	for name, fits := range map[string]map[string]packed{"nothing": {}, "all": answer(200, 55), "only IDs": answer(0, 255)} {
		if err := checkAnswer(fits, 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, large := range map[string]map[string]packed{"a byte more": answer(200, 55, 0), "only IDs": answer(0, 256), "only procedures": answer(256, 0)} {
		if err := checkAnswer(large, 1); err == nil {
			t.Errorf("%s: let through", name)
		}
	}
	err := checkAnswer(answer(290, 10), 123_456)
	for _, word := range []string{"123456 procedures", "300 MiB", "256 MiB", "search_query", "created_after", "created_before"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error doesn't say %q: %v", word, err)
		}
	}
}
