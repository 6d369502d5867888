// Command demo runs Terraform with the provider. It needs no account:
//
//	go run ./examples/demo
//
// starts two demo servers, builds the provider, runs terraform init, plan and apply with the
// configuration in this directory, and prints the outputs, the procedures and an error. With
// -live, it reads from the server TOFUPILOT_URL with the key TOFUPILOT_API_KEY instead. With
// -serve, it only runs the demo servers, for a configuration of your own, until you press
// Ctrl-C. With -serve -port N, they use the ports N and N+1.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/tofupilot/terraform-provider-tofupilot/internal/fakeapi"
)

func main() {
	// Ignore SIGPIPE, so that the demo cleans up if the reader of its output has exited.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, func() {
		stop() // the next signal ends the demo at once
		fmt.Fprintln(os.Stderr, "\nStopping. Press Ctrl-C again to quit without cleaning up.")
	})
	switch err := run(ctx, os.Args[1:], os.Environ(), os.Stdout); {
	case errors.Is(err, errInterrupted):
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(130) // the exit code of shells for an interrupt
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

var errInterrupted = errors.New("interrupted")

func run(ctx context.Context, args, env []string, out io.Writer) error {
	d := &demo{env: env, out: out}
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(out)
	serveOnly := flags.Bool("serve", false, "only run the demo servers, until Ctrl-C, and print how to read from them")
	flags.IntVar(&d.port, "port", 0, "with -serve, the port of the first server; the second uses the next one (default: any free ports)")
	flags.BoolVar(&d.live, "live", false, "read from the server of TOFUPILOT_URL with the key of TOFUPILOT_API_KEY; nothing is changed there")
	flags.BoolVar(&d.keep, "keep", false, "keep the working directory, and print its path")
	flags.StringVar(&d.terraform, "terraform", "", "the `command` of Terraform or OpenTofu (default: terraform in PATH, or else a download)")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	hasPort := false
	flags.Visit(func(f *flag.Flag) { hasPort = hasPort || f.Name == "port" })
	switch {
	case hasPort && !*serveOnly:
		return errors.New("-port needs -serve")
	case hasPort && (d.port < 1 || d.port > 65534):
		return errors.New("-port must be 1 to 65534")
	case *serveOnly && (d.live || d.keep || d.terraform != ""):
		return errors.New("-serve runs no Terraform, so it can't be combined with other flags than -port")
	case *serveOnly:
		return d.serveUntilInterrupted(ctx)
	}
	return d.run(ctx)
}

// demo is one run of the demo.
type demo struct {
	live, keep bool
	port       int      // of the first server; 0 means any free port
	terraform  string   // the command; if it is empty, the demo finds or downloads Terraform
	env        []string // the user's environment
	out        io.Writer

	dir                 string // contains all files that the demo writes
	service, selfHosted *fakeapi.Server
	url, selfHostedURL  string
	servers             []*http.Server
	tf                  *tfexec.Terraform
	stdout, stderr      strings.Builder // what Terraform printed since the last step
}

func (d *demo) run(ctx context.Context) (err error) {
	start := time.Now()
	if d.dir, err = os.MkdirTemp("", "tofupilot-demo-"); err != nil {
		return fmt.Errorf("creating the working directory: %w", err)
	}
	defer func() { err = errors.Join(d.cleanUp(), err) }()

	var steps []step
	if !d.live {
		steps = append(steps, step{"Starting the demo servers", d.startServers})
	}
	steps = append(steps,
		step{"Writing the configuration", d.writeConfiguration},
		step{"Building the provider", d.buildProvider},
		step{"Finding Terraform", d.findTerraform},
		step{"terraform providers lock", d.lock},
		step{"terraform init", d.init},
		step{"terraform plan", d.plan},
		step{"terraform apply", d.apply},
	)
	for _, step := range steps {
		if err := d.do(ctx, step); err != nil {
			return err
		}
	}
	if err := d.report(ctx); err != nil {
		return orInterrupted(ctx, fmt.Errorf("printing the results: %w", err))
	}
	_, err = fmt.Fprintf(d.out, `
Done in %.1f s. What to try next:
  go run ./examples/demo -serve   runs the demo servers, for configurations of your own
  go run ./examples/demo -keep    keeps this configuration and its state, and prints its directory
`, time.Since(start).Seconds())
	return err
}

type step struct {
	name string
	do   func(context.Context) (result string, err error)
}

// do runs a step, and prints its name, its duration and its result.
func (d *demo) do(ctx context.Context, step step) error {
	d.printf("%-26s ", step.name)
	start := time.Now()
	result, err := step.do(ctx)
	if err != nil {
		d.printf("failed\n")
		return orInterrupted(ctx, fmt.Errorf("%s: %w", step.name, err))
	}
	line := fmt.Sprintf("%5.1f s  %s", time.Since(start).Seconds(), result)
	d.printf("%s\n", strings.TrimRight(line, " "))
	d.printWarnings()
	return nil
}

// printf prints to d.out. It ignores errors: if d.out fails, run's last line fails, too, and run returns
// that error.
func (d *demo) printf(format string, values ...any) {
	_, _ = fmt.Fprintf(d.out, format, values...)
}

// orInterrupted returns err, or errInterrupted if the context has ended.
func orInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

func (d *demo) cleanUp() error {
	d.stopServers()
	if d.keep {
		_, err := fmt.Fprintf(d.out, "\nKept in %[1]s. To show the state: terraform -chdir=%[1]s show\n", d.dir)
		return err
	}
	if err := os.RemoveAll(d.dir); err != nil {
		return fmt.Errorf("removing the working directory: %w; remove it by hand", err)
	}
	return nil
}
