// FerretDB on SQLite, with its passwords checked.
//
// FerretDB's own program does not run when it is compiled as a dependency (it looks for a file that its releases
// have), and its package for programs like this one has no switch for passwords. What both are made of is internal:
// Go lets a module use it whose name begins with FerretDB's, as this one's does.
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
	listen := flag.String("listen", "127.0.0.1:27017", "where to take connections")
	data := flag.String("data", "data", "folder of the databases, which is there")
	administrator := flag.String("administrator", "admin", "who is made with the data, with the password in the variable PASSWORD")
	flag.Parse()
	if err := serve(*listen, *data, *administrator, os.Getenv("PASSWORD")); err != nil {
		log.Fatal(err)
	}
}

func serve(listen, data, administrator, secret string) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	kept, err := state.NewProvider("")
	if err != nil {
		return err
	}
	// A client is told about it when it logs in, even where nothing would ever be sent.
	if err := kept.Update(func(s *state.State) { s.DisableTelemetry(); s.TelemetryLocked = true }); err != nil {
		return err
	}
	metrics := connmetrics.NewListenerMetrics()
	handler, end, err := registry.NewHandler("sqlite", &registry.NewHandlerOpts{
		Logger:        logger,
		ConnMetrics:   metrics.ConnMetrics,
		StateProvider: kept,
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
