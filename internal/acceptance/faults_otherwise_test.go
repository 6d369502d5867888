package acceptance

import (
	"net/http"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// Servers that behave otherwise than documented.
func otherwiseFaults() []fault {
	return []fault{
		{
			name: "a page of HTML", at: faulty(answer(http.StatusOK, "<html>Log in</html>", "Content-Type", "text/html")),
			fails:    harness.Error("", notTheAPI, askedFor+" returned HTTP 200 OK (text/html): the answer isn't a page of procedures", "invalid character '<'", leadsToTofuPilot),
			requests: 1,
		},
		{
			name: "a row that the server can't show", at: faulty(answer(http.StatusInternalServerError, `{"message":"Output validation failed","code":"INTERNAL_SERVER_ERROR"}`)),
			fails: harness.Error("", "The server can't return one of its procedures",
				askedFor+" returned HTTP 500 Internal Server Error: Output validation failed.", "Only the server's administrator can fix that. Show them this message.",
			), requests: 1,
		},
	}
}
