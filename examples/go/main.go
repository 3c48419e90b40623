// Command go-notes is a guest book: visitors leave notes, and everyone can read them.
//
// Without an argument it serves the pages; with one it is another service of the image:
//
//	go-notes            serve the pages
//	go-notes migrate    upgrade the database to the newest schema
//	go-notes work       count the words of new notes, until stopped
//	go-notes tidy       delete old notes, until stopped
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

// open returns a pool of connections, which are opened when they are needed.
func open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	pool.ConnConfig.ConnectTimeout = connectTimeout
	return pgxpool.NewWithConfig(ctx, pool)
}
