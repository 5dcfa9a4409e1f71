package e2e

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// unversioned makes a bucket without versions, for the second generation of the SDK.
func unversioned(t *testing.T) (*oss.Client, string) {
	t.Helper()
	s := variants[0].client(clientOptions{})
	return s.(*v2).c, newBucket(t, s)
}

// refusedAs fails unless err is a refusal with this code.
func refusedAs(t *testing.T, err error, code string) *oss.ServiceError {
	t.Helper()
	var refusal *oss.ServiceError
	if !errors.As(err, &refusal) || refusal.Code != code {
		t.Fatalf("want %s, got %v", code, err)
	}
	return refusal
}

func bodyOf(t *testing.T, c *oss.Client, bucket, key string) string {
	t.Helper()
	r, err := c.GetObject(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &key})
	must(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(t, err)
	return string(body)
}

func TestAppendAndSeal(t *testing.T) {
	c, bucket := unversioned(t)
	key := "log"
	add := func(position int64, text string) (*oss.AppendObjectResult, error) {
		return c.AppendObject(background, &oss.AppendObjectRequest{
			Bucket: &bucket, Key: &key, Position: &position, Body: strings.NewReader(text),
		})
	}
	first, err := add(0, "12345")
	must(t, err)
	second, err := add(first.NextPosition, "6789")
	must(t, err)
	if second.NextPosition != 9 || oss.ToString(second.HashCRC64) != "11051210869376104954" {
		t.Fatalf("%+v", second)
	}
	_, err = add(5, "x")
	refusal := refusedAs(t, err, "PositionNotEqualToLength")
	if refusal.Headers.Get("X-Oss-Next-Append-Position") != "9" {
		t.Fatalf("%v", refusal.Headers)
	}
	sealed, err := c.SealAppendObject(background, &oss.SealAppendObjectRequest{Bucket: &bucket, Key: &key, Position: oss.Ptr(int64(9))})
	must(t, err)
	if oss.ToString(sealed.SealedTime) == "" {
		t.Fatal("no time")
	}
	_, err = add(9, "x")
	refusedAs(t, err, "ObjectNotAppendable")
	if got := bodyOf(t, c, bucket, key); got != "123456789" {
		t.Fatal(got)
	}
}

func TestEncryptionByHeaderAndByBucket(t *testing.T) {
	c, bucket := unversioned(t)
	_, err := c.GetBucketEncryption(background, &oss.GetBucketEncryptionRequest{Bucket: &bucket})
	refusedAs(t, err, "NoSuchServerSideEncryptionRule")
	_, err = c.PutBucketEncryption(background, &oss.PutBucketEncryptionRequest{
		Bucket: &bucket,
		ServerSideEncryptionRule: &oss.ServerSideEncryptionRule{
			ApplyServerSideEncryptionByDefault: &oss.ApplyServerSideEncryptionByDefault{SSEAlgorithm: oss.Ptr("AES256")},
		},
	})
	must(t, err)
	body := strings.Repeat("0123456789", 20000)
	for key, algorithm := range map[string]*string{"AES256": nil, "SM4": oss.Ptr("SM4"), "KMS": oss.Ptr("KMS")} {
		_, err := c.PutObject(background, &oss.PutObjectRequest{
			Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(body)), ServerSideEncryption: algorithm,
		})
		must(t, err)
		head, err := c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key})
		must(t, err)
		if oss.ToString(head.ServerSideEncryption) != key || (head.ServerSideEncryptionKeyId != nil) != (key == "KMS") {
			t.Fatalf("%s: %+v", key, head)
		}
		if bodyOf(t, c, bucket, key) != body {
			t.Fatal("other bytes")
		}
	}
	_, err = c.PutObject(background, &oss.PutObjectRequest{
		Bucket: &bucket, Key: oss.Ptr("bad"), Body: strings.NewReader("x"), ServerSideEncryption: oss.Ptr("ROT13"),
	})
	refusedAs(t, err, "InvalidEncryptionAlgorithmError")
	_, err = c.DeleteBucketEncryption(background, &oss.DeleteBucketEncryptionRequest{Bucket: &bucket})
	must(t, err)
}

func TestRestore(t *testing.T) {
	c, bucket := unversioned(t)
	key := "k"
	_, err := c.PutObject(background, &oss.PutObjectRequest{
		Bucket: &bucket, Key: &key, Body: strings.NewReader("frozen"), StorageClass: oss.StorageClassArchive,
	})
	must(t, err)
	_, err = c.GetObject(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &key})
	refusedAs(t, err, "InvalidObjectState")
	begun, err := c.RestoreObject(background, &oss.RestoreObjectRequest{
		Bucket: &bucket, Key: &key, RestoreRequest: &oss.RestoreRequest{Days: 2},
	})
	must(t, err)
	if begun.StatusCode != 202 || bodyOf(t, c, bucket, key) != "frozen" {
		t.Fatalf("%+v", begun)
	}
	_, err = c.CleanRestoredObject(background, &oss.CleanRestoredObjectRequest{Bucket: &bucket, Key: &key})
	must(t, err)
	_, err = c.CleanRestoredObject(background, &oss.CleanRestoredObjectRequest{Bucket: &bucket, Key: &key})
	refusedAs(t, err, "ArchiveRestoreFileStale")
}

func TestRetentionAndLegalHold(t *testing.T) {
	c, bucket := unversioned(t)
	key := "k"
	_, err := c.PutObject(background, &oss.PutObjectRequest{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")})
	must(t, err)
	hold := func(status string) {
		_, err := c.PutObjectLegalHold(background, &oss.PutObjectLegalHoldRequest{
			Bucket: &bucket, Key: &key, LegalHold: &oss.ObjectWormLegalHold{Status: &status},
		})
		must(t, err)
	}
	remove := func() error {
		_, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: &key})
		return err
	}
	hold("ON")
	refusedAs(t, remove(), "FileImmutable")
	hold("OFF")
	until := time.Now().UTC().Add(time.Hour).Truncate(time.Second).Format("2006-01-02T15:04:05.000Z")
	_, err = c.PutObjectRetention(background, &oss.PutObjectRetentionRequest{
		Bucket: &bucket, Key: &key,
		Retention: &oss.ObjectWormRetention{Mode: oss.Ptr("GOVERNANCE"), RetainUntilDate: &until},
	})
	must(t, err)
	shown, err := c.GetObjectRetention(background, &oss.GetObjectRetentionRequest{Bucket: &bucket, Key: &key})
	must(t, err)
	if oss.ToString(shown.Retention.Mode) != "GOVERNANCE" || oss.ToString(shown.Retention.RetainUntilDate) != until {
		t.Fatalf("%+v", shown.Retention)
	}
	refusedAs(t, remove(), "FileImmutable")
	request := &oss.DeleteObjectRequest{Bucket: &bucket, Key: &key}
	request.Headers = map[string]string{"x-oss-bypass-governance-retention": "true"}
	_, err = c.DeleteObject(background, request)
	must(t, err)
}
