package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// bare is a server that needs no network, so that creating it costs little.
func bare(image string) object {
	return object{"server": object{"name": "s", "imageRef": image, "flavorRef": "42", "networks": "none"}}
}

// atOnce sends as many requests at the same time, and counts the answers by
// status.
func atOnce(t *testing.T, number int, send func(i int) (reply, error)) map[int]int {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	begin, answers := make(chan struct{}), map[int]int{}
	for i := range number {
		group.Go(func() {
			<-begin
			r, err := send(i)
			mu.Lock()
			defer mu.Unlock()
			answers[r.status]++
			if err != nil || r.status >= http.StatusInternalServerError {
				t.Errorf("request %d: %v, status %d: %s", i, err, r.status, r.body)
			}
		})
	}
	close(begin)
	group.Wait()
	return answers
}

// setQuota says what demo's project may have.
func setQuota(admin, demo *user, quota object) {
	admin.must("PUT", "/v2.1/os-quota-sets/"+demo.project, object{"quota_set": quota}, http.StatusOK)
}

// statuses counts the user's servers by their status.
func (u *user) statuses() (ids []string, byStatus map[string]int) {
	u.p.t.Helper()
	var list struct{ Servers []struct{ ID, Status string } }
	u.get("/v2.1/servers/detail", &list)
	byStatus = map[string]int{}
	for _, s := range list.Servers {
		byStatus[s.Status]++
		ids = append(ids, s.ID)
	}
	return ids, byStatus
}

// TestQuota sends many more creates than the quota allows, all at once: as
// many succeed as it allows, and the others hear why.
func TestQuota(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		const creates, quota = 200, 50
		p := newProcess(t, connection)
		p.start()
		admin, demo := p.login("admin"), p.login("demo")
		setQuota(admin, demo, object{"instances": quota, "cores": -1, "ram": -1})
		server := bare(demo.images()[0].ID)

		answers := atOnce(t, creates, func(int) (reply, error) { return demo.do(t.Context(), "POST", "/v2.1/servers", server) })

		if answers[http.StatusAccepted] != quota || answers[http.StatusForbidden] != creates-quota {
			t.Errorf("answers %v, want %d × 202 and %d × 403", answers, quota, creates-quota)
		}
		if got := demo.usage().Instances; got != quota {
			t.Errorf("usage %d, want %d", got, quota)
		}
		eventually(t, func() error {
			if _, byStatus := demo.statuses(); byStatus["ACTIVE"] != quota || len(byStatus) != 1 {
				return fmt.Errorf("servers %v, want %d active", byStatus, quota)
			}
			return nil
		})
		mix(t, demo, server)
	})
}

// mix creates and deletes at once, and compares the accounts in the end.
func mix(t *testing.T, demo *user, server object) {
	t.Helper()
	const requests = 120
	ids, _ := demo.statuses()
	answers := atOnce(t, requests, func(i int) (reply, error) {
		switch {
		case i%2 == 0:
			return demo.do(t.Context(), "POST", "/v2.1/servers", server)
		case i%3 == 0: // twice the same
			return demo.do(t.Context(), "DELETE", "/v2.1/servers/"+ids[0], nil)
		}
		return demo.do(t.Context(), "DELETE", "/v2.1/servers/"+ids[rand.IntN(len(ids))], nil)
	})
	for _, status := range []int{http.StatusAccepted, http.StatusForbidden, http.StatusNoContent, http.StatusNotFound} {
		delete(answers, status)
	}
	if len(answers) > 0 {
		t.Errorf("other answers: %v", answers)
	}
	eventually(t, func() error {
		left, byStatus := demo.statuses()
		if byStatus["ACTIVE"] != len(left) {
			return fmt.Errorf("servers %v", byStatus)
		}
		const ramOfOne = 64
		if got, want := demo.usage(), (nova.Usage{Instances: len(left), Cores: len(left), RAM: ramOfOne * len(left)}); got != want {
			return fmt.Errorf("usage %+v, want %+v", got, want)
		}
		return nil
	})
}

// TestQuota_KeyPairs does the same with key pairs, which are counted rather
// than accounted for.
func TestQuota_KeyPairs(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		const creates, quota = 60, 20
		p := newProcess(t, connection)
		p.start()
		admin, demo := p.login("admin"), p.login("demo")
		setQuota(admin, demo, object{"key_pairs": quota})
		const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPsIk0MBw7SxyVU/aYXbqGiZvvRZ5BPYNlcELt3ojPRU test"

		answers := atOnce(t, creates, func(i int) (reply, error) {
			pair := object{"name": fmt.Sprintf("key-%d", i), "public_key": key, "type": "ssh"}
			return demo.do(t.Context(), "POST", "/v2.1/os-keypairs", object{"keypair": pair})
		})

		if answers[http.StatusCreated] != quota || answers[http.StatusForbidden] != creates-quota {
			t.Errorf("answers %v, want %d × 201 and %d × 403", answers, quota, creates-quota)
		}
		var list struct{ Keypairs []object }
		demo.get("/v2.1/os-keypairs", &list)
		if len(list.Keypairs) != quota {
			t.Errorf("%d key pairs, want %d", len(list.Keypairs), quota)
		}
	})
}
