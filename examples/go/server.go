package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
)

const grace = 5 * time.Second

// serve answers until the context ends: the pages on one port, the metrics there too or on a port of their own.
func serve(ctx context.Context, conf config, s store) error {
	pages := newSite(conf, s).routes()
	servers := []*http.Server{newServer(conf.port, pages)}
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

func newServer(port string, handler http.Handler) *http.Server {
	return &http.Server{Addr: net.JoinHostPort("", port), Handler: handler, ReadHeaderTimeout: 10 * time.Second}
}
