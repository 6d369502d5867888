package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/tofupilot"
)

// login is what `tofupilot login` left: a key and the server that it is for.
type login struct {
	file    string
	apiKey  string
	baseURL *url.URL
	caCert  string // path of a PEM file; may be empty

	readableByOthers bool
}

// loginFile is where `tofupilot login` leaves it: in the home directory, which
// is found as os.UserHomeDir finds it. Empty where there is none.
func loginFile(getenv func(string) string) string {
	home := getenv("HOME")
	if runtime.GOOS == "windows" {
		home = getenv("USERPROFILE")
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, ".tofupilot", "credentials.json")
}

const (
	// maxLoginMiB bounds the login file, which has about 300 bytes.
	maxLoginMiB = 1

	loginAgain = "; run `tofupilot login` again, or set " + envAPIKey + " instead"
)

// readLogin reads the file. Without one, login and error are nil. The error
// names the file and says what to do, and never repeats what is in it.
func readLogin(file string) (*login, error) {
	content, err := readFile(file, maxLoginMiB)
	if file == "" || errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no login is no error
	}
	if err != nil {
		return nil, fmt.Errorf("the login file %w%s", err, loginAgain)
	}
	var stored struct {
		APIKey         string  `json:"api_key"`
		BaseURL        string  `json:"base_url"`
		InstallationID any     `json:"installation_id"`
		CACert         *string `json:"ca_cert"`
	}
	if json.Unmarshal(bytes.TrimPrefix(content, []byte(byteOrderMark)), &stored) != nil {
		return nil, fmt.Errorf("the login file %s isn't valid JSON%s", file, loginAgain)
	}
	if stored.InstallationID != nil {
		return nil, fmt.Errorf("the login file %s belongs to a station; set %s to a user's key instead", file, envAPIKey)
	}
	if err := tofupilot.CheckAPIKey(stored.APIKey); err != nil {
		return nil, fmt.Errorf("the login file %s has no usable api_key: %w%s", file, err, loginAgain)
	}
	base, err := tofupilot.ParseBaseURL(stored.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("the login file %s has no usable base_url: %w%s", file, err, loginAgain)
	}
	found := &login{file: file, apiKey: stored.APIKey, baseURL: base}
	if stored.CACert != nil {
		found.caCert = *stored.CACert
	}
	if info, err := os.Stat(file); err == nil && runtime.GOOS != "windows" {
		found.readableByOthers = info.Mode().Perm()&0o077 != 0
	}
	return found, nil
}
