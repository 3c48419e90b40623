// Command go-notes is a guest book: people leave notes, everyone reads them.
//
// Without an argument it serves the pages; with one it does what the other services of the image do:
//
//	go-notes            serve the pages
//	go-notes migrate    bring the database to its newest schema
//	go-notes work       count the words of notes, for ever
//	go-notes tidy       remove old notes, for ever
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const connectTimeout = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, context.Canceled) {
		slog.Error("go-notes ends", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	conf, err := readConfig()
	if err != nil {
		return err
	}
	pool, err := open(ctx, conf.database)
	if err != nil {
		return err
	}
	defer pool.Close()

	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "":
		return serve(ctx, conf, store{pool})
	case "migrate":
		return migrate(ctx, pool)
	case "work":
		return work(ctx, store{pool})
	case "tidy":
		return tidy(ctx, store{pool})
	default:
		return fmt.Errorf("%s: unknown command; there are migrate, work and tidy", command)
	}
}

// open makes a pool of connections; each is made when it is first needed.
func open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	pool.ConnConfig.ConnectTimeout = connectTimeout
	return pgxpool.NewWithConfig(ctx, pool)
}
