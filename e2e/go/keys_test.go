package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every key goes through put, presign, a download without an SDK, head, both listings, and delete.
func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		cases := keyCases(t)
		var all []string
		for _, k := range cases {
			all = append(all, k.key)
			body := []byte("content of " + k.key)
			if strings.HasPrefix(k.key, "?") {
				t.Fatalf("%s: Go SDK v1 refuses keys that begin with '?'", k.name)
			}
			if err := c.put(bucket, k.key, body, putOptions{}); err != nil {
				t.Fatalf("put %s: %v", k.name, err)
			}
			got, err := c.get(bucket, k.key, "")
			if err != nil {
				t.Fatalf("get %s: %v", k.name, err)
			}
			equal(t, "body of "+k.name, string(got.body), string(body))
			_, err = c.head(bucket, k.key)
			must(t, err)

			for _, method := range []string{http.MethodGet, http.MethodHead} {
				p, err := c.presign(method, bucket, k.key, time.Minute, presignOptions{})
				must(t, err)
				r := send(t, method, p.url, p.headers, nil)
				if method == http.MethodGet {
					r.wantBody(t, "presigned GET of "+k.name, body)
				} else {
					equal(t, "status of presigned HEAD of "+k.name, r.status, 200)
					equal(t, "ETag of "+k.name, r.header.Get("ETag"), `"`+etagOf(body)+`"`)
				}
			}
			p, err := c.presign(http.MethodPut, bucket, k.key, time.Minute, presignOptions{})
			must(t, err)
			equal(t, "status of presigned PUT of "+k.name, send(t, "PUT", p.url, p.headers, []byte("again "+k.key)).status, 200)
			again, err := c.get(bucket, k.key, "")
			must(t, err)
			equal(t, "body of "+k.name, string(again.body), "again "+k.key)
		}
		slices.Sort(all)

		for name, list := range map[string]func(string, listQuery) (listPage, error){"v1": c.list, "v2": c.listV2} {
			page, err := list(bucket, listQuery{max: 1000})
			must(t, err)
			if !slices.Equal(page.keys(), all) {
				t.Errorf("%s: listed %q", name, page.keys())
			}
			// One key a page, so that every key is a marker once.
			if got := walk(t, list, bucket, listQuery{}, 1); !slices.Equal(got, all) {
				t.Errorf("%s: one by one %q", name, got)
			}
			for _, k := range cases {
				page, err := list(bucket, listQuery{prefix: k.key})
				must(t, err)
				if len(page.objects) == 0 || page.objects[0].key != k.key {
					t.Errorf("%s: prefix %s gives %q", name, k.name, page.keys())
				}
			}
		}

		half := len(all) / 2
		for _, key := range all[:half] {
			must(t, c.remove(bucket, key))
		}
		gone, err := c.removeMany(bucket, all[half:], false)
		must(t, err)
		slices.Sort(gone)
		if !slices.Equal(gone, all[half:]) {
			t.Errorf("multi-delete answered %q", gone)
		}
		left, err := c.list(bucket, listQuery{})
		must(t, err)
		equal(t, "objects left", len(left.objects), 0)
	})
}

// Multipart uploads and copies of the same keys.
func TestKeysInMultipartAndCopy(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		for _, k := range keyCases(t) {
			id, err := c.initiate(bucket, k.key, putOptions{})
			must(t, err)
			etag, err := c.uploadPart(bucket, k.key, id, 1, []byte(k.name))
			must(t, err)
			uploads, err := c.listUploads(bucket, k.key)
			must(t, err)
			if !slices.Contains(uploads, upload{k.key, id}) {
				t.Errorf("%s: uploads %v", k.name, uploads)
			}
			_, err = c.complete(bucket, k.key, id, []part{{number: 1, etag: etag}})
			must(t, err)
			_, err = c.copyObject(bucket, k.key, bucket, "copies/"+k.name, nil)
			must(t, err)
			got, err := c.get(bucket, "copies/"+k.name, "")
			must(t, err)
			equal(t, "copy of "+k.name, string(got.body), k.name)
		}
	})
}
