package harness

import (
	"context"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// EmptyPlan checks that the plans after an apply and after a refresh are empty.
var EmptyPlan = resource.ConfigPlanChecks{
	PostApplyPreRefresh:  []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
}

// OutputPattern returns a pattern that matches Terraform's output if it contains these texts in this
// order. Between two words, the output may have white space and the │ of a diagnostic's frame.
func OutputPattern(texts ...string) *regexp.Regexp {
	var parts []string
	for _, text := range texts {
		words := strings.Fields(text)
		for i := range words {
			words[i] = regexp.QuoteMeta(words[i])
		}
		parts = append(parts, strings.Join(words, `[\s│]+`))
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, ".*"))
}

// PlanCheck adapts a function to plancheck.PlanCheck. Used in PreApply, it is called between plan
// and apply.
type PlanCheck func()

// CheckPlan implements plancheck.PlanCheck.
func (check PlanCheck) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	check()
}
