package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// LogIn sets the home directory to a temporary one, and writes a login file into it, as
// `tofupilot login` does. It returns the path of the file.
func LogIn(t *testing.T, login map[string]string) (file string) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	content, err := json.Marshal(login)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(home, ".tofupilot", "credentials.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
