package bulk

import (
	"math/big"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestNumbersReachTerraformToTheLastDigit(t *testing.T) {
	t.Parallel()
	object := NewObject(Number("number", "Number.", func(n *string) *string { return n }))
	of := schema.Schema{Attributes: object.Attributes()}.Type().TerraformType(t.Context())
	for _, number := range []string{
		"0", "-0", "1", "-1", "85.50", "99.3", "0.1", "0.30000000000000004", "9007199254740993", "1e22", "1E+22", "1e-9", "0.123456789012345678",
		"18446744073709551616", "1.7976931348623157e308", "5e-324",
	} {
		decoded, err := tfprotov6.DynamicValue{MsgPack: object.Encode(&number)}.Unmarshal(of)
		if err != nil {
			t.Fatal(err)
		}
		var attributes map[string]tftypes.Value
		got := new(big.Float)
		if err := decoded.As(&attributes); err != nil {
			t.Fatal(err)
		}
		if err := attributes["number"].As(&got); err != nil {
			t.Fatal(err)
		}
		if want, _, err := big.ParseFloat(number, 10, 512, big.ToNearestEven); err != nil || got.Cmp(want) != 0 {
			t.Errorf("%s arrives as %s, %v", number, got.Text('g', -1), err)
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
