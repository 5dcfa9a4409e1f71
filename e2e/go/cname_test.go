package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

// A domain with a certificate of its own: bound, used over HTTP and HTTPS, and let go again.
func TestCustomDomain(t *testing.T) {
	const domain = "go.cname.test"
	bucket := "go-cname"
	admin := openV2(clientOptions{endpoint: env.endpoint, region: env.region, accessKeyID: env.accessKeyID, accessKeySecret: env.accessKeySecret}).(*v2).c
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := admin.PutBucket(background, &oss.PutBucketRequest{Bucket: &bucket})
	check(err)

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	chain := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))

	configuration := &oss.BucketCnameConfiguration{Cname: &oss.Cname{
		Domain: oss.Ptr(domain),
		CertificateConfiguration: &oss.CertificateConfiguration{
			Certificate: oss.Ptr(chain), PrivateKey: oss.Ptr(private), Force: oss.Ptr(true),
		},
	}}
	_, err = admin.PutCname(background, &oss.PutCnameRequest{Bucket: &bucket, BucketCnameConfiguration: configuration})
	check(err)
	list, err := admin.ListCname(background, &oss.ListCnameRequest{Bucket: &bucket})
	check(err)
	if len(list.Cnames) != 1 || *list.Cnames[0].Domain != domain || *list.Cnames[0].Certificate.Type != "Upload" {
		t.Fatalf("%+v", list.Cnames)
	}

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(chain))
	loopback := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	web := &http.Client{Transport: &http.Transport{DialContext: loopback, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	tlsPort := env.tls[strings.LastIndex(env.tls, ":")+1:]
	for _, endpoint := range []string{"http://" + domain + ":" + env.port, "https://" + domain + ":" + tlsPort} {
		for _, version := range []oss.SignatureVersionType{oss.SignatureVersionV1, oss.SignatureVersionV4} {
			client := oss.NewClient(oss.LoadDefaultConfig().WithEndpoint(endpoint).WithRegion(env.region).
				WithUseCName(true).WithSignatureVersion(version).WithHttpClient(web).
				WithCredentialsProvider(credentials.NewStaticCredentialsProvider(env.accessKeyID, env.accessKeySecret)))
			_, err := client.PutObject(background, &oss.PutObjectRequest{Bucket: &bucket, Key: oss.Ptr("a b"), Body: strings.NewReader(endpoint)})
			check(err)
			link, err := client.Presign(background, &oss.GetObjectRequest{Bucket: &bucket, Key: oss.Ptr("a b")})
			check(err)
			if !strings.HasPrefix(link.URL, endpoint+"/a%20b?") {
				t.Fatal(link.URL)
			}
			answer, err := web.Get(link.URL)
			check(err)
			body, err := io.ReadAll(answer.Body)
			check(err)
			answer.Body.Close()
			if answer.StatusCode != 200 || string(body) != endpoint {
				t.Fatalf("%d %s", answer.StatusCode, body)
			}
		}
	}

	_, err = admin.DeleteCname(background, &oss.DeleteCnameRequest{Bucket: &bucket, BucketCnameConfiguration: &oss.BucketCnameConfiguration{Cname: &oss.Cname{Domain: oss.Ptr(domain)}}})
	check(err)
	_, err = admin.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: oss.Ptr("a b")})
	check(err)
	_, err = admin.DeleteBucket(background, &oss.DeleteBucketRequest{Bucket: &bucket})
	check(err)
}
