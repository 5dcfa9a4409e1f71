package e2e

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func TestAccessLogIsDelivered(t *testing.T) {
	s := variants[0].client(clientOptions{})
	c := s.(*v2).c
	source, target := newBucket(t, s), newBucket(t, s)
	_, err := c.PutBucketLogging(background, &oss.PutBucketLoggingRequest{
		Bucket: &source,
		BucketLoggingStatus: &oss.BucketLoggingStatus{LoggingEnabled: &oss.LoggingEnabled{
			TargetBucket: &target, TargetPrefix: oss.Ptr("log-"),
		}},
	})
	must(t, err)
	key := "k"
	_, err = c.PutObject(background, &oss.PutObjectRequest{
		Bucket: &source, Key: &key, Body: bytes.NewReader([]byte("four")),
	})
	must(t, err)
	_, err = c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &source, Key: &key})
	must(t, err)
	before := metric(t, "fosse_access_log_objects_total")
	moveClock(t, time.Hour+time.Minute)
	eventually(t, "an access log", func() bool { return metric(t, "fosse_access_log_objects_total") > before })
	resetClock(t)
	page, err := s.list(target, listQuery{max: 10})
	must(t, err)
	equal(t, "logs", len(page.objects), 1)
	log := page.objects[0].key
	if !strings.HasPrefix(log, "log-"+source+"20") {
		t.Fatalf("name of the log: %s", log)
	}
	r, err := c.GetObject(background, &oss.GetObjectRequest{Bucket: &target, Key: &log})
	must(t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	must(t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	equal(t, "lines", len(lines), 3)
	for i, want := range []string{`"PutBucketLogging"`, `"PutObject" "` + source + `" "k" 4 `, `"DeleteObject" "` + source + `" "k" - `} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d has no %s: %s", i, want, lines[i])
		}
	}
	if !strings.HasSuffix(lines[1], `" 4 "-" "-"`) || !strings.HasSuffix(lines[2], `" -4 "-" "-"`) {
		t.Errorf("growth of the bucket: %q", lines[1:])
	}
}
