package tofupilot

import (
	"errors"
	"strings"
	"unicode"
)

// CheckAPIKey refuses what can't be a key in a header. Keys have no documented
// form, so nothing more is asked of one. The error doesn't repeat the key.
func CheckAPIKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case strings.ContainsFunc(key, unicode.IsSpace):
		return errors.New("the key has white space in it, perhaps a line break that came along when it was copied")
	case strings.ContainsFunc(key, unicode.IsControl):
		return errors.New("the key has a control character in it")
	}
	return nil
}
