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

// measureStart measures the size of the released binary, and the time from its start to its
// response to GetProviderSchema.
func (w workingDir) measureStart(ctx context.Context) ([]measurement, error) {
	file, err := os.Stat(w.binary("provider"))
	if err != nil {
		return nil, err
	}
	var times []float64
	for range 20 {
		seconds, err := w.getSchema(ctx)
		if err != nil {
			return nil, fmt.Errorf("requesting the schema: %w", err)
		}
		times = append(times, seconds)
	}
	return []measurement{
		{What: "start to schema", Unit: "s", Provider: median(times)},
		{What: "binary", Unit: "MB", Provider: float64(file.Size()) / 1e6, Limit: "20 MB"},
	}, nil
}

// getSchema starts the provider as Terraform does, and measures the time until the response to
// GetProviderSchema. The provider prints the address on which it listens for gRPC.
func (w workingDir) getSchema(ctx context.Context) (seconds float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	provider := exec.CommandContext(ctx, w.binary("provider")) //nolint:gosec // newWorkingDir built the program
	// The socket is created in TMPDIR. Without Terraform's cookie, a provider doesn't start.
	provider.Env = append(w.environment(), "TMPDIR="+w.dir, "PLUGIN_PROTOCOL_VERSIONS=6",
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	stdout, err := provider.StdoutPipe()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if err := provider.Start(); err != nil {
		return 0, err
	}
	defer func() {
		cancel()
		_ = provider.Wait() // frees its process; the error is only that cancel killed it
	}()
	handshake, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return 0, err
	}
	fields := strings.Split(handshake, "|") // such as 1|6|unix|/tmp/plugin123|grpc|
	if len(fields) < 5 || fields[4] != "grpc" {
		return 0, fmt.Errorf("unknown handshake %q", handshake)
	}
	if err := call(ctx, fields[2], fields[3], "/tfplugin6.Provider/GetProviderSchema"); err != nil {
		return 0, err
	}
	return time.Since(start).Seconds(), nil
}

// call calls a gRPC method with an empty message. It sends a plain HTTP/2 request, so that the measured
// time doesn't include the setup of a gRPC client.
func call(ctx context.Context, network, address, method string) error {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		Protocols: new(http.Protocols),
	}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	message := make([]byte, 5) // the prefix of an uncompressed message of length 0
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://provider"+method, bytes.NewReader(message))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	size, err := io.Copy(io.Discard, response.Body)
	if err != nil {
		return err
	}
	// A schema is longer than 1000 bytes.
	if status := response.Trailer.Get("Grpc-Status"); status != "0" || size < 1000 {
		return fmt.Errorf("%s returned %d bytes and gRPC status %q", method, size, status)
	}
	return nil
}
