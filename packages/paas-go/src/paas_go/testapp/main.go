// Tells which variables the charm has set; names only, because some of them are secrets.
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"sort"
	"strings"
)

func answer(value any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(value); err != nil {
			log.Print(err)
		}
	}
}

func main() {
	names := []string{}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		names = append(names, name)
	}
	sort.Strings(names)
	http.HandleFunc("/{$}", answer(names))
	http.HandleFunc("/health", answer(map[string]string{"status": "ok"}))
	log.Fatal(http.ListenAndServe(":"+os.Getenv("APP_PORT"), nil))
}
