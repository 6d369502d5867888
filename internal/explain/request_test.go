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

// TestRedirectAdvice checks that the advice for a server that moved says how to configure the new
// address. That depends on where the old address and the API key come from.
func TestRedirectAdvice(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "old.example.com", Path: "/api"}
	moved := &url.URL{Scheme: "https", Host: "new.example.com", Path: "/api"}
	login := config.Source{Login: "/home/ada/.tofupilot/credentials.json"}
	for _, c := range []struct {
		urlSource, keySource config.Source // an empty urlSource is the provider's default; an empty keySource isn't a login
		advice               string
	}{
		{config.Source{Argument: "url"}, config.Source{}, `set url to "https://new.example.com".`},
		{config.Source{Variable: config.EnvURL}, config.Source{}, `set TOFUPILOT_URL to https://new.example.com.`},
		{config.Source{}, config.Source{}, `set url to "https://new.example.com".`},
		{login, login, "run `tofupilot login` for https://new.example.com."},
		{config.Source{Argument: "url"}, login, "set url to \"https://new.example.com\" and run `tofupilot login` for it."},
	} {
		e := newExplainerFor(config.Settings{BaseURL: base, URLSource: c.urlSource, KeySource: c.keySource})
		got := e.List(t.Context(), &rest.Error{Kind: rest.Redirected, Redirect: moved.JoinPath("v2/procedures"), MovedTo: moved}, pageSizeNotSet).Detail
		for _, want := range []string{"If the new address is right, " + c.advice, "comes from " + c.urlSource.String() + "."} {
			if !strings.Contains(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

// TestConnectionAdvice checks that the advice depends on the error's kind, and not on the error's text,
// which always contains "refused", as a part of the host's name.
func TestConnectionAdvice(t *testing.T) {
	t.Parallel()
	e := newExplainerFor(config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "refused.example.com"}})
	for kind, advice := range map[rest.Kind]string{
		rest.HostNotFound:      "There is no host with the name refused.example.com: check the address.",
		rest.NameNotResolved:   "This machine can't resolve the name refused.example.com: check its DNS settings",
		rest.ConnectionRefused: "Nothing accepts connections there: check the address and its port",
		rest.Unreachable:       "Check that this is the right server, and that this machine can reach it",
	} {
		got := e.List(t.Context(), &rest.Error{Kind: kind, Err: errors.New("lookup refused.example.com")}, pageSizeNotSet)
		if got.Summary != "The server can't be reached" || !strings.Contains(got.Detail, advice) {
			t.Errorf("got %s: %s, want %s", got.Summary, got.Detail, advice)
		}
	}
}

// TestUnknownKind checks that an error of an unknown kind asks users to report it.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	if got := newExplainer().List(t.Context(), &rest.Error{Status: 204}, pageSizeNotSet); got.Summary != "The request failed" || !strings.Contains(got.Detail, Report) {
		t.Errorf("got %s: %s, want %s", got.Summary, got.Detail, Report)
	}
}

// TestServerCursor checks that the value of a configured header is redacted in a URL's cursor, which
// the server chose, but not in the URL's other parameters.
func TestServerCursor(t *testing.T) {
	t.Parallel()
	const value = "the-secret-value"
	e := newRedacting("the-key", redact.Header{Name: "X-Token", Value: value})
	e.Settings.BaseURL = &url.URL{Scheme: "https", Host: "example.com"}
	for query, redacted := range map[string]string{
		"cursor=" + value:                   "cursor=[the header X-Token]",
		"cursor=7&search_query=" + value:    "cursor=7&search_query=" + value,
		"limit=7&cursor=a" + value + "&x=1": "limit=7&cursor=a[the header X-Token]&x=1",
	} {
		got := e.List(t.Context(), &rest.Error{Kind: rest.ServerFailed, URL: "https://example.com/?" + query, Status: 500}, pageSizeNotSet).Detail
		if want := "https://example.com/?" + redacted + " returned"; !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestRedirectToHTTP checks that the advice for a redirect from https:// to http:// doesn't suggest
// a setting that sends the API key unencrypted. The server's redirect may be a mistake.
func TestRedirectToHTTP(t *testing.T) {
	t.Parallel()
	e := newExplainerFor(config.Settings{BaseURL: &url.URL{Scheme: "https", Host: "example.com", Path: "/api"}})
	got := e.List(t.Context(), &rest.Error{Kind: rest.Redirected, Status: 302, Redirect: &url.URL{Scheme: "http", Host: "example.com", Path: "/login"}}, pageSizeNotSet).Detail
	if !strings.Contains(got, "the server's redirects may have the wrong scheme: ask its administrator.") {
		t.Errorf("got %q, want advice about the scheme of redirects", got)
	}
	if strings.Contains(got, "set url") || strings.Contains(got, "allow_http") {
		t.Errorf("got %q, want no setting for http://", got)
	}
}
