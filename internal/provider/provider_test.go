package provider

import "testing"

func TestUserAgent(t *testing.T) {
	t.Parallel()
	const own = "terraform-provider-tofupilot/1.2.3 (+https://github.com/tofupilot/terraform-provider-tofupilot) Terraform/1.11.4"
	for added, want := range map[string]string{
		"":                    own,
		" \n":                 own,
		"ci/7":                own + " ci/7",
		" ci/7 (nightly job)": own + " ci/7 (nightly job)",
	} {
		if got := formatUserAgent("1.2.3", "1.11.4", func(string) string { return added }); got != want {
			t.Errorf("TF_APPEND_USER_AGENT %q: got %q, want %q", added, got, want)
		}
	}
}
