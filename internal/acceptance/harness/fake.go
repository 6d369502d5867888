package harness

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Serve starts a fake API with these procedures.
func Serve(t *testing.T, procedures ...fakeapi.Procedure) (api *fakeapi.Server, url string) {
	t.Helper()
	api = fakeapi.New(procedures...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL
}

// Status returns the status of a response to a request for the list.
func Status(t *testing.T, api http.Handler, query url.Values) int {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v2/procedures?"+query.Encode(), nil)
	request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	response := httptest.NewRecorder()
	api.ServeHTTP(response, request)
	return response.Code
}

// OldestFirst sorts procedures in the order of the provider. Their times must be distinct.
func OldestFirst(procedures []fakeapi.Procedure) []fakeapi.Procedure {
	return slices.SortedFunc(slices.Values(procedures), func(a, b fakeapi.Procedure) int {
		return a.CreatedAt.Compare(b.CreatedAt)
	})
}

// IDs returns the IDs of procedures, in their order.
func IDs(procedures []fakeapi.Procedure) []string {
	ids := []string{}
	for _, procedure := range procedures {
		ids = append(ids, procedure.ID)
	}
	return ids
}

// Distinct returns the distinct values that a function returns for the requests, sorted.
func Distinct(requests []fakeapi.Request, get func(fakeapi.Request) string) []string {
	values := []string{}
	for _, request := range requests {
		values = append(values, get(request))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// ExpectEqual checks that two lists are equal.
func ExpectEqual[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// ExpectNoRequests checks that a server received no requests.
func ExpectNoRequests(t *testing.T, server string, api *fakeapi.Server) {
	t.Helper()
	if requests := api.Requests(); len(requests) > 0 {
		t.Errorf("%s received %d requests, want none", server, len(requests))
	}
}
