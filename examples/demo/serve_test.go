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

// setting matches a line that sets an environment variable, in sh or PowerShell.
var setting = regexp.MustCompile(`(?m)^(?:export |\$env:)(TOFUPILOT_[A-Z_]+) ?= ?"?([^"\s]+)"?$`)

// startServe starts the demo with -serve. It returns the API keys and the URLs that the demo prints:
// of the first server for sh and for PowerShell, then of the second server likewise.
func startServe(t *testing.T) (serve *exec.Cmd, keys, urls []string) {
	t.Helper()
	binary := harness.Build(t, ".", filepath.Join(t.TempDir(), "demo"))
	serve = exec.CommandContext(t.Context(), binary, "-serve")
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	harness.SetProcessGroup(t, serve)
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	lines := bufio.NewScanner(out)
	for len(urls) < 4 && lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		found := setting.FindStringSubmatch(lines.Text())
		switch {
		case found == nil:
		case found[1] == "TOFUPILOT_API_KEY":
			keys = append(keys, found[2])
		case found[1] == "TOFUPILOT_URL":
			urls = append(urls, found[2])
		}
	}
	if len(keys) != 4 || len(urls) != 4 {
		t.Fatalf("got keys %q and URLs %q, want 4 each:\n%s", keys, urls, &text)
	}
	return serve, keys, urls
}

// TestServe checks that -serve prints the same settings for sh and PowerShell, and that each server
// accepts its own key only.
func TestServe(t *testing.T) {
	t.Parallel()
	serve, keys, urls := startServe(t)
	t.Cleanup(func() { _ = serve.Wait() }) // waits for the demo, which the end of the test's context has killed
	harness.CheckEqual(t, "keys", keys, []string{keys[0], keys[0], keys[2], keys[2]})
	harness.CheckEqual(t, "URLs", urls, []string{urls[0], urls[0], urls[2], urls[2]})
	for _, server := range []struct {
		url, key, otherKey string
		field              string // a field of its procedures
	}{
		{urls[0], keys[0], keys[2], `"linkedRepository"`},
		{urls[2], keys[2], keys[0], `"runs"`},
	} {
		status, body := get(t, server.url, server.key)
		if status != http.StatusOK || !json.Valid([]byte(body)) || !strings.Contains(body, server.field) {
			t.Errorf("%s: got status %d, want 200 and JSON with %s: %.300s", server.url, status, server.field, body)
		}
		if status, _ := get(t, server.url, server.otherKey); status != http.StatusUnauthorized {
			t.Errorf("%s: got status %d for the other server's key, want 401", server.url, status)
		}
	}
}

// TestInterruptServe checks that -serve stops its servers and exits without an error when it is
// interrupted.
func TestInterruptServe(t *testing.T) {
	t.Parallel()
	serve, _, urls := startServe(t)
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	harness.Interrupt(t, serve)
	if err := harness.Receive(t, ended, time.Minute, "the server"); err != nil {
		t.Errorf("after the interrupt: %v", err)
	}
	for _, url := range urls {
		address := strings.TrimPrefix(url, "http://")
		if connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", address); err == nil {
			_ = connection.Close()
			t.Errorf("the server %s still runs after the interrupt", url)
		}
	}
}

// TestPort checks that the servers use the given port and the next one.
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
	listener := harness.Listen(t)
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
