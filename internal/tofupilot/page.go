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

// decodePage decodes the body of a response row by row, so that only what is kept of a row
// takes memory while the next is decoded. It stops when the context ends, or when the
// memory is used up. Names must match by their exact case, and an object that has a name
// twice, known or not, is refused: readers could disagree on its meaning.
func decodePage(ctx context.Context, body []byte, keep keepFunc, memory *rest.Share) (page paging.Page[Row], err error) {
	defer func() {
		if err != nil {
			page, err = paging.Page[Row]{}, fmt.Errorf("the answer isn't a page of procedures: %w", describe(err))
		}
	}()
	if err := checkSizes(body); err != nil {
		return page, err
	}
	from := jsontext.NewDecoder(bytes.NewBuffer(body))
	if kind := from.PeekKind(); kind != jsontext.KindBeginObject && kind != jsontext.KindInvalid {
		return page, &json.SemanticError{JSONKind: kind}
	}
	if _, err := from.ReadToken(); err != nil {
		return page, err
	}
	var meta struct {
		HasMore    *bool   `json:"has_more"`
		NextCursor *cursor `json:"next_cursor"`
	}
	for from.PeekKind() != jsontext.KindEndObject {
		name, err := from.ReadToken()
		if err != nil {
			return page, err
		}
		switch name.String() {
		case "data":
			page.Rows, err = decodeRows(ctx, from, keep, memory)
		case "meta":
			err = json.UnmarshalDecode(from, &meta)
		default:
			err = from.SkipValue()
		}
		if err != nil {
			return page, err
		}
	}
	if _, err := from.ReadToken(); err != nil {
		return page, err
	}
	switch _, err := from.ReadToken(); {
	case err == nil:
		return page, errors.New("a second value follows the object")
	case !errors.Is(err, io.EOF):
		return page, err
	case page.Rows == nil:
		return page, errors.New("it has no data")
	case meta.HasMore == nil:
		return page, errors.New("it has no meta.has_more")
	}
	page.More = *meta.HasMore
	if meta.NextCursor != nil {
		page.Next = string(*meta.NextCursor)
	}
	return page, nil
}

// decodeRows decodes an array of procedures. It returns nil for null.
func decodeRows(ctx context.Context, from *jsontext.Decoder, keep keepFunc, memory *rest.Share) ([]Row, error) {
	switch kind := from.PeekKind(); kind {
	case jsontext.KindNull:
		return nil, from.SkipValue()
	case jsontext.KindBeginArray, jsontext.KindInvalid:
		if _, err := from.ReadToken(); err != nil {
			return nil, err
		}
	default:
		return nil, &json.SemanticError{JSONKind: kind, JSONPointer: from.StackPointer()}
	}
	rows := make([]Row, 0, MaxPageSize)
	var procedure, empty Procedure
	for from.PeekKind() != jsontext.KindEndArray {
		if len(rows) == maxPageRows {
			return nil, fmt.Errorf("data: more than %d rows", maxPageRows)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		procedure = empty
		if err := json.UnmarshalDecode(from, &procedure); err != nil {
			return nil, err
		}
		if procedure.ID == "" {
			return nil, fmt.Errorf("data: item %d has no id", len(rows))
		}
		procedure.sortRuns()
		row, size := keep(&procedure)
		row.created = parseTimestamp(procedure.CreatedAt)
		if err := memory.Reserve(len(row.ID) + size + rowOverhead); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	_, err := from.ReadToken()
	return rows, err
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

// describe returns what is wrong with a page, and where. The decoder's own text escapes and
// cuts the names on the way, before secrets can be redacted in them.
func describe(err error) error {
	syntax, value := new(jsontext.SyntacticError), new(json.SemanticError)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
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

// dotted returns the place of a value, such as data.0.id.
func dotted(pointer jsontext.Pointer) string {
	return strings.Join(slices.Collect(pointer.Tokens()), ".")
}
