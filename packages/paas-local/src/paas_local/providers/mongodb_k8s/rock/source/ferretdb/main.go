// FerretDB on SQLite, with authentication.
//
// FerretDB's own program does not run when it is compiled as a dependency (it needs a file of its releases), and its
// package for embedding cannot check passwords. Both use internal packages, which Go allows here because the name of
// this module starts with FerretDB's.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/internal/clientconn"
	"github.com/FerretDB/FerretDB/internal/clientconn/connmetrics"
	"github.com/FerretDB/FerretDB/internal/handler/registry"
	"github.com/FerretDB/FerretDB/internal/util/password"
	"github.com/FerretDB/FerretDB/internal/util/state"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "address to listen on")
	data := flag.String("data", "data", "existing folder of the databases")
	administrator := flag.String("administrator", "admin", "user that is created with the data; its password is in the variable PASSWORD")
	flag.Parse()
	if err := serve(*listen, *data, *administrator, os.Getenv("PASSWORD")); err != nil {
		log.Fatal(err)
	}
}

func serve(listen, data, administrator, secret string) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	provider, err := state.NewProvider("")
	if err != nil {
		return err
	}
	// Otherwise clients get a message about telemetry when they log in.
	if err := provider.Update(func(s *state.State) { s.DisableTelemetry(); s.TelemetryLocked = true }); err != nil {
		return err
	}
	metrics := connmetrics.NewListenerMetrics()
	handler, end, err := registry.NewHandler("sqlite", &registry.NewHandlerOpts{
		Logger:        logger,
		ConnMetrics:   metrics.ConnMetrics,
		StateProvider: provider,
		TCPHost:       listen,
		SQLiteURL:     "file:" + data + "/",
		SetupDatabase: "admin",
		SetupUsername: administrator,
		SetupPassword: password.WrapPassword(secret),
		TestOpts:      registry.TestOpts{EnableNewAuth: true, BatchSize: 100, CappedCleanupPercentage: 10},
	})
	if end != nil {
		defer end()
	}
	if err != nil {
		return err
	}
	listener, err := clientconn.Listen(&clientconn.NewListenerOpts{
		TCP:     listen,
		Mode:    clientconn.NormalMode,
		Metrics: metrics,
		Handler: handler,
		Logger:  logger,
	})
	if err != nil {
		return err
	}
	listener.Run(stop)
	return nil
}
