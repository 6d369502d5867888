package provider

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/bulk"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// objectType returns Terraform's type of an object.
func objectType[T any](t *testing.T, of bulk.Object[T]) tftypes.Type {
	t.Helper()
	return schema.Schema{Attributes: of.Attributes()}.Type().TerraformType(t.Context())
}

// encodeAndDecode encodes a value and decodes it as Terraform does.
func encodeAndDecode[T any](t *testing.T, of bulk.Object[T], it *T) tftypes.Value {
	t.Helper()
	got, err := tfprotov6.DynamicValue{MsgPack: of.Encode(it)}.Unmarshal(objectType(t, of))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestProcedureFields(t *testing.T) {
	t.Parallel()
	const id = "550e8400-e29b-41d4-a716-44665544000"
	shared := func(more harness.Values) harness.Values {
		more["id"], more["name"], more["created_at"] = id+"0", "Battery Test Procedure", "2024-01-15T10:30:00.000Z"
		more["created_by_user"] = harness.Values{"id": id + "1", "name": "John Doe", "email": "john.doe@company.com"}
		return more
	}
	for name, c := range map[string]struct {
		json string
		want harness.Values
	}{
		"2025": {fakeapi.Example2025().JSON, shared(harness.Values{
			"runs": []any{harness.Values{"id": id + "2", "outcome": "PASS", "started_at": "2024-01-15T14:30:00.000Z", "unit": harness.Values{"id": id + "3"}}},
			"fpy":  85.5,
		})},
		"2026": {fakeapi.Example2026().JSON, shared(harness.Values{
			"runs":              []any{},
			"linked_repository": harness.Values{"id": id + "4", "name": "my-repo", "full_name": "org/my-repo", "provider": "github"},
		})},
		"nothing but an ID": {`{"id": "a"}`, harness.Values{"id": "a", "runs": []any{}}},
		"all null": {
			`{"id": "a", "name": null, "created_at": null, "created_by_user": null, "linkedRepository": null, "runs": null, "fpy": null}`,
			harness.Values{"id": "a", "runs": []any{}},
		},
		"all empty": {
			`{"id": "a", "name": "", "created_by_user": {}, "linkedRepository": {}, "runs": [{}, {"unit": {}}], "fpy": 0}`,
			harness.Values{
				"id": "a", "name": "", "created_by_user": harness.Values{}, "linked_repository": harness.Values{},
				"runs": []any{harness.Values{}, harness.Values{"unit": harness.Values{}}}, "fpy": 0,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var procedure tofupilot.Procedure
			if err := json.Unmarshal([]byte(c.json), &procedure); err != nil {
				t.Fatal(err)
			}
			got, want := encodeAndDecode(t, procedureObject, &procedure), harness.Value(t, objectType(t, procedureObject), c.want)
			if differences, err := got.Diff(want); err != nil || len(differences) > 0 {
				t.Errorf("%v %v", differences, err)
			}
		})
	}
}

// TestFieldsAreAttributes compares the client's fields with Terraform's attributes, in all
// objects of a procedure.
func TestFieldsAreAttributes(t *testing.T) {
	t.Parallel()
	checkFields(t, "procedure", reflect.TypeFor[tofupilot.Procedure](), objectType(t, procedureObject))
}

func checkFields(t *testing.T, path string, fields reflect.Type, attributes tftypes.Type) {
	t.Helper()
	if list, ok := attributes.(tftypes.List); ok {
		attributes = list.ElementType
	}
	object, ok := attributes.(tftypes.Object)
	if !ok {
		return
	}
	seen := []string{}
	for field := range fields.Fields() {
		name := snakeCase(field.Tag.Get("json"))
		if name == "-" {
			continue // not a field of the API
		}
		seen = append(seen, name)
		attribute, ok := object.AttributeTypes[name]
		if !ok {
			t.Errorf("%s: the client's field %s has no attribute %s", path, field.Name, name)
			continue
		}
		of := field.Type
		if of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		checkFields(t, fmt.Sprintf("%s.%s", path, name), of, attribute)
	}
	for name := range object.AttributeTypes {
		if !slices.Contains(seen, name) {
			t.Errorf("%s: the attribute %s has no field in the client", path, name)
		}
	}
}

func snakeCase(name string) string {
	var text strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			text.WriteByte('_')
		}
		text.WriteRune(unicode.ToLower(r))
	}
	return text.String()
}
