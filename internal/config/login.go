package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/rest"
)

// login holds what `tofupilot login` stored for a user or a station: a key and the server
// that it is for.
type login struct {
	file    string
	apiKey  string
	baseURL *url.URL
	caCert  string // path of a PEM file; may be empty

	readableByOthers bool
}

// loginFiles returns the absolute paths of the files in which `tofupilot login` stores a
// user's login and, with --token, a station's. There are none if no home directory is known.
func loginFiles(getenv func(string) string, currentUser func() (*user.User, error)) []string {
	home := getenv(homeVariable())
	if home == "" { // as in some systemd services, and with env -i
		if current, err := currentUser(); err == nil {
			home = current.HomeDir
		}
	}
	if home == "" {
		return nil
	}
	if absolute, err := filepath.Abs(home); err == nil { // else nobody sees where they were looked for
		home = absolute
	}
	return []string{filepath.Join(home, ".tofupilot", "credentials.json"), filepath.Join(home, ".tofupilot", stationLogin)}
}

// homeVariable returns the name of the environment variable that has the home directory.
func homeVariable() string {
	if runtime.GOOS == "windows" {
		return "USERPROFILE"
	}
	return "HOME"
}

const (
	stationLogin = "station.json"

	// maxLoginMiB bounds the login file, which has about 300 bytes.
	maxLoginMiB = 1
)

// LoginCommand returns the command that writes a login file.
func LoginCommand(file string) string {
	if filepath.Base(file) == stationLogin {
		return "`tofupilot login --token`"
	}
	return "`tofupilot login`"
}

// findLogin reads the first file that exists, as TofuPilot's CLI does. It returns the file
// that the login or the error is about; if no file exists, it returns neither.
func findLogin(files []string) (file string, stored *login, err error) {
	for _, file = range files {
		if stored, err = readLogin(file); stored != nil || err != nil {
			return file, stored, err
		}
	}
	return "", nil, nil
}

// readLogin reads the file. Without one, login and error are nil. The error
// names the file and says what to do, and never repeats what is in it.
func readLogin(file string) (*login, error) {
	loginAgain := ". Run " + LoginCommand(file) + " again, or set " + EnvAPIKey + " instead, and " + EnvURL + " for a self-hosted server"
	content, err := readFile(file, maxLoginMiB)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // the home directory of some users is /dev/null
		return nil, nil //nolint:nilnil // no login is no error
	}
	if err != nil {
		return nil, fmt.Errorf("the login file %w%s", err, loginAgain)
	}
	var stored struct {
		APIKey  string  `json:"api_key"`
		BaseURL string  `json:"base_url"`
		CACert  *string `json:"ca_cert"`
	}
	if json.Unmarshal(bytes.TrimPrefix(content, []byte(byteOrderMark)), &stored) != nil {
		return nil, fmt.Errorf("the login file %s isn't valid JSON%s", file, loginAgain)
	}
	if err := checkKey(stored.APIKey); err != nil {
		return nil, fmt.Errorf("the login file %s has no usable api_key: %w%s", file, err, loginAgain)
	}
	base, err := parseURL(stored.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("the login file %s has no usable base_url: %w%s", file, err, loginAgain)
	}
	found := &login{file: file, apiKey: stored.APIKey, baseURL: base}
	if stored.CACert != nil {
		found.caCert = *stored.CACert
	}
	if info, err := os.Stat(file); err == nil && runtime.GOOS != "windows" {
		// A group may be meant: a Kubernetes secret with mode 0440 is mounted for one,
		// and its mode can't be changed there.
		found.readableByOthers = info.Mode().Perm()&0o004 != 0
	}
	return found, nil
}

// warning warns of a login file that users other than its owner and group can read.
func (l *login) warning() *Problem {
	if l == nil || !l.readableByOthers {
		return nil
	}
	return &Problem{
		Warning: true,
		Summary: "Login file readable by others",
		Detail:  fmt.Sprintf("%s holds an API key, and other users of this machine can read it. Run: chmod 600 %q", l.file, l.file),
	}
}

// otherLogins reads the logins whose keys aren't used. Only errors about the key or the
// server's certificate need them.
func (s Settings) otherLogins() (logins []*login) {
	for _, file := range s.unusedLogins {
		if other, _ := readLogin(file); other != nil {
			logins = append(logins, other)
		}
	}
	return logins
}

// OtherLogin returns a sentence about a login whose key isn't used, for errors about the key:
// one for the configured server or, if none is configured, for any. It may be empty.
func (s Settings) OtherLogin() string {
	for _, other := range s.otherLogins() {
		configured := s.URLSource != (Source{}) && s.URLSource.Login == ""
		if configured && (s.BaseURL == nil || !rest.SameServer(other.baseURL, s.BaseURL)) {
			continue
		}
		without := "a key"
		if filepath.Base(other.file) == stationLogin {
			without += " and credentials.json"
		}
		return fmt.Sprintf("There is also the login file %s for %s, used only without %s.", other.file, origin(other.baseURL), without)
	}
	return ""
}

// OtherCA returns a sentence about another login's CA for the server, for errors about the
// server's certificate. It may be empty.
func (s Settings) OtherCA() string {
	for _, other := range s.otherLogins() {
		if other.caCert != "" && rest.SameServer(other.baseURL, s.BaseURL) {
			return fmt.Sprintf("The login file %s has a CA for this server, %s, used only with that file's key.", other.file, other.caCert)
		}
	}
	return ""
}
