package main

import (
	"crypto/subtle"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

//go:embed templates static
var files embed.FS

var home = template.Must(template.ParseFS(files, "templates/home.html"))

var notesAdded = promauto.NewCounter(prometheus.CounterOpts{
	Name: "notes_added_total",
	Help: "Added notes.",
})

const (
	longestNote    = 500
	largestRequest = 64 << 10
)

// site is the handlers of the pages and the API.
type site struct {
	conf    config
	store   store
	session signer
}

func newSite(conf config, s store) site {
	return site{conf: conf, store: s, session: signer{key: []byte(conf.secretKey)}}
}

func (s site) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /notes", s.list)
	mux.HandleFunc("POST /notes", s.add)
	mux.HandleFunc("DELETE /notes/{id}", s.remove)
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /settings", s.settings)
	mux.HandleFunc("GET /visits", s.visits)
	mux.Handle("GET /static/", http.FileServerFS(files))
	return mux
}

func (s site) home(w http.ResponseWriter, r *http.Request) {
	notes, err := s.store.notes(r.Context())
	if err != nil {
		unavailable(w, err)
		return
	}
	shown := map[string]any{
		"Base":     s.conf.basePath,
		"Greeting": s.conf.greeting,
		"Notes":    notes,
		"Visits":   s.session.countVisit(w, r),
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := home.Execute(w, shown); err != nil {
		slog.Warn("the page was not sent completely", "error", err)
	}
}

func (s site) list(w http.ResponseWriter, r *http.Request) {
	notes, err := s.store.notes(r.Context())
	if err != nil {
		unavailable(w, err)
		return
	}
	respond(w, http.StatusOK, notes)
}

// add adds a note from a form or as JSON, and responds with a redirect or JSON.
func (s site) add(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, largestRequest)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isJSON := kind == "application/json"
	text, ok := sentText(r, isJSON)
	if !ok {
		problem(w, http.StatusBadRequest, fmt.Sprintf("a note must have 1 to %d characters", longestNote))
		return
	}
	added, err := s.store.add(r.Context(), text)
	if err != nil {
		unavailable(w, err)
		return
	}
	notesAdded.Inc()
	if isJSON {
		respond(w, http.StatusCreated, added)
		return
	}
	http.Redirect(w, r, s.conf.basePath+"/", http.StatusSeeOther)
}

func sentText(r *http.Request, isJSON bool) (text string, ok bool) {
	if isJSON {
		var sent struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			return "", false
		}
		text = sent.Text
	} else {
		text = r.PostFormValue("text")
	}
	text = strings.TrimSpace(text)
	// PostgreSQL cannot store the character NUL or invalid UTF-8.
	storable := utf8.ValidString(text) && !strings.ContainsRune(text, 0)
	return text, storable && text != "" && utf8.RuneCountInString(text) <= longestNote
}

func (s site) remove(w http.ResponseWriter, r *http.Request) {
	if !s.isForModerator(w, r) {
		return
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	removed, err := s.store.remove(r.Context(), id)
	switch {
	case err != nil:
		unavailable(w, err)
	case !removed:
		http.NotFound(w, r)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// isForModerator returns whether the request has the moderator's credentials; if not, it has responded.
func (s site) isForModerator(w http.ResponseWriter, r *http.Request) bool {
	moderator := s.conf.moderator
	if moderator.name == "" || moderator.password == "" {
		problem(w, http.StatusForbidden, "there is no moderator; set the option moderator")
		return false
	}
	name, password, _ := r.BasicAuth()
	if !same(name, moderator.name) || !same(password, moderator.password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="notes"`)
		problem(w, http.StatusUnauthorized, "only the moderator may do this")
		return false
	}
	return true
}

func same(one, other string) bool {
	return subtle.ConstantTimeCompare([]byte(one), []byte(other)) == 1
}

// health responds with 200 while the database answers, and the last results of the worker and the scheduler.
func (s site) health(w http.ResponseWriter, r *http.Request) {
	done, err := s.store.jobs(r.Context())
	if err != nil {
		unavailable(w, err)
		return
	}
	respond(w, http.StatusOK, map[string]any{"status": "ok", "jobs": done})
}

// settings responds with the settings that are not secret.
func (s site) settings(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, map[string]any{
		"greeting":     s.conf.greeting,
		"base_url":     s.conf.baseURL,
		"port":         s.conf.port,
		"metrics_port": s.conf.metricsPort,
		"metrics_path": s.conf.metricsPath,
	})
}

func (s site) visits(w http.ResponseWriter, r *http.Request) {
	respond(w, http.StatusOK, map[string]int{"visits": s.session.countVisit(w, r)})
}

// unavailable responds with 503 while the database does not answer.
func unavailable(w http.ResponseWriter, err error) {
	slog.Warn("the database does not answer", "error", err)
	problem(w, http.StatusServiceUnavailable, "the database does not answer")
}

func problem(w http.ResponseWriter, status int, reason string) {
	respond(w, status, map[string]string{"error": reason})
}

func respond(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(document); err != nil {
		slog.Warn("the response was not sent completely", "error", err)
	}
}
