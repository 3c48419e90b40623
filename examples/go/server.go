package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

const grace = 5 * time.Second

// The names and labels are those that the charm's dashboard and alert rules ask for.
var (
	requests = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "http_requests_total",
		Help: "Requests that were answered.",
	}, []string{"code", "method"})
	durations = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds",
		Help: "How long the answers took.",
	}, []string{"code", "method"})
)

// serve answers until the context ends: the pages on one port, the metrics there too or on a port of their own.
func serve(ctx context.Context, conf config, s store) error {
	pages := newSite(conf, s).routes()
	servers := []*http.Server{newServer(conf.port, measured(pages))}
	if conf.metricsPort == conf.port {
		pages.Handle("GET "+conf.metricsPath, promhttp.Handler())
	} else {
		metrics := http.NewServeMux()
		metrics.Handle("GET "+conf.metricsPath, promhttp.Handler())
		servers = append(servers, newServer(conf.metricsPort, metrics))
	}

	group, ctx := errgroup.WithContext(ctx)
	for _, server := range servers {
		group.Go(func() error {
			slog.Info("listening", "address", server.Addr)
			if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			return server.Shutdown(ending)
		})
	}
	return group.Wait()
}

// measured counts the requests that a handler answers, and how long it takes.
func measured(handler http.Handler) http.Handler {
	return promhttp.InstrumentHandlerDuration(durations, promhttp.InstrumentHandlerCounter(requests, handler))
}

func newServer(port string, handler http.Handler) *http.Server {
	return &http.Server{Addr: net.JoinHostPort("", port), Handler: handler, ReadHeaderTimeout: 10 * time.Second}
}
