package acceptance

import (
	"cmp"
	"hash/fnv"
	"strconv"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// shuffleEachTime gives the list another order for each time it is read from its
// start, and keeps it while its pages are read.
func shuffleEachTime(api *fakeapi.Server) {
	api.Before(func(r fakeapi.Request) {
		if r.Query.Has("cursor") {
			return
		}
		rank := func(p fakeapi.Procedure) uint64 {
			hash := fnv.New64a()
			_, _ = hash.Write([]byte(p.ID + strconv.Itoa(r.Number))) // never fails
			return hash.Sum64()
		}
		api.Order(func(a, b fakeapi.Procedure) int { return cmp.Compare(rank(a), rank(b)) })
	})
}

func TestServerThatShufflesItsOrderGivesAnEmptySecondPlan(t *testing.T) {
	t.Parallel()
	stored := append(fakeapi.Generate(60, fakeapi.WithRepository), fakeapi.Generate(60, fakeapi.WithRunsAndFPY)...)
	api, url := harness.Serve(t, stored...)
	shuffleEachTime(api)
	runSteps(t, resource.TestStep{
		Config:            harness.Configuration(url, harness.Procedures("all"), harness.Output("all", harness.Fingerprint("data.tofupilot_procedures.all"))),
		ConfigStateChecks: []statecheck.StateCheck{harness.Known("all", "ids", harness.Texts(harness.IDs(harness.OldestFirst(stored))...))},
		ConfigPlanChecks:  harness.EmptyPlan,
	})
	starts := 0
	for _, r := range api.Requests() {
		if !r.Query.Has("cursor") {
			starts++
		}
	}
	if starts < 2 {
		t.Errorf("the list was read %d times: nothing was shuffled between two reads", starts)
	}
}

func TestNewProcedureGoesToTheEndAndShowsInThePlan(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2024, time.May, n, 0, 0, 0, 0, time.UTC) }
	api, url := harness.Serve(t,
		fakeapi.Procedure{ID: "z", Name: "First", CreatedAt: day(1)},
		fakeapi.Procedure{ID: "y", Name: "Second", CreatedAt: day(2)})
	config := harness.Configuration(url, harness.Procedures("all"), harness.Output("ids", "data.tofupilot_procedures.all.ids"))
	runSteps(t,
		resource.TestStep{
			Config:            config,
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("ids", harness.Texts("z", "y"))},
		},
		resource.TestStep{
			PreConfig: func() { api.Add(fakeapi.Procedure{ID: "a", Name: "Third", CreatedAt: day(3)}) },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownOutputValue("ids", harness.Texts("z", "y", "a"))},
			},
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("ids", harness.Texts("z", "y", "a"))},
		},
	)
}

func TestNoMatchIsAnEmptyKnownList(t *testing.T) {
	t.Parallel()
	_, url := harness.Serve(t, fakeapi.Generate(3, fakeapi.WithRepository)...)
	runSteps(t, resource.TestStep{
		Config: harness.Configuration(url,
			harness.Procedures("none", `search_query = "no such procedure"`),
			harness.Output("count", "length(data.tofupilot_procedures.none.procedures)")),
		ConfigPlanChecks: resource.ConfigPlanChecks{
			// Known while planning, or count and for_each could not depend on it.
			PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownOutputValue("count", knownvalue.Int64Exact(0))},
		},
		ConfigStateChecks: []statecheck.StateCheck{
			harness.Known("none", "procedures", knownvalue.ListExact(nil)),
			harness.Known("none", "ids", knownvalue.ListExact(nil)),
		},
	})
}
