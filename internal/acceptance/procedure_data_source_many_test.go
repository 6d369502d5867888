package acceptance

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// rounds answers requests only when as many wait as may be under way together,
// or all that are left. So its length, for one plan, is how many times the plan
// waits for the network, whatever the clock says.
type rounds struct {
	mu                    sync.Mutex
	together, all         int
	waiting, answered     int
	open                  chan struct{}
	sizes                 []int // of the plan under way
	most                  int   // rounds of one plan
	plans, tooFewTogether int
}

func (r *rounds) wait() {
	r.mu.Lock()
	r.waiting++
	open := r.open
	if r.waiting == min(r.together, r.all-r.answered) {
		r.sizes = append(r.sizes, r.waiting)
		r.most = max(r.most, len(r.sizes))
		if r.answered += r.waiting; r.answered == r.all {
			r.answered, r.sizes = 0, nil
			r.plans++
		}
		r.waiting, r.open = 0, make(chan struct{})
		close(open)
	}
	r.mu.Unlock()
	select {
	case <-open:
	case <-time.After(20 * time.Second): // nobody else comes
		r.mu.Lock()
		r.tooFewTogether++
		r.mu.Unlock()
	}
}

func TestHundredLookupsWaitForTheNetworkAtMostFifteenTimes(t *testing.T) {
	t.Parallel()
	var stored []fakeapi.Procedure
	for i := range 100 {
		stored = append(stored, fakeapi.Procedure{ID: fmt.Sprint("id-", i), Name: fmt.Sprintf("Procedure %03d", i)})
	}
	api, url := harness.Serve(t, stored...)
	gate := &rounds{together: 8, all: 100, open: make(chan struct{})}
	api.Before(func(fakeapi.Request) { gate.wait() })
	runSteps(t, resource.TestStep{
		Config: harness.Configuration(url, harness.Procedure("each",
			`for_each = toset([for i in range(100) : format("Procedure %03d", i)])`, "name = each.value")),
		PlanOnly: true,
	})
	if gate.tooFewTogether > 0 {
		t.Fatalf("%d requests waited in vain for %d to be under way together", gate.tooFewTogether, gate.together)
	}
	if gate.plans == 0 || gate.most > 15 {
		t.Errorf("%d plans, of which one waited %d times", gate.plans, gate.most)
	}
	if got := len(harness.Distinct(api.Requests(), searchOf)); got != 100 || len(api.Requests()) != 100*gate.plans {
		t.Errorf("%d searches in %d requests and %d plans", got, len(api.Requests()), gate.plans)
	}
	t.Logf("%d plans of 100 lookups: %d requests, %d rounds a plan", gate.plans, len(api.Requests()), gate.most)
}
