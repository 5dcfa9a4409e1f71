package e2e

import (
	"testing"
	"time"
)

// wantFailure fails unless err is the service's refusal with this status, code and, if given, EC.
func wantFailure(t *testing.T, c sdk, err error, status int, code, ec string) serviceFailure {
	t.Helper()
	f, ok := c.failure(err)
	if !ok {
		t.Fatalf("expected %d %s, got %v", status, code, err)
	}
	if f.status != status || f.code != code {
		t.Errorf("expected %d %s, got %d %s (%s)", status, code, f.status, f.code, f.message)
	}
	if ec != "" && f.ec != ec {
		t.Errorf("the EC of %s is %q, expected %q", code, f.ec, ec)
	}
	if !requestID.MatchString(f.requestID) {
		t.Errorf("%s with the request id %q", code, f.requestID)
	}
	return f
}

func TestFailures(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{}))

		_, err := c.get(bucket, "absent", "")
		f := wantFailure(t, c, err, 404, "NoSuchKey", "0026-00000001")
		equal(t, "message", f.message, "The specified key does not exist.")
		// HEAD has no body: the SDK finds the document in x-oss-err.
		_, err = c.head(bucket, "absent")
		f = wantFailure(t, c, err, 404, "NoSuchKey", "0026-00000001")
		equal(t, "message of HEAD", f.message, "The specified key does not exist.")

		missing := bucket + "-absent"
		_, err = c.get(missing, "k", "")
		wantFailure(t, c, err, 404, "NoSuchBucket", "0015-00000101")
		_, err = c.head(missing, "k")
		wantFailure(t, c, err, 404, "NoSuchBucket", "0015-00000101")
		_, err = c.list(missing, listQuery{})
		wantFailure(t, c, err, 404, "NoSuchBucket", "0015-00000101")
		wantFailure(t, c, c.deleteBucket(missing), 404, "NoSuchBucket", "0015-00000101")
		wantFailure(t, c, c.deleteBucket(bucket), 409, "BucketNotEmpty", "")
		wantFailure(t, c, c.put(bucket, "k", []byte("other"), putOptions{forbidOverwrite: true}), 409, "FileAlreadyExists", "")
		wantFailure(t, c, c.put(bucket, "k", []byte("other"), putOptions{contentMD5: "1B2M2Y8AsgTpgAmY7PhCfg=="}), 400, "InvalidDigest", "")
		_, err = c.list(bucket, listQuery{max: 1001})
		wantFailure(t, c, err, 400, "InvalidArgument", "")

		// Refused writes changed nothing.
		kept, err := c.get(bucket, "k", "")
		must(t, err)
		equal(t, "body", string(kept.body), "body")
	})
}

func TestWrongCredentials(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{}))

		mismatch := map[string]string{"V1": "0002-00000040", "V4": "0002-00000201"}[v.signature]
		thief := v.client(clientOptions{accessKeySecret: env.accessKeySecret[1:] + "x"})
		_, err := thief.get(bucket, "k", "")
		wantFailure(t, thief, err, 403, "SignatureDoesNotMatch", mismatch)
		_, err = thief.head(bucket, "k")
		wantFailure(t, thief, err, 403, "SignatureDoesNotMatch", mismatch)
		wantFailure(t, thief, thief.put(bucket, "k", []byte("other"), putOptions{}), 403, "SignatureDoesNotMatch", mismatch)

		stranger := v.client(clientOptions{accessKeyID: "LTAI5tNobodyKnowsThis"})
		_, err = stranger.get(bucket, "k", "")
		wantFailure(t, stranger, err, 403, "InvalidAccessKeyId", "0002-00000902")
		_, err = stranger.listBuckets("")
		wantFailure(t, stranger, err, 403, "InvalidAccessKeyId", "0002-00000902")

		if v.signature == "V4" {
			abroad := v.client(clientOptions{region: "cn-shenzhen"})
			_, err = abroad.get(bucket, "k", "")
			f := wantFailure(t, abroad, err, 400, "InvalidArgument", "0002-00000226")
			equal(t, "message", f.message, "Invalid signing region in Authorization header.")
		}
	})
}

func TestClockSkew(t *testing.T) {
	each(t, func(t *testing.T, v variant, c sdk) {
		bucket := newBucket(t, c)
		must(t, c.put(bucket, "k", []byte("body"), putOptions{}))

		// Fifteen minutes are allowed, either way.
		for _, d := range []time.Duration{890 * time.Second, -890 * time.Second} {
			moveClock(t, d)
			_, err := c.get(bucket, "k", "")
			must(t, err)
		}
		for _, d := range []time.Duration{time.Hour, -time.Hour} {
			moveClock(t, d)
			late := v.client(clientOptions{})
			got, err := late.get(bucket, "k", "")
			if v.correctsSkew {
				// The SDK takes the time from the Date header of the refusal and tries again.
				must(t, err)
				equal(t, "body", string(got.body), "body")
			} else {
				f := wantFailure(t, late, err, 403, "RequestTimeTooSkewed", "0002-00000504")
				equal(t, "message", f.message, "The difference between the request time and the current time is too large.")
			}
		}
	})
}
