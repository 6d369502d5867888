package tofupilot

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// A 4xx for a page with a cursor may be about the cursor, unless the status is about the key,
// a proxy or a rate limit.
func TestRefusesCursor(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{
		http.StatusBadRequest: true, http.StatusNotFound: true, http.StatusUnprocessableEntity: true, http.StatusRequestURITooLong: true,
		http.StatusUnauthorized: false, http.StatusForbidden: false, http.StatusProxyAuthRequired: false, http.StatusRequestTimeout: false,
		http.StatusTooManyRequests: false, http.StatusBadGateway: false, http.StatusFound: false,
	} {
		if is := refusesCursor(fmt.Errorf("page 2: %w", &rest.Error{Status: status})); is != want {
			t.Errorf("status %d: %t, want %t", status, is, want)
		}
	}
	if refusesCursor(&rest.Error{Status: http.StatusOK, Err: errors.New("no page")}) {
		t.Error("an invalid page counts as a refused cursor")
	}
}
