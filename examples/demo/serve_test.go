package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

var printed = regexp.MustCompile(`(?m)^(?:export |\$env:)(TOFUPILOT_[A-Z_]+) ?= ?"?([^"\s]+)"?$`)

// TestServe sets what -serve prints, reads from both servers with it, and interrupts
// the process: there is no other way to end it, and it's no failure.
func TestServe(t *testing.T) {
	t.Parallel()
	binary := harness.Build(t, ".", filepath.Join(t.TempDir(), "demo"))
	serve := exec.CommandContext(t.Context(), binary, "-serve")
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	harness.OwnGroup(t, serve)
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}

	var text strings.Builder
	values := map[string][]string{} // by variable, each in sh and in PowerShell
	for lines := bufio.NewScanner(out); len(values["TOFUPILOT_URL"]) < 4 && lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
		if found := printed.FindStringSubmatch(lines.Text()); found != nil {
			values[found[1]] = append(values[found[1]], found[2])
		}
	}
	keys, urls := values["TOFUPILOT_API_KEY"], values["TOFUPILOT_URL"]
	if len(keys) != 2 || keys[0] != keys[1] || len(urls) != 4 || urls[0] != urls[1] || urls[2] != urls[3] {
		t.Fatalf("sh and PowerShell get %v and %v:\n%s", keys, urls, &text)
	}
	key := keys[0]
	for url, field := range map[string]string{urls[0]: `"linkedRepository"`, urls[2]: `"runs"`} {
		status, body := get(t, url, key)
		if status != http.StatusOK || !strings.Contains(body, field) || !json.Valid([]byte(body)) {
			t.Errorf("%s answers %d, without %s: %.300s", url, status, field, body)
		}
		if status, _ := get(t, url, "another"); status != http.StatusUnauthorized {
			t.Errorf("%s answers another key with %d", url, status)
		}
	}

	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	harness.Interrupt(t, serve)
	if err := harness.Await(t, ended, time.Minute, "the server"); err != nil {
		t.Errorf("interrupted: %v", err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, urls[0], nil)
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
