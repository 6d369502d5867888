package bulk

import (
	"bytes"
	"math"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestNumbersAreEncodedAsTheFrameworkEncodesThem(t *testing.T) {
	t.Parallel()
	object := NewObject(Number("number", "Number.", func(n *float64) *float64 { return n }))
	of := schema.Schema{Attributes: object.Attributes()}.Type().TerraformType(t.Context())
	for _, number := range []float64{
		0, math.Copysign(0, -1), 1, -1, 99.9, 100, 1.0 / 3, 127, 128, 65536, 1 << 53, 1<<53 + 2,
		1 << 62, -1 << 62, 1 << 63, -1 << 63, 1 << 64, -1 << 64, 1e20, math.MaxFloat64, math.SmallestNonzeroFloat64, -math.MaxFloat64,
	} {
		want, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, map[string]tftypes.Value{"number": tftypes.NewValue(tftypes.Number, number)}))
		if err != nil {
			t.Fatal(err)
		}
		if got := object.Encode(&number); !bytes.Equal(got, want.MsgPack) {
			t.Errorf("%g: got %q, want %q", number, got, want.MsgPack)
		}
	}
}

func TestEveryFieldIsOnlyComputed(t *testing.T) {
	t.Parallel()
	for name, attribute := range sampleObject.Attributes() {
		if !attribute.IsComputed() || attribute.IsOptional() || attribute.IsRequired() || attribute.GetMarkdownDescription() == "" {
			t.Errorf("%s: computed %t, optional %t, described by %q", name, attribute.IsComputed(), attribute.IsOptional(), attribute.GetMarkdownDescription())
		}
	}
}
