package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

const sessionCookie = "session"

// signer keeps a small value in a browser's cookie, signed with the secret key: a new key ends all sessions.
type signer struct{ key []byte }

func (s signer) sign(value string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(value))
	return value + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// open gives the value that was signed, or nothing when somebody else signed it.
func (s signer) open(signed string) string {
	value, _, _ := strings.Cut(signed, ".")
	if !hmac.Equal([]byte(s.sign(value)), []byte(signed)) {
		return ""
	}
	return value
}

// countVisit counts this browser's visits in its cookie.
func (s signer) countVisit(w http.ResponseWriter, r *http.Request) int {
	visits := 0
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		visits, _ = strconv.Atoi(s.open(cookie.Value))
	}
	visits++
	http.SetCookie(w, &http.Cookie{
		Name:     sessionCookie,
		Value:    s.sign(strconv.Itoa(visits)),
		Path:     "/",
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
	return visits
}
