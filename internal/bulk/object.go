package bulk

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/tinylib/msgp/msgp"
)

// Object describes a T as an object of Terraform. Its schema and its encoding are derived
// from the same fields, so that they can't differ.
type Object[T any] []Field[T]

// Field is a computed attribute of an Object. It is null if a T has no value for it.
type Field[T any] struct {
	name      string
	attribute schema.Attribute
	encode    func(to []byte, of *T) []byte // appends the protocol's MessagePack
}

// NewObject returns an Object of the fields. It sorts them by name, as the protocol's
// encoding does.
func NewObject[T any](fields ...Field[T]) Object[T] {
	slices.SortFunc(fields, func(a, b Field[T]) int { return cmp.Compare(a.name, b.name) })
	return fields
}

// Text returns a string attribute.
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

// Number returns a number attribute. get returns a number as JSON writes it, and Terraform
// receives this text, even if a float64 or an integer would hold the number exactly.
// Terraform computes with the precision that a number arrives with, 53 or 64 bits, but
// numbers in state and configurations have 512: quotients would differ between plan and
// apply, and applying a saved plan would fail.
func Number[T any](name, description string, get func(*T) *string) Field[T] {
	field := Text(name, description, get)
	field.attribute = schema.NumberAttribute{Computed: true, MarkdownDescription: description}
	return field
}

// Nested returns an object attribute.
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

// NestedList returns a list attribute of objects. Its value is empty instead of null, so
// that a for expression accepts it.
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
			to = appendListHeader(to, len(elements))
			for i := range elements {
				to = of.appendTo(to, &elements[i])
			}
			return to
		},
	}
}

// Attributes returns the object's schema.
func (o Object[T]) Attributes() map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(o))
	for _, field := range o {
		attributes[field.name] = field.attribute
	}
	return attributes
}

// appendTo appends the encoding of a T.
func (o Object[T]) appendTo(to []byte, value *T) []byte {
	to = msgp.AppendMapHeader(to, uint32(len(o))) //nolint:gosec // the attributes are listed in the source
	for _, field := range o {
		to = field.encode(msgp.AppendString(to, field.name), value)
	}
	return to
}

// EncodeFields encodes each attribute of a T separately, for [SetState].
func (o Object[T]) EncodeFields(value *T) map[string]Value {
	fields := make(map[string]Value, len(o))
	for _, field := range o {
		fields[field.name] = Value{field.encode(nil, value)}
	}
	return fields
}

// Encode encodes a T, for [ListOf]. It returns a slice of exact size, because a list keeps
// thousands of them.
func (o Object[T]) Encode(value *T) []byte {
	buffer := buffers.Get().(*[]byte) //nolint:forcetypeassert // New returns no other type
	defer buffers.Put(buffer)
	*buffer = o.appendTo((*buffer)[:0], value)
	return bytes.Clone(*buffer)
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}
