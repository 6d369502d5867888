package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// startRows are the size of the released binary, and the time from its start to
// its answer to GetProviderSchema.
func (l lab) startRows(ctx context.Context) ([]row, error) {
	file, err := os.Stat(l.binary("ours"))
	if err != nil {
		return nil, err
	}
	var took []float64
	for range 20 {
		seconds, err := l.schema(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking for the schema: %w", err)
		}
		took = append(took, seconds)
	}
	return []row{
		{What: "start to schema", Unit: "s", Ours: median(took)},
		{What: "binary", Unit: "MB", Ours: float64(file.Size()) / 1e6, Limit: "20 MB"},
	}, nil
}

// schema starts the provider as Terraform does: it is told that it is a plugin,
// prints where it listens, and is then called by gRPC. That is one request of
// HTTP/2 here, with a message of no bytes, so that nobody's client is timed.
func (l lab) schema(ctx context.Context) (seconds float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	provider := exec.CommandContext(ctx, l.binary("ours")) //nolint:gosec // built above
	provider.Env = append(l.environment(), "TMPDIR="+l.dir, "PLUGIN_PROTOCOL_VERSIONS=6",
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	said, err := provider.StdoutPipe()
	if err != nil {
		return 0, err
	}
	started := time.Now()
	if err := provider.Start(); err != nil {
		return 0, err
	}
	defer func() {
		cancel()
		_ = provider.Wait() // it says that the provider was killed
	}()
	handshake, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return 0, err
	}
	listens := strings.Split(handshake, "|") // such as 1|6|unix|/tmp/plugin123|grpc|
	if len(listens) < 5 || listens[4] != "grpc" {
		return 0, fmt.Errorf("it said %q", handshake)
	}
	if err := call(ctx, listens[2], listens[3], "/tfplugin6.Provider/GetProviderSchema"); err != nil {
		return 0, err
	}
	return time.Since(started).Seconds(), nil
}

func call(ctx context.Context, network, address, method string) error {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		Protocols: new(http.Protocols),
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	message := make([]byte, 5) // its prefix: not compressed, no bytes
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://provider"+method, bytes.NewReader(message))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	size, err := io.Copy(io.Discard, answer.Body)
	if err != nil {
		return err
	}
	if status := answer.Trailer.Get("Grpc-Status"); status != "0" || size < 1000 {
		return fmt.Errorf("%s answers with %d bytes and the gRPC status %q", method, size, status)
	}
	return nil
}
