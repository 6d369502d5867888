package tofupilot

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// TestDecimal checks that a number is decoded as the server's text. A number out of range, a number with
// too many digits, and any value that isn't a number are rejected.
func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, valid := range []string{
		"0", "-0", "85.50", "99.3", "9007199254740993", "1e22", "1E-9", "0.30000000000000004", "0.123456789012345678",
		"1.7976931348623157e308", "5e-324", strings.Repeat("1", maxDigits),
		"0e-2000000",                            // zero isn't out of range, whatever its exponent
		"0." + strings.Repeat("1", maxDigits-1), // the 0 counts as a digit
	} {
		var decimal Decimal
		if err := json.Unmarshal([]byte(valid), &decimal); err != nil || string(decimal) != valid {
			t.Errorf("%s is decoded as %s, %v", valid, decimal, err)
		}
	}
	for _, invalid := range []string{
		"1e309", "-1e309", "1e-2000000", "1e2000000", strings.Repeat("1", maxDigits+1), "0." + strings.Repeat("1", maxDigits),
		`"85.5"`, "true", "[1]", "{}",
	} {
		var decimal Decimal
		if err := json.Unmarshal([]byte(invalid), &decimal); err == nil {
			t.Errorf("%s is decoded as %s", invalid, decimal)
		}
	}
}
