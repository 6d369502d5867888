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
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// Bounds of one page.
const (
	maxPageRows = 1_000   // ten times the API's maximum, so that a server which ignores limit can still be read
	maxRow      = 1 << 20 // bytes of one row's JSON, and of all that stands beside rows
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

// decodePage decodes the body of an answer, and stops when the context ends, or when
// hold refuses the bytes that are kept of a row. Names must match by their exact case,
// and an object that has a name twice, known or not, is refused: readers could disagree
// on its meaning.
func decodePage[T, R any](
	ctx context.Context, list List[T], body []byte, keep func(*T) (kept R, size int), hold func(bytes int) error,
) (paging.Page[Row[R]], error) {
	answer := struct {
		Data rows[T, R] `json:"data"`
		Meta struct {
			HasMore    *bool   `json:"has_more"`
			NextCursor *cursor `json:"next_cursor"`
		} `json:"meta"`
	}{Data: rows[T, R]{list: list, keep: keep, hold: hold, ended: ctx.Err}}
	err := checkSizes(body)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	err = inWords(err)
	data := answer.Data
	switch {
	case err != nil:
	case data.rows == nil:
		err = errors.New("it has no data")
	case answer.Meta.HasMore == nil:
		err = errors.New("it has no meta.has_more")
	}
	if err != nil {
		return paging.Page[Row[R]]{}, err
	}
	decoded := paging.Page[Row[R]]{Rows: data.rows, More: *answer.Meta.HasMore}
	if next := answer.Meta.NextCursor; next != nil {
		decoded.Next = string(*next)
	}
	return decoded, nil
}

// rows decodes the data of a page row by row, so that what isn't kept of a row takes
// no memory while the next is decoded.
type rows[T, R any] struct {
	list  List[T]
	keep  func(*T) (kept R, size int)
	hold  func(bytes int) error
	ended func() error // the context's

	rows []Row[R] // nil: there is no data
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
	id := r.list.Key(item)
	if id == "" {
		return fmt.Errorf("item %d has no id", len(r.rows))
	}
	if r.list.Tidy != nil {
		r.list.Tidy(item)
	}
	kept, size := r.keep(item)
	r.rows = append(r.rows, Row[R]{ID: id, Kept: kept, created: instantOf(r.list.Created(item))})
	return r.hold(len(id) + size + heldPerRow)
}

// checkSizes bounds what a body takes while it is decoded: three bytes of JSON can be 32
// bytes of a slice, and an object's names are all held until it ends. So no row may be
// longer than maxRow, nor all that isn't a row. This itself takes no memory to speak of.
func checkSizes(body []byte) error {
	if len(body) <= maxRow {
		return nil
	}
	from := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	for beside := int64(0); beside <= maxRow; {
		began, inside := from.InputOffset(), from.StackDepth()
		kind, _ := from.StackIndex(inside)
		if inside == 2 && kind == jsontext.KindBeginArray && from.PeekKind() != jsontext.KindEndArray {
			row, err := from.ReadValue()
			if err != nil {
				return err
			}
			if len(row) > maxRow {
				return fmt.Errorf("%s: longer than %d MiB", dotted(from.StackPointer()), maxRow>>20)
			}
			continue
		}
		switch _, err := from.ReadToken(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		beside += from.InputOffset() - began
	}
	return fmt.Errorf("what isn't in data is longer than %d MiB", maxRow>>20)
}

// inWords is what the decoder says of a page, and where. Its own text escapes and cuts the
// names on the way, before a key can be taken out of them.
func inWords(err error) error {
	syntax, value := new(jsontext.SyntacticError), new(json.SemanticError)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return rest.ErrTruncated
	case errors.As(err, &syntax):
		return fmt.Errorf("%w, at byte %d: %s", syntax.Err, syntax.ByteOffset, cmp.Or(dotted(syntax.JSONPointer), "the body"))
	case errors.As(err, &value) && value.Err != nil:
		return fmt.Errorf("%s: %w", dotted(value.JSONPointer), value.Err)
	case errors.As(err, &value):
		return fmt.Errorf("%s: unexpected %s", cmp.Or(dotted(value.JSONPointer), "the body"), value.JSONKind)
	}
	return err
}

// dotted is the place of a value, such as data.0.id.
func dotted(pointer jsontext.Pointer) string {
	return strings.Join(slices.Collect(pointer.Tokens()), ".")
}
