package e2e

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// caseRow is a row of the shared table ../cases/bucket_cases.json, which ../python/cases.py explains: a document, and what is
// said to it.
type caseRow struct {
	Why, Document, Read, Message, EC string
	Inner                            *string
	JSON                             json.RawMessage
	Many                             []any
	Headers                          map[string]string
	Is                               oneOrMore
}

// bucketSetting is a setting of a bucket: how it is asked for, and what it answers.
type bucketSetting struct {
	caseRow
	Name, Unset, Wrap, Typed, Malformed string
	Query                               map[string]string
	Delete                              bool
	Adds                                []string
	Missing                             map[string]string
	Needs                               [][]any
	Refused, Accepted                   []caseRow
}

type bucketTable struct {
	Settings []bucketSetting
	Creation []caseRow
	Unbuilt  [][]any
}

// oneOrMore is a text or a list of texts.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(o))
}

func bucketCases(t *testing.T) bucketTable {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(env.cases, "bucket_cases.json"))
	must(t, err)
	var table bucketTable
	must(t, json.Unmarshal(text, &table))
	return table
}

// setting is the one of this name.
func setting(t *testing.T, name string) bucketSetting {
	t.Helper()
	for _, s := range bucketCases(t).Settings {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no setting %s", name)
	return bucketSetting{}
}

// text is the body of a row. names: pairs of what is left open and what stands for it.
func (r caseRow) text(wrap string, names ...string) string {
	text := r.Document
	switch {
	case r.Many != nil:
		text = r.Many[0].(string)
		for n := range int(r.Many[2].(float64)) {
			text += strings.ReplaceAll(r.Many[1].(string), "{n}", strconv.Itoa(n+1))
		}
		text += r.Many[3].(string)
	case r.JSON != nil:
		text = string(r.JSON)
	case r.Inner != nil:
		text = strings.Replace(wrap, "{}", *r.Inner, 1)
	}
	return strings.NewReplacer(names...).Replace(text)
}

// row is a row out of "STATUS CODE", with an EC behind it or none.
func row(is string, message string) caseRow {
	words := strings.Fields(is)
	r := caseRow{Is: oneOrMore{strings.Join(words[:2], " ")}, Message: message}
	if len(words) > 2 {
		r.EC = words[2]
	}
	return r
}

// judge tells what is wrong with the outcome of a request that the row says is refused; nothing when it is as it says.
func (r caseRow) judge(err error) string {
	var refusal *oss.ServiceError
	if !errors.As(err, &refusal) {
		return fmt.Sprintf("no refusal: %v", err)
	}
	var wrong []string
	if got := fmt.Sprintf("%d %s", refusal.StatusCode, refusal.Code); !slices.Contains(r.Is, got) {
		wrong = append(wrong, fmt.Sprintf("%s (%s), not %s", got, refusal.Message, strings.Join(r.Is, " or ")))
	}
	if r.Message != "" && r.Message != refusal.Message {
		wrong = append(wrong, fmt.Sprintf("says %q, not %q", refusal.Message, r.Message))
	}
	if r.EC != "" && r.EC != refusal.EC {
		wrong = append(wrong, fmt.Sprintf("EC %q, not %q", refusal.EC, r.EC))
	}
	if !requestID.MatchString(refusal.RequestID) {
		wrong = append(wrong, "request id "+refusal.RequestID)
	}
	return strings.Join(wrong, "; ")
}

// want fails unless the error is the refusal of "STATUS CODE [EC]" with this message, if one is given.
func want(t *testing.T, what string, err error, is, message string) {
	t.Helper()
	if wrong := row(is, message).judge(err); wrong != "" {
		t.Errorf("%s: %s", what, wrong)
	}
}

// params makes a query out of names; a name with a value is written NAME=VALUE.
func params(names ...string) map[string]string {
	query := map[string]string{}
	for _, name := range names {
		name, value, _ := strings.Cut(name, "=")
		query[name] = value
	}
	return query
}

// ask sends a request that no call of the SDK makes, signed and read by it. bucket may be empty: the service.
func ask(c *oss.Client, method, bucket string, query map[string]string, body string, headers map[string]string) (string, *oss.OperationOutput, error) {
	input := &oss.OperationInput{
		OpName: "Ask", Method: method, Parameters: query, Headers: headers, Body: strings.NewReader(body), Bucket: opt(bucket),
	}
	output, err := c.InvokeOperation(background, input)
	if err != nil {
		return "", nil, err
	}
	if output.Body == nil {
		return "", output, nil
	}
	defer output.Body.Close()
	text, err := io.ReadAll(output.Body)
	return string(text), output, err
}

type node struct {
	XMLName  xml.Name
	Text     string `xml:",chardata"`
	Children []node `xml:",any"`
}

// simplified is a document for comparing: the order of elements beside each other does not count, nor do those named in
// without. What is no XML is compared as it is.
func simplified(t *testing.T, text string, without ...string) string {
	t.Helper()
	if !strings.HasPrefix(text, "<") {
		return text
	}
	var root node
	if err := xml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var simple func(n node) string
	simple = func(n node) string {
		var inner []string
		for _, child := range n.Children {
			if !slices.Contains(without, child.XMLName.Local) {
				inner = append(inner, simple(child))
			}
		}
		slices.Sort(inner)
		text := strings.TrimSpace(n.Text)
		if inner != nil {
			text = strings.Join(inner, "")
		}
		return "<" + n.XMLName.Local + ">" + text + "</>"
	}
	return simple(root)
}
