package bulk

import "github.com/tinylib/msgp/msgp"

// Value is an encoded attribute, in the protocol's MessagePack. A long value has several parts,
// so that it is copied only once, into the response.
type Value [][]byte

// Size returns the length of the value in bytes.
func (v Value) Size() (bytes int) {
	for _, part := range v {
		bytes += len(part)
	}
	return bytes
}

// ListOf returns a list of encoded elements, such as those of [Object.Encode].
func ListOf(elements [][]byte) Value {
	return append(Value{appendListHeader(nil, len(elements))}, elements...)
}

// Strings returns a list of strings.
func Strings(elements []string) Value {
	encoded := appendListHeader(nil, len(elements))
	for _, element := range elements {
		encoded = msgp.AppendString(encoded, element)
	}
	return Value{encoded}
}

func appendListHeader(to []byte, length int) []byte {
	return msgp.AppendArrayHeader(to, uint32(length)) //nolint:gosec // a response of 256 MiB can't have 2³² elements
}
