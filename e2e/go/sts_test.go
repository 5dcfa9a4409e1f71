package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	sts "github.com/alibabacloud-go/sts-20150401/v2/client"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	osscredentials "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	ossv1 "github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/aliyun/credentials-go/credentials/providers"
)

// temporary credentials, or permanent ones when token is empty.
type key struct{ id, secret, token string }

// admin runs `fosse admin` on the server's admin listener with the root AccessKey.
func admin(t *testing.T, arguments ...string) map[string]any {
	t.Helper()
	arguments = append([]string{"admin", "--output", "json", "--admin-url", os.Getenv("FOSSE_E2E_ADMIN")}, arguments...)
	command := exec.Command(os.Getenv("FOSSE_E2E_BIN"), arguments...)
	command.Env = append(os.Environ(), "OSS_ACCESS_KEY_ID="+env.accessKeyID, "OSS_ACCESS_KEY_SECRET="+env.accessKeySecret)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %v %s", arguments, err, stderr.String())
	}
	answer := map[string]any{}
	if stdout.Len() > 0 {
		if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
	}
	return answer
}

// roleOf makes a user who may take on a role that may do everything in OSS: the user's key and the role's ARN.
func roleOf(t *testing.T, name string) (key, string) {
	t.Helper()
	resetClock(t)
	user, role := name+"-user", name+"-role"
	admin(t, "user", "create", user)
	made := admin(t, "access-key", "create", "--user", user)["AccessKey"].(map[string]any)
	id := made["AccessKeyId"].(string)
	arn := admin(t, "role", "create", role)["Role"].(map[string]any)["Arn"].(string)
	admin(t, "policy", "attach", "AliyunSTSAssumeRoleAccess", "--user", user)
	admin(t, "policy", "attach", "AliyunOSSFullAccess", "--role", role)
	t.Cleanup(func() {
		resetClock(t)
		admin(t, "policy", "detach", "AliyunSTSAssumeRoleAccess", "--user", user)
		admin(t, "policy", "detach", "AliyunOSSFullAccess", "--role", role)
		admin(t, "access-key", "delete", id)
		admin(t, "role", "delete", role)
		admin(t, "user", "delete", user)
	})
	return key{id: id, secret: made["AccessKeySecret"].(string)}, arn
}

func stsClient(t *testing.T, k key) *sts.Client {
	t.Helper()
	config := &openapi.Config{
		AccessKeyId: &k.id, AccessKeySecret: &k.secret,
		Endpoint: tea.String(strings.TrimPrefix(env.endpoint, "http://")), Protocol: tea.String("HTTP"),
	}
	if k.token != "" {
		config.SecurityToken = &k.token
	}
	client, err := sts.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func assume(t *testing.T, k key, request *sts.AssumeRoleRequest) key {
	t.Helper()
	answer, err := stsClient(t, k).AssumeRole(request)
	if err != nil {
		t.Fatal(err)
	}
	got := answer.Body.Credentials
	return key{*got.AccessKeyId, *got.AccessKeySecret, *got.SecurityToken}
}

func clientV2(k key, version oss.SignatureVersionType) *oss.Client {
	return oss.NewClient(oss.LoadDefaultConfig().WithEndpoint(env.endpoint).WithRegion(env.region).
		WithCredentialsProvider(osscredentials.NewStaticCredentialsProvider(k.id, k.secret, k.token)).
		WithSignatureVersion(version))
}

func fetch(t *testing.T, url string) (int, string, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	code := ""
	if _, after, found := strings.Cut(text, "<Code>"); found {
		code, _, _ = strings.Cut(after, "</Code>")
	}
	return response.StatusCode, code, text
}

// A session narrowed to one prefix: its links open what is below it, nothing else, and not for longer than its token lives.
func TestLinksOfANarrowedSession(t *testing.T) {
	user, arn := roleOf(t, "go-narrow")
	bucket := "go-sts-narrow"
	root := clientV2(key{env.accessKeyID, env.accessKeySecret, ""}, oss.SignatureVersionV4)
	fillBucket(t, root, bucket)
	policy := fmt.Sprintf(`{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject"],"Resource":["acs:oss:*:*:%s/u1/*"]}]}`, bucket)
	signers := map[string]func(k key, name string) string{
		"v2-V1": func(k key, name string) string {
			return presignV2(t, clientV2(k, oss.SignatureVersionV1), bucket, name)
		},
		"v2-V4": func(k key, name string) string {
			return presignV2(t, clientV2(k, oss.SignatureVersionV4), bucket, name)
		},
		"v1-V1": func(k key, name string) string { return presignV1(t, k, ossv1.AuthV1, bucket, name) },
		"v1-V4": func(k key, name string) string { return presignV1(t, k, ossv1.AuthV4, bucket, name) },
	}
	for name, sign := range signers {
		t.Run(name, func(t *testing.T) {
			session := assume(t, user, &sts.AssumeRoleRequest{
				RoleArn: &arn, RoleSessionName: tea.String("go"), DurationSeconds: tea.Int64(900), Policy: &policy,
			})
			if !strings.HasPrefix(session.id, "STS.") {
				t.Fatal(session.id)
			}
			link, other := sign(session, "u1/a"), sign(session, "u2/b")
			if status, _, body := fetch(t, link); status != 200 || body != "one" {
				t.Fatal(status, body)
			}
			if status, code, _ := fetch(t, other); status != 403 || code != "AccessDenied" {
				t.Fatal(status, code)
			}
			moveClock(t, 880*time.Second)
			if status, _, body := fetch(t, link); status != 200 {
				t.Fatal(status, body)
			}
			moveClock(t, 910*time.Second)
			if status, code, _ := fetch(t, link); status != 403 || code != "SecurityTokenExpired" {
				t.Fatal(status, code)
			}
			resetClock(t)
		})
	}
}

// The official credential provider takes the role on by itself and renews it; the OSS SDK asks it at each request.
func TestCredentialProviderTakesARoleOn(t *testing.T) {
	user, arn := roleOf(t, "go-provider")
	bucket := "go-sts-provider"
	root := clientV2(key{env.accessKeyID, env.accessKeySecret, ""}, oss.SignatureVersionV4)
	fillBucket(t, root, bucket)
	// The provider speaks HTTPS only, and copies the settings of Go's own transport.
	pem, err := os.ReadFile(env.ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	transport := http.DefaultTransport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	t.Cleanup(func() { transport.TLSClientConfig = nil })

	static, err := providers.NewStaticAKCredentialsProviderBuilder().
		WithAccessKeyId(user.id).WithAccessKeySecret(user.secret).Build()
	if err != nil {
		t.Fatal(err)
	}
	provider, err := providers.NewRAMRoleARNCredentialsProviderBuilder().WithCredentialsProvider(static).
		WithRoleArn(arn).WithRoleSessionName("provider").WithDurationSeconds(900).
		WithStsEndpoint(strings.TrimPrefix(env.tls, "https://")).Build()
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	fetcher := osscredentials.CredentialsProviderFunc(func(context.Context) (osscredentials.Credentials, error) {
		got, err := provider.GetCredentials()
		if err != nil {
			return osscredentials.Credentials{}, err
		}
		seen = append(seen, got.AccessKeyId)
		return osscredentials.Credentials{
			AccessKeyID: got.AccessKeyId, AccessKeySecret: got.AccessKeySecret, SecurityToken: got.SecurityToken,
		}, nil
	})
	client := oss.NewClient(oss.LoadDefaultConfig().WithEndpoint(env.endpoint).WithRegion(env.region).WithCredentialsProvider(fetcher))
	for range 2 {
		got, err := client.GetObject(background, &oss.GetObjectRequest{Bucket: &bucket, Key: tea.String("u1/a")})
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
	}
	if len(seen) < 2 || !strings.HasPrefix(seen[0], "STS.") {
		t.Fatal(seen)
	}
}

func TestStsRefusalsAndIdentity(t *testing.T) {
	user, arn := roleOf(t, "go-refusals")
	client := stsClient(t, user)
	who, err := client.GetCallerIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if *who.Body.IdentityType != "RAMUser" || !strings.HasSuffix(*who.Body.Arn, ":user/go-refusals-user") {
		t.Fatal(who.Body)
	}
	for code, request := range map[string]*sts.AssumeRoleRequest{
		"EntityNotExist.Role":              {RoleArn: tea.String(arn + "x"), RoleSessionName: tea.String("go")},
		"InvalidParameter.DurationSeconds": {RoleArn: &arn, RoleSessionName: tea.String("go"), DurationSeconds: tea.Int64(3601)},
		"InvalidParameter.PolicyGrammar":   {RoleArn: &arn, RoleSessionName: tea.String("go"), Policy: tea.String("{")},
		"InvalidParameter.RoleSessionName": {RoleArn: &arn, RoleSessionName: tea.String("a b")},
	} {
		_, err := client.AssumeRole(request)
		var refused *tea.SDKError
		if !errors.As(err, &refused) || tea.StringValue(refused.Code) != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	session := assume(t, user, &sts.AssumeRoleRequest{RoleArn: &arn, RoleSessionName: tea.String("go")})
	who, err = stsClient(t, session).GetCallerIdentity()
	if err != nil || *who.Body.IdentityType != "AssumedRoleUser" {
		t.Fatal(who, err)
	}
}

// fillBucket makes a bucket with u1/a and u2/b, and removes it when the test ends.
func fillBucket(t *testing.T, root *oss.Client, bucket string) {
	t.Helper()
	if _, err := root.PutBucket(background, &oss.PutBucketRequest{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	objects := map[string]string{"u1/a": "one", "u2/b": "two"}
	for name, body := range objects {
		request := &oss.PutObjectRequest{Bucket: &bucket, Key: tea.String(name), Body: strings.NewReader(body)}
		if _, err := root.PutObject(background, request); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		resetClock(t)
		for name := range objects {
			if _, err := root.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: tea.String(name)}); err != nil {
				t.Error(err)
			}
		}
		if _, err := root.DeleteBucket(background, &oss.DeleteBucketRequest{Bucket: &bucket}); err != nil {
			t.Error(err)
		}
	})
}

func presignV2(t *testing.T, client *oss.Client, bucket, name string) string {
	t.Helper()
	made, err := client.Presign(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &name}, oss.PresignExpires(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return made.URL
}

func presignV1(t *testing.T, k key, version ossv1.AuthVersionType, bucket, name string) string {
	t.Helper()
	client, err := ossv1.New(env.endpoint, k.id, k.secret, ossv1.SecurityToken(k.token),
		ossv1.AuthVersion(version), ossv1.Region(env.region))
	if err != nil {
		t.Fatal(err)
	}
	handle, err := client.Bucket(bucket)
	if err != nil {
		t.Fatal(err)
	}
	url, err := handle.SignURL(name, ossv1.HTTPGet, 3600)
	if err != nil {
		t.Fatal(err)
	}
	return url
}
