package explain

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

func TestTooMuchAdvice(t *testing.T) {
	t.Parallel()
	e := newExplainer()
	list, lookup := e.List(t.Context(), rest.ErrMemory, 0), e.Lookup(t.Context(), tofupilot.ByName, rest.ErrMemory)
	for words, got := range map[string]Diagnostic{
		"reads one data source at a time, or narrow the list by search_query, created_after or created_before.": list,
		"reads one data source at a time.": lookup,
	} {
		if got.Summary != "Too many procedures at the same time" || !strings.HasSuffix(got.Detail, words) || !strings.Contains(got.Detail, "https://tofupilot.example.com/api at the same time is larger than 512 MiB") {
			t.Errorf("%s: %s", got.Summary, got.Detail)
		}
	}
}

// TestSaySafe checks that say redacts each argument, and keeps the line breaks of the format.
func TestSaySafe(t *testing.T) {
	t.Parallel()
	const key = "the-secret-key"
	e := Explainer{Redact: redact.New(key).Text, RedactOwn: redact.New(key).OwnText}
	type name string
	for what, arg := range map[string]any{
		"a string": key, "another string type": name(key), "an error": errors.New(key), "a URL": &url.URL{Scheme: "https", Host: "example.com", Path: "/" + key},
		"a list": []string{key}, "a struct": struct{ text string }{key},
	} {
		if got := e.say("It says:\n  - %s, %d times.", arg, 2); strings.Contains(string(got), key) || !strings.HasSuffix(string(got), ", 2 times.") {
			t.Errorf("%s: %q", what, got)
		}
	}
	long := strings.Repeat("x", 2000)
	got := e.say("%s\n%s\n%s", long, e.say("%s\n%s", "own\nline", long), key)
	if want := strings.Repeat("x", 1000) + "…"; string(got) != want+"\nown line\n"+want+"\n[the API key]" {
		t.Errorf("%q", got)
	}
}

// TestHeaderValuesInOwnWords checks that a header's value that is also a word of the provider's
// text, or part of the URL, is redacted only in the server's text.
func TestHeaderValuesInOwnWords(t *testing.T) {
	t.Parallel()
	redactor := redact.New("the-key", redact.Header{Name: "X-Org", Value: "tofupilot"}, redact.Header{Name: "X-Word", Value: "procedures"})
	e := Explainer{Settings: config.Settings{
		BaseURL: &url.URL{Scheme: "https", Host: "tofupilot.example.com", Path: "/api"}, URLSource: config.Source{Variable: config.EnvURL},
		KeySource: config.Source{Login: "/home/ada/.tofupilot/credentials.json"}, Headers: map[string]string{"X-Org": "tofupilot"},
	}, Redact: redactor.Text, RedactOwn: redactor.OwnText}
	const address = "https://tofupilot.example.com/api/v2/procedures?search_query=tofupilot"
	name := "procedures of tofupilot"
	for want, got := range map[string]Diagnostic{
		"GET " + address + " returned HTTP 401 Unauthorized: [the header X-Org] isn't known.\n\n  - [the header X-Org]: [the header X-Word]\n\n" +
			"The address https://tofupilot.example.com/api comes from the environment variable TOFUPILOT_URL. " +
			"The key comes from the login file /home/ada/.tofupilot/credentials.json. It may be expired or revoked. Run `tofupilot login` again.": e.List(t.Context(), &rest.Error{
			Kind: rest.Unauthorized, URL: address, Status: 401, Message: "tofupilot isn't known.", Issues: []rest.Issue{{Path: "tofupilot", Message: "procedures"}},
		}, 0),
		"GET " + address + " returned HTTP 302 Found.\n\nThe address https://tofupilot.example.com/api comes from the environment variable TOFUPILOT_URL. " +
			"The server redirects to https://[the header X-Org].invalid/[the header X-Word], which isn't the API. If that is a login page, a gateway is in front of the server, " +
			"and it rejected the configured headers: check what the gateway requires. Otherwise check the address.": e.List(t.Context(), &rest.Error{
			Kind: rest.Redirected, URL: address, Status: 302, Err: errors.New("elsewhere"), Redirect: &url.URL{Scheme: "https", Host: "tofupilot.invalid", Path: "/procedures"},
		}, 0),
		"GET " + address + " failed: lookup [the header X-Org].example.com: no such host.\n\nThe address https://tofupilot.example.com/api comes from the environment variable TOFUPILOT_URL. " +
			"There is no host with the name tofupilot.example.com: check the address. If only a VPN or a company's network knows the name, connect to it.": e.List(t.Context(), &rest.Error{
			Kind: rest.HostNotFound, URL: address, Err: errors.New("lookup tofupilot.example.com: no such host"),
		}, 0),
		"No procedure at https://tofupilot.example.com/api has the name \"tofupilot\". The API key can read 1 procedure. These are all of them:\n  - p \"[the header X-Word] of [the header X-Org]\"\n\n" +
			"If the name is right, check that the key's owner can see the procedure: a station's key may see only those that its station is linked to, or none.": e.Lookup(t.Context(), tofupilot.ByName, &tofupilot.LookupError{
			Seen: 1, Missing: []tofupilot.Missing{{Text: "tofupilot", Near: []*tofupilot.Procedure{{ID: "p", Name: &name}}}},
		}),
	} {
		if got.Detail != want {
			t.Errorf("got  %s\nwant %s", got.Detail, want)
		}
	}
}
