package tofupilot

import (
	"errors"
	"fmt"
	"math"
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
	underflows := value == 0 && strings.ContainsAny(mantissa, "123456789")
	if errors.Is(err, strconv.ErrRange) || math.IsInf(value, 0) || underflows || len(strings.NewReplacer("-", "", ".", "").Replace(mantissa)) > maxDigits {
		return fmt.Errorf("a number out of range, or of more than %d digits: %.80s", maxDigits, text)
	}
	*d = Decimal(text)
	return nil
}
