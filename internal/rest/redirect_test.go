package rest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestRedirectWithoutQuery checks that a redirect without the request's query isn't followed,
// because it leads to another list.
func TestRedirectWithoutQuery(t *testing.T) {
	t.Parallel()
	for location, follows := range map[string]bool{
		"/api/v2/procedures/":                              false,
		"/api/v2/procedures/?limit=100":                    false,
		"/api/v2/procedures/?limit=100&search_query=B":     false,
		"/api/v2/procedures/?limit=100&search_query=A":     true,
		"/api/v2/procedures/?a=1&search_query=A&limit=100": true,
	} {
		server := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/") {
				w.Header().Set("Location", location)
				w.WriteHeader(http.StatusMovedPermanently)
			}
		}))
		err := newClient(t, server.String()).Get(t.Context(), "v2/procedures", url.Values{"limit": {"100"}, "search_query": {"A"}}, func([]byte) error { return nil })
		if (err == nil) != follows || err != nil && !strings.Contains(err.Error(), "redirects without the query of the request") {
			t.Errorf("%s: %v", location, err)
		}
	}
}
