package tofupilot

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json" // encoding/json/v2 from Go 1.27 on
	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of one page.
const (
	maxPageRows = 1_000   // ten times the API's maximum, so that a server which ignores limit can still be read
	maxValues   = 250_000 // two bytes of JSON can take 32 bytes in Go
	maxCursor   = 4 << 10 // bytes: it is sent back in a URL
)

// cursor is where the next page begins, as the server sends it.
type cursor struct {
	text   string // to be sent back
	number int    // its value, where it is a whole number
	whole  bool
}

// UnmarshalJSON takes a number or a string. A string that isn't the plain form
// of a whole number is a token, to be sent back as it came.
func (c *cursor) UnmarshalJSON(raw []byte) error {
	if len(raw) > maxCursor {
		return valueError(fmt.Sprintf("is longer than %d KiB", maxCursor>>10))
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
		return valueError("is neither a number nor a string")
	}
	c.text = string(raw)
	// A float without a fraction (it was one once) is the same number.
	if whole := int(number); float64(whole) == number && math.Abs(number) < 1<<53 {
		c.number, c.whole = whole, true
		c.text = strconv.Itoa(c.number)
	}
	return nil
}

// pageDecoder makes pages of a list's rows.
type pageDecoder[T, R any] struct {
	list  List[T]
	keep  func(*T) (kept R, size int)
	held  *holding
	clean cleaner
}

// decode reads the body of an answer, and stops when the context ends. Names must
// match by their exact case, and an object that has a name twice, known or not, is
// refused: readers could disagree on its meaning. The error names the page by its
// cursor and, if it is about an item, the item.
func (d *pageDecoder[T, R]) decode(ctx context.Context, body []byte, at string) (*page[R], error) {
	answer := struct {
		Data rows[T, R] `json:"data"`
		Meta struct {
			HasMore    *bool   `json:"has_more"`
			NextCursor *cursor `json:"next_cursor"`
		} `json:"meta"`
	}{Data: rows[T, R]{pageDecoder: d, ended: ctx.Err}}
	data := &answer.Data
	err := checkText(body)
	if err == nil {
		err = d.inWords(json.Unmarshal(body, &answer))
	}
	switch {
	case errors.As(err, new(*CutOffError)):
	case err != nil && data.offset > 0:
		err = fmt.Errorf("%s: %w", d.itemName(len(data.rows), idOf(body[data.offset:])), err)
	case err == nil && data.rows == nil:
		err = errors.New("it has no data")
	case err == nil && answer.Meta.HasMore == nil:
		err = errors.New("it has no meta.has_more")
	}
	if err != nil {
		_ = d.held.change(-int64(len(data.rows)), -sizeOf(data.rows))
		return nil, cleaned{fmt.Errorf("page at offset %s: %w", cmp.Or(at, "0"), err), d.clean}
	}
	decoded := &page[R]{rows: data.rows, more: *answer.Meta.HasMore, odd: data.odd}
	if next := answer.Meta.NextCursor; next != nil && next.text != "" { // what an empty cursor asks for is the first page
		decoded.next = next
	}
	return decoded, nil
}

// rows decodes the data of a page row by row, so that what isn't kept of a row takes
// no memory while the next is decoded.
type rows[T, R any] struct {
	*pageDecoder[T, R]

	ended  func() error // the context's
	rows   []row[R]     // nil: there is no data
	odd    error        // as a page's
	offset int64        // where the row under way begins, or a comma before it; 0 outside
}

// UnmarshalJSONFrom takes an array, or null for nothing.
func (r *rows[T, R]) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	switch kind := from.PeekKind(); kind {
	case jsontext.KindNull:
		return from.SkipValue()
	case jsontext.KindBeginArray, jsontext.KindInvalid:
		if _, err := from.ReadToken(); err != nil {
			return err
		}
	default:
		return &json.SemanticError{JSONKind: kind}
	}
	r.rows = make([]row[R], 0, MaxPageSize)
	var item, empty T
	for from.PeekKind() != jsontext.KindEndArray {
		if len(r.rows) == maxPageRows {
			return fmt.Errorf("it has more than %d rows", maxPageRows)
		}
		if err := r.ended(); err != nil {
			return err
		}
		r.offset, item = from.InputOffset(), empty
		if err := json.UnmarshalDecode(from, &item); err != nil {
			return err
		}
		if err := r.take(&item); err != nil {
			return err
		}
		r.offset = 0
	}
	_, err := from.ReadToken()
	return err
}

// take keeps what the caller wants of a row.
func (r *rows[T, R]) take(item *T) error {
	key, created := r.list.Key(item), r.list.Created(item)
	if key == "" {
		return errors.New("it has no id")
	}
	odd := unreadable("created_at", created)
	if r.list.Tidy != nil {
		odd = cmp.Or(r.list.Tidy(item), odd)
	}
	if odd != nil && r.odd == nil {
		r.odd = cleaned{fmt.Errorf("%s: %w", r.itemName(len(r.rows), key), odd), r.clean}
	}
	kept, size := r.keep(item)
	taken := row[R]{key: key, created: created.instant(), kept: kept, size: int64(len(key) + size)}
	r.rows = append(r.rows, taken)
	return r.held.change(1, taken.size)
}

// checkText finds bodies that the JSON decoder would report as a stray character, or
// that would take too much memory to decode.
func checkText(body []byte) error {
	text := bytes.TrimSpace(body)
	switch {
	case len(text) == 0:
		return &CutOffError{Err: errors.New("the body is empty")}
	case !utf8.Valid(body):
		return errors.New("the body isn't UTF-8")
	case bytes.HasPrefix(body, []byte("\uFEFF")):
		return errors.New("the body begins with a byte-order mark")
	case text[0] == '<':
		return errors.New("the body is HTML or XML, not JSON")
	case hasTooManyValues(body):
		return &TooLargeError{What: fmt.Sprintf("has more than %d values, judging by its commas", maxValues)}
	}
	return nil
}

// hasTooManyValues judges by the commas, before anything is decoded.
func hasTooManyValues(body []byte) bool { return bytes.Count(body, []byte(",")) >= maxValues }

// itemName is how errors name an item of a page.
func (d *pageDecoder[T, R]) itemName(index int, id string) string {
	if id == "" {
		return fmt.Sprintf("item %d of data", index)
	}
	return fmt.Sprintf("item %d of data (id %s)", index, d.clean.quote(id))
}

// idOf is the id of the row that a text begins with, as far as it can be read.
func idOf(text []byte) string {
	var row struct {
		ID string `json:"id"`
	}
	text = bytes.TrimLeft(text, ", \t\r\n")
	_ = json.UnmarshalDecode(jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)), &row)
	return row.ID
}

// valueError says of a value what is wrong with it, such as "can't be a string".
type valueError string

func (e valueError) Error() string { return string(e) }

// inWords says what is wrong with a page without naming Go's types.
func (d *pageDecoder[T, R]) inWords(err error) error {
	syntax, value, wrong := new(jsontext.SyntacticError), new(json.SemanticError), valueError("")
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &CutOffError{Err: errors.New("the body ends too early")}
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		return fmt.Errorf("it has %s twice", d.clean.quote(fieldAt(syntax.JSONPointer)))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %w, at byte %d", syntax.Err, syntax.ByteOffset)
	case !errors.As(err, &value):
		return err
	}
	field := fieldAt(value.JSONPointer)
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("its %s %w", field, wrong)
	case value.Err != nil && value.JSONKind == 0: // an error of our own
		return value.Err
	case field == "":
		return fmt.Errorf("it is %s instead of an object", kindName(value.JSONKind))
	}
	return fmt.Errorf("its %s can't be %s", field, kindName(value.JSONKind))
}

// fieldAt is the field that a pointer leads to, such as runs[0].unit: within its row
// if it is in one, else within the page.
func fieldAt(pointer jsontext.Pointer) string {
	if within, ok := strings.CutPrefix(string(pointer), "/data/"); ok {
		_, within, _ = strings.Cut(within+"/", "/")
		pointer = jsontext.Pointer(strings.TrimSuffix("/"+within, "/"))
	}
	var field strings.Builder
	for token := range pointer.Tokens() {
		switch _, err := strconv.Atoi(token); {
		case err == nil:
			field.WriteString("[" + token + "]")
		case field.Len() > 0:
			field.WriteString("." + token)
		default:
			field.WriteString(token)
		}
	}
	return field.String()
}

// kindName is a kind of JSON value with its article.
func kindName(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	}
	return "a boolean"
}

// cleaned is an error that may repeat what a server said, made safe to show. What
// a system says ends in a period on Windows, and callers go on after it.
type cleaned struct {
	err   error
	clean cleaner
}

func (c cleaned) Error() string { return strings.TrimSuffix(c.clean.text(c.err.Error()), ".") }

func (c cleaned) Unwrap() error { return c.err }
