package harness

import (
	"testing"
	"time"
)

// Await returns what a channel gives. If that takes longer than atMost, it fails the
// test: go test itself would give up minutes later, and the whole package with it.
func Await[T any](t *testing.T, given <-chan T, atMost time.Duration, what string) T {
	t.Helper()
	select {
	case value := <-given:
		return value
	case <-time.After(atMost):
		t.Fatalf("%s goes on for %s", what, atMost)
		panic("unreachable")
	}
}
