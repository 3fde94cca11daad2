package identity_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// from sends a request from an address.
func (c *cloud) from(address, line, body string) *httptest.ResponseRecorder {
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(c.Context(), method, "http://cloud:8774"+target, strings.NewReader(body))
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	return w
}

// More wrong logins for one user than may wait are told to come back, whether
// there is such a user or not. A login from elsewhere, and one of another user
// from the same address, get through.
func TestTokens_Flood(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		const waiting, excess = 50, 10
		waits := make(chan struct{}, 1000)
		release := c.service.HoldHashing(c.T, func() { waits <- struct{}{} })
		refused, let := make(chan *httptest.ResponseRecorder, 1000), make(chan *httptest.ResponseRecorder, 1000)
		var group sync.WaitGroup
		flood := func(address, user string) {
			for i := range waiting + excess {
				group.Go(func() {
					w := c.from(address, "POST /v3/auth/tokens", byPassword(user, "wrong "+strconv.Itoa(i), ""))
					if w.Code == http.StatusTooManyRequests {
						refused <- w
						return
					}
					let <- w
				})
			}
			for range waiting {
				<-waits
			}
			for range excess {
				w := <-refused
				if w.Header().Get("Retry-After") != "2" || !strings.Contains(w.Body.String(), `"title":"Too Many Requests"`) {
					c.Errorf("%s: got %v %s", user, w.Header(), w.Body)
				}
			}
		}
		flood("192.0.2.1:1000", "demo")
		flood("192.0.2.1:1001", "nobody")
		for address, user := range map[string]string{"192.0.2.1:1002": "reader", "192.0.2.2:1000": "demo", "[2001:db8::1]:1000": "admin"} {
			group.Go(func() {
				if w := c.from(address, "POST /v3/auth/tokens", byPassword(user, password, "")); w.Code != http.StatusCreated {
					c.Errorf("%s from %s: got %d %s", user, address, w.Code, w.Body)
				}
			})
			<-waits
		}
		release()
		group.Wait()
		close(let)
		for w := range let {
			if w.Code != http.StatusUnauthorized {
				c.Errorf("a wrong password: got %d %s", w.Code, w.Body)
			}
		}
		if n := len(refused); n != 0 {
			c.Errorf("%d more were refused", n)
		}
	})
}
