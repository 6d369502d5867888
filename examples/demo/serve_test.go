package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
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

// TestServe reads from both servers with the addresses and keys that -serve prints. Then it
// interrupts the process, which must exit without an error.
func TestServe(t *testing.T) {
	t.Parallel()
	binary := harness.Build(t, ".", filepath.Join(t.TempDir(), "demo"))
	serve := exec.CommandContext(t.Context(), binary, "-serve")
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	harness.SetProcessGroup(t, serve)
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}

	var text strings.Builder
	values := map[string][]string{} // by variable; each is printed for sh and for PowerShell
	for lines := bufio.NewScanner(out); len(values["TOFUPILOT_URL"]) < 4 && lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
		if found := printed.FindStringSubmatch(lines.Text()); found != nil {
			values[found[1]] = append(values[found[1]], found[2])
		}
	}
	keys, urls := values["TOFUPILOT_API_KEY"], values["TOFUPILOT_URL"]
	for _, printed := range [][]string{keys, urls} {
		if len(printed) != 4 || printed[0] != printed[1] || printed[1] == printed[2] || printed[2] != printed[3] {
			t.Fatalf("got keys %v and addresses %v, want each twice:\n%s", keys, urls, &text)
		}
	}
	for _, server := range []struct{ url, key, otherKey, field string }{
		{urls[0], keys[0], keys[2], `"linkedRepository"`},
		{urls[2], keys[2], keys[0], `"runs"`},
	} {
		status, body := get(t, server.url, server.key)
		if status != http.StatusOK || !strings.Contains(body, server.field) || !json.Valid([]byte(body)) {
			t.Errorf("%s: got %d, want 200 with %s: %.300s", server.url, status, server.field, body)
		}
		if status, _ := get(t, server.url, server.otherKey); status != http.StatusUnauthorized {
			t.Errorf("%s: got %d for the other server's key, want 401", server.url, status)
		}
	}

	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	harness.Interrupt(t, serve)
	if err := harness.Receive(t, ended, time.Minute, "the server"); err != nil {
		t.Errorf("after the interrupt: %v", err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, urls[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("the server still runs after the interrupt")
	}
	if t.Failed() {
		t.Log(&text)
	}
}

// TestPort starts the servers on a given port and the next one.
func TestPort(t *testing.T) {
	t.Parallel()
	var err error
	for range 10 { // another program may use one of the ports
		d := &demo{port: freePort(t)}
		_, err = d.startServers(t.Context())
		d.stopServers()
		if err != nil {
			continue
		}
		for i, url := range []string{d.url, d.selfHostedURL} {
			if want := fmt.Sprintf("http://127.0.0.1:%d", d.port+i); url != want {
				t.Errorf("got %s, want %s", url, want)
			}
		}
		return
	}
	t.Error(err)
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // net documents the type.
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
