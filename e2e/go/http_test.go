package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// loopback resolves the names that the tests use, which no name server knows, to 127.0.0.1.
func loopback() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		DisableCompression:    true,
		ResponseHeaderTimeout: 20 * time.Second,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(strings.ToLower(address))
			if err != nil {
				return nil, err
			}
			if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix("."+host, "."+env.domain) {
				host = "127.0.0.1"
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort(host, port))
		},
	}
}

// loopbackClient is an HTTP client for SDKs whose endpoint is a name.
func loopbackClient() *http.Client { return &http.Client{Transport: loopback()} }

var plain = &http.Client{
	Transport:     loopback(),
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// reply is what a plain HTTP client sees.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send makes a request without any SDK, with the URL exactly as given.
func send(t *testing.T, method, url string, headers map[string]string, body []byte) reply {
	t.Helper()
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequest(method, url, reader)
	must(t, err)
	// net/http must put on the wire what the SDK wrote, not its own idea of the same URL.
	if _, target, _ := strings.Cut(strings.SplitN(url, "://", 2)[1], "/"); request.URL.RequestURI() != "/"+target {
		t.Fatalf("net/http would send %s for %s", request.URL.RequestURI(), url)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := plain.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	if !requestID.MatchString(response.Header.Get("x-oss-request-id")) {
		t.Errorf("%s answers %d with the request id %q", method, response.StatusCode, response.Header.Get("x-oss-request-id"))
	}
	return reply{response.StatusCode, response.Header, text}
}

var requestID = regexp.MustCompile(`^[0-9A-F]{24}$`)

// errorBody is the error document, from the body or, for HEAD, from the header that stands for it.
type errorBody struct {
	XMLName                                 xml.Name `xml:"Error"`
	Code, Message, RequestId, HostId, EC    string
	StringToSign, CanonicalRequest, Expires string
}

func (r reply) refusal(t *testing.T) errorBody {
	t.Helper()
	text := r.body
	if len(text) == 0 {
		var err error
		if text, err = base64.StdEncoding.DecodeString(r.header.Get("x-oss-err")); err != nil {
			t.Fatalf("x-oss-err: %v", err)
		}
	}
	var e errorBody
	if err := xml.Unmarshal(text, &e); err != nil {
		t.Fatalf("status %d, not an error document: %v: %.200q", r.status, err, text)
	}
	if e.RequestId != r.header.Get("x-oss-request-id") {
		t.Errorf("RequestId %q in the document, %q in the header", e.RequestId, r.header.Get("x-oss-request-id"))
	}
	if e.EC != r.header.Get("x-oss-ec") {
		t.Errorf("EC %q in the document, %q in the header", e.EC, r.header.Get("x-oss-ec"))
	}
	return e
}

// wantRefusal fails unless the reply is this status and code, and gives nothing of the object away.
func (r reply) wantRefusal(t *testing.T, what string, status int, code string) errorBody {
	t.Helper()
	if r.status < 400 {
		t.Fatalf("%s: answered %d, expected %d %s", what, r.status, status, code)
	}
	e := r.refusal(t)
	if r.status != status || e.Code != code {
		t.Errorf("%s: refused with %d %s (%s), expected %d %s", what, r.status, e.Code, e.Message, status, code)
	}
	return e
}

func (r reply) wantBody(t *testing.T, what string, body []byte) {
	t.Helper()
	if r.status != http.StatusOK {
		t.Fatalf("%s: answered %d: %.500s", what, r.status, r.body)
	}
	if !bytes.Equal(r.body, body) {
		t.Fatalf("%s: %d bytes came back, not the %d expected", what, len(r.body), len(body))
	}
}
