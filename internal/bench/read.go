package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"golang.org/x/sync/errgroup"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bench/reference"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

const readRounds, structsRounds = 25, 1 // reads with Go structs are slow

// measureReads measures reads of all procedures from a fake API on loopback, in three ways:
//
//   - baseline: GET and decode the pages with net/http, without checking that the list is complete;
//   - provider: ReadDataSource of this provider's server;
//   - structs: ReadDataSource of a provider that uses Go structs and State.Set.
//
// The fake runs in the same process, so every measurement includes the fake's own time and its few
// allocations for each page.
func measureReads(ctx context.Context) ([]measurement, error) {
	log.Print("reads over the plugin protocol")
	var times, allocations []measurement
	for _, size := range []struct{ procedures, runs int }{{100, 0}, {100, 5}, {1000, 0}, {1000, 5}, {10_000, 0}, {10_000, 5}} {
		server := httptest.NewServer(fakeapi.New(reference.Procedures(size.procedures, size.runs)...))
		read, allocated, err := measureRead(ctx, server.URL, size.procedures)
		server.Close()
		if err != nil {
			return nil, fmt.Errorf("reads of %d procedures with %d runs each: %w", size.procedures, size.runs, err)
		}
		read.Procedures, read.Runs = size.procedures, size.runs
		allocated.Procedures, allocated.Runs = size.procedures, size.runs
		if size.procedures == 10_000 && size.runs == 5 {
			read.Limit = "1.5 × baseline, Go structs / 20"
		}
		times, allocations = append(times, read), append(allocations, allocated)
	}
	return append(times, allocations...), nil
}

func measureRead(ctx context.Context, url string, procedures int) (read, allocated measurement, err error) {
	read, allocated = measurement{What: "read", Unit: "s"}, measurement{What: "allocations per procedure", Limit: "100"}
	withProvider, err := newProtocolRead(ctx, provider.Server("bench")(), url)
	if err != nil {
		return read, allocated, err
	}
	withStructs, err := newProtocolRead(ctx, providerserver.NewProtocol6(reference.WithStructs(provider.New("bench")()))(), url)
	if err != nil {
		return read, allocated, err
	}
	baselineCost, providerCost, err := measureInTurn(readRounds, newBaselineRead(ctx, url, procedures), withProvider)
	if err != nil {
		return read, allocated, err
	}
	providerBesideStructs, structsCost, err := measureInTurn(structsRounds, withProvider, withStructs)
	if err != nil {
		return read, allocated, err
	}
	read.Baseline, read.Provider, read.Structs = baselineCost.seconds, providerCost.seconds, structsCost.seconds
	read.ProviderToBaseline, read.StructsToProvider = providerCost.seconds/baselineCost.seconds, structsCost.seconds/providerBesideStructs.seconds
	each := float64(procedures)
	allocated.Baseline, allocated.Provider, allocated.Structs = baselineCost.allocations/each, providerCost.allocations/each, structsCost.allocations/each
	return read, allocated, nil
}

// cost has the median of the times and the mean of the allocations of a kind of read.
type cost struct{ seconds, allocations float64 }

// measureInTurn measures two kinds of reads, in turn. It doesn't count the first round, which
// opens connections and grows the heap.
func measureInTurn(rounds int, first, second func() error) (firstCost, secondCost cost, err error) {
	var times [2][]time.Duration
	var allocations [2]uint64
	for round := range 1 + rounds {
		for i, read := range []func() error{first, second} {
			runtime.GC() // of the previous read's garbage
			before, start := countMallocs(), time.Now()
			if err := read(); err != nil {
				return cost{}, cost{}, err
			}
			if took := time.Since(start); round > 0 {
				times[i] = append(times[i], took)
				allocations[i] += countMallocs() - before
			}
		}
	}
	newCost := func(i int) cost {
		return cost{median(times[i]).Seconds(), float64(allocations[i]) / float64(rounds)}
	}
	return newCost(0), newCost(1), nil
}

func countMallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// newProtocolRead returns a function that calls ReadDataSource of a server for the fake.
func newProtocolRead(ctx context.Context, server tfprotov6.ProviderServer, url string) (func() error, error) {
	read, err := reference.Configure(ctx, server, url)
	return func() error {
		_, err := read()
		return err
	}, err
}

// newBaselineRead returns a function that requests and decodes the same pages as the provider's
// client, as many at a time and into the same structs. It keeps the procedures, but doesn't
// check, join or sort them, and requests nothing beyond the end.
func newBaselineRead(ctx context.Context, url string, procedures int) func() error {
	var urls []string
	for offset := 0; offset == 0 || offset < procedures-1; offset += tofupilot.MaxPageSize - 1 {
		urls = append(urls, fmt.Sprintf("%s/api/v2/procedures?limit=%d&cursor=%d", url, tofupilot.MaxPageSize, offset))
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http documents the type
	transport.MaxIdleConnsPerHost = 8
	client := &http.Client{Transport: transport}

	return func() error {
		pages := make([]struct{ Data []tofupilot.Procedure }, len(urls))
		var requests errgroup.Group
		requests.SetLimit(8)
		for i := range urls {
			requests.Go(func() error { return getJSON(ctx, client, urls[i], &pages[i]) })
		}
		return requests.Wait()
	}
}

func getJSON(ctx context.Context, client *http.Client, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+fakeapi.Key)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}
