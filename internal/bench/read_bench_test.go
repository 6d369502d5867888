package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bench/reference"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// BenchmarkRead reads all procedures of a fake API on loopback in four ways:
//
//   - bare: GET and decode the pages with net/http, in no order, and prove nothing;
//   - client: read them with our client, without Terraform;
//   - ours: ReadDataSource of this provider's server, at the protocol;
//   - usual: the same of a provider that fills its state with Go structs and
//     State.Set.
//
// They run in turns with what they are compared with, and report the medians of
// both and how many times the other's time they take: client and ours as x-bare,
// usual as x-ours. The fake runs in the same process, so its work and its few
// allocations a page are in all of them alike.
func BenchmarkRead(b *testing.B) {
	for _, size := range []struct{ procedures, runs int }{{100, 0}, {100, 5}, {1000, 0}, {1000, 5}, {10_000, 0}, {10_000, 5}} {
		b.Run(fmt.Sprintf("procedures=%d/runs=%d", size.procedures, size.runs), func(b *testing.B) {
			api := fakeapi.New(reference.Procedures(size.procedures, size.runs)...)
			server := httptest.NewServer(api)
			defer server.Close()

			ours := protocolRead(b, provider.Server("bench")(), server.URL)
			usual := protocolRead(b, providerserver.NewProtocol6(reference.Usual(provider.New("bench")()))(), server.URL)
			bare := bareRead(server.URL, size.procedures)
			client := clientRead(b, server.URL)

			b.Run("bare", func(b *testing.B) { inTurns(b, size.procedures, bare, "", nil) })
			b.Run("client", func(b *testing.B) { inTurns(b, size.procedures, client, "bare", bare) })
			b.Run("ours", func(b *testing.B) { inTurns(b, size.procedures, ours, "bare", bare) })
			b.Run("usual", func(b *testing.B) { inTurns(b, size.procedures, usual, "ours", ours) })
		})
	}
}

// inTurns times a way of reading, each time after the other that it is compared with.
func inTurns(b *testing.B, procedures int, way func(testing.TB), name string, other func(testing.TB)) {
	b.Helper()
	b.ReportAllocs()
	var mine, others []time.Duration
	var allocations uint64
	if other != nil {
		other(b)
	}
	way(b) // what opens connections and grows the heap isn't counted
	for b.Loop() {
		b.StopTimer()
		if other != nil {
			runtime.GC() // nobody pays for what the one before left behind
			started := time.Now()
			other(b)
			others = append(others, time.Since(started))
		}
		runtime.GC()
		before := mallocs()
		b.StartTimer() // which takes time itself, as StopTimer does
		started := time.Now()
		way(b)
		mine = append(mine, time.Since(started))
		b.StopTimer()
		allocations += mallocs() - before
		b.StartTimer()
	}
	b.ReportMetric(float64(median(mine)), "ns/op")
	if other != nil {
		b.ReportMetric(float64(median(others)), name+"-ns/op")
		b.ReportMetric(float64(median(mine))/float64(median(others)), "x-"+name)
	}
	b.ReportMetric(float64(allocations)/float64(len(mine)*procedures), "allocs/procedure")
}

func mallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// protocolRead is ReadDataSource of a server configured for the fake.
func protocolRead(b *testing.B, server tfprotov6.ProviderServer, url string) func(testing.TB) {
	b.Helper()
	read, err := reference.Configure(b.Context(), server, url)
	if err != nil {
		b.Fatal(err)
	}
	return func(tb testing.TB) {
		tb.Helper()
		if _, err := read(); err != nil {
			tb.Fatal(err)
		}
	}
}

// clientRead is our client, as the provider has it, without Terraform.
func clientRead(b *testing.B, url string) func(testing.TB) {
	b.Helper()
	base, err := tofupilot.ParseBaseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	client := tofupilot.New(tofupilot.Config{BaseURL: base, APIKey: fakeapi.Key, RequestTimeout: tofupilot.DefaultRequestTimeout})
	return func(tb testing.TB) {
		tb.Helper()
		if _, err := client.Procedures(tb.Context(), tofupilot.Filter{}); err != nil {
			tb.Fatal(err)
		}
	}
}

// bareRead GETs and decodes the pages that ours takes, as many at a time as our
// client does, into the client's own structs. It keeps the procedures, since a
// list is what a read is for, but it doesn't check, join or sort them, and asks
// for nothing beyond their end.
func bareRead(url string, procedures int) func(testing.TB) {
	var urls []string
	for offset := 0; offset == 0 || offset < procedures-1; offset += tofupilot.MaxPageSize - 1 {
		urls = append(urls, fmt.Sprintf("%s/api/v2/procedures?limit=%d&cursor=%d", url, tofupilot.MaxPageSize, offset))
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http documents the type
	transport.MaxIdleConnsPerHost = 8
	client := &http.Client{Transport: transport}

	return func(tb testing.TB) {
		tb.Helper()
		next := make(chan int, len(urls))
		for i := range urls {
			next <- i
		}
		close(next)
		pages := make([]struct{ Data []tofupilot.Procedure }, len(urls))
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for i := range next {
					if err := getJSON(tb, client, urls[i], &pages[i]); err != nil {
						tb.Error(err)
					}
				}
			})
		}
		workers.Wait()
	}
}

func getJSON(tb testing.TB, client *http.Client, url string, into any) error {
	tb.Helper()
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}
