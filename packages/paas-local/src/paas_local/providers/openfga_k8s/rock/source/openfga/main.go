// OpenFGA with the commands that the charm uses.
package main

import (
	"os"

	"github.com/openfga/openfga/cmd"
	"github.com/openfga/openfga/cmd/migrate"
	"github.com/openfga/openfga/cmd/run"
)

func main() {
	program := cmd.NewRootCommand()
	program.AddCommand(migrate.NewMigrateCommand(), run.NewRunCommand())
	if program.Execute() != nil {
		os.Exit(1)
	}
}
