package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	install "github.com/hashicorp/hc-install"
	"github.com/hashicorp/hc-install/fs"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
	"github.com/hashicorp/hc-install/src"
	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

const (
	module  = "github.com/tofupilot/terraform-provider-tofupilot"
	source  = "registry.terraform.io/tofupilot/tofupilot" // as in main.tf
	version = "0.0.1"                                     // a prerelease would need a constraint in main.tf
)

//go:embed main.tf lookup.tf self_hosted.tf
var configuration embed.FS

// writeConfiguration writes the configuration and the settings to run it with.
func (d *demo) writeConfiguration(context.Context) (string, error) {
	files := []string{"main.tf"}
	if !d.live {
		files = append(files, "lookup.tf", "self_hosted.tf")
	}
	for _, name := range files {
		content, err := configuration.ReadFile(name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(d.path(name), content, 0o600); err != nil {
			return "", err
		}
	}
	settings := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", d.path("mirror"))
	if err := os.WriteFile(d.path("terraform.rc"), []byte(settings), 0o600); err != nil {
		return "", err
	}
	return "", nil
}

// findTerraform takes the command asked for, else terraform from PATH, else one
// that was fetched before, else fetches it.
func (d *demo) findTerraform(ctx context.Context) (string, error) {
	path, err := d.terraformPath(ctx)
	if err != nil {
		return "", err
	}
	d.tf, err = tfexec.NewTerraform(d.dir, path)
	if err != nil {
		return "", err
	}
	d.tf.SetStdout(&d.stdout)
	d.tf.SetStderr(&d.stderr)
	if err := d.tf.SetEnv(d.environment()); err != nil {
		return "", err
	}
	found, _, err := d.tf.Version(ctx, false)
	if err != nil {
		return "", fmt.Errorf("asking %s for its version: %w", path, err)
	}
	return fmt.Sprintf("%s, version %s", path, found), nil
}

func (d *demo) terraformPath(ctx context.Context) (string, error) {
	path, err := exec.LookPath(cmp.Or(d.terraform, "terraform"))
	if err == nil {
		return filepath.Abs(path) // it runs in another directory
	}
	if d.terraform != "" {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "terraform-provider-tofupilot")
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", err
	}
	path, err = install.NewInstaller().Ensure(ctx, []src.Source{
		&fs.AnyVersion{ExactBinPath: filepath.Join(cache, product.Terraform.BinaryName())},
		&releases.LatestVersion{Product: product.Terraform, InstallDir: cache, Timeout: 10 * time.Minute},
	})
	if err != nil {
		_ = os.Remove(cache) // if nothing else is in it
		return "", fmt.Errorf("it isn't in PATH, and fetching it into %s failed: %w; install it, or name it with -terraform", cache, err)
	}
	return path, nil
}

// environment is the user's without what would make this another demo: settings
// of Terraform (arguments, workspace, directories, logs) and, unless live, of TofuPilot.
func (d *demo) environment() map[string]string {
	env := map[string]string{}
	for _, variable := range d.env {
		name, value, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "TF_") || !d.live && strings.HasPrefix(name, "TOFUPILOT_") {
			continue
		}
		env[name] = value
	}
	env["TF_CLI_CONFIG_FILE"] = d.path("terraform.rc")
	env["CHECKPOINT_DISABLE"] = "1" // no look for a newer Terraform
	if !d.live {
		env["TOFUPILOT_URL"], env["TOFUPILOT_API_KEY"] = d.url, fakeapi.Key
	}
	return env
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

// buildProvider puts the provider where a filesystem mirror has it.
func (d *demo) buildProvider(ctx context.Context) (string, error) {
	binary := "terraform-provider-tofupilot_v" + version
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if err := d.checkClone(ctx); err != nil {
		return "", err
	}
	target := filepath.Join(d.path("mirror"), filepath.FromSlash(source), version, runtime.GOOS+"_"+runtime.GOARCH, binary)
	// go may leave its temporary files when it is interrupted.
	temporary := d.path("go-build")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return "", err
	}
	// By its import path, so that it works from any directory of the clone; and
	// -buildvcs=false, so that it needs neither git nor git's trust in the clone.
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags=-X main.version="+version, "-o", target, module) //nolint:gosec // G204: nothing in it comes from outside.
	build.Env = append(slices.Clone(d.env), "GOTMPDIR="+temporary)
	build.WaitDelay = 10 * time.Second
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", build, err, strings.TrimSpace(string(said)))
	}
	return "version " + version, nil
}

// checkClone reports an error outside a clone of the repository: the provider is built
// from its source.
func (d *demo) checkClone(ctx context.Context) error {
	list := exec.CommandContext(ctx, "go", "list", "-m")
	list.Env = d.env
	modules, err := list.Output()
	if slices.Contains(strings.Fields(string(modules)), module) {
		return nil
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return err // go can't be run
	}
	return fmt.Errorf("the provider's source isn't here: run the demo in a clone of https://%s, or use -serve, which needs no clone", module)
}

// lock records the provider's checksum. Without it, init warns that the mirror
// has none for other platforms.
func (d *demo) lock(ctx context.Context) (string, error) {
	return "", d.tf.ProvidersLock(ctx, tfexec.FSMirror(d.path("mirror")))
}

func (d *demo) init(ctx context.Context) (string, error) {
	return "", d.tf.Init(ctx)
}

// plan reads the procedures; the log tells with how many requests.
func (d *demo) plan(ctx context.Context) (string, error) {
	if err := d.tf.SetLogProvider("INFO"); err != nil {
		return "", err
	}
	if err := d.tf.SetLogPath(d.path("provider.log")); err != nil {
		return "", err
	}
	if _, err := d.tf.Plan(ctx, d.planOptions(tfexec.Out("demo.tfplan"))...); err != nil {
		return "", err
	}
	read, err := countReads(d.path("provider.log"))
	return fmt.Sprintf("%d reads with %d requests: %d procedures in all reads together", read.reads, read.requests, read.procedures), err
}

func (d *demo) apply(ctx context.Context) (string, error) {
	return "", d.tf.Apply(ctx, tfexec.DirOrPlan("demo.tfplan"))
}

// planOptions adds the variables of self_hosted.tf to the options of a plan.
func (d *demo) planOptions(options ...tfexec.PlanOption) []tfexec.PlanOption {
	if d.live {
		return options
	}
	return append(options, tfexec.Var("self_hosted_url="+d.selfHostedURL), tfexec.Var("self_hosted_api_key="+selfHostedKey))
}

// One name is misspelt, and two procedures have the other.
const misspelt = `data "tofupilot_procedure_ids" "misspelt" {
  names = ["Battery Test Procedrue", "Radar Unit EOL Test Rev A"]
}
`

// lookUpMisspelt returns what Terraform says of a lookup that fails.
func (d *demo) lookUpMisspelt(ctx context.Context) (string, error) {
	file := d.path("misspelt.tf")
	if err := os.WriteFile(file, []byte(misspelt), 0o600); err != nil {
		return "", err
	}
	_, err := d.tf.Plan(ctx, d.planOptions(tfexec.Target("data.tofupilot_procedure_ids.misspelt"))...)
	if err == nil {
		return "", errors.New("it succeeds")
	}
	at := strings.Index(d.stderr.String(), "Error: ")
	if at < 0 {
		return "", err
	}
	return strings.TrimSpace(d.stderr.String()[at:]), os.Remove(file)
}

// outputs are as Terraform prints them.
func (d *demo) outputs(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, d.tf.ExecPath(), "output", "-no-color") //nolint:gosec // G204: the user's choice
	command.Dir = d.dir
	for name, value := range d.environment() {
		command.Env = append(command.Env, name+"="+value)
	}
	command.WaitDelay = 10 * time.Second
	said, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", command, err, said)
	}
	return string(said), nil
}

// showWarnings passes on what a step that succeeded had to warn of.
func (d *demo) showWarnings() {
	for _, said := range []string{d.stdout.String(), d.stderr.String()} {
		if at := strings.Index(said, "Warning:"); at >= 0 {
			d.printf("%s\n", strings.TrimSpace(said[at:]))
		}
	}
	d.stdout.Reset()
	d.stderr.Reset()
}
