// Package reference is what the provider is measured with and against: the
// sample, the protocol without a process in between, and the framework's
// usual way of filling a list.
package reference

import "github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"

// Procedures are n procedures with the same number of runs each, or without
// runs, as www.tofupilot.app sends them.
func Procedures(n, runs int) []fakeapi.Procedure {
	if runs == 0 {
		return fakeapi.Generate(n, fakeapi.WithRepository)
	}
	procedures := fakeapi.Generate(n, fakeapi.WithRunsAndFPY) // with 0 to 5 runs each
	var pool []fakeapi.Run
	for i := range procedures {
		pool = append(pool, procedures[i].Runs...)
	}
	for i := range procedures {
		procedures[i].Runs = nil
		for k := range runs {
			procedures[i].Runs = append(procedures[i].Runs, pool[(i*runs+k)%len(pool)])
		}
	}
	return procedures
}
