package harness

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// GoroutinesEnd runs a test whose goroutines must all end with it. Those that
// it starts, and those that they start, carry its name as a label, so that
// tests which run at the same time don't count.
func GoroutinesEnd(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	label := regexp.MustCompile(`(?m)^# labels: .*` + regexp.QuoteMeta(fmt.Sprintf("%q", t.Name())))
	// A test of its own ends, and with it its servers, before goroutines are counted.
	passed := t.Run("", func(t *testing.T) {
		pprof.SetGoroutineLabels(pprof.WithLabels(t.Context(), pprof.Labels("test", strings.TrimSuffix(t.Name(), "/#00"))))
		test(t)
	})
	if !passed {
		return // whatever stays, stays because of that
	}
	var left bytes.Buffer
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left.Reset()
		if err := pprof.Lookup("goroutine").WriteTo(&left, 1); err != nil {
			t.Fatal(err)
		}
		if !label.Match(left.Bytes()) {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for group := range strings.SplitSeq(left.String(), "\n\n") {
		if label.MatchString(group) {
			t.Errorf("goroutines stay:\n%s", group)
		}
	}
}
