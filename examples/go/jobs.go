package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	workerJob    = "notes-worker"
	schedulerJob = "tidy-scheduler"
	keptNotes    = 1000
	tidyEvery    = 30 * time.Second
	lookEvery    = time.Minute
	retryAfter   = 2 * time.Second
)

// work counts the words of each new note. PostgreSQL notifies it of new notes, so it does not poll. Several
// workers share the notes.
func work(ctx context.Context, s store) error {
	for {
		err := countAndListen(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		slog.Warn("the database does not answer, trying again", "error", err)
		if err := sleep(ctx, retryAfter); err != nil {
			return err
		}
	}
}

// countAndListen counts the words of all new notes, at each notification and at least once a minute. It returns
// when the connection fails.
func countAndListen(ctx context.Context, s store) error {
	return s.pool.AcquireFunc(ctx, func(announcements *pgxpool.Conn) error {
		// The connection listens until it is closed, so it must not return to the pool.
		defer announcements.Conn().Close(context.WithoutCancel(ctx))
		if _, err := announcements.Exec(ctx, "LISTEN note_added"); err != nil {
			return err
		}
		for {
			for {
				counted, err := countOne(ctx, s)
				if err != nil {
					return err
				}
				if !counted {
					break
				}
			}
			if err := waitForNote(ctx, announcements.Conn()); err != nil {
				return err
			}
		}
	})
}

func waitForNote(ctx context.Context, announcements *pgx.Conn) error {
	waiting, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	_, err := announcements.WaitForNotification(waiting)
	if errors.Is(waiting.Err(), context.DeadlineExceeded) {
		return nil
	}
	return err
}

func countOne(ctx context.Context, s store) (counted bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var id int64
		var text string
		err := tx.QueryRow(ctx, `SELECT id, text FROM notes WHERE words IS NULL
			ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&id, &text)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		words := len(strings.Fields(text))
		if _, err := tx.Exec(ctx, "UPDATE notes SET words = $1 WHERE id = $2", words, id); err != nil {
			return err
		}
		counted = true
		slog.Info("counted", "note", id, "words", words)
		return record(ctx, tx, workerJob, fmt.Sprintf("note %d has %d words", id, words))
	})
	return counted && err == nil, err
}

// tidy deletes old notes. It runs on one unit of the application.
func tidy(ctx context.Context, s store) error {
	for {
		if summary, err := tidyOnce(ctx, s); err != nil {
			slog.Warn("the database does not answer, trying again", "error", err)
		} else {
			slog.Info(summary)
		}
		if err := sleep(ctx, tidyEvery); err != nil {
			return err
		}
	}
}

func tidyOnce(ctx context.Context, s store) (summary string, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		removed, err := tx.Exec(ctx, `DELETE FROM notes
			WHERE id NOT IN (SELECT id FROM notes ORDER BY id DESC LIMIT $1)`, keptNotes)
		if err != nil {
			return err
		}
		summary = fmt.Sprintf("removed %d notes", removed.RowsAffected())
		return record(ctx, tx, schedulerJob, summary)
	})
	return summary, err
}

func sleep(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(duration):
		return nil
	}
}
