package e2e

import (
	"encoding/xml"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// malformed is what no setting takes.
var malformed = map[string]string{
	"no XML":          "<This is a bad xml></bad as I am>",
	"another root":    "<Unknown><Status>Enabled</Status></Unknown>",
	"nothing":         "",
	"a document type": `<!DOCTYPE a [<!ENTITY e "e">]><a>&e;</a>`,
}

const (
	emptyDigest   = "1B2M2Y8AsgTpgAmY7PhCfg=="
	noMethod      = "The specified method is not allowed against this resource."
	noBucket      = "The specified bucket does not exist."
	absentBucket  = "go-no-such-bucket"
	badDigestText = "The Content-MD5 you specified was invalid."
)

// Every setting of a bucket: what an unset one answers, put, get, delete, and each documented refusal, which must leave what
// was put before. The requests are those of the table; put and get are those of the SDK as well.
func TestBucketSettings(t *testing.T) {
	for _, s := range bucketCases(t).Settings {
		t.Run(s.Name, func(t *testing.T) {
			c, bucket := settings(t)
			info, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: bucket})
			must(t, err)
			names := []string{"{bucket}", *bucket, "{owner}", oss.ToString(info.BucketInfo.Owner.ID), "{target}", logTarget(t, *bucket)}
			for _, needed := range s.Needs {
				query := map[string]string{}
				for name, value := range needed[1].(map[string]any) {
					query[name] = value.(string)
				}
				_, _, err := ask(c, needed[0].(string), *bucket, query, needed[2].(string), nil)
				must(t, err)
			}
			checkUnset(t, c, s, *bucket)
			put := func(text string, headers map[string]string) error {
				_, _, err := ask(c, "PUT", *bucket, s.Query, text, headers)
				return err
			}
			get := func() string {
				t.Helper()
				text, _, err := ask(c, "GET", *bucket, s.Query, "", nil)
				must(t, err)
				return simplified(t, text, s.Adds...)
			}
			document := s.text(s.Wrap, names...)
			if s.Typed != "" {
				putAndReadByCalls(t, c, s, *bucket, document)
			} else {
				must(t, put(document, nil))
			}
			read := document
			if s.Read != "" {
				read = s.Read
			}
			kept := get()
			equal(t, "document", kept, simplified(t, read, s.Adds...))

			code, ec := "MalformedXML", ""
			if s.Malformed != "" {
				code = s.Malformed
			} else if s.Missing == nil {
				ec = " 0031-00000001"
			}
			check := func(why, text string, headers map[string]string, expected caseRow) {
				t.Helper()
				if wrong := expected.judge(put(text, headers)); wrong != "" {
					t.Errorf("%s: %s", why, wrong)
				} else if get() != kept {
					t.Fatalf("%s: refused, and yet something changed", why)
				}
			}
			for why, text := range malformed {
				check(why, text, nil, row("400 "+code+ec, ""))
			}
			for _, digest := range []string{emptyDigest, "###"} {
				check("digest "+digest, document, map[string]string{"Content-MD5": digest}, row("400 InvalidDigest", badDigestText))
			}
			for _, r := range s.Refused {
				check(r.Why, r.text(s.Wrap, names...), nil, r)
			}

			// What is put replaces what was there; limits are reached and not passed.
			for _, r := range s.Accepted {
				text := r.text(s.Wrap, names...)
				if err := put(text, nil); err != nil {
					t.Fatalf("%s: %v", r.Why, err)
				}
				if r.Read != "" {
					text = r.Read
				}
				kept = get()
				equal(t, r.Why, kept, simplified(t, text, s.Adds...))
			}

			if !s.Delete {
				_, _, err := ask(c, "DELETE", *bucket, s.Query, "", nil)
				want(t, "DELETE", err, "405 MethodNotAllowed 0003-00000016", noMethod)
				equal(t, "document", get(), kept)
				return
			}
			for range 2 {
				_, output, err := ask(c, "DELETE", *bucket, s.Query, "", nil)
				must(t, err)
				equal(t, "status of DELETE", output.StatusCode, 204)
			}
			checkUnset(t, c, s, *bucket)
		})
	}
}

// logTarget makes a bucket for the logs of another, which gets them whenever their target is changed.
func logTarget(t *testing.T, source string) string {
	t.Helper()
	s, target := variants[0].client(clientOptions{}), source+"-logs"
	must(t, s.createBucket(target))
	t.Cleanup(func() {
		eventually(t, "a bucket without logs", func() bool {
			page, err := s.list(target, listQuery{})
			must(t, err)
			for _, key := range page.keys() {
				must(t, s.remove(target, key))
			}
			return s.deleteBucket(target) == nil
		})
	})
	return target
}

func checkUnset(t *testing.T, c *oss.Client, s bucketSetting, bucket string) {
	t.Helper()
	text, _, err := ask(c, "GET", bucket, s.Query, "", nil)
	if !strings.HasPrefix(s.Unset, "<") {
		want(t, "unset", err, s.Unset, s.Message)
		return
	}
	must(t, err)
	equal(t, "unset", simplified(t, text), simplified(t, s.Unset))
}

// putAndReadByCalls puts and gets a setting by the SDK's own calls: what it reads has to be what it reads of the document.
func putAndReadByCalls(t *testing.T, c *oss.Client, s bucketSetting, bucket, document string) {
	t.Helper()
	call := func(operation string) (reflect.Value, func() reflect.Value) {
		method := reflect.ValueOf(c).MethodByName(operation)
		request := reflect.New(method.Type().In(1).Elem())
		request.Elem().FieldByName("Bucket").Set(reflect.ValueOf(&bucket))
		for name, value := range s.Query {
			if field, found := tagged(request.Elem(), "input", "query,"+name+","); found {
				field.Set(reflect.ValueOf(&value))
			}
		}
		return request, func() reflect.Value {
			t.Helper()
			out := method.Call([]reflect.Value{reflect.ValueOf(background), request})
			if err, _ := out[1].Interface().(error); err != nil {
				t.Fatalf("%s: %v", operation, err)
			}
			return out[0].Elem()
		}
	}
	request, put := call("Put" + s.Typed)
	asked, found := tagged(request.Elem(), "input", "body,")
	if !found {
		t.Fatalf("Put%s has no body", s.Typed)
	}
	asked.Set(reflect.New(asked.Type().Elem()))
	must(t, xml.Unmarshal([]byte(document), asked.Interface()))
	put()
	_, get := call("Get" + s.Typed)
	told, found := tagged(get(), "output", "body,")
	if !found || !reflect.DeepEqual(told.Interface(), asked.Interface()) {
		got, _ := xml.Marshal(told.Interface())
		t.Errorf("Get%s tells %s of %s", s.Typed, got, document)
	}
}

// tagged is the field of a struct whose tag begins so.
func tagged(value reflect.Value, key, begin string) (reflect.Value, bool) {
	for i := range value.NumField() {
		if strings.HasPrefix(value.Type().Field(i).Tag.Get(key)+",", begin) {
			return value.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func TestBucketSettingsOfAnAbsentBucket(t *testing.T) {
	c := variants[0].client(clientOptions{}).(*v2).c
	for _, s := range bucketCases(t).Settings {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			body := ""
			if method == "PUT" {
				body = s.text(s.Wrap, "{bucket}", absentBucket, "{owner}", "1", "{target}", absentBucket)
			}
			expected := row("404 NoSuchBucket 0015-00000101", noBucket)
			if is, found := s.Missing[method]; found {
				// The newest settings are taken for a PutBucket whose body is none.
				expected = row(is, "")
			} else if method == "DELETE" && !s.Delete {
				expected = row("405 MethodNotAllowed", "")
			}
			_, _, err := ask(c, method, absentBucket, s.Query, body, nil)
			if wrong := expected.judge(err); wrong != "" {
				t.Errorf("%s %s: %s", method, s.Name, wrong)
			}
		}
	}
}

// Whoever signs nothing learns and changes nothing, whatever the bucket's ACL.
func TestBucketSettingsAreNoMatterOfStrangers(t *testing.T) {
	c, bucket := settings(t)
	_, err := c.PutBucketAcl(background, &oss.PutBucketAclRequest{Bucket: bucket, Acl: oss.BucketACLPublicReadWrite})
	must(t, err)
	table := bucketCases(t).Settings
	for _, s := range table {
		var query []string
		for name, value := range s.Query {
			query = append(query, strings.TrimSuffix(name+"="+value, "="))
		}
		url := env.endpoint + "/" + *bucket + "/?" + strings.Join(query, "&")
		body := []byte(s.text(s.Wrap, "{bucket}", *bucket, "{owner}", "1", "{target}", *bucket))
		send(t, "GET", url, nil, nil).wantRefusal(t, "GET "+s.Name, 403, "AccessDenied")
		send(t, "PUT", url, nil, body).wantRefusal(t, "PUT "+s.Name, 403, "AccessDenied")
		if s.Delete {
			send(t, "DELETE", url, nil, nil).wantRefusal(t, "DELETE "+s.Name, 403, "AccessDenied")
		}
	}
	for _, s := range table {
		if s.Needs == nil {
			checkUnset(t, c, s, *bucket)
		}
	}
	url := env.endpoint + "/" + *bucket
	for target, method := range map[string]string{"": "DELETE", "/": "GET", "/?bucketInfo": "GET", "/?stat": "GET", "/?versions": "GET"} {
		send(t, method, url+target, nil, nil).wantRefusal(t, method+" "+target, 403, "AccessDenied")
	}
}

func TestBucketACLRefusals(t *testing.T) {
	c, bucket := settings(t)
	acl := func(headers map[string]string) error {
		_, _, err := ask(c, "PUT", *bucket, params("acl"), "", headers)
		return err
	}
	must(t, acl(map[string]string{"x-oss-acl": "public-read"}))
	must(t, acl(nil))
	for _, wrong := range []string{"default", "PUBLIC", "private,public-read"} {
		want(t, wrong, acl(map[string]string{"x-oss-acl": wrong}), "400 InvalidArgument 0015-00000204", "no such bucket access control exists")
	}
	got, err := c.GetBucketAcl(background, &oss.GetBucketAclRequest{Bucket: bucket})
	must(t, err)
	equal(t, "acl", oss.ToString(got.ACL), "public-read")
}

// Of the bucket, then of the account: what would make it public is refused while the block is there.
func TestPublicAccessBlocked(t *testing.T) {
	c, bucket := settings(t)
	s := setting(t, "publicAccessBlock")
	acl := func(word oss.BucketACLType) error {
		_, err := c.PutBucketAcl(background, &oss.PutBucketAclRequest{Bucket: bucket, Acl: word})
		return err
	}
	must(t, acl(oss.BucketACLPublicRead))
	for _, place := range []string{*bucket, ""} {
		blocked := func(is string) {
			t.Helper()
			text, _, err := ask(c, "GET", place, s.Query, "", nil)
			must(t, err)
			equal(t, "block", simplified(t, text), simplified(t, strings.Replace(s.Document, "true", is, 1)))
		}
		remove := func() {
			t.Helper()
			for range 2 {
				_, _, err := ask(c, "DELETE", place, s.Query, "", nil)
				must(t, err)
			}
		}
		t.Cleanup(remove)
		blocked("false")
		_, _, err := ask(c, "PUT", place, s.Query, s.Document, nil)
		must(t, err)
		blocked("true")
		want(t, "ACL", acl(oss.BucketACLPublicReadWrite), "403 AccessDenied", "")
		want(t, "policy", putPolicy(c, *bucket, bucketPolicy(t, *bucket, "Allow", "oss:GetObject", nil)), "403 AccessDenied", "")
		_, err = c.PutObject(background, &oss.PutObjectRequest{
			Bucket: bucket, Key: oss.Ptr("k"), Body: strings.NewReader("1"), Acl: oss.ObjectACLPublicRead,
		})
		want(t, "object", err, "403 AccessDenied", "")
		for why, text := range malformed {
			_, _, err := ask(c, "PUT", place, s.Query, text, nil)
			want(t, why, err, "400 MalformedXML", "")
		}
		blocked("true")
		remove()
		blocked("false")
	}
	got, err := c.GetBucketAcl(background, &oss.GetBucketAclRequest{Bucket: bucket})
	must(t, err)
	equal(t, "acl", oss.ToString(got.ACL), "public-read")
	must(t, acl(oss.BucketACLPublicReadWrite))
}

// Access monitoring while a rule counts accesses; versioning while versions are retained.
func TestSettingsThatStayOn(t *testing.T) {
	c, bucket := settings(t)
	put := func(name, document string) error {
		_, _, err := ask(c, "PUT", *bucket, params(name), document, nil)
		return err
	}
	monitor := setting(t, "accessmonitor").Document
	must(t, put("accessmonitor", monitor))
	inner := "<Transition><Days>1</Days><StorageClass>IA</StorageClass><IsAccessTime>true</IsAccessTime></Transition>"
	must(t, put("lifecycle", caseRow{Inner: &inner}.text(setting(t, "lifecycle").Wrap)))
	off := strings.Replace(monitor, "Enabled", "Disabled", 1)
	want(t, "monitor", put("accessmonitor", off), "409 AccessMonitorDisableNotAllowed", "")
	_, _, err := ask(c, "DELETE", *bucket, params("lifecycle"), "", nil)
	must(t, err)
	must(t, put("accessmonitor", off))

	worm, versioning := setting(t, "objectWorm").Document, setting(t, "versioning").Document
	equal(t, "status without versioning", statusOf(put("objectWorm", worm)), 400)
	must(t, put("versioning", versioning))
	must(t, put("objectWorm", worm))
	equal(t, "status of suspending", statusOf(put("versioning", strings.Replace(versioning, "Enabled", "Suspended", 1))), 400)
}

// statusOf is the status of a refusal, 0 where there is none.
func statusOf(err error) int {
	var refusal *oss.ServiceError
	if errors.As(err, &refusal) {
		return refusal.StatusCode
	}
	return 0
}

func TestListsOfSettings(t *testing.T) {
	c, bucket := settings(t)
	list := func(query ...string) (string, error) {
		text, _, err := ask(c, "GET", *bucket, params(query...), "", nil)
		return text, err
	}
	_, err := list("inventory")
	want(t, "no inventories", err, "404 NoSuchInventory", "No Row found in Inventory Table.")
	s := setting(t, "inventory")
	info, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: bucket})
	must(t, err)
	for _, id := range []string{"a", "b"} {
		document := s.text("", "{bucket}", *bucket, "{owner}", oss.ToString(info.BucketInfo.Owner.ID), "<Id>daily<", "<Id>"+id+"<")
		_, _, err := ask(c, "PUT", *bucket, params("inventory", "inventoryId="+id), document, nil)
		must(t, err)
	}
	text, err := list("inventory")
	must(t, err)
	equal(t, "inventories", strings.Count(text, "<InventoryConfiguration>"), 2)
	_, err = list("inventory", "continuation-token=garbage!")
	want(t, "token", err, "400 InvalidArgument", "")
	_, _, err = ask(c, "DELETE", *bucket, params("inventory"), "", nil)
	want(t, "no id", err, "400 InvalidArgument", "")

	style := func(query ...string) error {
		_, _, err := ask(c, "PUT", *bucket, params(append(query, "style")...), setting(t, "style").Document, nil)
		return err
	}
	for n := range 50 {
		must(t, style("styleName=s"+strconv.Itoa(n)))
	}
	equal(t, "status of the 51st style", statusOf(style("styleName=more")), 400)
	for _, query := range [][]string{{"styleName="}, {"styleName=a b"}, {"styleName=" + strings.Repeat("x", 64)}, {"styleName=s0", "category=audio"}} {
		want(t, query[0], style(query...), "400 InvalidArgument", "")
	}
	text, err = list("style")
	must(t, err)
	equal(t, "styles", strings.Count(text, "<Style>"), 50)
}

func TestOverlapAllowedAndCapacityKept(t *testing.T) {
	c, bucket := settings(t)
	s := setting(t, "lifecycle")
	for _, r := range s.Refused {
		if r.Why == "overlap" {
			_, _, err := ask(c, "PUT", *bucket, s.Query, r.text(s.Wrap), map[string]string{"x-oss-allow-same-action-overlap": "true"})
			must(t, err)
		}
	}
	rules, err := c.GetBucketLifecycle(background, &oss.GetBucketLifecycleRequest{Bucket: bucket})
	must(t, err)
	equal(t, "rules", len(rules.LifecycleConfiguration.Rules), 2)
	_, _, err = ask(c, "PUT", *bucket, params("qos"), "<BucketUserQos><StorageCapacity>0</StorageCapacity></BucketUserQos>", nil)
	must(t, err)
	_, err = c.PutObject(background, &oss.PutObjectRequest{Bucket: bucket, Key: oss.Ptr("k"), Body: strings.NewReader("1")})
	want(t, "write", err, "403 QuotaExceeded", "")
}
