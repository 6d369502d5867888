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
	source  = "registry.terraform.io/tofupilot/tofupilot" // of the provider, as in main.tf
	version = "0.0.1"                                     // of the provider; a prerelease would need a constraint in main.tf
)

//go:embed main.tf lookup.tf self_hosted.tf
var configuration embed.FS

// writeConfiguration writes the configuration and the CLI configuration.
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
	cliConfig := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", d.path("mirror"))
	if err := os.WriteFile(d.path("terraform.rc"), []byte(cliConfig), 0o600); err != nil {
		return "", err
	}
	return "", nil
}

// findTerraform finds or downloads Terraform, and configures how the demo runs it.
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
	version, _, err := d.tf.Version(ctx, false)
	if err != nil {
		return "", fmt.Errorf("reading the version of %s: %w", path, err)
	}
	return fmt.Sprintf("%s, version %s", path, version), nil
}

// terraformPath returns the path of the command that -terraform names. Without -terraform, it returns
// terraform in PATH, an earlier download or a new one, in this order.
func (d *demo) terraformPath(ctx context.Context) (string, error) {
	path, err := exec.LookPath(cmp.Or(d.terraform, "terraform"))
	if err == nil {
		return filepath.Abs(path) // because Terraform runs in another directory
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
		_ = os.Remove(cache) // removes it only if it is empty
		return "", fmt.Errorf("it isn't in PATH, and downloading it to %s failed: %w; install it, or set -terraform", cache, err)
	}
	return path, nil
}

// environment returns the environment in which Terraform runs: the user's, without variables of
// Terraform and, unless the demo is live, without variables of TofuPilot.
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
	env["CHECKPOINT_DISABLE"] = "1" // don't look for a newer Terraform
	if !d.live {
		env["TOFUPILOT_URL"], env["TOFUPILOT_API_KEY"] = d.url, fakeapi.Key
	}
	return env
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

// buildProvider builds the provider into the filesystem mirror.
func (d *demo) buildProvider(ctx context.Context) (string, error) {
	binary := "terraform-provider-tofupilot_v" + version
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	if err := d.checkClone(ctx); err != nil {
		return "", err
	}
	target := filepath.Join(d.path("mirror"), filepath.FromSlash(source), version, runtime.GOOS+"_"+runtime.GOARCH, binary)
	// If go is interrupted, its temporary files may remain, so put them into d.dir.
	goTmpDir := d.path("go-build")
	if err := os.Mkdir(goTmpDir, 0o700); err != nil {
		return "", err
	}
	// The import path works in any directory of the clone. -buildvcs=false works without git,
	// and if git doesn't trust the clone.
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags=-X main.version="+version, "-o", target, module) //nolint:gosec // G204: the arguments are constants, except for d.dir.
	build.Env = append(slices.Clone(d.env), "GOTMPDIR="+goTmpDir)
	build.WaitDelay = 10 * time.Second // limits the wait for go's child processes after an interrupt
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", build, err, strings.TrimSpace(string(output)))
	}
	return "version " + version, nil
}

// checkClone returns an error if the demo runs outside a clone of the repository, which contains the
// provider's source.
func (d *demo) checkClone(ctx context.Context) error {
	list := exec.CommandContext(ctx, "go", "list", "-m")
	list.Env = d.env
	modules, err := list.Output()
	// Outside a module, go list runs but fails. Any other error means that it couldn't run.
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return err
	}
	if slices.Contains(strings.Fields(string(modules)), module) {
		return nil
	}
	return fmt.Errorf("the provider's source isn't here: run the demo in a clone of https://%s, or use -serve, which needs no clone", module)
}

// lock writes the provider's checksum to the lock file. Without it, init warns that the mirror
// has no checksums for other platforms.
func (d *demo) lock(ctx context.Context) (string, error) {
	return "", d.tf.ProvidersLock(ctx, tfexec.FSMirror(d.path("mirror")))
}

func (d *demo) init(ctx context.Context) (string, error) {
	return "", d.tf.Init(ctx)
}

// plan runs terraform plan, and counts reads and requests in the provider's log.
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
	total, err := countReads(d.path("provider.log"))
	return fmt.Sprintf("%d reads with %d requests: %d procedures in all reads together", total.reads, total.requests, total.procedures), err
}

func (d *demo) apply(ctx context.Context) (string, error) {
	return "", d.tf.Apply(ctx, tfexec.DirOrPlan("demo.tfplan"))
}

// planOptions returns the options of a plan. It adds the variables of self_hosted.tf, if that file is
// part of the configuration.
func (d *demo) planOptions(options ...tfexec.PlanOption) []tfexec.PlanOption {
	if d.live {
		return options
	}
	return append(options, tfexec.Var("self_hosted_url="+d.selfHostedURL), tfexec.Var("self_hosted_api_key="+selfHostedKey))
}

// misspelt is a configuration that looks up a misspelt name, and a name that two procedures have.
const misspelt = `data "tofupilot_procedure_ids" "misspelt" {
  names = ["Battery Test Procedrue", "Radar Unit EOL Test Rev A"]
}
`

// lookUpMisspelt plans a configuration with a misspelt name, and returns the error that Terraform
// prints.
func (d *demo) lookUpMisspelt(ctx context.Context) (string, error) {
	file := d.path("misspelt.tf")
	if err := os.WriteFile(file, []byte(misspelt), 0o600); err != nil {
		return "", err
	}
	_, err := d.tf.Plan(ctx, d.planOptions(tfexec.Target("data.tofupilot_procedure_ids.misspelt"))...)
	if err == nil {
		return "", errors.New("no error")
	}
	_, message, found := strings.Cut(d.stderr.String(), "Error: ")
	if !found {
		return "", err
	}
	return "Error: " + strings.TrimSpace(message), os.Remove(file)
}

// readOutputs runs terraform output and returns what it prints.
func (d *demo) readOutputs(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, d.tf.ExecPath(), "output", "-no-color") //nolint:gosec // G204: the user chose the program
	command.Dir = d.dir
	for name, value := range d.environment() {
		command.Env = append(command.Env, name+"="+value)
	}
	command.WaitDelay = 10 * time.Second
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return string(output), nil
}

// printWarnings prints the warnings of a step that succeeded, and forgets the step's output.
func (d *demo) printWarnings() {
	for _, output := range []string{d.stdout.String(), d.stderr.String()} {
		if at := strings.Index(output, "Warning:"); at >= 0 {
			d.printf("%s\n", strings.TrimSpace(output[at:]))
		}
	}
	d.stdout.Reset()
	d.stderr.Reset()
}
