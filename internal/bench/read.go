package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"golang.org/x/sync/errgroup"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/bench/reference"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/provider"
	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

const (
	readRounds    = 25
	structsRounds = 1 // reads with Go structs are slow
	pagesAtATime  = 8 // that the provider requests
)

// measureReads measures reads of all procedures from a fake API on loopback, in three ways:
//
//   - baseline: GET and decode the pages with net/http, without checking that the list is complete;
//   - provider: ReadDataSource of this provider's server;
//   - structs: ReadDataSource of a provider that uses Go structs and State.Set.
//
// The fake API runs in the same process, so every measurement includes its time and its few
// allocations for each page.
func measureReads(ctx context.Context) ([]measurement, error) {
	log.Print("reads over the plugin protocol")
	var times, allocations []measurement
	for _, size := range []size{{100, 0}, {100, 5}, {1000, 0}, {1000, 5}, {10_000, 0}, {10_000, 5}} {
		server := httptest.NewServer(fakeapi.New(reference.Procedures(size.Procedures, size.Runs)...))
		read, allocated, err := measureRead(ctx, server.URL, size)
		server.Close()
		if err != nil {
			return nil, fmt.Errorf("reads of %s: %w", size, err)
		}
		if size.Procedures == 10_000 && size.Runs == 5 {
			read.Limit = "1.5 × baseline, Go structs / 20"
		}
		times = append(times, read)
		allocations = append(allocations, allocated)
	}
	return append(times, allocations...), nil
}

// measureRead measures the time and the allocations of reads of one list.
func measureRead(ctx context.Context, url string, size size) (read, allocated measurement, err error) {
	read = measurement{What: "read", size: size, Unit: "s"}
	allocated = measurement{What: "allocations per procedure", size: size, Limit: "100"}
	baselineReader := newBaselineReader(url, size.Procedures)
	providerReader, err := reference.NewReader(ctx, provider.Server("bench")(), url)
	if err != nil {
		return read, allocated, err
	}
	structsReader, err := reference.NewReader(ctx, providerserver.NewProtocol6(reference.WithStructs(provider.New("bench")()))(), url)
	if err != nil {
		return read, allocated, err
	}
	withBaseline := func() error { return baselineReader.read(ctx) }
	withProvider := func() error { _, err := providerReader.Read(ctx); return err }
	withStructs := func() error { _, err := structsReader.Read(ctx); return err }

	baselineCost, providerCost, err := measureInTurn(readRounds, withBaseline, withProvider)
	if err != nil {
		return read, allocated, err
	}
	providerBesideStructs, structsCost, err := measureInTurn(structsRounds, withProvider, withStructs)
	if err != nil {
		return read, allocated, err
	}
	read.Baseline = baselineCost.seconds
	read.Provider = providerCost.seconds
	read.Structs = structsCost.seconds
	read.ProviderToBaseline = providerCost.seconds / baselineCost.seconds
	read.StructsToProvider = structsCost.seconds / providerBesideStructs.seconds
	count := float64(size.Procedures)
	allocated.Baseline = baselineCost.allocations / count
	allocated.Provider = providerCost.allocations / count
	allocated.Structs = structsCost.allocations / count
	return read, allocated, nil
}

// cost is the median time and the mean number of allocations of a kind of read.
type cost struct{ seconds, allocations float64 }

// measureInTurn measures two kinds of reads, in turn. First, it calls both functions once without
// measuring, which opens connections and grows the heap.
func measureInTurn(rounds int, readFirst, readSecond func() error) (first, second cost, err error) {
	if err := errors.Join(readFirst(), readSecond()); err != nil {
		return cost{}, cost{}, err
	}
	var firstSamples, secondSamples samples
	for range rounds {
		if err := errors.Join(firstSamples.measure(readFirst), secondSamples.measure(readSecond)); err != nil {
			return cost{}, cost{}, err
		}
	}
	return firstSamples.cost(), secondSamples.cost(), nil
}

// samples are the measured reads of one kind.
type samples struct {
	seconds     []float64
	allocations uint64 // of all reads together
}

func (s *samples) measure(read func() error) error {
	runtime.GC() // so that this read doesn't include collecting the previous read's garbage
	before := countMallocs()
	start := time.Now()
	if err := read(); err != nil {
		return err
	}
	s.seconds = append(s.seconds, time.Since(start).Seconds())
	s.allocations += countMallocs() - before
	return nil
}

func (s *samples) cost() cost {
	return cost{median(s.seconds), float64(s.allocations) / float64(len(s.seconds))}
}

func countMallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// baselineReader requests and decodes the same pages as the provider's client, as many at a time and
// into the same structs. It doesn't check, join or sort the procedures, and requests nothing beyond the
// end of the list.
type baselineReader struct {
	client *http.Client
	urls   []string // of the pages
}

func newBaselineReader(url string, procedures int) *baselineReader {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http documents the type
	transport.MaxIdleConnsPerHost = pagesAtATime
	r := &baselineReader{client: &http.Client{Transport: transport}}
	for offset := 0; offset == 0 || offset < procedures-1; offset += tofupilot.MaxPageSize - 1 { // pages share a row
		r.urls = append(r.urls, fmt.Sprintf("%s/api/v2/procedures?limit=%d&cursor=%d", url, tofupilot.MaxPageSize, offset))
	}
	return r
}

// read requests and decodes all pages. It discards the procedures, because only its cost is measured.
func (r *baselineReader) read(ctx context.Context) error {
	pages := make([]struct{ Data []tofupilot.Procedure }, len(r.urls))
	var requests errgroup.Group
	requests.SetLimit(pagesAtATime)
	for i, url := range r.urls {
		requests.Go(func() error { return getJSON(ctx, r.client, url, &pages[i]) })
	}
	return requests.Wait()
}

// getJSON requests a page of a fake API, and decodes it into a struct.
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
