// AWS SDK for Go, version 2.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"s3sql.test/interop/program"
)

type answer = program.Answer

// calls are a client and what it was given.
type calls struct {
	*program.Given
	s3     *s3.Client
	bucket *string
	plain  *string
	large  *string
}

var background = context.Background()

func main() {
	given, err := program.Read()
	if err != nil {
		panic(err)
	}
	c := &calls{
		given, connected(given, given.SecretKey), &given.Bucket, &given.Plain, &given.Large,
	}
	steps := map[string]program.Step{
		"create_bucket": c.createBucket,
		"put":           c.put,
		"list":          c.list,
		"list_pages":    c.listPages,
		"head":          c.head,
		"get":           c.get,
		"get_range":     c.getRange,
		"get_missing":   c.getMissing,
		"copy":          c.copy,
		"multipart":     c.multipart,
		"get_large":     c.getLarge,
		"get_part":      c.getPart,
		"presigned_get": c.presignedGet,
		"wrong_secret":  c.wrongSecret,
		"delete":        c.delete,
		"delete_bucket": c.deleteBucket,
	}
	for name, members := range given.Selects {
		steps[name] = func() (answer, error) { return c.selects(members) }
	}
	given.Take("github.com/aws/aws-sdk-go-v2/service/s3", steps)
}

func connected(given *program.Given, secret string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint:     &given.Endpoint,
		Region:           given.Region,
		Credentials:      credentials.NewStaticCredentialsProvider(given.AccessKey, secret, ""),
		UsePathStyle:     true,
		RetryMaxAttempts: 1,
	})
}

func (c *calls) createBucket() (answer, error) {
	if _, err := c.s3.CreateBucket(background, &s3.CreateBucketInput{Bucket: c.bucket}); err != nil {
		return nil, err
	}
	if _, err := c.s3.HeadBucket(background, &s3.HeadBucketInput{Bucket: c.bucket}); err != nil {
		return nil, err
	}
	listed, err := c.s3.ListBuckets(background, &s3.ListBucketsInput{})
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(listed.Buckets, func(b types.Bucket) bool { return *b.Name != c.Bucket })
	return answer{"buckets": len(found)}, nil
}

func (c *calls) put() (answer, error) {
	objects, err := c.SmallObjects()
	if err != nil {
		return nil, err
	}
	for key, path := range objects {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		_, err = c.s3.PutObject(background, &s3.PutObjectInput{Bucket: c.bucket, Key: &key, Body: file})
		file.Close()
		if err != nil {
			return nil, err
		}
	}
	contents, err := os.ReadFile(filepath.Join(c.Folder, c.Plain))
	if err != nil {
		return nil, err
	}
	done, err := c.s3.PutObject(background, &s3.PutObjectInput{
		Bucket: c.bucket, Key: c.plain, Body: bytes.NewReader(contents),
		ContentType: &c.ContentType, Metadata: c.Metadata,
	})
	if err != nil {
		return nil, err
	}
	return answer{"etag": unquoted(done.ETag)}, nil
}

func (c *calls) list() (answer, error) {
	listed, err := c.s3.ListObjectsV2(background, &s3.ListObjectsV2Input{
		Bucket: c.bucket, Prefix: aws.String("list/"), Delimiter: aws.String("/"),
	})
	if err != nil {
		return nil, err
	}
	prefixes := []string{}
	for _, common := range listed.CommonPrefixes {
		prefixes = append(prefixes, *common.Prefix)
	}
	return answer{"keys": names(listed.Contents), "prefixes": prefixes}, nil
}

func (c *calls) listPages() (answer, error) {
	keys := []string{}
	pages := s3.NewListObjectsV2Paginator(c.s3, &s3.ListObjectsV2Input{
		Bucket: c.bucket, Prefix: aws.String("list/"), MaxKeys: aws.Int32(2),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(background)
		if err != nil {
			return nil, err
		}
		keys = append(keys, names(page.Contents)...)
	}
	return answer{"keys": keys}, nil
}

func (c *calls) head() (answer, error) {
	found, err := c.s3.HeadObject(background, &s3.HeadObjectInput{Bucket: c.bucket, Key: c.plain})
	if err != nil {
		return nil, err
	}
	return answer{
		"size": *found.ContentLength, "etag": unquoted(found.ETag),
		"content_type": *found.ContentType, "metadata": found.Metadata,
	}, nil
}

func (c *calls) get() (answer, error) {
	got, err := c.s3.GetObject(background, &s3.GetObjectInput{Bucket: c.bucket, Key: c.plain})
	if err != nil {
		return nil, err
	}
	text, err := program.Text(got.Body)
	return answer{"text": text}, err
}

func (c *calls) getRange() (answer, error) {
	asked := fmt.Sprintf("bytes=%d-%d", c.Range[0], c.Range[1])
	got, err := c.s3.GetObject(background, &s3.GetObjectInput{Bucket: c.bucket, Key: c.plain, Range: &asked})
	if err != nil {
		return nil, err
	}
	text, err := program.Text(got.Body)
	if err != nil {
		return nil, err
	}
	_, total, _ := strings.Cut(*got.ContentRange, "/")
	size, err := strconv.Atoi(total)
	return answer{"text": text, "size": size}, err
}

func (c *calls) getMissing() (answer, error) {
	missing := &s3.GetObjectInput{Bucket: c.bucket, Key: aws.String("no such key")}
	_, err := c.s3.GetObject(background, missing)
	return refused(err)
}

func (c *calls) copy() (answer, error) {
	key := aws.String("copied ü+.csv")
	source := c.Bucket + "/" + c.Plain
	copying := &s3.CopyObjectInput{Bucket: c.bucket, Key: key, CopySource: &source}
	if _, err := c.s3.CopyObject(background, copying); err != nil {
		return nil, err
	}
	got, err := c.s3.GetObject(background, &s3.GetObjectInput{Bucket: c.bucket, Key: key})
	if err != nil {
		return nil, err
	}
	text, err := program.Text(got.Body)
	return answer{"text": text, "metadata": got.Metadata}, err
}

func (c *calls) multipart() (answer, error) {
	contents, err := os.ReadFile(filepath.Join(c.Folder, c.Large))
	if err != nil {
		return nil, err
	}
	upload, err := c.s3.CreateMultipartUpload(
		background, &s3.CreateMultipartUploadInput{Bucket: c.bucket, Key: c.large},
	)
	if err != nil {
		return nil, err
	}
	parts := []types.CompletedPart{}
	for part := range slices.Chunk(contents, int(c.PartBytes)) {
		number := aws.Int32(int32(len(parts) + 1))
		done, err := c.s3.UploadPart(background, &s3.UploadPartInput{
			Bucket: c.bucket, Key: c.large, UploadId: upload.UploadId,
			PartNumber: number, Body: bytes.NewReader(part),
		})
		if err != nil {
			return nil, err
		}
		// Its requests carry a CRC-32 of each part, so the completion names them.
		parts = append(parts, types.CompletedPart{
			PartNumber: number, ETag: done.ETag, ChecksumCRC32: done.ChecksumCRC32,
		})
	}
	done, err := c.s3.CompleteMultipartUpload(background, &s3.CompleteMultipartUploadInput{
		Bucket: c.bucket, Key: c.large, UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err != nil {
		return nil, err
	}
	found, err := c.s3.HeadObject(background, &s3.HeadObjectInput{Bucket: c.bucket, Key: c.large})
	if err != nil {
		return nil, err
	}
	return answer{"etag": unquoted(done.ETag), "size": *found.ContentLength}, nil
}

func (c *calls) getLarge() (answer, error) {
	got, err := c.s3.GetObject(background, &s3.GetObjectInput{Bucket: c.bucket, Key: c.large})
	if err != nil {
		return nil, err
	}
	digest, err := program.SHA256(got.Body)
	return answer{"sha256": digest}, err
}

func (c *calls) getPart() (answer, error) {
	got, err := c.s3.GetObject(background, &s3.GetObjectInput{
		Bucket: c.bucket, Key: c.large, PartNumber: aws.Int32(3),
	})
	if err != nil {
		return nil, err
	}
	digest, err := program.SHA256(got.Body)
	return answer{"sha256": digest, "parts": got.PartsCount}, err
}

func (c *calls) presignedGet() (answer, error) {
	request, err := s3.NewPresignClient(c.s3).PresignGetObject(
		background, &s3.GetObjectInput{Bucket: c.bucket, Key: c.plain}, s3.WithPresignExpires(time.Minute),
	)
	if err != nil {
		return nil, err
	}
	return program.Fetch(request.URL)
}

func (c *calls) wrongSecret() (answer, error) {
	stranger := connected(c.Given, "not the secret")
	_, err := stranger.GetObject(background, &s3.GetObjectInput{Bucket: c.bucket, Key: c.plain})
	return refused(err)
}

func (c *calls) selects(members program.Select) (answer, error) {
	told := answer{"records": "", "code": nil, "stats": nil, "progress": false, "ended": false}
	started, err := c.s3.SelectObjectContent(background, c.request(members))
	if err != nil {
		code, err := refused(err)
		told["code"] = code["code"]
		return told, err
	}
	stream := started.GetStream()
	defer stream.Close()
	records := []byte{}
	for event := range stream.Events() {
		switch event := event.(type) {
		case *types.SelectObjectContentEventStreamMemberRecords:
			records = append(records, event.Value.Payload...)
		case *types.SelectObjectContentEventStreamMemberStats:
			details := event.Value.Details
			told["stats"] = []*int64{details.BytesScanned, details.BytesProcessed, details.BytesReturned}
		case *types.SelectObjectContentEventStreamMemberProgress:
			told["progress"] = true
		case *types.SelectObjectContentEventStreamMemberEnd:
			told["ended"] = true
		}
	}
	told["records"] = string(records)
	if stream.Err() != nil {
		code, err := refused(stream.Err())
		told["code"] = code["code"]
		return told, err
	}
	return told, nil
}

func (c *calls) request(members program.Select) *s3.SelectObjectContentInput {
	given := members.InputSerialization
	input := &types.InputSerialization{CompressionType: types.CompressionType(given.CompressionType)}
	if given.CSV != nil {
		input.CSV = &types.CSVInput{FileHeaderInfo: types.FileHeaderInfo(given.CSV.FileHeaderInfo)}
	}
	if given.JSON != nil {
		input.JSON = &types.JSONInput{Type: types.JSONType(given.JSON.Type)}
	}
	if given.Parquet != nil {
		input.Parquet = &types.ParquetInput{}
	}
	output := &types.OutputSerialization{}
	if csv := members.OutputSerialization.CSV; csv != nil {
		output.CSV = &types.CSVOutput{
			RecordDelimiter: csv.RecordDelimiter, FieldDelimiter: csv.FieldDelimiter,
		}
	}
	if json := members.OutputSerialization.JSON; json != nil {
		output.JSON = &types.JSONOutput{RecordDelimiter: json.RecordDelimiter}
	}
	request := &s3.SelectObjectContentInput{
		Bucket: c.bucket, Key: &members.Key,
		Expression: &members.Expression, ExpressionType: types.ExpressionTypeSql,
		InputSerialization: input, OutputSerialization: output,
	}
	if members.ScanRange != nil {
		request.ScanRange = &types.ScanRange{Start: &members.ScanRange.Start, End: &members.ScanRange.End}
	}
	if members.RequestProgress != nil {
		request.RequestProgress = &types.RequestProgress{Enabled: &members.RequestProgress.Enabled}
	}
	return request
}

func (c *calls) delete() (answer, error) {
	one := &s3.DeleteObjectInput{Bucket: c.bucket, Key: aws.String("list/z.txt")}
	if _, err := c.s3.DeleteObject(background, one); err != nil {
		return nil, err
	}
	left, err := c.keys()
	if err != nil {
		return nil, err
	}
	if slices.Contains(left, "list/z.txt") {
		return nil, errors.New("list/z.txt is still there")
	}
	objects := []types.ObjectIdentifier{}
	for _, key := range left {
		objects = append(objects, types.ObjectIdentifier{Key: &key})
	}
	_, err = c.s3.DeleteObjects(background, &s3.DeleteObjectsInput{
		Bucket: c.bucket, Delete: &types.Delete{Objects: objects},
	})
	if err != nil {
		return nil, err
	}
	left, err = c.keys()
	return answer{"keys": left}, err
}

func (c *calls) deleteBucket() (answer, error) {
	if _, err := c.s3.DeleteBucket(background, &s3.DeleteBucketInput{Bucket: c.bucket}); err != nil {
		return nil, err
	}
	_, err := c.keys()
	return refused(err)
}

func (c *calls) keys() ([]string, error) {
	listed, err := c.s3.ListObjectsV2(background, &s3.ListObjectsV2Input{Bucket: c.bucket})
	if err != nil {
		return nil, err
	}
	return names(listed.Contents), nil
}

// refused is the code of an error; one that no service answered is none of its answers.
func refused(err error) (answer, error) {
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		return answer{"code": nil}, err
	}
	return answer{"code": refusal.ErrorCode()}, nil
}

func names(objects []types.Object) []string {
	keys := []string{}
	for _, object := range objects {
		keys = append(keys, *object.Key)
	}
	return keys
}

func unquoted(etag *string) string {
	return strings.Trim(*etag, `"`)
}
