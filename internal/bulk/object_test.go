package bulk

import "testing"

// TestFieldsAreComputed checks that users can't set the attributes of an object, and that each
// attribute has a description.
func TestFieldsAreComputed(t *testing.T) {
	t.Parallel()
	for name, attribute := range sampleObject.Attributes() {
		if !attribute.IsComputed() || attribute.IsOptional() || attribute.IsRequired() {
			t.Errorf("%s: computed %t, optional %t, required %t; want only computed", name, attribute.IsComputed(), attribute.IsOptional(), attribute.IsRequired())
		}
		if attribute.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", name)
		}
	}
}
