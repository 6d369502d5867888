package tofupilot

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// BenchmarkTenThousandProcedures reads 10,000 procedures from a server that takes
// 100 ms for each answer, as a server far away does: one page after the other,
// as pagers usually do, and as Procedures does. Both use the same client. The
// requests counted are of one read.
func BenchmarkTenThousandProcedures(b *testing.B) {
	api := fakeapi.New(fakeapi.Generate(10_000, fakeapi.WithRepository)...)
	api.Delay(100 * time.Millisecond)
	server := httptest.NewServer(api)
	defer server.Close()
	base, err := ParseBaseURL(server.URL)
	if err != nil {
		b.Fatal(err)
	}
	client := New(Config{BaseURL: base, APIKey: fakeapi.Key, RequestTimeout: DefaultRequestTimeout})

	var oneByOne float64
	b.Run("one after the other", func(b *testing.B) {
		oneByOne = timeReads(b, api, func(ctx context.Context) (rows int, err error) {
			list := newListRead(client, Procedures, Filter{}, func(p *Procedure) (Procedure, int) { return *p, 0 })
			defer list.close()
			for at := ""; ; {
				next, err := list.fetch(ctx, at, MaxPageSize)
				if err != nil || !next.More {
					return rows + len(next.Rows), err
				}
				rows += len(next.Rows)
				at = next.Next
			}
		})
	})
	b.Run("several at a time", func(b *testing.B) {
		took := timeReads(b, api, func(ctx context.Context) (int, error) {
			procedures, err := client.Procedures(ctx, Filter{})
			return len(procedures), err
		})
		if oneByOne > 0 {
			b.ReportMetric(took/oneByOne, "x-one-after-the-other")
		}
	})
}

// timeReads returns the seconds that one read takes.
func timeReads(b *testing.B, api *fakeapi.Server, read func(context.Context) (rows int, err error)) float64 {
	b.Helper()
	for b.Loop() {
		api.Forget()
		if rows, err := read(b.Context()); err != nil || rows != 10_000 {
			b.Fatalf("%d rows, %v", rows, err)
		}
	}
	b.ReportMetric(float64(len(api.Requests())), "requests")
	return b.Elapsed().Seconds() / float64(b.N)
}
