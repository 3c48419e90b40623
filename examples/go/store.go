package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// note is a note; the worker sets the number of its words.
type note struct {
	ID        int64     `json:"id"`
	Text      string    `json:"text"`
	Words     *int      `json:"words"`
	WrittenAt time.Time `json:"written_at"`
}

// store is the guest book in PostgreSQL.
type store struct{ pool *pgxpool.Pool }

const newest = 50

func (s store) notes(ctx context.Context) ([]note, error) {
	rows, err := s.pool.Query(ctx, "SELECT id, text, words, written_at FROM notes ORDER BY id DESC LIMIT $1", newest)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[note])
}

func (s store) add(ctx context.Context, text string) (note, error) {
	rows, err := s.pool.Query(ctx, "INSERT INTO notes (text) VALUES ($1) RETURNING id, text, words, written_at", text)
	if err != nil {
		return note{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[note])
}

// remove deletes a note and returns whether it existed.
func (s store) remove(ctx context.Context, id int64) (bool, error) {
	done, err := s.pool.Exec(ctx, "DELETE FROM notes WHERE id = $1", id)
	return done.RowsAffected() > 0, err
}

// jobs returns the last results of the background services.
func (s store) jobs(ctx context.Context) (map[string]string, error) {
	rows, err := s.pool.Query(ctx, "SELECT job, summary FROM jobs")
	if err != nil {
		return nil, err
	}
	done := map[string]string{}
	var job, summary string
	_, err = pgx.ForEachRow(rows, []any{&job, &summary}, func() error {
		done[job] = summary
		return nil
	})
	return done, err
}

func record(ctx context.Context, tx pgx.Tx, job, summary string) error {
	_, err := tx.Exec(ctx, `INSERT INTO jobs (job, summary) VALUES ($1, $2)
		ON CONFLICT (job) DO UPDATE SET summary = excluded.summary, ran_at = now()`, job, summary)
	return err
}
