package tofupilot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDigits bounds the digits of a Decimal.
const maxDigits = 64

// Decimal is a number in the server's own text, to the last digit. It is a JSON number of at
// most 64 digits and within the range of a float64: beyond that range, a few characters such
// as 1e9999999 denote millions of digits.
type Decimal string

// UnmarshalJSON accepts a JSON number.
func (d *Decimal) UnmarshalJSON(raw []byte) error {
	if jsontext.Value(raw).Kind() != jsontext.KindNumber {
		return errors.New("not a number")
	}
	text := string(raw)
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	value, err := strconv.ParseFloat(text, 64)
	digits := strings.NewReplacer("-", "", ".", "").Replace(mantissa)
	tooSmall := value == 0 && strings.Trim(digits, "0") != ""
	if err != nil || tooSmall || len(digits) > maxDigits {
		return fmt.Errorf("a number out of range, or of more than %d digits: %.80s", maxDigits, text)
	}
	*d = Decimal(text)
	return nil
}
