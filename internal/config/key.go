package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// bearer is the word before a key in a header, as people copy it.
var bearer = regexp.MustCompile(`(?i)(?:^|[\s"':])bearer(?:[\s\p{Z}]|$)`)

// CheckAPIKey reports what is wrong with the value of api_key, or of the environment
// variable. Keys have no documented form, but what isn't visible ASCII, or is placed around
// one, came with the copying (API.md, Key): a server would answer with a 401, which sends
// people to make new keys. The error names a character by its code point and its place, and
// doesn't repeat the key.
func CheckAPIKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty; omit api_key to use " + EnvAPIKey + " or the login file")
	case strings.TrimRight(key, "\r\n") != key:
		return errors.New(`the key ends in a line break; remove it, or read the key from its file with trimspace(file("…"))`)
	}
	return checkKey(key)
}

// checkKey reports what is wrong with a key, wherever it comes from.
func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case isPlaceholder(key):
		return errors.New("the key looks like a placeholder that wasn't replaced; set the key itself")
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

// isPlaceholder reports whether a value is nothing but a reference that nobody resolved, as of
// a shell, a CI system, a template or Terraform, or the stand-in of an example.
func isPlaceholder(value string) bool { return placeholder.MatchString(value) }

var placeholder = regexp.MustCompile(`(?s)^(` + strings.Join([]string{
	`\$(env:)?[A-Za-z_]\w*`, // $NAME, and $env:NAME of PowerShell
	`\$\{.*\}`,              // ${NAME}, and ${{ … }} of GitHub Actions
	`\{\{.*\}\}`,            // {{ … }}
	`%\w+%`,                 // %NAME%
	`\$\(.*\)`,              // $(command), and $(NAME) of Azure Pipelines
	`(var|local|data)\..+`,  // a reference in quotes
	`<.*>`,                  // <your key>
	`[.…*•]+`,               // a key that was left out or masked
}, "|") + `)$`)
