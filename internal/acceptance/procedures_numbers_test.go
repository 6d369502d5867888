package acceptance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// A gate such as fpy < 99.3 must not let 99.3 itself through: what Terraform
// computes with is the number that the server wrote, not the nearest float64.
func TestNumbersAreThoseThatTheServerWrote(t *testing.T) {
	t.Parallel()
	numbers := []string{"99.3", "85.50", "9007199254740993", "1e22", "0.30000000000000004", "-0", "1e-9", "0.123456789012345678"}
	var stored []fakeapi.Procedure
	for i, number := range numbers {
		id := fmt.Sprintf("p%d", i)
		stored = append(stored, fakeapi.Procedure{ID: id, JSON: fmt.Sprintf(`{"id": %q, "created_at": "2024-01-0%dT00:00:00Z", "fpy": %s}`, id, i+1, number)})
	}
	_, url := harness.Serve(t, stored...)

	blocks := []string{harness.Procedures("all"), harness.Output("json", "jsonencode(data.tofupilot_procedures.all.procedures[*].fpy)")}
	var checks []statecheck.StateCheck
	for i, number := range numbers {
		for name, test := range map[string]struct {
			expression string
			is         bool
		}{
			"equal":   {"%s == %s", true},
			"less":    {"%s < %s", false},
			"greater": {"%s > %s", false},
			"decoded": {`%s == jsondecode("%s")`, true},
		} {
			name := fmt.Sprintf("%s_%d", name, i)
			fpy := fmt.Sprintf("data.tofupilot_procedures.all.procedures[%d].fpy", i)
			blocks = append(blocks, harness.Output(name, fmt.Sprintf(test.expression, fpy, number)))
			checks = append(checks, statecheck.ExpectKnownOutputValue(name, knownvalue.Bool(test.is)))
		}
	}
	written := "[99.3,85.5,9007199254740993,10000000000000000000000,0.30000000000000004,-0,0.000000001,0.123456789012345678]"
	checks = append(checks, statecheck.ExpectKnownOutputValue("json", knownvalue.StringFunc(func(got string) error {
		if got != written && got != strings.Replace(written, "-0,", "0,", 1) {
			return fmt.Errorf("got %s, want %s", got, written)
		}
		return nil
	})))
	runSteps(t, resource.TestStep{
		Config:            harness.Configuration(url, blocks...),
		ConfigStateChecks: checks,
		ConfigPlanChecks:  harness.EmptyPlan,
	})
}

// Terraform computes a plan with what a read sends, and its apply with what the plan's
// file holds, which has 512 bits. A quotient of numbers that arrived with fewer is
// another one then, and the apply fails.
func TestAQuotientIsTheSameInPlanAndApply(t *testing.T) {
	t.Parallel()
	_, url := harness.Serve(t, fakeapi.Procedure{ID: "a", JSON: `{"id": "a", "fpy": 100}`}, fakeapi.Procedure{ID: "b", JSON: `{"id": "b", "fpy": 3}`})
	const quotient = "data.tofupilot_procedures.all.procedures[0].fpy / data.tofupilot_procedures.all.procedures[1].fpy"
	runSteps(t, resource.TestStep{ // which applies a saved plan
		Config: harness.Configuration(url, harness.Procedures("all"),
			harness.KnownAfterApply("quotient", quotient), harness.Output("same", quotient+" == 100 / 3")),
		ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("same", knownvalue.Bool(true))},
		ConfigPlanChecks:  harness.EmptyPlan,
	})
}
