package bulk

import "github.com/tinylib/msgp/msgp"

// Value is an attribute's value as the protocol's MessagePack. A long one comes in
// parts, and is copied once only: into the answer.
type Value [][]byte

// Size is the value's length in bytes.
func (v Value) Size() (bytes int) {
	for _, part := range v {
		bytes += len(part)
	}
	return bytes
}

// ListOf is a list of encoded elements, such as those of [Object.Encode].
func ListOf(elements [][]byte) Value {
	return append(Value{beginList(nil, len(elements))}, elements...)
}

// Strings is a list of strings.
func Strings(elements []string) Value {
	encoded := beginList(nil, len(elements))
	for _, element := range elements {
		encoded = msgp.AppendString(encoded, element)
	}
	return Value{encoded}
}

func beginList(to []byte, length int) []byte {
	return msgp.AppendArrayHeader(to, uint32(length)) //nolint:gosec // far from 2³²: an answer has at most 256 MiB
}
