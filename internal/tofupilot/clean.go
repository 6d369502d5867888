package tofupilot

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// Bounds of one text that a server chose.
const (
	maxMessage = 1000     // characters that are shown
	maxLooked  = 16 << 10 // bytes that are looked at, so that long texts take no time
)

// cleaner makes what a server says safe to show. The key is taken out before
// anything is cut, because all but its end is as good as the key.
type cleaner struct {
	key     *regexp.Regexp // in every form that Go writes it in; nil: there is none to see
	longest int            // bytes of the longest form
}

func newCleaner(key string) cleaner {
	if visible(key) == "" {
		return cleaner{}
	}
	return cleaner{formsOf(key), len("%F0%9F%98%80") * len(key)}
}

// text has no key, no control characters, nothing invisible and at most maxMessage
// characters.
func (c cleaner) text(text string) string {
	return strings.TrimSpace(cut(visible(c.redact(text)), maxMessage))
}

// redact is the beginning of a text, without the key.
func (c cleaner) redact(text string) string {
	redacted := text[:min(len(text), maxLooked)]
	if c.key != nil {
		redacted = c.key.ReplaceAllLiteralString(redacted, "[the API key]")
	}
	if len(text) > maxLooked && len(hidden.ReplaceAllLiteralString(redacted, "")) < utf8.UTFMax*maxMessage+c.longest {
		return fmt.Sprintf("(%d bytes)", len(text)) // a key may go on behind what was looked at
	}
	return redacted
}

// logHandler makes all that the client logs safe to show: texts that a server chose
// are among it. Without groups and bound attributes, which the client doesn't use.
type logHandler struct {
	slog.Handler

	clean cleaner
}

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	safe := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		if attr.Value.Kind() == slog.KindString {
			attr.Value = slog.StringValue(h.clean.text(attr.Value.String()))
		}
		safe.AddAttrs(attr)
		return true
	})
	return h.Handler.Handle(ctx, safe)
}

func cut(text string, most int) string {
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}

// formsOf matches a key in every form that Go writes it in, even if each of its
// characters has another: as it is, escaped as in a URL, and escaped as %q does.
// What is invisible in the key may be missing, and may stand anywhere in it.
func formsOf(key string) *regexp.Regexp {
	var pattern strings.Builder
	for len(key) > 0 {
		_, size := utf8.DecodeRuneInString(key)
		character := key[:size]
		key = key[size:]
		inQuotes := strconv.Quote(character)
		inURL := strings.ReplaceAll(fmt.Sprintf(" % x", character), " ", "%")
		shown := visible(strings.ToValidUTF8(character, "\uFFFD"))
		fmt.Fprintf(&pattern, "(?:%s|(?i:%s)|%s)",
			regexp.QuoteMeta(shown), inURL, regexp.QuoteMeta(inQuotes[1:len(inQuotes)-1]))
		if len(key) > 0 {
			pattern.WriteString(hidden.String())
		}
	}
	form := regexp.MustCompile(pattern.String())
	form.Longest() // \\ rather than its first half
	return form
}

// invisible is control characters, private ones, and all that Unicode says is not
// shown (Default_Ignorable_Code_Point).
var invisible = rangetable.Merge(unicode.Cc, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)

// hidden matches what is invisible, as it is or escaped, as often as it comes.
var hidden = regexp.MustCompile(func() string {
	var class strings.Builder
	add := func(first, last, stride rune) {
		if stride == 1 {
			fmt.Fprintf(&class, `\x{%X}-\x{%X}`, first, last)
			return
		}
		for r := first; r <= last; r += stride {
			fmt.Fprintf(&class, `\x{%X}`, r)
		}
	}
	for _, r := range invisible.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range invisible.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return `(?:[` + class.String() + `]|\\[ab]|(?i:\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|%[0-9a-f]{2}))*`
}())

// visible takes out what is invisible. White space becomes spaces, each byte that
// isn't UTF-8 U+FFFD.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(invisible, r):
			return -1
		}
		return r
	}, text)
}
