package bulk

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/tinylib/msgp/msgp"
)

// Object describes what Terraform sees of a T. Both its schema and its encoding are
// derived from it, so that neither can lack a field that the other has.
type Object[T any] []Field[T]

// Field is one attribute of a T: always computed, and null where the T has none.
type Field[T any] struct {
	name      string
	attribute schema.Attribute
	encode    func(to []byte, of *T) []byte // appends the protocol's MessagePack
}

// NewObject puts the fields into the order that the protocol's encoding has.
func NewObject[T any](fields ...Field[T]) Object[T] {
	slices.SortFunc(fields, func(a, b Field[T]) int { return cmp.Compare(a.name, b.name) })
	return fields
}

// Text is a string attribute.
func Text[T any](name, description string, get func(*T) *string) Field[T] {
	return Field[T]{
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

// Number is a number attribute. It is given as decimal text, in JSON's form, and is
// sent as text, even where a float64 or an integer holds it exactly and would be
// cheaper. Terraform computes with the precision that a number arrives in, 53 or 64
// bits, where its state and configurations have 512: quotients would differ between
// plan and apply, and the apply of a saved plan would fail.
func Number[T any](name, description string, get func(*T) *string) Field[T] {
	field := Text(name, description, get)
	field.attribute = schema.NumberAttribute{Computed: true, MarkdownDescription: description}
	return field
}

// Nested is an object attribute.
func Nested[T, U any](name, description string, of Object[U], get func(*T) *U) Field[T] {
	return Field[T]{
		name: name,
		attribute: schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: description,
			Attributes:          of.Attributes(),
		},
		encode: func(to []byte, parent *T) []byte {
			value := get(parent)
			if value == nil {
				return msgp.AppendNil(to)
			}
			return of.appendTo(to, value)
		},
	}
}

// NestedList is a list of objects. It is never null: without elements it is
// empty, so that for works on it.
func NestedList[T, U any](name, description string, of Object[U], get func(*T) []U) Field[T] {
	return Field[T]{
		name: name,
		attribute: schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: description,
			NestedObject:        schema.NestedAttributeObject{Attributes: of.Attributes()},
		},
		encode: func(to []byte, parent *T) []byte {
			elements := get(parent)
			to = beginList(to, len(elements))
			for i := range elements {
				to = of.appendTo(to, &elements[i])
			}
			return to
		},
	}
}

// Attributes are the schema of the object.
func (o Object[T]) Attributes() map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(o))
	for _, field := range o {
		attributes[field.name] = field.attribute
	}
	return attributes
}

// appendTo appends a T, as the protocol's MessagePack.
func (o Object[T]) appendTo(to []byte, value *T) []byte {
	to = msgp.AppendMapHeader(to, uint32(len(o))) //nolint:gosec // as many as stand in the source
	for _, field := range o {
		to = field.encode(msgp.AppendString(to, field.name), value)
	}
	return to
}

// EncodeFields encodes each attribute of a T by itself, for SetState.
func (o Object[T]) EncodeFields(value *T) map[string]Value {
	fields := make(map[string]Value, len(o))
	for _, field := range o {
		fields[field.name] = Value{field.encode(nil, value)}
	}
	return fields
}

// Encode encodes a T, for ListOf. The result takes just the memory that it needs,
// because such are kept by the thousand.
func (o Object[T]) Encode(value *T) []byte {
	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // It holds nothing else.
	defer buffers.Put(buffer)
	*buffer = o.appendTo((*buffer)[:0], value)
	return bytes.Clone(*buffer)
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}
