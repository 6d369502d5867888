package bulk

import (
	"testing"
)

func TestFieldsAreComputed(t *testing.T) {
	t.Parallel()
	for name, attribute := range sampleObject.Attributes() {
		if !attribute.IsComputed() || attribute.IsOptional() || attribute.IsRequired() || attribute.GetMarkdownDescription() == "" {
			t.Errorf("%s: computed %t, optional %t, described by %q", name, attribute.IsComputed(), attribute.IsOptional(), attribute.GetMarkdownDescription())
		}
	}
}
