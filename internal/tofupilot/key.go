package tofupilot

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// bearer is the word before a key in a header, as people copy it.
var bearer = regexp.MustCompile(`(?i)(?:^|[\s"':])bearer(?:[\s\p{Z}]|$)`)

// CheckAPIKey says what is wrong with a key. Keys have no documented form, but what isn't
// visible ASCII, or stands around one, came with the copying (API.md, Key): a server would
// answer with a 401, which sends people to make new keys. The error names a character by
// its code point and its place, and doesn't repeat the key.
func CheckAPIKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case bearer.MatchString(key):
		return errors.New("the key includes the word Bearer, which the provider adds; keep only what follows it")
	case strings.Trim(key, "\"'`") != key:
		return errors.New("the key has quotes around it; remove them")
	}
	for at, r := range []rune(key) {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("character %d of the key is %#U, but a key has only visible ASCII characters; remove or correct it", at+1, r)
		}
	}
	return nil
}
