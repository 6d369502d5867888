package harness

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// Serve starts a fake API that holds these procedures.
func Serve(t *testing.T, procedures ...fakeapi.Procedure) (api *fakeapi.Server, url string) {
	t.Helper()
	api = fakeapi.New(procedures...)
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, server.URL
}

// Status is what an API answers to a request for its procedures.
func Status(t *testing.T, api http.Handler, query url.Values) int {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v2/procedures?"+query.Encode(), nil)
	request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, request)
	return answer.Code
}

// OldestFirst is the order that the provider promises, for procedures without
// equal times.
func OldestFirst(procedures []fakeapi.Procedure) []fakeapi.Procedure {
	return slices.SortedFunc(slices.Values(procedures), func(a, b fakeapi.Procedure) int {
		return a.CreatedAt.Compare(b.CreatedAt)
	})
}

// IDs are the procedures' IDs, in their order.
func IDs(procedures []fakeapi.Procedure) []string {
	ids := []string{}
	for _, procedure := range procedures {
		ids = append(ids, procedure.ID)
	}
	return ids
}

// Distinct are the different values of something in the requests, sorted.
func Distinct(requests []fakeapi.Request, of func(fakeapi.Request) string) []string {
	values := []string{}
	for _, request := range requests {
		values = append(values, of(request))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// ExpectEqual expects what is named to be the same list.
func ExpectEqual[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// ExpectNoRequests expects that a server was asked nothing.
func ExpectNoRequests(t *testing.T, whose string, api *fakeapi.Server) {
	t.Helper()
	if requests := api.Requests(); len(requests) > 0 {
		t.Errorf("%s got %d requests", whose, len(requests))
	}
}
