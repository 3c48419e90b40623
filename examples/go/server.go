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

// The charm's dashboard and alert rules use these names and labels.
var (
	requests = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "http_requests_total",
		Help: "Answered requests.",
	}, []string{"code", "method"})
	durations = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds",
		Help: "Durations of the requests.",
	}, []string{"code", "method"})
)

// serve runs until the context ends. It serves the pages and, on the same or another port, the metrics.
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

// measured counts the requests of a handler and their durations.
func measured(handler http.Handler) http.Handler {
	return promhttp.InstrumentHandlerDuration(durations, promhttp.InstrumentHandlerCounter(requests, handler))
}

func newServer(port string, handler http.Handler) *http.Server {
	return &http.Server{Addr: net.JoinHostPort("", port), Handler: handler, ReadHeaderTimeout: 10 * time.Second}
}
