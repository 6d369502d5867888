package tofupilot

import (
	"errors"
	"strings"
	"unicode"
)

// CheckAPIKey refuses what can't be a key in a header. Keys have no documented
// form, so nothing else is checked. The error doesn't repeat the key.
func CheckAPIKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case strings.ContainsFunc(key, unicode.IsSpace):
		return errors.New("the key contains white space, perhaps a line break that was copied with it")
	case strings.ContainsFunc(key, unicode.IsControl):
		return errors.New("the key contains a control character")
	}
	return nil
}
