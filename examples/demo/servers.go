package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	selfHostedKey        = "key-of-the-self-hosted-demo-server"
	serviceProcedures    = 554
	selfHostedProcedures = 524
)

// startServers starts two servers. The first sends the same fields as www.tofupilot.app, the second
// sends the fields of an older, self-hosted server. The list of each has six pages.
func (d *demo) startServers(ctx context.Context) (string, error) {
	d.service = newAPI(serviceProcedures, fakeapi.Example2026())
	d.selfHosted = newAPI(selfHostedProcedures, fakeapi.Example2025())
	d.selfHosted.AllowKey(selfHostedKey)
	d.selfHosted.RevokeKey(fakeapi.Key) // which every new fake API accepts
	secondPort := 0
	if d.port != 0 {
		secondPort = d.port + 1
	}
	var err error
	if d.url, err = d.serve(ctx, d.port, d.service); err != nil {
		return "", err
	}
	if d.selfHostedURL, err = d.serve(ctx, secondPort, d.selfHosted); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %s (self-hosted)", d.url, d.selfHostedURL), nil
}

// newAPI returns a fake API with count procedures: those of the documentation, the example and
// generated ones.
func newAPI(count int, example fakeapi.Procedure) *fakeapi.Server {
	procedures := append(fakeapi.Named(time.Now(), example.Shape), example)
	procedures = append(procedures, fakeapi.Generate(count-len(procedures), example.Shape)...)
	return fakeapi.New(procedures...)
}

// serve runs a server on a loopback port until stopServers is called. Port 0 means any free port.
func (d *demo) serve(ctx context.Context, port int, handler http.Handler) (url string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	d.servers = append(d.servers, server)
	go func() { _ = server.Serve(listener) }() // returns when the server is closed
	return "http://" + listener.Addr().String(), nil
}

func (d *demo) stopServers() {
	for _, server := range d.servers {
		_ = server.Close() // no client needs a response anymore
	}
}

// serveUntilInterrupted runs the servers, and prints the environment variables that make the provider
// read from them.
func (d *demo) serveUntilInterrupted(ctx context.Context) error {
	defer d.stopServers()
	if _, err := d.startServers(ctx); err != nil {
		return fmt.Errorf("starting the servers: %w", err)
	}
	_, err := fmt.Fprintf(d.out, `Serving %[1]d procedures until you press Ctrl-C. In another terminal, run:

export TOFUPILOT_API_KEY=%[2]s
export TOFUPILOT_URL=%[3]s

In PowerShell:

$env:TOFUPILOT_API_KEY = "%[2]s"
$env:TOFUPILOT_URL = "%[3]s"

A second server, with %[4]d procedures, reports runs instead of repositories, as a self-hosted one may. To read from it:

export TOFUPILOT_API_KEY=%[6]s
export TOFUPILOT_URL=%[5]s

In PowerShell:

$env:TOFUPILOT_API_KEY = "%[6]s"
$env:TOFUPILOT_URL = "%[5]s"
`, serviceProcedures, fakeapi.Key, d.url, selfHostedProcedures, d.selfHostedURL, selfHostedKey)
	if err != nil {
		return err
	}
	<-ctx.Done() // an interrupt isn't an error
	return nil
}
