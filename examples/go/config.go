package main

import (
	"cmp"
	"errors"
	"os"
	"strings"
)

// config is the settings of the application; the charm sets them from its options and integrations.
type config struct {
	port        string
	metricsPort string
	metricsPath string
	baseURL     string
	basePath    string // prefix of every path in links
	greeting    string
	secretKey   string
	moderator   moderator
	database    string
}

// moderator is the name and password in the secret of the option moderator; they allow to delete notes.
type moderator struct{ name, password string }

func readConfig() (config, error) {
	port := cmp.Or(os.Getenv("APP_PORT"), os.Getenv("PORT"), "8080")
	conf := config{
		port:        port,
		metricsPort: cmp.Or(os.Getenv("APP_METRICS_PORT"), os.Getenv("METRICS_PORT"), port),
		metricsPath: cmp.Or(os.Getenv("APP_METRICS_PATH"), os.Getenv("METRICS_PATH"), "/metrics"),
		baseURL:     os.Getenv("APP_BASE_URL"),
		basePath:    os.Getenv("APP_BASE_PATH"),
		greeting:    cmp.Or(os.Getenv("APP_GREETING"), "Leave a note"),
		secretKey:   os.Getenv("APP_SECRET_KEY"),
		moderator:   moderator{os.Getenv("APP_MODERATOR_NAME"), os.Getenv("APP_MODERATOR_PASSWORD")},
		database:    os.Getenv("POSTGRESQL_DB_CONNECT_STRING"),
	}
	conf.metricsPath = "/" + strings.Trim(conf.metricsPath, "/")
	if conf.database == "" {
		return config{}, errors.New("POSTGRESQL_DB_CONNECT_STRING is not set")
	}
	if conf.secretKey == "" {
		return config{}, errors.New("APP_SECRET_KEY is not set")
	}
	return conf, nil
}
