package e2e

import (
	"bufio"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// metric reads one value from the admin listener.
func metric(t *testing.T, name string) float64 {
	t.Helper()
	r, err := http.Get(os.Getenv("FOSSE_E2E_ADMIN") + "/metrics")
	must(t, err)
	defer r.Body.Close()
	lines := bufio.NewScanner(r.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			must(t, err)
			return n
		}
	}
	t.Fatalf("%s is not told", name)
	return 0
}

// eventually waits for what a worker of the server does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("never: " + what)
		}
	}
}

// daysPass moves the clock, waits for the lifecycle worker, and comes back to the present.
func daysPass(t *testing.T, days int) {
	t.Helper()
	before := metric(t, "fosse_lifecycle_passes_total")
	ahead := time.Duration(days) * 24 * time.Hour
	moveClock(t, ahead)
	eventually(t, "a lifecycle pass", func() bool {
		at := metric(t, "fosse_lifecycle_last_pass_timestamp_seconds")
		want := float64(time.Now().Add(ahead).Unix())
		return metric(t, "fosse_lifecycle_passes_total") > before && math.Abs(at-want) < 120
	})
	resetClock(t)
}

func TestLifecycleRulesAct(t *testing.T) {
	s := variants[0].client(clientOptions{})
	c := s.(*v2).c
	bucket := newBucket(t, s)
	_, err := c.PutBucketLifecycle(background, &oss.PutBucketLifecycleRequest{
		Bucket: &bucket,
		LifecycleConfiguration: &oss.LifecycleConfiguration{Rules: []oss.LifecycleRule{
			{
				ID: oss.Ptr("short"), Prefix: oss.Ptr("tmp/"), Status: oss.Ptr("Enabled"),
				Expiration: &oss.LifecycleRuleExpiration{Days: oss.Ptr(int32(2))},
				Filter:     &oss.LifecycleRuleFilter{Nots: []oss.LifecycleRuleNot{{Prefix: oss.Ptr("tmp/keep/")}}},
			},
			{
				ID: oss.Ptr("cold"), Prefix: oss.Ptr("data/"), Status: oss.Ptr("Enabled"),
				Transitions: []oss.LifecycleRuleTransition{
					{Days: oss.Ptr(int32(30)), StorageClass: oss.StorageClassIA},
					{Days: oss.Ptr(int32(200)), StorageClass: oss.StorageClassColdArchive},
				},
			},
			{
				ID: oss.Ptr("off"), Prefix: oss.Ptr("off/"), Status: oss.Ptr("Disabled"),
				Expiration: &oss.LifecycleRuleExpiration{Days: oss.Ptr(int32(1))},
			},
		}},
	})
	must(t, err)
	for _, key := range []string{"tmp/a", "tmp/keep/a", "data/a", "off/a"} {
		_, err := c.PutObject(background, &oss.PutObjectRequest{
			Bucket: &bucket, Key: &key, Body: strings.NewReader("body"),
		})
		must(t, err)
	}
	head := func(key string) *oss.HeadObjectResult {
		r, err := c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key})
		must(t, err)
		return r
	}
	midnight := time.Now().UTC().Truncate(24 * time.Hour).Add(3 * 24 * time.Hour)
	want := `expiry-date="` + midnight.Format(http.TimeFormat) + `", rule-id="short"`
	equal(t, "x-oss-expiration", oss.ToString(head("tmp/a").Expiration), want)
	equal(t, "x-oss-expiration of what is left out", oss.ToString(head("tmp/keep/a").Expiration), "")
	keys := func() string {
		page, err := s.list(bucket, listQuery{max: 100})
		must(t, err)
		return strings.Join(page.keys(), " ")
	}
	daysPass(t, 1)
	equal(t, "keys after a day", keys(), "data/a off/a tmp/a tmp/keep/a")
	daysPass(t, 4)
	equal(t, "keys after four days", keys(), "data/a off/a tmp/keep/a")
	equal(t, "class", oss.ToString(head("data/a").StorageClass), "Standard")
	daysPass(t, 32)
	equal(t, "class", oss.ToString(head("data/a").StorageClass), "IA")
	daysPass(t, 365)
	cold := head("data/a")
	equal(t, "class", oss.ToString(cold.StorageClass), "ColdArchive")
	if cold.TransitionTime == nil || time.Until(*cold.TransitionTime) < 364*24*time.Hour {
		t.Fatalf("transition time: %v", cold.TransitionTime)
	}
	equal(t, "keys after a year", keys(), "data/a off/a tmp/keep/a")
}
