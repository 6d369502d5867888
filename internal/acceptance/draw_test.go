package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

// drawProcedures draws up to one page of items, as a server may send them: each
// field that the fake's examples have, at whatever depth, is missing, null, empty,
// long or any text. An example with a new field is all it takes.
func drawProcedures(r *rapid.T) []fakeapi.Procedure {
	like := map[string]any{}
	for _, example := range []fakeapi.Procedure{fakeapi.Example2025(), fakeapi.Example2026()} {
		if err := json.Unmarshal([]byte(example.JSON), &like); err != nil {
			r.Fatal(err)
		}
	}
	var procedures []fakeapi.Procedure
	for i := range rapid.IntRange(0, 16).Draw(r, "count") {
		id := fmt.Sprintf("%d %s", i, anyText.Draw(r, "id"))
		item := drawObject(r, like)
		item["id"] = id
		encoded, err := json.Marshal(item)
		if err != nil {
			r.Fatal(err)
		}
		procedures = append(procedures, fakeapi.Procedure{ID: id, JSON: string(encoded)})
	}
	return procedures
}

func drawObject(r *rapid.T, like map[string]any) map[string]any {
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(like)) {
		switch rapid.IntRange(0, 5).Draw(r, name+" is") {
		case 0: // missing
		case 1:
			object[name] = nil
		default:
			object[name] = drawValue(r, name, like[name])
		}
	}
	return object
}

// drawValue draws a value of the kind that an example has.
func drawValue(r *rapid.T, name string, like any) any {
	switch like := like.(type) {
	case map[string]any:
		return drawObject(r, like)
	case []any:
		list := make([]any, rapid.IntRange(0, 16).Draw(r, name+" count"))
		for i := range list {
			list[i] = drawValue(r, name, like[0])
		}
		return list
	case float64:
		return anyNumber.Draw(r, name)
	case string:
		if _, err := time.Parse(time.RFC3339, like); err == nil {
			return anyTime.Draw(r, name)
		}
		return rapid.OneOf(anyText, anyText, anyText, anyText, longText).Draw(r, name)
	}
	r.Fatalf("an example has %s %v: nothing is drawn like it", name, like)
	return nil
}

var (
	anyText = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		"", strings.Repeat("a", 31), strings.Repeat("a", 32), "\x00", "\u2028", "\ufeff", "e\u0301", "🔋", "\U0010ffff",
	}))
	// Lengths, here and above, are around those at which MessagePack changes its form.
	longText = rapid.SampledFrom([]string{
		strings.Repeat("a", 255), strings.Repeat("ß", 128), strings.Repeat("a", 65535), strings.Repeat("a", 65536),
	})
	anyTime = rapid.Custom(func(r *rapid.T) string {
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60-59, 23*60+59).Draw(r, "offset"))
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(r, "nanoseconds"))
		return at.In(zone).Format(rapid.SampledFrom([]string{time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000Z07:00"}).Draw(r, "form"))
	})
	anyNumber = rapid.OneOf(rapid.Float64Range(0, 100), rapid.Float64(), rapid.Map(rapid.Int(), func(n int) float64 { return float64(n) }),
		rapid.SampledFrom([]float64{0, 100, 127, 128, 255, 256, 1 << 53, 1 << 62, 1 << 63, -1 << 63, 1e22, math.MaxFloat64, math.SmallestNonzeroFloat64}))
)
