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

// CheckGoroutinesEnd runs a test and checks that all of its goroutines end. They have the test's
// name as a label, because other tests run at the same time.
func CheckGoroutinesEnd(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	label := regexp.MustCompile(`(?m)^# labels: .*` + regexp.QuoteMeta(fmt.Sprintf("%q", t.Name())))
	// A subtest closes its servers when it ends, before goroutines are counted.
	passed := t.Run("", func(t *testing.T) {
		pprof.SetGoroutineLabels(pprof.WithLabels(t.Context(), pprof.Labels("test", strings.TrimSuffix(t.Name(), "/#00"))))
		test(t)
	})
	if !passed {
		return // remaining goroutines may be due to the failure
	}
	var profile bytes.Buffer
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		profile.Reset()
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Fatal(err)
		}
		if !label.Match(profile.Bytes()) {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	for group := range strings.SplitSeq(profile.String(), "\n\n") {
		if label.MatchString(group) {
			t.Errorf("goroutines remain:\n%s", group)
		}
	}
}
