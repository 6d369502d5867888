package harness

import (
	"testing"
	"time"
)

// Receive receives a value. After the timeout, it fails the test, because go test would wait
// for minutes and then fail the whole package.
func Receive[T any](t *testing.T, values <-chan T, timeout time.Duration, what string) T {
	t.Helper()
	select {
	case value := <-values:
		return value
	case <-time.After(timeout):
		t.Fatalf("%s took longer than %s", what, timeout)
		panic("unreachable")
	}
}
