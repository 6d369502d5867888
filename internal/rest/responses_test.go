package rest

import (
	"net/http"
	"testing"
)

func TestBodiesOtherThanObjects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, contentType, words string
		kind                     Kind
	}{
		"HTML":                   {"<!DOCTYPE html><p>Log in", "text/html; charset=utf-8", "HTML", GatewayResponded},
		"HTML with another type": {"\n <html>", "application/json", "HTML", GatewayResponded},
		"a fragment of HTML":     {"Log in", "Text/HTML", "text", GatewayResponded},
		"empty":                  {"", "text/html", "empty", Interrupted},
		"white space":            {" \r\n", "", "empty", Interrupted},
		"an array":               {` [{"id": "a"}]`, "application/json", "an array", NotTheAPI},
		"text":                   {"It works!", "text/plain", "text", NotTheAPI},
		"a string":               {`"moved"`, "application/json", "text", NotTheAPI},
		"null":                   {"null", "application/json", "text", NotTheAPI},
		"XML":                    {"<?xml version='1.0'?><a/>", "text/xml", "XML", NotTheAPI},
		"binary data":            {"\x89PNG\r\n\x1a\n", "image/png", "binary data", NotTheAPI},
		"an object without data": {`{"error": "html"}`, "text/html", "", Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, newServer(t, respondOK(c.body, "Content-Type", c.contentType)).String())
			client.maxRetries = 0
			failed := wantError(t, client)
			if failed.Kind != c.kind {
				t.Errorf("got kind %d, want %d: %v", failed.Kind, c.kind, failed)
			}
			if want := "the response is " + c.words + ", not a JSON object"; c.words != "" && failed.Err.Error() != want {
				t.Errorf("got %q, want %q", failed.Err, want)
			}
		})
	}
}

// HTML with a 401 or 403 is a gateway's response. JSON with a message is the API's, with any
// content type.
func TestGatewayResponses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		kind   Kind
	}{
		"401 of the API":      {401, `{"message": "Unauthorized", "code": "UNAUTHORIZED"}`, Unauthorized},
		"401 with HTML":       {401, "<html>", GatewayResponded},
		"401 with text":       {401, "401 Unauthorized", NotTheAPI},
		"401 with other JSON": {401, `{"error": "no token"}`, NotTheAPI},
		"401 without a body":  {401, "", NotTheAPI},
		"403 with HTML":       {403, "<html>", GatewayResponded},
		"404 with HTML":       {404, "<html>", NotTheAPI},
		"502 with HTML":       {502, "<html>", ServerFailed},
		"403 of the API":      {403, `{"message": "Forbidden", "code": "FORBIDDEN"}`, Forbidden},
		"302 with HTML":       {302, "<html>", Redirected},
		"404 of the API":      {404, `{"message": "Not found"}`, NotTheAPI},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, newServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})).String())
			client.maxRetries = 0
			if failed := wantError(t, client); failed.Kind != c.kind {
				t.Errorf("got kind %d, want %d: %v", failed.Kind, c.kind, failed)
			}
		})
	}
}
