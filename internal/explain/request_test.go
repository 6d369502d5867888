package explain

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/config"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/redact"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

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
		e := newExplainerFor(config.Settings{BaseURL: base, URLSource: c.url, KeySource: c.key})
		got := e.List(t.Context(), &rest.Error{Kind: rest.Redirected, Redirect: moved.JoinPath("v2/procedures"), MovedTo: moved}, 0).Detail
		if !strings.Contains(got, "If the new address is right, "+c.words) || !strings.Contains(got, "comes from "+c.url.String()+".") {
			t.Errorf("%s: %s", c.url.String(), got)
		}
	}
}

// TestConnectionAdvice checks that the advice depends on the kind and not on the text: the error of
// every kind has "refused" in its text, as part of the host's name.
func TestConnectionAdvice(t *testing.T) {
	t.Parallel()
	e := newExplainerFor(config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "refused.example.com"}})
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

// TestServerCursor checks that a cursor is redacted, because the server chose it.
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
		got := e.List(t.Context(), &rest.Error{Kind: rest.ServerFailed, URL: "https://example.com/?" + query, Status: 500}, 0)
		if !strings.Contains(got.Detail, want) {
			t.Errorf("%s: %s", query, got.Detail)
		}
	}
}

// TestRedirectToHTTP explains a redirect from https:// to http://, which a server behind a gateway
// may send by mistake. The message must not suggest a setting that sends the key unencrypted.
func TestRedirectToHTTP(t *testing.T) {
	t.Parallel()
	e := newExplainerFor(config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "example.com", Path: "/api"}})
	got := e.List(t.Context(), &rest.Error{Kind: rest.Redirected, Status: 302, Redirect: &url.URL{Scheme: "http", Host: "example.com", Path: "/login"}}, 0)
	if !strings.Contains(got.Detail, "the server's redirects may have the wrong scheme: ask its administrator.") || strings.Contains(got.Detail, "set url") || strings.Contains(got.Detail, "allow_http") {
		t.Error(got.Detail)
	}
}
