package e2e

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"hash/crc64"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// content is n bytes that are not text and differ by seed.
func content(seed int64, n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(b)
	return b
}

func etagOf(body []byte) string { return fmt.Sprintf("%X", md5.Sum(body)) }

func crcOf(body []byte) string {
	return fmt.Sprint(crc64.Checksum(body, crc64.MakeTable(crc64.ECMA)))
}

func unquote(etag string) string { return strings.Trim(etag, `"`) }

func TestBucket(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		// Making a bucket again that is one's own changes nothing.
		must(t, c.createBucket(bucket))

		names, err := c.listBuckets(bucket)
		must(t, err)
		if !slices.Equal(names, []string{bucket}) {
			t.Errorf("listed %v", names)
		}
		info, err := c.bucketInfo(bucket)
		must(t, err)
		equal(t, "name", info.name, bucket)
		equal(t, "location", info.location, "oss-"+env.region)
		equal(t, "acl", info.acl, "private")
		equal(t, "storage class", info.storageClass, "Standard")
		equal(t, "redundancy", info.redundancy, "LRS")
		if !regexp.MustCompile(`^\d{16}$`).MatchString(info.owner) {
			t.Errorf("owner is %q", info.owner)
		}
		if info.extranet == "" || info.intranet == "" {
			t.Errorf("endpoints are %q and %q", info.extranet, info.intranet)
		}
		if age := time.Since(info.created); age < -2*time.Second || age > time.Minute {
			t.Errorf("created %v", info.created)
		}
		location, err := c.bucketLocation(bucket)
		must(t, err)
		equal(t, "location", location, "oss-"+env.region)

		for _, acl := range []string{"public-read", "public-read-write", "private"} {
			must(t, c.setBucketACL(bucket, acl))
			got, err := c.bucketACL(bucket)
			must(t, err)
			equal(t, "bucket acl", got, acl)
		}
	})
}

func TestObject(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		body := content(1, 100_000)
		start := time.Now()
		must(t, c.put(bucket, "dir/one.bin", body, putOptions{
			contentType: "image/x-test", cacheControl: "max-age=7", meta: map[string]string{"author": "someone", "note": "a b"},
		}))

		whole, err := c.get(bucket, "dir/one.bin", "")
		must(t, err)
		if !bytes.Equal(whole.body, body) {
			t.Fatal("the body came back different")
		}
		head, err := c.head(bucket, "dir/one.bin")
		must(t, err)
		for _, h := range []http.Header{whole.header, head.header} {
			equal(t, "ETag", h.Get("ETag"), `"`+etagOf(body)+`"`)
			equal(t, "crc", h.Get("x-oss-hash-crc64ecma"), crcOf(body))
			equal(t, "Content-Type", h.Get("Content-Type"), "image/x-test")
			equal(t, "Cache-Control", h.Get("Cache-Control"), "max-age=7")
			equal(t, "x-oss-meta-author", h.Get("x-oss-meta-author"), "someone")
			equal(t, "x-oss-meta-note", h.Get("x-oss-meta-note"), "a b")
			equal(t, "x-oss-object-type", h.Get("x-oss-object-type"), "Normal")
			equal(t, "x-oss-storage-class", h.Get("x-oss-storage-class"), "Standard")
			equal(t, "Content-Length", h.Get("Content-Length"), "100000")
			modified, err := http.ParseTime(h.Get("Last-Modified"))
			must(t, err)
			if d := modified.Sub(start); d < -2*time.Second || d > time.Minute {
				t.Errorf("Last-Modified is %v", modified)
			}
		}

		for _, r := range []struct {
			asked, answered string
			from, to        int
		}{
			{"bytes=0-9", "bytes 0-9/100000", 0, 10},
			{"bytes=99990-", "bytes 99990-99999/100000", 99_990, 100_000},
			{"bytes=-5", "bytes 99995-99999/100000", 99_995, 100_000},
			{"bytes=4095-70000", "bytes 4095-70000/100000", 4095, 70_001},
		} {
			got, err := c.get(bucket, "dir/one.bin", r.asked)
			must(t, err)
			if !bytes.Equal(got.body, body[r.from:r.to]) {
				t.Errorf("%s gave %d bytes", r.asked, len(got.body))
			}
			equal(t, "Content-Range of "+r.asked, got.header.Get("Content-Range"), r.answered)
			equal(t, "crc of a part", got.header.Get("x-oss-hash-crc64ecma"), crcOf(body))
		}
		// A range past the end is ignored unless x-oss-range-behavior asks for the standard.
		past, err := c.get(bucket, "dir/one.bin", "bytes=200000-300000")
		must(t, err)
		equal(t, "bytes for a range past the end", len(past.body), len(body))

		// An empty object.
		must(t, c.put(bucket, "empty", nil, putOptions{}))
		empty, err := c.get(bucket, "empty", "")
		must(t, err)
		equal(t, "size", len(empty.body), 0)
		equal(t, "ETag", empty.header.Get("ETag"), `"D41D8CD98F00B204E9800998ECF8427E"`)
		equal(t, "crc", empty.header.Get("x-oss-hash-crc64ecma"), "0")

		// Copies: with the source's metadata, and with metadata of its own.
		etag, err := c.copyObject(bucket, "dir/one.bin", bucket, "copy 1", nil)
		must(t, err)
		equal(t, "ETag of the copy", unquote(etag), etagOf(body))
		kept, err := c.get(bucket, "copy 1", "")
		must(t, err)
		if !bytes.Equal(kept.body, body) {
			t.Error("the copy differs")
		}
		equal(t, "metadata of the copy", kept.header.Get("x-oss-meta-author"), "someone")
		_, err = c.copyObject(bucket, "copy 1", bucket, "中文/copy+2", map[string]string{"author": "other"})
		must(t, err)
		replaced, err := c.head(bucket, "中文/copy+2")
		must(t, err)
		equal(t, "replaced metadata", replaced.header.Get("x-oss-meta-author"), "other")
		equal(t, "dropped metadata", replaced.header.Get("x-oss-meta-note"), "")

		// Deleting: one, one that is not there, several.
		must(t, c.remove(bucket, "empty"))
		must(t, c.remove(bucket, "empty"))
		gone, err := c.removeMany(bucket, []string{"dir/one.bin", "never there", "中文/copy+2"}, false)
		must(t, err)
		slices.Sort(gone)
		if !slices.Equal(gone, []string{"dir/one.bin", "never there", "中文/copy+2"}) {
			t.Errorf("deleted %q", gone)
		}
		gone, err = c.removeMany(bucket, []string{"copy 1"}, true)
		must(t, err)
		equal(t, "names in a quiet answer", len(gone), 0)
		left, err := c.list(bucket, listQuery{})
		must(t, err)
		equal(t, "objects left", len(left.objects), 0)
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		var all []string
		for i := range 7 {
			all = append(all, fmt.Sprintf("a/%d", i), fmt.Sprintf("b/%d/x", i))
		}
		all = append(all, "c d+e", "中文", "z")
		for _, k := range all {
			must(t, c.put(bucket, k, []byte(k), putOptions{}))
		}
		slices.Sort(all)

		for name, list := range map[string]func(string, listQuery) (listPage, error){"v1": c.list, "v2": c.listV2} {
			page, err := list(bucket, listQuery{max: 1000})
			must(t, err)
			if !slices.Equal(page.keys(), all) || page.truncated {
				t.Errorf("%s: listed %q, truncated %v", name, page.keys(), page.truncated)
			}
			for _, o := range page.objects {
				equal(t, "ETag of "+o.key, unquote(o.etag), etagOf([]byte(o.key)))
				equal(t, "size of "+o.key, o.size, int64(len(o.key)))
				equal(t, "type of "+o.key, o.kind, "Normal")
				equal(t, "class of "+o.key, o.storageClass, "Standard")
				if time.Since(o.modified).Abs() > time.Minute {
					t.Errorf("%s modified %v", o.key, o.modified)
				}
				if (o.owner != "") != (name == "v1") {
					t.Errorf("%s: owner of %s is %q", name, o.key, o.owner)
				}
			}

			// Every page size sees every key and prefix once, in order.
			for _, max := range []int{1, 2, 5, 1000} {
				for _, q := range []listQuery{{}, {prefix: "b/"}, {delimiter: "/"}, {prefix: "b/", delimiter: "/"}, {prefix: "b/3", delimiter: "x"}, {after: "b/3"}, {after: "c"}} {
					got, want := walk(t, list, bucket, q, max), expected(all, q)
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%s: %+v by %d: %q, expected %q", name, q, max, got, want)
					}
				}
			}
		}
	})
}

// walk lists all pages and returns keys and common prefixes in the order of the listing.
func walk(t *testing.T, list func(string, listQuery) (listPage, error), bucket string, q listQuery, max int) []string {
	t.Helper()
	out := []string{}
	q.max = max
	for pages := 0; ; pages++ {
		page, err := list(bucket, q)
		must(t, err)
		entries := append(page.keys(), page.prefixes...)
		if len(entries) > max {
			t.Fatalf("a page of %d entries, asked for %d", len(entries), max)
		}
		slices.Sort(entries)
		out = append(out, entries...)
		if !page.truncated {
			return out
		}
		if page.next == "" || pages > 100 {
			t.Fatalf("truncated, next is %q after %d pages", page.next, pages)
		}
		q.token = page.next
	}
}

// expected is the listing that a sorted list of keys gives.
func expected(all []string, q listQuery) []string {
	out := []string{}
	for _, k := range all {
		if !strings.HasPrefix(k, q.prefix) || k <= q.after {
			continue
		}
		entry := k
		if q.delimiter != "" {
			if i := strings.Index(k[len(q.prefix):], q.delimiter); i >= 0 {
				entry = k[:len(q.prefix)+i+len(q.delimiter)]
			}
		}
		if len(out) == 0 || out[len(out)-1] != entry {
			out = append(out, entry)
		}
	}
	return out
}

func TestMultipart(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		key := "big 文件+1.bin"
		id, err := c.initiate(bucket, key, putOptions{contentType: "text/x-big", meta: map[string]string{"origin": "parts"}})
		must(t, err)
		other, err := c.initiate(bucket, "other", putOptions{})
		must(t, err)

		bodies := map[int][]byte{1: content(1, 100<<10), 2: content(2, 130_001), 4: content(4, 7)}
		var parts []part
		var whole, tags []byte
		for _, n := range []int{4, 2, 1} {
			etag, err := c.uploadPart(bucket, key, id, n, bodies[n])
			must(t, err)
			equal(t, "ETag of a part", unquote(etag), etagOf(bodies[n]))
			parts = append([]part{{number: n, etag: etag}}, parts...)
		}
		for _, p := range parts {
			whole = append(whole, bodies[p.number]...)
			tags = append(tags, etagOf(bodies[p.number])...)
		}

		uploads, err := c.listUploads(bucket, "")
		must(t, err)
		if !slices.Equal(uploads, []upload{{key, id}, {"other", other}}) {
			t.Errorf("uploads: %v", uploads)
		}
		uploads, err = c.listUploads(bucket, "oth")
		must(t, err)
		if !slices.Equal(uploads, []upload{{"other", other}}) {
			t.Errorf("uploads with a prefix: %v", uploads)
		}
		page, err := c.listParts(bucket, key, id, 2, 0)
		must(t, err)
		if len(page.parts) != 2 || !page.truncated || page.next != 2 {
			t.Fatalf("first page of parts: %+v", page)
		}
		rest, err := c.listParts(bucket, key, id, 2, page.next)
		must(t, err)
		if len(rest.parts) != 1 || rest.truncated {
			t.Fatalf("second page of parts: %+v", rest)
		}
		for i, p := range append(page.parts, rest.parts...) {
			equal(t, "number", p.number, parts[i].number)
			equal(t, "size", p.size, int64(len(bodies[p.number])))
			equal(t, "etag", unquote(p.etag), etagOf(bodies[p.number]))
		}
		// Nothing is visible before the upload is completed.
		_, err = c.head(bucket, key)
		wantFailure(t, c, err, 404, "NoSuchKey", "0026-00000001")

		etag, err := c.complete(bucket, key, id, parts)
		must(t, err)
		wantETag := fmt.Sprintf("%X-3", md5.Sum(tags))
		equal(t, "ETag", unquote(etag), wantETag)
		got, err := c.get(bucket, key, "")
		must(t, err)
		if !bytes.Equal(got.body, whole) {
			t.Fatal("the parts came back different")
		}
		equal(t, "ETag", got.header.Get("ETag"), `"`+wantETag+`"`)
		equal(t, "crc", got.header.Get("x-oss-hash-crc64ecma"), crcOf(whole))
		equal(t, "type", got.header.Get("x-oss-object-type"), "Multipart")
		equal(t, "Content-Type", got.header.Get("Content-Type"), "text/x-big")
		equal(t, "metadata", got.header.Get("x-oss-meta-origin"), "parts")
		equal(t, "Content-MD5", got.header.Get("Content-MD5"), "")
		across, err := c.get(bucket, key, "bytes=102390-102420")
		must(t, err)
		if !bytes.Equal(across.body, whole[102_390:102_421]) {
			t.Error("a range across two parts differs")
		}

		must(t, c.abort(bucket, "other", other))
		_, err = c.listParts(bucket, "other", other, 10, 0)
		wantFailure(t, c, err, 404, "NoSuchUpload", "")
		_, err = c.uploadPart(bucket, "other", other, 1, []byte("x"))
		wantFailure(t, c, err, 404, "NoSuchUpload", "0042-00000104")
		uploads, err = c.listUploads(bucket, "")
		must(t, err)
		equal(t, "uploads left", len(uploads), 0)
	})
}

func TestMultipartRefusals(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		id, err := c.initiate(bucket, "k", putOptions{})
		must(t, err)
		big, err := c.uploadPart(bucket, "k", id, 1, content(1, 100<<10))
		must(t, err)
		small, err := c.uploadPart(bucket, "k", id, 2, []byte("small"))
		must(t, err)
		last, err := c.uploadPart(bucket, "k", id, 3, []byte("last"))
		must(t, err)

		_, err = c.complete(bucket, "k", id, []part{{number: 1, etag: big}, {number: 2, etag: small}, {number: 3, etag: last}})
		wantFailure(t, c, err, 400, "EntityTooSmall", "")
		_, err = c.complete(bucket, "k", id, []part{{number: 1, etag: small}})
		wantFailure(t, c, err, 400, "InvalidPart", "")
		_, err = c.complete(bucket, "k", id, []part{{number: 1, etag: big}, {number: 9, etag: last}})
		wantFailure(t, c, err, 400, "InvalidPart", "")
		// None of the refusals ended the upload. Both SDKs sort the parts before they send them, so that
		// InvalidPartOrder is out of their reach.
		_, err = c.complete(bucket, "k", id, []part{{number: 3, etag: last}, {number: 1, etag: big}})
		must(t, err)
		err = c.abort(bucket, "k", id)
		wantFailure(t, c, err, 404, "NoSuchUpload", "0042-00000002")
	})
}

func TestObjectACL(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{}))
		url := env.endpoint + "/" + bucket + "/k"

		acl, err := c.objectACL(bucket, "k")
		must(t, err)
		equal(t, "acl", acl, "default")
		send(t, "GET", url, nil, nil).wantRefusal(t, "anonymous GET of a private object", 403, "AccessDenied")

		for _, acl := range []string{"public-read", "private", "public-read-write", "default"} {
			must(t, c.setObjectACL(bucket, "k", acl))
			got, err := c.objectACL(bucket, "k")
			must(t, err)
			equal(t, "acl", got, acl)
			if strings.HasPrefix(acl, "public") {
				send(t, "GET", url, nil, nil).wantBody(t, "anonymous GET of "+acl, []byte("body"))
			} else {
				send(t, "GET", url, nil, nil).wantRefusal(t, "anonymous GET of "+acl, 403, "AccessDenied")
			}
			// Writing includes deleting.
			if gone := send(t, "DELETE", url, nil, nil); acl == "public-read-write" {
				equal(t, "status of an anonymous DELETE", gone.status, 204)
				must(t, c.put(bucket, "k", []byte("body"), putOptions{}))
			} else {
				gone.wantRefusal(t, "anonymous DELETE of "+acl, 403, "AccessDenied")
			}
		}
		// The bucket's ACL counts where the object has none of its own.
		must(t, c.setBucketACL(bucket, "public-read"))
		send(t, "GET", url, nil, nil).wantBody(t, "anonymous GET, bucket public-read", []byte("body"))
		send(t, "PUT", url, nil, []byte("other")).wantRefusal(t, "anonymous PUT, bucket public-read", 403, "AccessDenied")
		must(t, c.setObjectACL(bucket, "k", "private"))
		send(t, "GET", url, nil, nil).wantRefusal(t, "anonymous GET, object private", 403, "AccessDenied")
	})
}

// The SDKs compare CRC-64 by default. Both directions of the proof: a transfer passes although they
// compare, and it fails when the server's value is changed on the way.
func TestChecksums(t *testing.T) {
	each(t, func(t *testing.T, v variant, _ sdk) {
		wrong := &wrongCRC{next: loopback()}
		c := v.client(clientOptions{http: &http.Client{Transport: wrong}})
		bucket := newBucket(t, c)
		body := content(3, 50_000)
		file := filepath.Join(t.TempDir(), "download")

		must(t, c.put(bucket, "k", body, putOptions{}))
		must(t, c.getToFile(bucket, "k", file))
		saved, err := os.ReadFile(file)
		must(t, err)
		if !bytes.Equal(saved, body) {
			t.Fatal("the file differs")
		}
		id, err := c.initiate(bucket, "m", putOptions{})
		must(t, err)

		wrong.on = true
		_, partErr := c.uploadPart(bucket, "m", id, 1, body)
		for what, err := range map[string]error{
			"upload": c.put(bucket, "k2", body, putOptions{}), "part": partErr, "download": c.getToFile(bucket, "k", file),
		} {
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), "crc") {
				t.Errorf("%s with a wrong CRC: %v", what, err)
			}
		}
		wrong.on = false
		if wrong.seen == 0 {
			t.Error("no answer carried x-oss-hash-crc64ecma")
		}
	})
}

// wrongCRC changes the checksum that the server sends.
type wrongCRC struct {
	next http.RoundTripper
	on   bool
	seen int
}

func (w *wrongCRC) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(r)
	if err == nil && w.on && response.Header.Get("x-oss-hash-crc64ecma") != "" {
		w.seen++
		response.Header.Set("x-oss-hash-crc64ecma", "1")
	}
	return response, err
}
