// Package redact makes texts that a server chose safe to show: without the API key, values
// of headers, control characters and invisible characters, and of bounded length.
package redact

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of one text that a server chose.
const (
	maxMessage = 1000     // characters of the result
	maxInput   = 16 << 10 // bytes that are read, so that long texts take no time
)

// minHeader is the minimum length in bytes of a header's value that is removed. Shorter
// values, such as 1 or prod, are parts of many words, and aren't secrets.
const minHeader = 8

// Redactor makes texts safe to show. Secrets are removed before a text is cut, because a
// secret that is cut off at its end is still a secret.
//
// Values of headers are removed only from text that a server chose. The provider's own text
// has none, but a value may be a word in it, or in the server's address: removing
// X-Org = "tofupilot" would make it unreadable.
type Redactor struct {
	key     secrets
	secrets secrets // the key and the values of headers
}

// Header is a header that is sent with every request.
type Header struct{ Name, Value string }

// New returns a Redactor that removes the key and the headers' values: unchanged, escaped as
// in a URL, and quoted as by %q and in HCL. The server has them anyway: this is for a server
// that repeats them, not for one that hides them on purpose.
func New(key string, headers ...Header) Redactor {
	keyOnly := []secret{{key, "[the API key]"}}
	all := slices.Clone(keyOnly)
	for _, header := range headers {
		if len(header.Value) >= minHeader {
			all = append(all, secret{header.Value, "[the header " + header.Name + "]"})
			// A server may repeat a token without its scheme, such as Bearer.
			if token := header.Value[strings.LastIndex(header.Value, " ")+1:]; len(token) >= minHeader {
				all = append(all, secret{token, "[the header " + header.Name + "]"})
			}
		}
	}
	return Redactor{newSecrets(keyOnly), newSecrets(all)}
}

// secret is a text to remove, and the label that replaces it.
type secret struct{ text, label string }

// secrets replaces secrets by their labels.
type secrets struct {
	replacer *strings.Replacer
	longest  int // bytes of the longest form of a secret
}

func newSecrets(all []secret) secrets {
	var forms []secret
	for _, s := range all {
		inPath := url.URL{Path: s.text}
		quoted := strconv.Quote(s.text)
		quoted = quoted[1 : len(quoted)-1]
		inHCL := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(quoted)
		for _, form := range []string{inHCL, quoted, url.QueryEscape(s.text), url.PathEscape(s.text), inPath.EscapedPath(), s.text} {
			forms = append(forms, secret{form, s.label})
		}
	}
	// The longest first, because one secret may be the beginning of another.
	slices.SortStableFunc(forms, func(a, b secret) int { return len(b.text) - len(a.text) })
	var replaced []string
	for _, form := range forms {
		replaced = append(replaced, form.text, form.label)
	}
	return secrets{strings.NewReplacer(replaced...), len(forms[0].text)}
}

// Text makes text that a server chose safe to show: without the key and the values of
// headers, control characters and invisible ones, and with at most maxMessage characters.
func (r Redactor) Text(text string) string { return r.secrets.redact(text) }

// OwnText is Text for the provider's own text and its configuration: values of headers stay.
func (r Redactor) OwnText(text string) string { return r.key.redact(text) }

func (s secrets) redact(text string) string {
	end := min(len(text), maxInput)
	for end > 0 && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	redacted := s.replacer.Replace(visible(text[:end]))
	if end < len(text) { // a secret may go on behind the end
		redacted = strings.ToValidUTF8(redacted[:max(0, len(redacted)-s.longest)], "")
	}
	return strings.TrimSpace(cut(redacted, maxMessage))
}

// Handler makes all that the client logs safe to show. Strings are the provider's own text;
// errors and values of other types may have text that a server chose. WithAttrs and WithGroup,
// which the client doesn't call, have no effect.
func (r Redactor) Handler(next slog.Handler) slog.Handler { return logHandler{next, r} }

type logHandler struct {
	slog.Handler

	redact Redactor
}

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	safe := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		attr.Value = attr.Value.Resolve()
		switch attr.Value.Kind() {
		case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		case slog.KindString:
			attr.Value = slog.StringValue(h.redact.OwnText(attr.Value.String()))
		default: // an error, a Stringer, or another value that becomes a text
			attr.Value = slog.StringValue(h.redact.Text(attr.Value.String()))
		}
		safe.AddAttrs(attr)
		return true
	})
	return h.Handler.Handle(ctx, safe)
}

// WithAttrs and WithGroup ignore their arguments, which Handle wouldn't see.
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h logHandler) WithGroup(string) slog.Handler      { return h }

func cut(text string, most int) string {
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}

// visible removes control characters, private ones, and those that Unicode calls ignorable
// (Default_Ignorable_Code_Point). It replaces white space by spaces, and each byte that isn't
// UTF-8 by U+FFFD.
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

// IsInvisible reports whether a character has no visible form.
func IsInvisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
