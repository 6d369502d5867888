package rest

import (
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// FuzzErrorBody checks that parseMessage accepts any body and adds at most maxIssues issues, and that the
// error's text begins with the request and the status.
func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		`{"message":"Bad request","code":"BAD_REQUEST","issues":[]}`,
		`{"message":"Input validation failed","issues":[{"code":"too_big","path":["limit",0,null,{"a":1}],"message":"\u001b[31m"}]}`,
		`{"issues":[` + strings.Repeat(`{"message":"m"},`, maxIssues) + `{"message":"m"}]}`,
		`{"message":7,"issues":"none"}`, `<html>`, ``, `null`, `[]`, `{"issues":[null,{},{"path":"limit"}]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		failed := &Error{URL: "https://tofupilot.invalid", Status: http.StatusBadRequest}
		failed.parseMessage(body)
		if got := len(failed.Issues); got > maxIssues {
			t.Errorf("got %d issues, want at most %d", got, maxIssues)
		}
		if got, want := failed.Error(), "GET https://tofupilot.invalid: HTTP 400 Bad Request"; !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want the prefix %q", got, want)
		}
	})
}

// FuzzRetryAfter checks that a Retry-After of digits is parsed as seconds, and that the pause is never
// negative or longer than MaxRetryAfter.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "0", "1", "60", "61", "86400", "-1", "+1", "1.5", " 7 ", "soon", "1e9", "0x10", "1_000", "007", "18446744073709551616", strings.Repeat("9", 100),
		"Mon, 15 Jan 2024 10:30:00 GMT", "Monday, 15-Jan-24 10:30:00 GMT", "Mon Jan 15 10:30:00 2024", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 15 Jan 2024 10:30:00 +0100",
	} {
		f.Add(value, int64(1_705_314_590)) // ten seconds before the dates of 2024
	}
	digits := regexp.MustCompile(`^\s*[0-9]+\s*$`)
	f.Fuzz(func(t *testing.T, value string, now int64) {
		pause := parseRetryAfter(http.Header{"Retry-After": {value}}, time.Unix(now, 0))
		if pause < 0 || pause > MaxRetryAfter {
			t.Errorf("%q: got %s", value, pause)
		}
		if !digits.MatchString(value) {
			return
		}
		seconds, _ := new(big.Int).SetString(strings.TrimSpace(value), 10)
		want := MaxRetryAfter
		if longest := big.NewInt(int64(MaxRetryAfter / time.Second)); seconds.Cmp(longest) < 0 {
			want = time.Duration(seconds.Int64()) * time.Second
		}
		if pause != want {
			t.Errorf("%q: got %s, want %s", value, pause, want)
		}
	})
}
