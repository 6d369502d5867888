package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

var exported = regexp.MustCompile(`(?m)^(# )?export (TOFUPILOT_[A-Z_]+)=(\S+)$`)

// TestServe sets what -serve prints, reads from both servers with it, and
// interrupts.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	printed, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-serve"}, os.Environ(), out)
		_ = out.Close()
	}()

	var text strings.Builder
	for lines := bufio.NewScanner(printed); len(exported.FindAllString(text.String(), -1)) < 3 && lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
	}
	go func() { _, _ = io.Copy(io.Discard, printed) }() // nothing may wait for a reader
	values := map[string]string{}
	for _, found := range exported.FindAllStringSubmatch(text.String(), -1) {
		values[found[1]+found[2]] = found[3] // what is to be chosen instead stands in a comment
	}
	key := values["TOFUPILOT_API_KEY"]
	for url, field := range map[string]string{values["TOFUPILOT_URL"]: `"linkedRepository"`, values["# TOFUPILOT_URL"]: `"runs"`} {
		status, body := get(t, url, key)
		if status != http.StatusOK || !strings.Contains(body, field) || !json.Valid([]byte(body)) {
			t.Errorf("%s answers %d, without %s: %.300s", url, status, field, body)
		}
		if status, _ := get(t, url, "another"); status != http.StatusUnauthorized {
			t.Errorf("%s answers another key with %d", url, status)
		}
	}

	interrupt()
	if err := harness.Await(t, ended, time.Minute, "the server"); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, values["TOFUPILOT_URL"], nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("still serves")
	}
	if t.Failed() {
		t.Log(&text)
	}
}

func get(t *testing.T, url, key string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v2/procedures?limit=100", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}
