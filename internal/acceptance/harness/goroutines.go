package harness

import (
	"bytes"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// CheckGoroutinesEnd runs a test and checks that all of its goroutines end. They are recognized by
// a label with the test's name, because other tests run at the same time.
func CheckGoroutinesEnd(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	name := t.Name()
	passed := t.Run("", func(t *testing.T) { // a subtest, so that its servers are closed when it ends
		pprof.SetGoroutineLabels(pprof.WithLabels(t.Context(), pprof.Labels("test", name))) // new goroutines inherit them
		test(t)
	})
	if !passed {
		return // remaining goroutines may be due to the failure
	}
	deadline := time.Now().Add(30 * time.Second)
	remaining := labeledGoroutines(t, name)
	for len(remaining) > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
		remaining = labeledGoroutines(t, name)
	}
	if len(remaining) > 0 {
		t.Errorf("goroutines remain:\n%s", strings.Join(remaining, "\n\n"))
	}
}

// labeledGoroutines returns the stacks of the goroutines that have the test's name as a label.
func labeledGoroutines(t *testing.T, test string) (stacks []string) {
	t.Helper()
	label := regexp.MustCompile(`(?m)^# labels: .*` + regexp.QuoteMeta(strconv.Quote(test)))
	var profile bytes.Buffer
	const withLabels = 1 // the format: text with labels, and an empty line after each stack
	if err := pprof.Lookup("goroutine").WriteTo(&profile, withLabels); err != nil {
		t.Fatal(err)
	}
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if label.MatchString(stack) {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
