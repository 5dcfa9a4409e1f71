package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every way to address the server that an endpoint and an option of the SDK can choose.
func TestAddresses(t *testing.T) {
	port := ":" + env.port
	pem, err := os.ReadFile(env.ca)
	must(t, err)
	secure := loopback()
	secure.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
	if !secure.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %s", env.ca)
	}
	tlsHost := strings.TrimPrefix(env.tls, "https://")

	for _, a := range []struct {
		name, endpoint string
		pathStyle      bool
		// host and path before the key, with BUCKET for the bucket.
		host, path string
		http       *http.Client
	}{
		{"IPv4", env.endpoint, false, "127.0.0.1" + port, "/BUCKET/", nil},
		{"IPv6", env.endpointV6, false, strings.TrimPrefix(env.endpointV6, "http://"), "/BUCKET/", nil},
		{"localhost", env.localhost, false, "BUCKET.localhost" + port, "/", loopbackClient()},
		{"localhost-path-style", env.localhost, true, "localhost" + port, "/BUCKET/", loopbackClient()},
		{"region-name", "http://oss-" + env.region + ".localhost" + port, false, "BUCKET.oss-" + env.region + ".localhost" + port, "/", loopbackClient()},
		{"own-domain", "http://" + env.domain + port, false, "BUCKET." + env.domain + port, "/", loopbackClient()},
		{"own-domain-path-style", "http://" + env.domain + port, true, env.domain + port, "/BUCKET/", loopbackClient()},
		{"tls", env.tls, false, "BUCKET." + tlsHost, "/", &http.Client{Transport: secure}},
	} {
		t.Run(a.name, func(t *testing.T) {
			for _, v := range variants {
				t.Run(v.name, func(t *testing.T) {
					c := v.client(clientOptions{endpoint: a.endpoint, pathStyle: a.pathStyle, http: a.http})
					bucket := newBucket(t, c)
					names, err := c.listBuckets(bucket)
					must(t, err)
					if !slices.Equal(names, []string{bucket}) {
						t.Errorf("buckets: %v", names)
					}
					info, err := c.bucketInfo(bucket)
					must(t, err)
					equal(t, "name", info.name, bucket)

					for _, key := range []string{"dir/a b+c.txt", "../文件?x#y", bucket + "/k"} {
						must(t, c.put(bucket, key, []byte("body of "+key), putOptions{}))
						got, err := c.get(bucket, key, "")
						must(t, err)
						equal(t, "body", string(got.body), "body of "+key)

						p, err := c.presign(http.MethodGet, bucket, key, time.Minute, presignOptions{})
						must(t, err)
						u, err := url.Parse(p.url)
						must(t, err)
						equal(t, "host of the URL", u.Host, strings.Replace(a.host, "BUCKET", bucket, 1))
						if want := strings.Replace(a.path, "BUCKET", bucket, 1); u.Path != want+key {
							t.Errorf("the path of the URL is %q", u.Path)
						}
						if u.Scheme == "http" {
							send(t, "GET", p.url, p.headers, nil).wantBody(t, "presigned", []byte("body of "+key))
						} else {
							r, err := (&http.Client{Transport: secure}).Get(p.url)
							must(t, err)
							r.Body.Close()
							equal(t, "status over TLS", r.StatusCode, 200)
						}
					}
					page, err := c.listV2(bucket, listQuery{})
					must(t, err)
					if !slices.Equal(page.keys(), []string{"../文件?x#y", "dir/a b+c.txt", bucket + "/k"}) {
						t.Errorf("listed %q", page.keys())
					}
					gone, err := c.removeMany(bucket, []string{"dir/a b+c.txt"}, false)
					must(t, err)
					equal(t, "deleted", len(gone), 1)
					_, err = c.get(bucket, "dir/a b+c.txt", "")
					wantFailure(t, c, err, 404, "NoSuchKey", "0026-00000001")
				})
			}
		})
	}
}

// A URL is good at every address of the server: the name in the host is not part of what is signed.
func TestPresignedAtAnotherAddress(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "dir/k", []byte("body"), putOptions{}))
		p, err := c.presign(http.MethodGet, bucket, "dir/k", time.Minute, presignOptions{})
		must(t, err)
		rest := strings.TrimPrefix(p.url, env.endpoint+"/"+bucket+"/")
		for _, base := range []string{
			"http://" + bucket + ".localhost:" + env.port + "/", env.localhost + "/" + bucket + "/",
			"http://" + bucket + ".oss-" + env.region + ".localhost:" + env.port + "/", env.endpointV6 + "/" + bucket + "/",
			"http://" + strings.ToUpper(bucket) + ".LocalHost:" + env.port + "/",
		} {
			send(t, "GET", base+rest, nil, nil).wantBody(t, base, []byte("body"))
		}
		// Another bucket's name in the host is another resource.
		send(t, "GET", "http://"+bucket+"x.localhost:"+env.port+"/"+rest, nil, nil).
			wantRefusal(t, "another bucket", 403, "SignatureDoesNotMatch")
	})
}
