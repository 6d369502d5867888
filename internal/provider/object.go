package provider

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/tinylib/msgp/msgp"
)

// object says once what Terraform sees of a T. Its schema and its encoding are
// both read off it, so that neither can forget a field the other has.
type object[T any] []field[T]

// field is one attribute of a T: always computed, and null where the T has none.
type field[T any] struct {
	name      string
	attribute schema.Attribute
	encode    func(to []byte, of *T) []byte // appends the protocol's MessagePack
}

// newObject puts the fields into the order that the protocol's encoding has.
func newObject[T any](fields ...field[T]) object[T] {
	slices.SortFunc(fields, func(a, b field[T]) int { return cmp.Compare(a.name, b.name) })
	return fields
}

func text[T any](name, description string, get func(*T) *string) field[T] {
	return field[T]{
		name:      name,
		attribute: schema.StringAttribute{Computed: true, MarkdownDescription: description},
		encode: func(to []byte, of *T) []byte {
			value := get(of)
			if value == nil {
				return msgp.AppendNil(to)
			}
			return msgp.AppendString(to, *value)
		},
	}
}

func number[T any](name, description string, get func(*T) *float64) field[T] {
	return field[T]{
		name:      name,
		attribute: schema.Float64Attribute{Computed: true, MarkdownDescription: description},
		encode: func(to []byte, of *T) []byte {
			value := get(of)
			switch {
			case value == nil:
				return msgp.AppendNil(to)
			case *value != math.Trunc(*value):
				return msgp.AppendFloat64(to, *value)
			case 0 <= *value && *value < 1<<63: // else msgp would give 128 to 255 two bytes
				return msgp.AppendUint64(to, uint64(*value))
			case -1<<63 <= *value && *value < 0:
				return msgp.AppendInt64(to, int64(*value))
			default: // whole numbers beyond 64 bits travel as text
				return msgp.AppendString(to, big.NewFloat(*value).Text('f', -1))
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
		encode: func(to []byte, parent *T) []byte {
			value := get(parent)
			if value == nil {
				return msgp.AppendNil(to)
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
		encode: func(to []byte, parent *T) []byte {
			elements := get(parent)
			to = beginList(to, len(elements))
			for i := range elements {
				to = of.encode(to, &elements[i])
			}
			return to
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

// encode appends a T, as the protocol's MessagePack.
func (o object[T]) encode(to []byte, value *T) []byte {
	to = msgp.AppendMapHeader(to, uint32(len(o))) //nolint:gosec // as many as stand in the source
	for _, field := range o {
		to = field.encode(msgp.AppendString(to, field.name), value)
	}
	return to
}

// encodeFields encodes each field by itself.
func (o object[T]) encodeFields(value *T) map[string]packed {
	fields := make(map[string]packed, len(o))
	for _, field := range o {
		fields[field.name] = packed{field.encode(nil, value)}
	}
	return fields
}

// encodeExactly encodes a T into memory of just the size it needs, for values
// that are kept by the thousand.
func (o object[T]) encodeExactly(value *T) []byte {
	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // It holds nothing else.
	defer buffers.Put(buffer)
	*buffer = o.encode((*buffer)[:0], value)
	return bytes.Clone(*buffer)
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func beginList(to []byte, length int) []byte {
	return msgp.AppendArrayHeader(to, uint32(length)) //nolint:gosec // far from 2³²: the client bounds pages and bodies
}
