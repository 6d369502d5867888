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

// Ours is timed in turns with the floor. The usual way is too slow to be read often.
const readRounds, usualRounds = 25, 1

// readRows times reads of all procedures of a fake API on loopback, in three ways:
//
//   - floor: GET and decode the pages with net/http, in no order, and prove nothing;
//   - ours: ReadDataSource of this provider's server, at the protocol;
//   - usual: the same of a provider that fills its state with Go structs and
//     State.Set.
//
// The fake runs in the same process, so its work and its few allocations a page are
// in all of them alike.
func readRows(ctx context.Context) ([]row, error) {
	log.Print("reads at the protocol")
	var times, allocations []row
	for _, size := range []struct{ procedures, runs int }{{100, 0}, {100, 5}, {1000, 0}, {1000, 5}, {10_000, 0}, {10_000, 5}} {
		server := httptest.NewServer(fakeapi.New(reference.Procedures(size.procedures, size.runs)...))
		took, allocated, err := readRow(ctx, server.URL, size.procedures)
		server.Close()
		if err != nil {
			return nil, fmt.Errorf("reads of %d procedures with %d runs each: %w", size.procedures, size.runs, err)
		}
		took.Procedures, took.Runs = size.procedures, size.runs
		allocated.Procedures, allocated.Runs = size.procedures, size.runs
		if size.procedures == 10_000 && size.runs == 5 {
			took.Limit = "1.5 × floor, usual / 20"
		}
		times, allocations = append(times, took), append(allocations, allocated)
	}
	return append(times, allocations...), nil
}

func readRow(ctx context.Context, url string, procedures int) (took, allocated row, err error) {
	took, allocated = row{What: "read", Unit: "s"}, row{What: "allocations per procedure", Limit: "100"}
	ours, err := protocolRead(ctx, provider.Server("bench")(), url)
	if err != nil {
		return took, allocated, err
	}
	usual, err := protocolRead(ctx, providerserver.NewProtocol6(reference.Usual(provider.New("bench")()))(), url)
	if err != nil {
		return took, allocated, err
	}
	floorTimes, oursTimes, err := inTurns(readRounds, bareRead(ctx, url, procedures), ours)
	if err != nil {
		return took, allocated, err
	}
	oursBeside, usualTimes, err := inTurns(usualRounds, ours, usual)
	if err != nil {
		return took, allocated, err
	}
	took.Floor, took.Ours, took.Usual = floorTimes.seconds, oursTimes.seconds, usualTimes.seconds
	took.OursToFloor, took.UsualToOurs = oursTimes.seconds/floorTimes.seconds, usualTimes.seconds/oursBeside.seconds
	each := float64(procedures)
	allocated.Floor, allocated.Ours, allocated.Usual = floorTimes.allocations/each, oursTimes.allocations/each, usualTimes.allocations/each
	return took, allocated, nil
}

// cost is what one way of reading takes: the median of the times, and the mean of
// the allocations.
type cost struct{ seconds, allocations float64 }

// inTurns times two ways of reading, one after the other. What opens connections and
// grows the heap isn't counted.
func inTurns(rounds int, first, second func() error) (ofFirst, ofSecond cost, err error) {
	var times [2][]time.Duration
	var allocations [2]uint64
	for round := range 1 + rounds {
		for i, read := range []func() error{first, second} {
			runtime.GC() // nobody pays for what the one before left behind
			before, started := mallocs(), time.Now()
			if err := read(); err != nil {
				return cost{}, cost{}, err
			}
			if took := time.Since(started); round > 0 {
				times[i] = append(times[i], took)
				allocations[i] += mallocs() - before
			}
		}
	}
	costOf := func(i int) cost {
		return cost{median(times[i]).Seconds(), float64(allocations[i]) / float64(rounds)}
	}
	return costOf(0), costOf(1), nil
}

func mallocs() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

// protocolRead is ReadDataSource of a server configured for the fake.
func protocolRead(ctx context.Context, server tfprotov6.ProviderServer, url string) (func() error, error) {
	read, err := reference.Configure(ctx, server, url)
	return func() error {
		_, err := read()
		return err
	}, err
}

// bareRead GETs and decodes the pages that ours takes, as many at a time as our
// client does, into the client's own structs. It keeps the procedures, since a
// list is what a read is for, but it doesn't check, join or sort them, and asks
// for nothing beyond their end.
func bareRead(ctx context.Context, url string, procedures int) func() error {
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
