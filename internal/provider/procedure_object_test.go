package provider

import (
	"encoding/json"
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

// objectType returns the Terraform type of an object.
func objectType[T any](t *testing.T, object bulk.Object[T]) tftypes.Type {
	t.Helper()
	return schema.Schema{Attributes: object.Attributes()}.Type().TerraformType(t.Context())
}

// TestProcedureFields checks the attributes of a procedure that is decoded from JSON.
func TestProcedureFields(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		json string
		want harness.Values
	}{
		"2025": {fakeapi.Example2025().JSON, harness.Values{
			"id":              "550e8400-e29b-41d4-a716-446655440000",
			"name":            "Battery Test Procedure",
			"created_at":      "2024-01-15T10:30:00.000Z",
			"created_by_user": harness.Values{"id": "550e8400-e29b-41d4-a716-446655440001", "name": "John Doe", "email": "john.doe@company.com"},
			"runs": []any{harness.Values{
				"id": "550e8400-e29b-41d4-a716-446655440002", "outcome": "PASS", "started_at": "2024-01-15T14:30:00.000Z",
				"unit": harness.Values{"id": "550e8400-e29b-41d4-a716-446655440003"},
			}},
			"fpy": 85.5,
		}},
		"2026": {fakeapi.Example2026().JSON, harness.Values{
			"id":                "550e8400-e29b-41d4-a716-446655440000",
			"name":              "Battery Test Procedure",
			"created_at":        "2024-01-15T10:30:00.000Z",
			"created_by_user":   harness.Values{"id": "550e8400-e29b-41d4-a716-446655440001", "name": "John Doe", "email": "john.doe@company.com"},
			"linked_repository": harness.Values{"id": "550e8400-e29b-41d4-a716-446655440004", "name": "my-repo", "full_name": "org/my-repo", "provider": "github"},
			"runs":              []any{},
		}},
		"only an ID": {`{"id": "a"}`, harness.Values{"id": "a", "runs": []any{}}},
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
			if err := json.Unmarshal([]byte(test.json), &procedure); err != nil {
				t.Fatal(err)
			}
			procedureType := objectType(t, procedureObject)
			got, err := tfprotov6.DynamicValue{MsgPack: procedureObject.Encode(&procedure)}.Unmarshal(procedureType)
			if err != nil {
				t.Fatal(err)
			}
			if differences, err := got.Diff(harness.Value(t, procedureType, test.want)); err != nil || len(differences) > 0 {
				t.Errorf("%v %v", differences, err)
			}
		})
	}
}

// TestFieldsAreAttributes checks that the fields of a procedure in the client, including those of nested
// objects, have the same names as the attributes in Terraform.
func TestFieldsAreAttributes(t *testing.T) {
	t.Parallel()
	checkFields(t, "procedure", reflect.TypeFor[tofupilot.Procedure](), objectType(t, procedureObject))
}

// checkFields compares the fields of a struct with the attributes of an object, or of the objects in a
// list. It does nothing for an attribute of another type, such as a string. Each failure's text begins
// with the path.
func checkFields(t *testing.T, path string, structType reflect.Type, attributeType tftypes.Type) {
	t.Helper()
	if list, ok := attributeType.(tftypes.List); ok {
		attributeType = list.ElementType
	}
	object, ok := attributeType.(tftypes.Object)
	if !ok {
		return
	}
	if structType.Kind() == reflect.Pointer || structType.Kind() == reflect.Slice {
		structType = structType.Elem()
	}
	found := []string{}
	for field := range structType.Fields() {
		name := snakeCase(field.Tag.Get("json"))
		if name == "-" {
			continue // not a field of the API
		}
		found = append(found, name)
		attribute, ok := object.AttributeTypes[name]
		if !ok {
			t.Errorf("%s: the client's field %s has no attribute %s", path, field.Name, name)
			continue
		}
		checkFields(t, path+"."+name, field.Type, attribute)
	}
	for name := range object.AttributeTypes {
		if !slices.Contains(found, name) {
			t.Errorf("%s: the attribute %s has no field in the client", path, name)
		}
	}
}

// snakeCase returns the name of the attribute for a JSON name, such as linked_repository for
// linkedRepository.
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
