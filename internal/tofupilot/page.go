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
	maxRow      = 1 << 20 // bytes of one row's JSON, and of everything else in the body
	maxCursor   = 4 << 10 // bytes: it is sent back in a URL
)

// cursor identifies the next page, as text for a query. The server sends a string or a
// number.
type cursor string

// UnmarshalJSON accepts a number or a string, and writes a whole number without a fraction or
// an exponent.
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
	// A server may send 100.0 or 1e2.
	if whole := int(number); float64(whole) == number && math.Abs(number) < 1<<53 {
		*c = cursor(strconv.Itoa(whole))
	}
	return nil
}

// decodePage decodes the body of a response row by row, so that only one decoded procedure is
// in memory at a time. It stops when the context ends, or when the memory is used up. Names
// are matched with their case. An object that has a name twice is rejected, because other
// readers could use the other value.
func decodePage(ctx context.Context, body []byte, keep keepFunc, memory *rest.Share) (page paging.Page[Row], err error) {
	defer func() {
		if err != nil {
			page, err = paging.Page[Row]{}, fmt.Errorf("the response isn't a page of procedures: %w", describe(err))
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
	case jsontext.KindBeginArray, jsontext.KindInvalid: // ReadToken returns the error of invalid JSON
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

// checkSizes bounds the memory that decoding a body takes: three bytes of JSON can become 32
// bytes of a slice, and the decoder keeps all names of an object until its end. No row may be
// longer than maxRow, nor everything else in the body together. checkSizes itself needs
// almost no memory.
func checkSizes(body []byte) error {
	if len(body) <= maxRow {
		return nil
	}
	from := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	for others := int64(0); others <= maxRow; {
		began, inside := from.InputOffset(), from.StackDepth()
		kind, _ := from.StackIndex(inside)
		if inside == 2 && kind == jsontext.KindBeginArray && from.PeekKind() != jsontext.KindEndArray {
			row, err := from.ReadValue()
			if err != nil {
				return err
			}
			if len(row) > maxRow {
				return fmt.Errorf("%s: longer than %d MiB", formatPointer(from.StackPointer()), maxRow>>20)
			}
			continue
		}
		switch _, err := from.ReadToken(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		others += from.InputOffset() - began
	}
	return fmt.Errorf("what isn't in data is longer than %d MiB", maxRow>>20)
}

// describe rewords an error of the decoder: what is wrong with a page, and where. The
// decoder's own text escapes and shortens names, so that secrets in them couldn't be redacted.
func describe(err error) error {
	syntax, isSyntax := errors.AsType[*jsontext.SyntacticError](err)
	value, isValue := errors.AsType[*json.SemanticError](err)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return rest.ErrTruncated
	case isSyntax:
		return fmt.Errorf("%w, at byte %d: %s", syntax.Err, syntax.ByteOffset, cmp.Or(formatPointer(syntax.JSONPointer), "the body"))
	case isValue && value.Err != nil:
		return fmt.Errorf("%s: %w", formatPointer(value.JSONPointer), value.Err)
	case isValue:
		return fmt.Errorf("%s: unexpected %s", cmp.Or(formatPointer(value.JSONPointer), "the body"), value.JSONKind)
	}
	return err
}

// formatPointer formats the position of a value like data.0.id.
func formatPointer(pointer jsontext.Pointer) string {
	return strings.Join(slices.Collect(pointer.Tokens()), ".")
}
