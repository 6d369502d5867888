package provider

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/vmihailenco/msgpack/v5"
)

// object says once what Terraform sees of a T. Its schema and its encoding are
// both read off it, so that neither can forget a field the other has.
type object[T any] []field[T]

// field is one attribute of a T: always computed, and null where the T has none.
type field[T any] struct {
	name      string
	key       msgpack.RawMessage // the name, encoded once
	attribute schema.Attribute
	encode    func(*msgpack.Encoder, *T) error
}

// newObject puts the fields into the order that the protocol's encoding has.
func newObject[T any](fields ...field[T]) object[T] {
	for i := range fields {
		fields[i].key, _ = msgpack.Marshal(fields[i].name) // a string always can be
	}
	slices.SortFunc(fields, func(a, b field[T]) int { return cmp.Compare(a.name, b.name) })
	return fields
}

func text[T any](name, description string, get func(*T) *string) field[T] {
	return field[T]{
		name:      name,
		attribute: schema.StringAttribute{Computed: true, MarkdownDescription: description},
		encode: func(to *msgpack.Encoder, of *T) error {
			value := get(of)
			if value == nil {
				return to.EncodeNil()
			}
			return to.EncodeString(*value)
		},
	}
}

func number[T any](name, description string, get func(*T) *float64) field[T] {
	return field[T]{
		name:      name,
		attribute: schema.Float64Attribute{Computed: true, MarkdownDescription: description},
		encode: func(to *msgpack.Encoder, of *T) error {
			value := get(of)
			switch {
			case value == nil:
				return to.EncodeNil()
			case *value != math.Trunc(*value):
				return to.EncodeFloat64(*value)
			case -1<<63 <= *value && *value < 1<<63:
				return to.EncodeInt(int64(*value))
			default: // whole numbers beyond 64 bits travel as text
				return to.EncodeString(strconv.FormatFloat(*value, 'f', -1, 64))
			}
		},
	}
}

func nested[T, U any](name, description string, of object[U], get func(*T) *U) field[T] {
	return field[T]{
		name: name,
		attribute: schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: description,
			Attributes:          of.attributes(),
		},
		encode: func(to *msgpack.Encoder, parent *T) error {
			value := get(parent)
			if value == nil {
				return to.EncodeNil()
			}
			return of.encode(to, value)
		},
	}
}

// list is never null: without elements it is empty, so that for works on it.
func list[T, U any](name, description string, of object[U], get func(*T) []U) field[T] {
	return field[T]{
		name: name,
		attribute: schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: description,
			NestedObject:        schema.NestedAttributeObject{Attributes: of.attributes()},
		},
		encode: func(to *msgpack.Encoder, parent *T) error {
			return of.encodeAll(to, get(parent))
		},
	}
}

func (o object[T]) attributes() map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(o))
	for _, field := range o {
		attributes[field.name] = field.attribute
	}
	return attributes
}

func (o object[T]) encode(to *msgpack.Encoder, value *T) error {
	if err := to.EncodeMapLen(len(o)); err != nil {
		return err
	}
	for _, field := range o {
		if err := field.key.EncodeMsgpack(to); err != nil {
			return err
		}
		if err := field.encode(to, value); err != nil {
			return err
		}
	}
	return nil
}

// encodeFields encodes each field by itself.
func (o object[T]) encodeFields(value *T) (map[string][]byte, error) {
	fields := make(map[string][]byte, len(o))
	for _, field := range o {
		encoded, err := encode(0, func(to *msgpack.Encoder) error { return field.encode(to, value) })
		if err != nil {
			return nil, err
		}
		fields[field.name] = encoded
	}
	return fields, nil
}

func (o object[T]) encodeAll(to *msgpack.Encoder, values []T) error {
	if err := to.EncodeArrayLen(len(values)); err != nil {
		return err
	}
	return o.encodeEach(to, values)
}

// encodeEach encodes the elements of a list, without the length before them.
func (o object[T]) encodeEach(to *msgpack.Encoder, values []T) error {
	for i := range values {
		if err := o.encode(to, &values[i]); err != nil {
			return err
		}
	}
	return nil
}

// encodeList encodes a long list, its parts on all processors at once. The size
// is about what an element comes to, in bytes.
func (o object[T]) encodeList(values []T, size int) ([]byte, error) {
	header, err := encode(0, func(to *msgpack.Encoder) error { return to.EncodeArrayLen(len(values)) })
	if err != nil {
		return nil, err
	}
	processors := runtime.GOMAXPROCS(0)
	chunks := slices.Collect(slices.Chunk(values, max(1, (len(values)+processors-1)/processors)))
	parts, failed := make([][]byte, 1+len(chunks)), make([]error, len(chunks))
	parts[0] = header
	var workers sync.WaitGroup
	for i, chunk := range chunks {
		workers.Go(func() {
			parts[1+i], failed[i] = encode(size*len(chunk), func(to *msgpack.Encoder) error { return o.encodeEach(to, chunk) })
		})
	}
	workers.Wait()
	return slices.Concat(parts...), errors.Join(failed...)
}

// encode collects what is written to an encoder, as the protocol's MessagePack. The
// size, in bytes, is about what that comes to: a buffer that has to grow costs
// time, and twice the memory.
func encode(size int, write func(*msgpack.Encoder) error) ([]byte, error) {
	buffer := bytes.NewBuffer(make([]byte, 0, size))
	if err := write(msgpack.NewEncoder(buffer)); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
