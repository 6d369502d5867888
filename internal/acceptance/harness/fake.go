package harness

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// NewFakeServer starts a fake API with these procedures, and returns it and its URL.
func NewFakeServer(t *testing.T, procedures ...fakeapi.Procedure) (api *fakeapi.Server, url string) {
	t.Helper()
	api = fakeapi.New(procedures...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL
}

// Get requests a path of an API with the API key, and returns the response.
func Get(t *testing.T, api http.Handler, path string, query url.Values) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"?"+query.Encode(), nil)
	request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	response := httptest.NewRecorder()
	api.ServeHTTP(response, request)
	return response
}

// SortedIDs returns the IDs of procedures in the provider's order: oldest first. The procedures' times
// must be distinct.
func SortedIDs(procedures []fakeapi.Procedure) []string {
	sorted := slices.SortedFunc(slices.Values(procedures), func(a, b fakeapi.Procedure) int {
		return a.CreatedAt.Compare(b.CreatedAt)
	})
	var ids []string
	for _, procedure := range sorted {
		ids = append(ids, procedure.ID)
	}
	return ids
}

// CheckEqual checks that two lists are equal.
func CheckEqual[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// CheckNoRequests checks that a server received no requests.
func CheckNoRequests(t *testing.T, what string, api *fakeapi.Server) {
	t.Helper()
	if requests := api.Requests(); len(requests) > 0 {
		t.Errorf("%s received %d requests, want none", what, len(requests))
	}
}
