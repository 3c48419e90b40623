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

// signer signs a cookie with the secret key: a new key invalidates all sessions.
type signer struct{ key []byte }

func (s signer) sign(value string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(value))
	return value + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// open returns the signed value, or an empty string if the signature is invalid.
func (s signer) open(signed string) string {
	value, _, _ := strings.Cut(signed, ".")
	if !hmac.Equal([]byte(s.sign(value)), []byte(signed)) {
		return ""
	}
	return value
}

// countVisit counts the visits of this browser in its cookie.
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
