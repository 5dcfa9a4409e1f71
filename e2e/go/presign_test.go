package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// mismatch is the EC of a signature that does not match.
func (v variant) mismatch() string {
	return map[string]string{"V1": "0002-00000040", "V4": "0002-00000201"}[v.signature]
}

func TestPresignedGet(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		body := content(5, 3000)
		must(t, c.put(bucket, "dir/报告 1+2.bin", body, putOptions{contentType: "application/x-report"}))
		p, err := c.presign(http.MethodGet, bucket, "dir/报告 1+2.bin", 60*time.Second, presignOptions{})
		must(t, err)

		get := func() reply { return send(t, "GET", p.url, p.headers, nil) }
		first := get()
		first.wantBody(t, "before it expires", body)
		equal(t, "Content-Type", first.header.Get("Content-Type"), "application/x-report")
		// Headers that were not signed are free.
		part := send(t, "GET", p.url, map[string]string{"Range": "bytes=10-19", "Cache-Control": "no-cache"}, nil)
		equal(t, "status of a range", part.status, 206)
		equal(t, "range", string(part.body), string(body[10:20]))

		moveClock(t, 55*time.Second)
		get().wantBody(t, "shortly before it expires", body)
		for _, d := range []time.Duration{62 * time.Second, time.Hour, 400 * 24 * time.Hour} {
			moveClock(t, d)
			e := get().wantRefusal(t, fmt.Sprintf("after %v", d), 403, "AccessDenied")
			equal(t, "message", e.Message, "Request has expired.")
			if v.signature == "V1" {
				equal(t, "EC", e.EC, "0002-00000069")
			}
			if e.Expires == "" {
				t.Error("the refusal does not say when the URL expired")
			}
		}
		if v.signature == "V4" {
			// A V4 URL also has a beginning, with fifteen minutes of grace.
			moveClock(t, -890*time.Second)
			get().wantBody(t, "within the grace before it is valid", body)
			moveClock(t, -time.Hour)
			e := get().wantRefusal(t, "before it is valid", 403, "AccessDenied")
			equal(t, "EC", e.EC, "0002-00000235")
		}
		resetClock(t)
		get().wantBody(t, "with the clock back", body)
	})
}

func TestPresignedMethod(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{}))
		for _, signed := range []string{"GET", "HEAD", "PUT"} {
			p, err := c.presign(signed, bucket, "k", time.Minute, presignOptions{})
			must(t, err)
			for _, used := range []string{"GET", "HEAD", "PUT", "DELETE", "POST"} {
				r := send(t, used, p.url, p.headers, nil)
				if used == signed {
					equal(t, "status of "+used, r.status, 200)
					if used == "PUT" {
						must(t, c.put(bucket, "k", []byte("body"), putOptions{}))
					}
					continue
				}
				e := r.wantRefusal(t, used+" with a URL for "+signed, 403, "SignatureDoesNotMatch")
				equal(t, "EC", e.EC, v.mismatch())
			}
			kept, err := c.get(bucket, "k", "")
			must(t, err)
			equal(t, "body after the misuse of a URL for "+signed, string(kept.body), "body")
		}
	})
}

// refusal is an outcome that an altered URL may have.
type refusal struct {
	status   int
	code, ec string
}

// alteration is a URL that differs from the signed one, and how it has to be refused. Where the
// documentation settles the case there is one outcome; want is never empty.
type alteration struct {
	what, url string
	want      []refusal
}

// alterations changes every part of a presigned URL, one at a time: the text is cut up and put
// together without decoding anything.
func alterations(v variant, url string) []alteration {
	base, query, _ := strings.Cut(url, "?")
	params := strings.Split(query, "&")
	with := func(changed []string) string { return base + "?" + strings.Join(changed, "&") }
	differs := refusal{403, "SignatureDoesNotMatch", v.mismatch()}
	invalid := refusal{400, "InvalidArgument", ""}
	var out []alteration

	for i, param := range params {
		name, value, _ := strings.Cut(param, "=")
		before, after := slices.Clone(params[:i]), params[i+1:]
		dropped := slices.Concat(before, after)
		doubled := slices.Concat(params, []string{param})
		altered := slices.Concat(before, []string{name + "=" + value[:len(value)-1] + other(value[len(value)-1])}, after)

		wantAltered, wantDropped, wantDoubled := []refusal{differs}, []refusal{differs}, []refusal{invalid}
		switch name {
		case "OSSAccessKeyId":
			wantAltered = []refusal{{403, "InvalidAccessKeyId", "0002-00000902"}}
			wantDropped = []refusal{{403, "AccessDenied", "0002-00000071"}}
		case "Expires":
			wantDropped = []refusal{{403, "AccessDenied", ""}}
		case "Signature":
			wantDropped = []refusal{{403, "AccessDenied", "0002-00000074"}}
			altered = nil // each of its characters below
		case "x-oss-signature-version":
			wantAltered, wantDropped = []refusal{invalid}, []refusal{invalid}
		case "x-oss-credential":
			wantAltered, wantDropped = []refusal{invalid}, []refusal{invalid}
			out = append(out, alteration{"another region", strings.Replace(url, "%2F"+env.region+"%2F", "%2Fcn-shenzhen%2F", 1),
				[]refusal{{400, "InvalidArgument", "0002-00000226"}}})
			out = append(out, alteration{"another product", strings.Replace(url, "%2Foss%2F", "%2Fecs%2F", 1),
				[]refusal{{400, "InvalidArgument", "0002-00000227"}}})
			out = append(out, alteration{"another key", strings.Replace(url, "="+env.accessKeyID+"%2F", "="+env.accessKeyID+"x%2F", 1),
				[]refusal{{403, "InvalidAccessKeyId", "0002-00000902"}}})
		case "x-oss-date":
			// 20260102T030405Z: the last second, not the Z.
			n := len(value) - 2
			altered = slices.Concat(before, []string{name + "=" + value[:n] + other(value[n]) + "Z"}, after)
			wantDropped = []refusal{invalid, {403, "AccessDenied", "0002-00000503"}}
		case "x-oss-expires":
			wantDropped = []refusal{{400, "InvalidArgument", "0002-00000215"}}
		case "x-oss-signature":
			wantDropped = []refusal{{400, "InvalidArgument", "0002-00000219"}}
			altered = nil
		default:
			if v.signature == "V4" {
				// Not a parameter of the authentication: it only makes the canonical request another.
				wantDoubled = []refusal{differs, invalid}
			}
		}
		if altered != nil {
			out = append(out, alteration{name + " altered", with(altered), wantAltered})
		} else {
			out = append(out, signatureAlterations(differs, value, func(changed string) string {
				return with(slices.Concat(before, []string{name + "=" + changed}, after))
			})...)
		}
		out = append(out, alteration{name + " dropped", with(dropped), wantDropped})
		out = append(out, alteration{name + " doubled", with(doubled), wantDoubled})
	}

	// Every letter and digit of the path, the bucket included.
	host := strings.Index(base, "://") + 3
	start := host + strings.Index(base[host:], "/") + 1
	for i := start; i < len(base); i++ {
		if c := base[i]; isAlnum(c) && base[i-1] != '%' && base[i-2] != '%' {
			changed := base[:i] + other(c) + base[i+1:]
			out = append(out, alteration{fmt.Sprintf("path character %d", i-start), changed + "?" + query, []refusal{differs}})
		}
	}
	out = append(out, alteration{"path longer", base + "x?" + query, []refusal{differs}})
	out = append(out, alteration{"path shorter", base[:len(base)-1] + "?" + query, []refusal{differs}})
	out = append(out, alteration{"path with a slash", base + "/?" + query, []refusal{differs}})

	added := []string{"versionId=null", "response-content-encoding=x", "acl", "x-oss-process=image/info", "x-oss-anything=1"}
	if v.signature == "V4" {
		added = append(added, "anything=1", "prefix=a")
	}
	for _, param := range added {
		out = append(out, alteration{param + " added", url + "&" + param, []refusal{differs}})
	}
	return out
}

// signatureAlterations changes each character of a signature to another that is legal there.
func signatureAlterations(want refusal, value string, with func(string) string) []alteration {
	var out []alteration
	for i := 0; i < len(value); i++ {
		if value[i] == '%' {
			// An escaped + / or = of the base64 text: another of them instead.
			swap := map[string]string{"%2B": "%2F", "%2F": "%2B", "%3D": "A"}[strings.ToUpper(value[i:i+3])]
			out = append(out, alteration{fmt.Sprintf("signature character %d", i), with(value[:i] + swap + value[i+3:]), []refusal{want}})
			i += 2
			continue
		}
		out = append(out, alteration{fmt.Sprintf("signature character %d", i), with(value[:i] + other(value[i]) + value[i+1:]), []refusal{want}})
	}
	return out
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// other is a character of the same kind: a digit for a digit, and a to f for a to f.
func other(c byte) string {
	switch {
	case c == '9' || c == 'f' || c == 'z' || c == 'Z':
		return string(c - 1)
	case isAlnum(c):
		return string(c + 1)
	default:
		return "x"
	}
}

func (r refusal) matches(status int, e errorBody) bool {
	return r.status == status && r.code == e.Code && (r.ec == "" || r.ec == e.EC)
}

func TestPresignedAlterations(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		secret := "what only the holder of the URL may read"
		must(t, c.put(bucket, "dir/a b.txt", []byte(secret), putOptions{}))
		p, err := c.presign(http.MethodGet, bucket, "dir/a b.txt", 100*time.Second, presignOptions{
			responseContentType: "text/x-signed", responseContentDisposition: `attachment; filename="a.txt"`,
		})
		must(t, err)
		send(t, "GET", p.url, p.headers, nil).wantBody(t, "as signed", []byte(secret))

		tried := 0
		for _, a := range alterations(v, p.url) {
			if a.url == p.url {
				t.Fatalf("%s is no alteration", a.what)
			}
			tried++
			r := send(t, "GET", a.url, p.headers, nil)
			if r.status < 400 || strings.Contains(string(r.body), secret) {
				t.Errorf("%s: answered %d\n%s", a.what, r.status, a.url)
				continue
			}
			e := r.refusal(t)
			if !slices.ContainsFunc(a.want, func(w refusal) bool { return w.matches(r.status, e) }) {
				t.Errorf("%s: refused with %d %s %s (%s), expected %v\n%s", a.what, r.status, e.Code, e.EC, e.Message, a.want, a.url)
			}
		}
		if tried < 70 {
			t.Errorf("only %d alterations", tried)
		}
		// What is not signed in V1 does not hurt; the listing filters mean nothing here.
		if v.signature == "V1" {
			send(t, "GET", p.url+"&prefix=x&utm_source=mail", p.headers, nil).wantBody(t, "with unsigned parameters", []byte(secret))
		}
		send(t, "GET", p.url, p.headers, nil).wantBody(t, "as signed, after all that", []byte(secret))
	})
}

func TestPresignedPut(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		body := content(6, 20_000)
		o := presignOptions{putOptions: putOptions{
			contentType: "text/x-upload; charset=utf-8", meta: map[string]string{"author": "someone", "note": "second value"},
		}}
		p, err := c.presign(http.MethodPut, bucket, "up load/文件.txt", 60*time.Second, o)
		must(t, err)
		headers := map[string]string{}
		for k, h := range p.headers {
			headers[http.CanonicalHeaderKey(k)] = h
		}
		for _, name := range []string{"Content-Type", "X-Oss-Meta-Author", "X-Oss-Meta-Note"} {
			if headers[name] == "" {
				t.Fatalf("%s is not among the signed headers %v", name, headers)
			}
		}

		put := func(change func(map[string]string)) reply {
			h := map[string]string{}
			for k, value := range headers {
				h[k] = value
			}
			if change != nil {
				change(h)
			}
			return send(t, "PUT", p.url, h, body)
		}
		for name := range headers {
			for what, change := range map[string]func(map[string]string){
				"missing": func(h map[string]string) { delete(h, name) },
				"altered": func(h map[string]string) { h[name] += "x" },
			} {
				e := put(change).wantRefusal(t, name+" "+what, 403, "SignatureDoesNotMatch")
				equal(t, "EC", e.EC, v.mismatch())
			}
		}
		for _, extra := range []string{"X-Oss-Meta-More", "X-Oss-Object-Acl", "Content-Md5"} {
			e := put(func(h map[string]string) { h[extra] = "public-read" }).wantRefusal(t, extra+" added", 403, "SignatureDoesNotMatch")
			equal(t, "EC", e.EC, v.mismatch())
		}
		for what, r := range map[string]reply{
			"GET": send(t, "GET", p.url, headers, nil), "POST": send(t, "POST", p.url, headers, body),
			"another key": send(t, "PUT", strings.Replace(p.url, ".txt?", ".exe?", 1), headers, body),
		} {
			r.wantRefusal(t, what, 403, "SignatureDoesNotMatch")
		}
		moveClock(t, 62*time.Second)
		e := put(nil).wantRefusal(t, "expired", 403, "AccessDenied")
		equal(t, "message", e.Message, "Request has expired.")
		resetClock(t)
		// No refused upload left anything.
		left, err := c.list(bucket, listQuery{})
		must(t, err)
		equal(t, "objects after refused uploads", len(left.objects), 0)

		// Headers that were not signed are stored like those of any upload.
		r := put(func(h map[string]string) { h["Cache-Control"] = "max-age=9" })
		if r.status != 200 {
			t.Fatalf("presigned PUT answered %d: %s", r.status, r.body)
		}
		equal(t, "ETag", r.header.Get("ETag"), `"`+etagOf(body)+`"`)
		equal(t, "crc", r.header.Get("x-oss-hash-crc64ecma"), crcOf(body))
		got, err := c.get(bucket, "up load/文件.txt", "")
		must(t, err)
		equal(t, "body", string(got.body), string(body))
		equal(t, "Content-Type", got.header.Get("Content-Type"), o.contentType)
		equal(t, "x-oss-meta-author", got.header.Get("x-oss-meta-author"), "someone")
		equal(t, "x-oss-meta-note", got.header.Get("x-oss-meta-note"), "second value")
		equal(t, "Cache-Control", got.header.Get("Cache-Control"), "max-age=9")
	})
}

// V4 can sign further headers by name. (In V1 the set is fixed.)
func TestPresignedAdditionalHeader(t *testing.T) {
	each(t, func(t *testing.T, v variant, _ sdk) {
		if v.signature != "V4" {
			// V1 has no way to announce a header: a client told to sign one leaves it free.
			return
		}
		c := v.client(clientOptions{additionalHeaders: []string{"Cache-Control"}})
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "header-signed", []byte("x"), putOptions{cacheControl: "no-store"}))

		p, err := c.presign(http.MethodPut, bucket, "k", time.Minute, presignOptions{putOptions: putOptions{cacheControl: "no-store"}})
		must(t, err)
		if !strings.Contains(p.url, "x-oss-additional-headers=cache-control") {
			t.Fatalf("the header is not announced in %s", p.url)
		}
		send(t, "PUT", p.url, nil, []byte("x")).wantRefusal(t, "signed header missing", 400, "InvalidArgument")
		send(t, "PUT", p.url, map[string]string{"Cache-Control": "public"}, []byte("x")).
			wantRefusal(t, "signed header altered", 403, "SignatureDoesNotMatch")
		equal(t, "status", send(t, "PUT", p.url, map[string]string{"Cache-Control": "no-store"}, []byte("x")).status, 200)
		got, err := c.head(bucket, "k")
		must(t, err)
		equal(t, "Cache-Control", got.header.Get("Cache-Control"), "no-store")
	})
}

func TestPresignedLife(t *testing.T) {
	const day = 24 * time.Hour
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{}))
		sign := func(life time.Duration) (reply, string, error) {
			p, err := c.presign(http.MethodGet, bucket, "k", life, presignOptions{})
			if err != nil {
				return reply{}, "", err
			}
			return send(t, "GET", p.url, p.headers, nil), p.url, nil
		}
		expires := func(url string, valid, over time.Duration) {
			moveClock(t, valid)
			send(t, "GET", url, nil, nil).wantBody(t, fmt.Sprintf("after %v", valid), []byte("body"))
			moveClock(t, over)
			e := send(t, "GET", url, nil, nil).wantRefusal(t, fmt.Sprintf("after %v", over), 403, "AccessDenied")
			equal(t, "message", e.Message, "Request has expired.")
			resetClock(t)
		}

		r, url, err := sign(7 * day)
		must(t, err)
		r.wantBody(t, "seven days", []byte("body"))
		expires(url, 7*day-time.Minute, 7*day+time.Minute)

		r, url, err = sign(30 * day)
		switch {
		case v.signature == "V1":
			must(t, err)
			r.wantBody(t, "thirty days", []byte("body"))
			expires(url, 30*day-time.Minute, 30*day+time.Minute)
		case v.refusesLongV4:
			if err == nil || !strings.Contains(err.Error(), "604800") {
				t.Errorf("signing for thirty days: %v", err)
			}
		default:
			must(t, err)
			e := r.wantRefusal(t, "thirty days", 400, "InvalidArgument")
			equal(t, "EC", e.EC, "0002-00000232")
			r, _, err = sign(7*day + 2*time.Second)
			must(t, err)
			r.wantRefusal(t, "seven days and two seconds", 400, "InvalidArgument")
		}
	})
}

func TestPresignedParameters(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{contentType: "text/plain"}))
		for _, disposition := range []string{
			`attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A%20%2B%26.pdf`,
			`attachment; filename="报告 1+1&2.pdf"`,
		} {
			p, err := c.presign(http.MethodGet, bucket, "k", time.Minute, presignOptions{
				versionID: "null", responseContentType: "application/pdf; charset=utf-8", responseContentDisposition: disposition,
			})
			must(t, err)
			for _, name := range []string{"versionId=null", "response-content-type=", "response-content-disposition="} {
				if !strings.Contains(p.url, name) {
					t.Errorf("no %s in %s", name, p.url)
				}
			}
			r := send(t, "GET", p.url, p.headers, nil)
			r.wantBody(t, disposition, []byte("body"))
			equal(t, "Content-Disposition", r.header.Get("Content-Disposition"), disposition)
			equal(t, "Content-Type", r.header.Get("Content-Type"), "application/pdf; charset=utf-8")

			for from, to := range map[string]string{"versionId=null": "versionId=nul", "application%2Fpdf": "text%2Fhtml", "UTF-8": "utf-8"} {
				if changed := strings.Replace(p.url, from, to, 1); changed != p.url {
					e := send(t, "GET", changed, p.headers, nil).wantRefusal(t, to, 403, "SignatureDoesNotMatch")
					equal(t, "EC", e.EC, v.mismatch())
				}
			}
		}
		// The object's own headers are as they were.
		kept, err := c.head(bucket, "k")
		must(t, err)
		equal(t, "stored type", kept.header.Get("Content-Type"), "text/plain")
	})
}

// The headers of both schemes at once are not a stronger proof but a refusal.
func TestPresignedURLWithAuthorization(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{}))
		p, err := c.presign(http.MethodGet, bucket, "k", time.Minute, presignOptions{})
		must(t, err)
		e := send(t, "GET", p.url, map[string]string{"Authorization": "OSS " + env.accessKeyID + ":AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, nil).
			wantRefusal(t, "URL and header", 400, "InvalidArgument")
		equal(t, "EC", e.EC, "0002-00000039")
	})
}
