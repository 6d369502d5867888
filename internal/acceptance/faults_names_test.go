package acceptance

import (
	"context"
	"encoding/binary"
	"net"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/acceptance/harness"
)

// atName is a target by a name, which the name server here is asked for.
func atName(url string) func(*testing.T) *harness.Target {
	return func(*testing.T) *harness.Target {
		return &harness.Target{URL: url, Asked: func() []string { return nil }}
	}
}

// resolveWith has names looked up at a DNS server of ours until the test ends:
// what a machine's own one says, or whether it has one, must not matter.
func resolveWith(t *testing.T, server string) {
	t.Helper()
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server)
	}}
}

// nameServer answers that there is no such name.
func nameServer(t *testing.T) string {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		_ = conn.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for message := make([]byte, 1<<10); ; {
			n, from, err := conn.ReadFrom(message)
			if err != nil {
				return // closed, because the test is over
			}
			const header, nameError = 12, 3 // RFC 1035, section 4.1.1
			answer := slices.Clone(message[:n])
			binary.BigEndian.PutUint16(answer[2:], 0x8180|nameError) // an answer, and recursion is available
			clear(answer[10:header])                                 // no additional records
			_, _ = conn.WriteTo(answer, from)
		}
	})
	return conn.LocalAddr().String()
}

// A developer's proxy must not come between a test and a name that is to fail.
// net/http reads these once.
func init() {
	for _, variable := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		if err := os.Unsetenv(variable); err != nil {
			panic(err)
		}
	}
}
