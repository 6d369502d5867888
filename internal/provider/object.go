package provider

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/vmihailenco/msgpack/v5"
)

// object says once what Terraform sees of a T. Its schema and its encoding are
// both read off it, so that neither can forget a field the other has.
type object[T any] []field[T]

// field is one attribute of a T: always computed, and null where the T has none.
type field[T any] struct {
	name      string
	attribute schema.Attribute
	encode    func(*msgpack.Encoder, *T) error
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
		if err := to.EncodeString(field.name); err != nil {
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
		encoded, err := encode(func(to *msgpack.Encoder) error { return field.encode(to, value) })
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
	for i := range values {
		if err := o.encode(to, &values[i]); err != nil {
			return err
		}
	}
	return nil
}

// encode collects what is written to an encoder, as the protocol's MessagePack.
func encode(write func(*msgpack.Encoder) error) ([]byte, error) {
	var buffer bytes.Buffer
	if err := write(msgpack.NewEncoder(&buffer)); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}
