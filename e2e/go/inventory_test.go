package e2e

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func TestInventoryOfAllVersions(t *testing.T) {
	s, c, source := versioned(t)
	target := newBucket(t, s)
	info, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: &source})
	must(t, err)
	owner := oss.ToString(info.BucketInfo.Owner.ID)
	old := putVersion(t, c, source, "k", "old")
	current := putVersion(t, c, source, "k", "newer")
	_, err = c.PutBucketInventory(background, &oss.PutBucketInventoryRequest{
		Bucket: &source, InventoryId: oss.Ptr("all"),
		InventoryConfiguration: &oss.InventoryConfiguration{
			Id: oss.Ptr("all"), IsEnabled: oss.Ptr(true),
			Destination: &oss.InventoryDestination{OSSBucketDestination: &oss.InventoryOSSBucketDestination{
				Format: oss.InventoryFormatCSV, AccountId: &owner,
				RoleArn: oss.Ptr("acs:ram::" + owner + ":role/AliyunOSSRole"), Bucket: oss.Ptr("acs:oss:::" + target),
			}},
			Schedule:               &oss.InventorySchedule{Frequency: oss.InventoryFrequencyWeekly},
			IncludedObjectVersions: oss.Ptr("All"),
			OptionalFields:         &oss.OptionalFields{Fields: []oss.InventoryOptionalFieldType{oss.InventoryOptionalFieldSize}},
		},
	})
	must(t, err)
	// The first report comes when nothing has changed for a minute.
	time.Sleep(100 * time.Millisecond)
	moveClock(t, 61*time.Second)
	defer resetClock(t)
	read := func(key string) string {
		r, err := c.GetObject(background, &oss.GetObjectRequest{Bucket: &target, Key: &key})
		must(t, err)
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		must(t, err)
		return string(text)
	}
	manifest := ""
	eventually(t, "a manifest", func() bool {
		page, err := s.list(target, listQuery{max: 100})
		must(t, err)
		for _, key := range page.keys() {
			if strings.HasPrefix(key, source+"/all/20") && strings.HasSuffix(key, "Z/manifest.json") {
				manifest = key
			}
		}
		return manifest != ""
	})
	var told struct {
		FileSchema, SourceBucket, FileFormat string
		Files                                []struct{ Key string }
	}
	must(t, json.Unmarshal([]byte(read(manifest)), &told))
	equal(t, "schema", told.FileSchema, "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size")
	equal(t, "source", told.SourceBucket, source)
	equal(t, "files", len(told.Files), 1)
	unpacked, err := gzip.NewReader(strings.NewReader(read(told.Files[0].Key)))
	must(t, err)
	rows, err := csv.NewReader(unpacked).ReadAll()
	must(t, err)
	equal(t, "rows", len(rows), 2)
	for i, want := range [][]string{
		{source, "k", current, "true", "false", "5"}, {source, "k", old, "false", "false", "3"},
	} {
		equal(t, "row", strings.Join(rows[i], " "), strings.Join(want, " "))
	}
	_, err = c.DeleteBucketInventory(background, &oss.DeleteBucketInventoryRequest{Bucket: &source, InventoryId: oss.Ptr("all")})
	must(t, err)
}
