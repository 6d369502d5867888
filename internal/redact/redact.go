// Package redact makes texts that a server chose safe to show: without the API key,
// control characters and invisible characters, and of bounded length.
package redact

import (
	"context"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of one text that a server chose.
const (
	maxMessage = 1000     // characters that are shown
	maxLooked  = 16 << 10 // bytes that are looked at, so that long texts take no time
)

// Redactor makes what a server says safe to show. The key is taken out before
// anything is cut, because all but its end is as good as the key.
type Redactor struct {
	key     *strings.Replacer
	longest int // bytes of the longest form of the key
}

// New takes a key out as it is, as in a URL, and as %q and HCL quote it. A server has
// the key anyway: this is for one that repeats it, not for one that hides it on purpose.
func New(key string) Redactor {
	inPath := url.URL{Path: key}
	quoted := strconv.Quote(key)
	quoted = quoted[1 : len(quoted)-1]
	inHCL := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted)
	var replaced []string
	longest := 0
	for _, form := range []string{inHCL, quoted, url.QueryEscape(key), url.PathEscape(key), inPath.EscapedPath(), key} {
		replaced = append(replaced, form, "[the API key]")
		longest = max(longest, len(form))
	}
	return Redactor{strings.NewReplacer(replaced...), longest}
}

// Text has no key, no control characters, nothing invisible and at most maxMessage
// characters.
func (r Redactor) Text(text string) string {
	end := min(len(text), maxLooked)
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	looked := r.key.Replace(visible(text[:end]))
	if end < len(text) { // a key may go on behind what was looked at
		looked = strings.ToValidUTF8(looked[:max(0, len(looked)-r.longest)], "")
	}
	return strings.TrimSpace(cut(looked, maxMessage))
}

// Handler makes all that the client logs safe to show: texts that a server chose
// are among it. Without groups and bound attributes, which the client doesn't use.
func (r Redactor) Handler(next slog.Handler) slog.Handler { return logHandler{next, r} }

type logHandler struct {
	slog.Handler

	redact Redactor
}

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	safe := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		switch attr.Value = attr.Value.Resolve(); attr.Value.Kind() {
		case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		default: // a text, or what becomes one: an error, a Stringer
			attr.Value = slog.StringValue(h.redact.Text(attr.Value.String()))
		}
		safe.AddAttrs(attr)
		return true
	})
	return h.Handler.Handle(ctx, safe)
}

// What is bound to a logger doesn't get past the handler: it is left out.
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h logHandler) WithGroup(string) slog.Handler      { return h }

func cut(text string, most int) string {
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}

// visible takes out what isn't shown: control characters, private ones, and all that
// Unicode says is ignorable (Default_Ignorable_Code_Point). White space becomes spaces,
// each byte that isn't UTF-8 U+FFFD.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case IsInvisible(r):
			return -1
		}
		return r
	}, text)
}

// IsInvisible reports whether nobody sees a character.
func IsInvisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
