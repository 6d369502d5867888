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
	e := Explainer{config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "tofupilot.example.com", Path: "/api"}}, strings.Clone, strings.Clone}
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
		if said := e.say("It says:\n  - %s, %d times.", arg, 2); strings.Contains(string(said), key) || !strings.HasSuffix(string(said), ", 2 times.") {
			t.Errorf("%s: %q", what, said)
		}
	}
	long := strings.Repeat("x", 2000)
	said := e.say("%s\n%s\n%s", long, e.say("%s\n%s", "own\nline", long), key)
	if want := strings.Repeat("x", 1000) + "…"; string(said) != want+"\nown line\n"+want+"\n[the API key]" {
		t.Errorf("%q", said)
	}
}

// A header's value that is also a word of the provider's text, or part of the URL, is redacted only
// in the server's text.
func TestHeaderValuesInOwnWords(t *testing.T) {
	t.Parallel()
	redactor := redact.New("the-key", redact.Header{Name: "X-Org", Value: "tofupilot"}, redact.Header{Name: "X-Word", Value: "procedures"})
	e := Explainer{config.Settings{
		BaseURL: &url.URL{Scheme: "https", Host: "tofupilot.example.com", Path: "/api"}, URLSource: config.Source{Variable: config.EnvURL},
		KeySource: config.Source{Login: "/home/ada/.tofupilot/credentials.json"}, Headers: map[string]string{"X-Org": "tofupilot"},
	}, redactor.Text, redactor.OwnText}
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

func TestRedirectAdvice(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "old.example.com", Path: "/api"}
	moved := &url.URL{Scheme: "https", Host: "new.example.com", Path: "/api"}
	login := config.Source{Login: "/home/ada/.tofupilot/credentials.json"}
	for _, c := range []struct {
		url, key config.Source
		words    string
	}{
		{config.Source{Argument: "url"}, config.Source{}, `set url to "https://new.example.com".`},
		{config.Source{Variable: config.EnvURL}, config.Source{}, `set TOFUPILOT_URL to https://new.example.com.`},
		{config.Source{}, config.Source{}, `set url to "https://new.example.com".`},
		{login, login, "run `tofupilot login` for https://new.example.com."},
		{config.Source{Argument: "url"}, login, "set url to \"https://new.example.com\" and run `tofupilot login` for it."},
	} {
		e := Explainer{config.Settings{BaseURL: base, URLSource: c.url, KeySource: c.key}, strings.Clone, strings.Clone}
		got := e.List(t.Context(), &rest.Error{Kind: rest.Redirected, Redirect: moved.JoinPath("v2/procedures"), MovedTo: moved}, 0).Detail
		if !strings.Contains(got, "If the new address is right, "+c.words) || !strings.Contains(got, "comes from "+c.url.String()+".") {
			t.Errorf("%s: %s", c.url.String(), got)
		}
	}
}

func TestKeyHiddenInQuote(t *testing.T) {
	t.Parallel()
	const key = `sk_live${a}%{b}"`
	e := Explainer{Redact: redact.New(key).Text, RedactOwn: redact.New(key).OwnText}
	if got := e.quote("leak " + key); got != `"leak [the API key]"` {
		t.Error(got)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	e := Explainer{Redact: func(text string) string { return text }}
	nameless := &tofupilot.User{Name: new(""), Email: new("ada@example.com")}
	if got := e.describe(&tofupilot.Procedure{ID: "p", CreatedByUser: nameless}); got != "p by ada@example.com" {
		t.Errorf("got %q", got)
	}
}

// TestConnectionAdvice checks that the advice depends on the kind and not on the text: the host's
// name contains the reason of another error.
func TestConnectionAdvice(t *testing.T) {
	t.Parallel()
	e := Explainer{config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "refused.example.com"}}, strings.Clone, strings.Clone}
	for kind, words := range map[rest.Kind]string{
		rest.HostNotFound:      "There is no host with the name refused.example.com: check the address.",
		rest.NameNotResolved:   "This machine can't resolve the name refused.example.com: check its DNS settings",
		rest.ConnectionRefused: "Nothing accepts connections there: check the address and its port",
		rest.Unreachable:       "Check that this is the right server, and that this machine can reach it",
	} {
		got := e.List(t.Context(), &rest.Error{Kind: kind, Err: errors.New("lookup refused.example.com")}, 0)
		if got.Summary != "The server can't be reached" || !strings.Contains(got.Detail, words) {
			t.Errorf("%s: %s", got.Summary, got.Detail)
		}
	}
	if got := e.List(t.Context(), &rest.Error{Status: 204}, 0); got.Summary != "The request failed" || !strings.Contains(got.Detail, Report) {
		t.Errorf("no kind: %s: %s", got.Summary, got.Detail)
	}
}

// A cursor that isn't an offset is text that the server chose.
func TestServerCursor(t *testing.T) {
	t.Parallel()
	const value = "the-secret-value"
	redactor := redact.New("the-key", redact.Header{Name: "X-Token", Value: value})
	e := Explainer{Settings: config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "example.com"}}, Redact: redactor.Text, RedactOwn: redactor.OwnText}
	for query, want := range map[string]string{
		"cursor=" + value:                   "?cursor=[the header X-Token] returned",
		"cursor=7&search_query=" + value:    "?cursor=7&search_query=" + value + " returned",
		"limit=7&cursor=a" + value + "&x=1": "?limit=7&cursor=a[the header X-Token]&x=1 returned",
	} {
		said := e.List(t.Context(), &rest.Error{Kind: rest.ServerFailed, URL: "https://example.com/?" + query, Status: 500}, 0)
		if !strings.Contains(said.Detail, want) {
			t.Errorf("%s: %s", query, said.Detail)
		}
	}
}

// A server behind a gateway that ends TLS may build its redirects with http://. The advice
// isn't to send the key unencrypted.
func TestRedirectToHTTP(t *testing.T) {
	t.Parallel()
	e := Explainer{Settings: config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "example.com", Path: "/api"}}, Redact: strings.Clone, RedactOwn: strings.Clone}
	said := e.List(t.Context(), &rest.Error{Kind: rest.Redirected, Status: 302, Redirect: &url.URL{Scheme: "http", Host: "example.com", Path: "/login"}}, 0)
	if !strings.Contains(said.Detail, "the server's redirects may have the wrong scheme: ask its administrator.") || strings.Contains(said.Detail, "set url") || strings.Contains(said.Detail, "allow_http") {
		t.Error(said.Detail)
	}
}

// A name with the key in it, hidden by invisible characters, doesn't show the key.
func TestQuoteHiddenKey(t *testing.T) {
	t.Parallel()
	redactor := redact.New("the-key-123")
	e := Explainer{Redact: redactor.Text, RedactOwn: redactor.OwnText}
	if got := e.quote("a the-key\u200b-123"); got != `"a [the API key]"` {
		t.Error(got)
	}
	if got := e.quote("a\u200bb"); got != `"a\u200bb"` {
		t.Error(got)
	}
}
