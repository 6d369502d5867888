package tofupilot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxCursor bounds a cursor, in bytes: it is sent back in a URL.
const maxCursor = 4 << 10

// cursor is where the next page begins, as the server says it.
type cursor struct {
	text   string // to be sent back
	number int    // its value, where it is a whole number
	whole  bool
}

// UnmarshalJSON takes a number or a string. A string that isn't the plain form
// of a whole number is a token, to be sent back as it came.
func (c *cursor) UnmarshalJSON(raw []byte) error {
	if len(raw) > maxCursor {
		return fmt.Errorf("next_cursor is longer than %d KiB", maxCursor>>10)
	}
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &c.text); err != nil {
			return err
		}
		number, err := strconv.Atoi(c.text)
		c.number, c.whole = number, err == nil && strconv.Itoa(number) == c.text
		return nil
	}
	number, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return errors.New("next_cursor is neither a number nor a string")
	}
	c.text = string(raw)
	// A float without a fraction (it was one once) is the same number.
	if whole := int(number); float64(whole) == number && math.Abs(number) < 1<<53 {
		c.number, c.whole = whole, true
		c.text = strconv.Itoa(c.number)
	}
	return nil
}

// decodePage reads the body of an answer. The error names the page by its
// cursor and, where one is to blame, the item.
func decodePage[T, R any](body []byte, at string, list List[T], keep func(*T) (R, int), clean func(string) string) (*page[R], error) {
	var answer struct {
		Data []T `json:"data"`
		Meta *struct {
			HasMore    *bool   `json:"has_more"`
			NextCursor *cursor `json:"next_cursor"`
		} `json:"meta"`
	}
	err := checkText(body)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	switch {
	case err != nil:
		err = blameItem[T](body, err)
	case answer.Data == nil:
		err = errors.New("it has no data")
	case answer.Meta == nil || answer.Meta.HasMore == nil:
		err = errors.New("it has no meta.has_more")
	}
	decoded := &page[R]{rows: make([]row[R], len(answer.Data))}
	for i := range answer.Data {
		item := &answer.Data[i]
		if list.Key(item) == "" && err == nil {
			err = fmt.Errorf("item %d of data has no id", i)
		}
		if err != nil {
			break
		}
		odd := unreadable("created_at", list.Created(item))
		if list.Tidy != nil {
			odd = cmp.Or(list.Tidy(item), odd)
		}
		if odd != nil && decoded.odd == nil {
			decoded.odd = cleaned{fmt.Errorf("item %d of data (id %q): %w", i, list.Key(item), odd), clean}
		}
		decoded.rows[i] = row[R]{key: list.Key(item), created: list.Created(item)}
		decoded.rows[i].kept, decoded.rows[i].size = keep(item)
	}
	if err != nil {
		return nil, cleaned{fmt.Errorf("page at offset %s: %w", cmp.Or(at, "0"), err), clean}
	}
	decoded.more = *answer.Meta.HasMore
	if next := answer.Meta.NextCursor; next != nil && next.text != "" { // what an empty cursor asks for is the first page
		decoded.next = next
	}
	return decoded, nil
}

// checkText finds what encoding/json would mend in silence or report as a
// stray character.
func checkText(body []byte) error {
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return &CutOffError{Err: errors.New("the body is empty")}
	case !utf8.Valid(body):
		return errors.New("the body isn't UTF-8")
	case bytes.HasPrefix(body, []byte("\uFEFF")):
		return errors.New("the body begins with a byte-order mark")
	case bytes.TrimSpace(body)[0] == '<':
		return errors.New("the body is HTML or XML, not JSON")
	}
	return nil
}

// blameItem says which item of data couldn't be decoded. It is the slow way
// round, taken only on the way to an error.
func blameItem[T any](body []byte, err error) error {
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		// Of encoding/json, only a Decoder tells an end that is too early from other faults.
		if errors.Is(json.NewDecoder(bytes.NewReader(body)).Decode(new(json.RawMessage)), io.ErrUnexpectedEOF) {
			return &CutOffError{Err: errors.New("the body ends too early")}
		}
		return fmt.Errorf("not JSON: %w", err)
	}
	var answer struct {
		Data []json.RawMessage `json:"data"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return inWords(err)
	}
	for i, item := range answer.Data {
		if itemErr := json.Unmarshal(item, new(T)); itemErr != nil {
			var named struct {
				ID string `json:"id"`
			}
			_ = json.Unmarshal(item, &named)
			return fmt.Errorf("item %d of data (id %q): %w", i, named.ID, inWords(itemErr))
		}
	}
	return inWords(err)
}

// inWords says what is wrong with a field without naming Go's types.
func inWords(err error) error {
	mismatch := new(json.UnmarshalTypeError)
	if !errors.As(err, &mismatch) {
		return err
	}
	got := "a " + mismatch.Value
	switch {
	case mismatch.Value == "array", mismatch.Value == "object":
		got = "an " + mismatch.Value
	case strings.HasPrefix(mismatch.Value, "number "): // such as number 1e999
		got = fmt.Sprintf("the %.80s", mismatch.Value)
	}
	if mismatch.Field == "" {
		return fmt.Errorf("it is %s instead of an object", got)
	}
	return fmt.Errorf("its %s can't be %s", mismatch.Field, got)
}

// cleaned is an error that may repeat what a server said, made safe to show.
type cleaned struct {
	err   error
	clean func(string) string
}

func (c cleaned) Error() string { return c.clean(c.err.Error()) }

func (c cleaned) Unwrap() error { return c.err }
