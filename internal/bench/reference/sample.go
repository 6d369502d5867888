// Package reference contains the procedures that the benchmarks read, reads over the plugin
// protocol in the same process, and a provider that fills its list with Go structs.
package reference

import "github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"

// Procedures returns n procedures with the same number of runs each. Without runs, they have only the
// fields that www.tofupilot.app sends.
func Procedures(n, runs int) []fakeapi.Procedure {
	if runs == 0 {
		return fakeapi.Generate(n, fakeapi.WithRepository)
	}
	procedures := fakeapi.Generate(n, fakeapi.WithRunsAndFPY) // with 0 to 5 runs each
	var pool []fakeapi.Run                                    // all generated runs
	for i := range procedures {
		pool = append(pool, procedures[i].Runs...)
	}
	next := 0
	for i := range procedures {
		procedures[i].Runs = nil
		for range runs {
			procedures[i].Runs = append(procedures[i].Runs, pool[next%len(pool)])
			next++
		}
	}
	return procedures
}
