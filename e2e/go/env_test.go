// Package e2e drives a running server with the two generations of the official SDK for Go.
// What the tests need in the environment is listed in ../README.md.
package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var env struct {
	endpoint, endpointV6, localhost, port, tls, ca, domain string
	region, accessKeyID, accessKeySecret                   string
	clock, cases                                           string
}

func TestMain(m *testing.M) {
	for name, field := range map[string]*string{
		"ENDPOINT": &env.endpoint, "ENDPOINT_V6": &env.endpointV6, "LOCALHOST": &env.localhost, "PORT": &env.port,
		"TLS": &env.tls, "CA": &env.ca, "DOMAIN": &env.domain, "REGION": &env.region,
		"ACCESS_KEY_ID": &env.accessKeyID, "ACCESS_KEY_SECRET": &env.accessKeySecret,
		"CLOCK": &env.clock, "CASES": &env.cases,
	} {
		if *field = os.Getenv("FOSSE_E2E_" + name); *field == "" {
			fmt.Fprintf(os.Stderr, "FOSSE_E2E_%s is not set: run these tests with cargo xtask e2e --only go\n", name)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// moveClock sets the server's clock ahead of this machine's by d (behind, if negative), and puts it
// back when the test ends.
func moveClock(t *testing.T, d time.Duration) {
	t.Helper()
	write := func(seconds int64) {
		// Replaced in one step, so that the server never reads half a number.
		next := env.clock + ".next"
		if err := os.WriteFile(next, []byte(strconv.FormatInt(seconds, 10)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, env.clock); err != nil {
			t.Fatal(err)
		}
	}
	write(int64(d / time.Second))
	t.Cleanup(func() { write(0) })
}

// resetClock takes the server back to the true time before the test ends.
func resetClock(t *testing.T) {
	t.Helper()
	moveClock(t, 0)
}

type keyCase struct{ name, key string }

// keyCases are the object keys that every SDK of every language has to carry.
func keyCases(t *testing.T) []keyCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(env.cases, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Keys []struct {
			Name, Key, Repeat string
			Times             int
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var out []keyCase
	for _, k := range file.Keys {
		out = append(out, keyCase{k.Name, k.Key + strings.Repeat(k.Repeat, k.Times)})
	}
	if len(out) < 10 {
		t.Fatalf("only %d keys in %s", len(out), env.cases)
	}
	return out
}

var bucketNumber int

// newBucket makes a bucket and, when the test ends, empties and deletes it, which has to work.
func newBucket(t *testing.T, c sdk) string {
	t.Helper()
	bucketNumber++
	bucket := fmt.Sprintf("e2e-go-%d-%d", time.Now().UnixMilli(), bucketNumber)
	must(t, c.createBucket(bucket))
	t.Cleanup(func() {
		resetClock(t)
		uploads, err := c.listUploads(bucket, "")
		must(t, err)
		for _, u := range uploads {
			must(t, c.abort(bucket, u.key, u.id))
		}
		for {
			page, err := c.list(bucket, listQuery{max: 1000})
			must(t, err)
			for _, o := range page.objects {
				must(t, c.remove(bucket, o.key))
			}
			if !page.truncated {
				break
			}
		}
		must(t, c.deleteBucket(bucket))
	})
	return bucket
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, expected %v", what, got, want)
	}
}
