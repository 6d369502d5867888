package tofupilot

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json" // encoding/json/v2 from Go 1.27 on
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/paging"
)

// Bounds of one page.
const (
	maxPageRows = 1_000   // ten times the API's maximum, so that a server which ignores limit can still be read
	maxValues   = 250_000 // two bytes of JSON can take 32 bytes in Go
	maxCursor   = 4 << 10 // bytes: it is sent back in a URL
)

// cursor is where the next page begins, to be sent back as it came: a string, or a
// number, of which whole ones are written without a fraction or an exponent.
type cursor string

// UnmarshalJSON takes a number or a string.
func (c *cursor) UnmarshalJSON(raw []byte) error {
	if len(raw) > maxCursor {
		return fmt.Errorf("longer than %d KiB", maxCursor>>10)
	}
	if raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(c))
	}
	number, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return errors.New("neither a number nor a string")
	}
	*c = cursor(raw)
	// A float without a fraction (it was one once) is the same number.
	if whole := int(number); float64(whole) == number && math.Abs(number) < 1<<53 {
		*c = cursor(strconv.Itoa(whole))
	}
	return nil
}

// decodedPage is a page, and what is wrong with one of its rows, though the list can
// be read.
type decodedPage[R any] struct {
	paging.Page[Row[R]]
	odd error
}

// decodePage decodes the body of an answer, and stops when the context ends. Names
// must match by their exact case, and an object that has a name twice, known or not,
// is refused: readers could disagree on its meaning.
func decodePage[T, R any](ctx context.Context, list List[T], body []byte, keep func(*T) (kept R, size int)) (decodedPage[R], error) {
	answer := struct {
		Data rows[T, R] `json:"data"`
		Meta struct {
			HasMore    *bool   `json:"has_more"`
			NextCursor *cursor `json:"next_cursor"`
		} `json:"meta"`
	}{Data: rows[T, R]{list: list, keep: keep, ended: ctx.Err}}
	var err error
	if hasTooManyValues(body) {
		err = &Error{Kind: TooLarge, Err: fmt.Errorf("the answer's body has more than %d values, judging by its commas", maxValues)}
	} else {
		err = inWords(json.Unmarshal(body, &answer))
	}
	data := answer.Data
	switch {
	case err != nil:
	case data.rows == nil:
		err = errors.New("it has no data")
	case answer.Meta.HasMore == nil:
		err = errors.New("it has no meta.has_more")
	}
	if err != nil {
		return decodedPage[R]{}, err
	}
	decoded := decodedPage[R]{paging.Page[Row[R]]{Rows: data.rows, More: *answer.Meta.HasMore}, data.odd}
	if next := answer.Meta.NextCursor; next != nil { // what an empty cursor asks for is the first page
		decoded.Next = string(*next)
	}
	return decoded, nil
}

// rows decodes the data of a page row by row, so that what isn't kept of a row takes
// no memory while the next is decoded.
type rows[T, R any] struct {
	list  List[T]
	keep  func(*T) (kept R, size int)
	ended func() error // the context's

	rows []Row[R] // nil: there is no data
	odd  error    // as a decodedPage's
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
	r.rows = make([]Row[R], 0, MaxPageSize)
	var item, empty T
	for from.PeekKind() != jsontext.KindEndArray {
		if len(r.rows) == maxPageRows {
			return fmt.Errorf("more than %d rows", maxPageRows)
		}
		if err := r.ended(); err != nil {
			return err
		}
		item = empty
		if err := json.UnmarshalDecode(from, &item); err != nil {
			return err
		}
		if err := r.take(&item); err != nil {
			return err
		}
	}
	_, err := from.ReadToken()
	return err
}

// take keeps what the caller wants of a row.
func (r *rows[T, R]) take(item *T) error {
	id, created := r.list.Key(item), r.list.Created(item)
	if id == "" {
		return fmt.Errorf("item %d has no id", len(r.rows))
	}
	odd := unreadable("created_at", created)
	if r.list.Tidy != nil {
		odd = cmp.Or(r.list.Tidy(item), odd)
	}
	if odd != nil && r.odd == nil {
		r.odd = fmt.Errorf("item %d of data: %w", len(r.rows), odd)
	}
	kept, size := r.keep(item)
	r.rows = append(r.rows, Row[R]{ID: id, Kept: kept, created: created.instant(), size: int64(len(id) + size)})
	return nil
}

// hasTooManyValues judges by the commas, before anything is decoded.
func hasTooManyValues(body []byte) bool { return bytes.Count(body, []byte(",")) >= maxValues }

// inWords is what the decoder says of a page, and where. Its own text escapes and cuts the
// names on the way, before a key can be taken out of them.
func inWords(err error) error {
	syntax, value := new(jsontext.SyntacticError), new(json.SemanticError)
	at := func(pointer jsontext.Pointer) string { return strings.Join(slices.Collect(pointer.Tokens()), ".") }
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Kind: Interrupted, Err: errors.New("the body ends too early")}
	case errors.As(err, &syntax):
		return fmt.Errorf("%w, at byte %d: %s", syntax.Err, syntax.ByteOffset, cmp.Or(at(syntax.JSONPointer), "the body"))
	case errors.As(err, &value) && value.Err != nil:
		return fmt.Errorf("%s: %w", at(value.JSONPointer), value.Err)
	case errors.As(err, &value):
		return fmt.Errorf("%s: unexpected %s", cmp.Or(at(value.JSONPointer), "the body"), value.JSONKind)
	}
	return err
}
