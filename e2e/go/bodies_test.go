package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// counted is a body that says how much of it was taken; its type hides its length.
type counted struct {
	next io.Reader
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.next.Read(p)
	c.read += n
	return n, err
}

// A body whose length is not known goes out in chunks, with no Content-Length.
func TestChunkedBody(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		for _, size := range []int{0, 1, 70_000, 3 << 20} {
			body := content(int64(size), size)
			must(t, c.putStream(bucket, "k", &counted{next: bytes.NewReader(body)}))
			got, err := c.get(bucket, "k", "")
			must(t, err)
			if !bytes.Equal(got.body, body) {
				t.Errorf("%d bytes in chunks came back as %d", size, len(got.body))
			}
			equal(t, "crc", got.header.Get("x-oss-hash-crc64ecma"), crcOf(body))
		}
	})
}

// The transfer managers: parts and ranges in parallel, with the checksum of the whole combined from the parts.
func TestTransferManagers(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		folder := t.TempDir()
		from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
		body := content(9, 3<<20+12_345)
		must(t, os.WriteFile(from, body, 0o600))
		must(t, c.uploadFile(bucket, "dir/big file", from, 256<<10))
		head, err := c.head(bucket, "dir/big file")
		must(t, err)
		equal(t, "type", head.header.Get("x-oss-object-type"), "Multipart")
		equal(t, "crc", head.header.Get("x-oss-hash-crc64ecma"), crcOf(body))
		if !strings.HasSuffix(head.header.Get("ETag"), `-13"`) {
			t.Errorf("ETag %s of thirteen parts", head.header.Get("ETag"))
		}
		must(t, c.downloadFile(bucket, "dir/big file", to, 300_000))
		saved, err := os.ReadFile(to)
		must(t, err)
		if !bytes.Equal(saved, body) {
			t.Error("the downloaded file differs")
		}
	})
}

// A client that asks first sends nothing when the answer is no.
func TestExpectContinue(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		body := content(7, 2<<20)
		p, err := c.presign(http.MethodPut, bucket, "k", time.Minute, presignOptions{})
		must(t, err)
		transport := loopback()
		transport.ExpectContinueTimeout = 20 * time.Second
		put := func(url string) (int, string, int) {
			sent := &counted{next: bytes.NewReader(body)}
			request, err := http.NewRequest(http.MethodPut, url, sent)
			must(t, err)
			request.ContentLength = int64(len(body))
			request.Header.Set("Expect", "100-continue")
			start := time.Now()
			response, err := transport.RoundTrip(request)
			must(t, err)
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			must(t, err)
			if time.Since(start) > 10*time.Second {
				t.Errorf("answered after %v", time.Since(start))
			}
			return response.StatusCode, string(text), sent.read
		}
		status, text, sent := put(strings.Replace(p.url, bucket+"/k", bucket+"/other", 1))
		if status != 403 || !strings.Contains(text, "SignatureDoesNotMatch") {
			t.Errorf("answered %d: %s", status, text)
		}
		equal(t, "bytes sent before the refusal", sent, 0)
		status, text, sent = put(p.url)
		if status != 200 {
			t.Fatalf("answered %d: %s", status, text)
		}
		equal(t, "bytes sent", sent, len(body))
		got, err := c.get(bucket, "k", "")
		must(t, err)
		if !bytes.Equal(got.body, body) {
			t.Error("the body came back different")
		}
	})
}

// A client that does not ask gets its refusal too, however large its body, and can go on.
func TestRefusalOfALargeBody(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		p, err := c.presign(http.MethodPut, bucket, "k", time.Minute, presignOptions{})
		must(t, err)
		body := content(8, 4<<20)
		other := strings.Replace(p.url, bucket+"/k", bucket+"/other", 1)
		for range 3 {
			send(t, "PUT", other, nil, body).wantRefusal(t, "another key", 403, "SignatureDoesNotMatch")
			equal(t, "status", send(t, "PUT", p.url, nil, body).status, 200)
		}
		thief := v.client(clientOptions{accessKeySecret: "wrong"})
		err = thief.put(bucket, "k", body, putOptions{})
		wantFailure(t, thief, err, 403, "SignatureDoesNotMatch", v.mismatch())
		must(t, c.put(bucket, "k", body, putOptions{}))
	})
}
