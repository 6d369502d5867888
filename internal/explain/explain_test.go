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

// TestMemoryAdvice checks the error of a read that doesn't fit into memory. Only the error of a list
// suggests arguments that make the list shorter.
func TestMemoryAdvice(t *testing.T) {
	t.Parallel()
	e := newExplainer()
	for _, c := range []struct {
		got    Diagnostic
		advice string // at the end of the error
	}{
		{e.Lookup(t.Context(), tofupilot.ByName, rest.ErrMemory), "reads one data source at a time."},
		{e.List(t.Context(), rest.ErrMemory, pageSizeNotSet), "reads one data source at a time, or narrow the list by search_query, created_after or created_before."},
	} {
		if want := "Too many procedures at the same time"; c.got.Summary != want {
			t.Errorf("got the summary %q, want %q", c.got.Summary, want)
		}
		const size = "https://tofupilot.example.com/api at the same time is larger than 512 MiB"
		if !strings.Contains(c.got.Detail, size) || !strings.HasSuffix(c.got.Detail, c.advice) {
			t.Errorf("got %q, want %q in it and %q at its end", c.got.Detail, size, c.advice)
		}
	}
}

// TestSaySafe checks that Explainer.say redacts the API key in an argument of any type.
func TestSaySafe(t *testing.T) {
	t.Parallel()
	const key = "the-secret-key"
	e := newRedacting(key)
	type name string
	for what, arg := range map[string]any{
		"a string": key, "another string type": name(key), "an error": errors.New(key), "a URL": &url.URL{Scheme: "https", Host: "example.com", Path: "/" + key},
		"a list": []string{key}, "a struct": struct{ text string }{key},
	} {
		got := string(e.say("It says:\n  - %s, %d times.", arg, 2))
		if strings.Contains(got, key) || !strings.HasPrefix(got, "It says:\n  - ") || !strings.HasSuffix(got, ", 2 times.") {
			t.Errorf("%s: got %q", what, got)
		}
	}
}

// TestSayShortens checks that Explainer.say shortens each argument on its own, and replaces line
// breaks in arguments, but not in the format. It doesn't change an argument that say returned.
func TestSayShortens(t *testing.T) {
	t.Parallel()
	e := newRedacting("the-secret-key")
	long := strings.Repeat("x", 2000)
	shortened := strings.Repeat("x", 1000) + "…"
	said := e.say("%s\n%s", "two\nlines", long)
	if got, want := e.say("%s\n%s\n%s", long, said, "end"), shortened+"\ntwo lines\n"+shortened+"\nend"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHeaderValuesInOwnWords checks that the value of a configured header is redacted only in the
// server's text. In the provider's own text, the value may be a common word or a part of the address.
func TestHeaderValuesInOwnWords(t *testing.T) {
	t.Parallel()
	const (
		address = "https://tofupilot.example.com/api/v2/procedures?search_query=tofupilot"
		source  = "The address https://tofupilot.example.com/api comes from the environment variable TOFUPILOT_URL. "
	)
	e := newRedacting("the-key", redact.Header{Name: "X-Org", Value: "tofupilot"}, redact.Header{Name: "X-Word", Value: "procedures"})
	e.Settings = config.Settings{
		BaseURL: &url.URL{Scheme: "https", Host: "tofupilot.example.com", Path: "/api"}, URLSource: config.Source{Variable: config.EnvURL},
		KeySource: config.Source{Login: "/home/ada/.tofupilot/credentials.json"}, Headers: map[string]string{"X-Org": "tofupilot"},
	}
	for _, c := range []struct {
		failed rest.Error
		want   string
	}{
		{
			rest.Error{Kind: rest.Unauthorized, Status: 401, Message: "tofupilot isn't known.", Issues: []rest.Issue{{Path: "tofupilot", Message: "procedures"}}},
			"GET " + address + " returned HTTP 401 Unauthorized: [the header X-Org] isn't known.\n\n  - [the header X-Org]: [the header X-Word]\n\n" + source +
				"The key comes from the login file /home/ada/.tofupilot/credentials.json. It may be expired or revoked. Run `tofupilot login` again.",
		},
		{
			rest.Error{Kind: rest.Redirected, Status: 302, Err: errors.New("elsewhere"), Redirect: &url.URL{Scheme: "https", Host: "tofupilot.invalid", Path: "/procedures"}},
			"GET " + address + " returned HTTP 302 Found.\n\n" + source + "The server redirects to https://[the header X-Org].invalid/[the header X-Word], which isn't the API. " +
				"If that is a login page, a gateway is in front of the server, and it rejected the configured headers: check what the gateway requires. Otherwise check the address.",
		},
		{
			rest.Error{Kind: rest.HostNotFound, Err: errors.New("lookup tofupilot.example.com: no such host")},
			"GET " + address + " failed: lookup [the header X-Org].example.com: no such host.\n\n" + source +
				"There is no host with the name tofupilot.example.com: check the address. If only a VPN or a company's network knows the name, connect to it.",
		},
	} {
		c.failed.URL = address
		checkDetail(t, e.List(t.Context(), &c.failed, pageSizeNotSet), "", c.want)
	}
	missing := tofupilot.Missing{Text: "tofupilot", Near: newProcedures("procedures of tofupilot")}
	checkDetail(t, e.Lookup(t.Context(), tofupilot.ByName, &tofupilot.LookupError{Seen: 1, Missing: []tofupilot.Missing{missing}}), "name",
		"No procedure at https://tofupilot.example.com/api has the name \"tofupilot\". The API key can read 1 procedure. These are all of them:\n  - p0 \"[the header X-Word] of [the header X-Org]\"\n\n"+
			"If the name is right, check that the key's owner can see the procedure: a station's key may see only those that its station is linked to, or none.")
}
