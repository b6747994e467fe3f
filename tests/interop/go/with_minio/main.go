// minio-go.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"s3sql.test/interop/program"
)

type answer = program.Answer

// calls are a client and what it was given.
type calls struct {
	*program.Given
	s3 *minio.Client
}

var background = context.Background()

func main() {
	given, err := program.Read()
	if err != nil {
		panic(err)
	}
	client, err := connected(given, given.SecretKey)
	if err != nil {
		panic(err)
	}
	c := &calls{given, client}
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
	given.Take("github.com/minio/minio-go/v7", steps)
}

func connected(given *program.Given, secret string) (*minio.Client, error) {
	at, err := url.Parse(given.Endpoint)
	if err != nil {
		return nil, err
	}
	// No region is given, so that the client asks for the bucket's, as it does with everyone.
	return minio.New(at.Host, &minio.Options{
		Creds:      credentials.NewStaticV4(given.AccessKey, secret, ""),
		MaxRetries: 1,
	})
}

func (c *calls) createBucket() (answer, error) {
	if err := c.s3.MakeBucket(background, c.Bucket, minio.MakeBucketOptions{Region: c.Region}); err != nil {
		return nil, err
	}
	if there, err := c.s3.BucketExists(background, c.Bucket); err != nil || !there {
		return nil, fmt.Errorf("the bucket is not there: %w", err)
	}
	listed, err := c.s3.ListBuckets(background)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(listed, func(b minio.BucketInfo) bool { return b.Name != c.Bucket })
	return answer{"buckets": len(found)}, nil
}

func (c *calls) put() (answer, error) {
	objects, err := c.SmallObjects()
	if err != nil {
		return nil, err
	}
	for key, path := range objects {
		_, err := c.s3.FPutObject(background, c.Bucket, key, path, minio.PutObjectOptions{})
		if err != nil {
			return nil, err
		}
	}
	done, err := c.s3.FPutObject(
		background, c.Bucket, c.Plain, filepath.Join(c.Folder, c.Plain),
		minio.PutObjectOptions{ContentType: c.ContentType, UserMetadata: c.Metadata},
	)
	return answer{"etag": done.ETag}, err
}

func (c *calls) list() (answer, error) {
	keys, prefixes := []string{}, []string{}
	listing := minio.ListObjectsOptions{Prefix: "list/"}
	for entry := range c.s3.ListObjects(background, c.Bucket, listing) {
		if entry.Err != nil {
			return nil, entry.Err
		}
		if strings.HasSuffix(entry.Key, "/") {
			prefixes = append(prefixes, entry.Key)
		} else {
			keys = append(keys, entry.Key)
		}
	}
	return answer{"keys": keys, "prefixes": prefixes}, nil
}

func (c *calls) listPages() (answer, error) {
	keys, err := c.keys(minio.ListObjectsOptions{Prefix: "list/", Recursive: true, MaxKeys: 2})
	return answer{"keys": keys}, err
}

func (c *calls) head() (answer, error) {
	found, err := c.s3.StatObject(background, c.Bucket, c.Plain, minio.StatObjectOptions{})
	if err != nil {
		return nil, err
	}
	return answer{
		"size": found.Size, "etag": found.ETag,
		"content_type": found.ContentType, "metadata": lowered(found.UserMetadata),
	}, nil
}

func (c *calls) get() (answer, error) {
	text, err := c.text(c.Plain)
	return answer{"text": text}, err
}

func (c *calls) getRange() (answer, error) {
	options := minio.GetObjectOptions{}
	if err := options.SetRange(c.Range[0], c.Range[1]); err != nil {
		return nil, err
	}
	body, _, header, err := c.core().GetObject(background, c.Bucket, c.Plain, options)
	if err != nil {
		return nil, err
	}
	text, err := program.Text(body)
	if err != nil {
		return nil, err
	}
	_, total, _ := strings.Cut(header.Get("Content-Range"), "/")
	size, err := strconv.Atoi(total)
	return answer{"text": text, "size": size}, err
}

func (c *calls) getMissing() (answer, error) {
	_, err := c.text("no such key")
	return refused(err), nil
}

func (c *calls) copy() (answer, error) {
	const key = "copied ü+.csv"
	_, err := c.s3.CopyObject(
		background,
		minio.CopyDestOptions{Bucket: c.Bucket, Object: key},
		minio.CopySrcOptions{Bucket: c.Bucket, Object: c.Plain},
	)
	if err != nil {
		return nil, err
	}
	found, err := c.s3.StatObject(background, c.Bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return nil, err
	}
	text, err := c.text(key)
	return answer{"text": text, "metadata": lowered(found.UserMetadata)}, err
}

func (c *calls) multipart() (answer, error) {
	contents, err := os.ReadFile(filepath.Join(c.Folder, c.Large))
	if err != nil {
		return nil, err
	}
	done, err := c.s3.PutObject(
		background, c.Bucket, c.Large, bytes.NewReader(contents), int64(len(contents)),
		minio.PutObjectOptions{PartSize: uint64(c.PartBytes)},
	)
	if err != nil {
		return nil, err
	}
	found, err := c.s3.StatObject(background, c.Bucket, c.Large, minio.StatObjectOptions{})
	return answer{"etag": done.ETag, "size": found.Size}, err
}

func (c *calls) getLarge() (answer, error) {
	object, err := c.s3.GetObject(background, c.Bucket, c.Large, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	digest, err := program.SHA256(object)
	return answer{"sha256": digest}, err
}

func (c *calls) getPart() (answer, error) {
	options := minio.GetObjectOptions{PartNumber: 3}
	body, _, header, err := c.core().GetObject(background, c.Bucket, c.Large, options)
	if err != nil {
		return nil, err
	}
	digest, err := program.SHA256(body)
	if err != nil {
		return nil, err
	}
	parts, err := strconv.Atoi(header.Get("X-Amz-Mp-Parts-Count"))
	return answer{"sha256": digest, "parts": parts}, err
}

func (c *calls) presignedGet() (answer, error) {
	at, err := c.s3.PresignedGetObject(background, c.Bucket, c.Plain, time.Minute, url.Values{})
	if err != nil {
		return nil, err
	}
	return program.Fetch(at.String())
}

func (c *calls) wrongSecret() (answer, error) {
	client, err := connected(c.Given, "not the secret")
	if err != nil {
		return nil, err
	}
	_, err = (&calls{c.Given, client}).text(c.Plain)
	return refused(err), nil
}

func (c *calls) selects(members program.Select) (answer, error) {
	told := answer{"records": "", "code": nil, "stats": nil, "progress": false}
	results, err := c.s3.SelectObjectContent(background, c.Bucket, members.Key, request(members))
	if err != nil {
		told["code"] = refused(err)["code"]
		return told, nil
	}
	defer results.Close()
	records, err := io.ReadAll(results)
	told["records"] = string(records)
	told["progress"] = results.Progress().BytesScanned > 0
	if err != nil {
		// An error inside the stream is text: code:"message".
		told["code"], _, _ = strings.Cut(err.Error(), ":")
		return told, nil
	}
	stats := results.Stats()
	told["stats"] = []int64{stats.BytesScanned, stats.BytesProcessed, stats.BytesReturned}
	return told, nil
}

func request(members program.Select) minio.SelectObjectOptions {
	given := members.InputSerialization
	options := minio.SelectObjectOptions{
		Expression:     members.Expression,
		ExpressionType: minio.QueryExpressionTypeSQL,
	}
	input := &options.InputSerialization
	input.CompressionType = minio.SelectCompressionType(given.CompressionType)
	if given.CSV != nil {
		input.CSV = &minio.CSVInputOptions{}
		input.CSV.SetFileHeaderInfo(minio.CSVFileHeaderInfo(given.CSV.FileHeaderInfo))
	}
	if given.JSON != nil {
		input.JSON = &minio.JSONInputOptions{}
		input.JSON.SetType(minio.JSONType(given.JSON.Type))
	}
	if given.Parquet != nil {
		input.Parquet = &minio.ParquetInputOptions{}
	}
	if csv := members.OutputSerialization.CSV; csv != nil {
		output := &minio.CSVOutputOptions{}
		if csv.RecordDelimiter != nil {
			output.SetRecordDelimiter(*csv.RecordDelimiter)
		}
		if csv.FieldDelimiter != nil {
			output.SetFieldDelimiter(*csv.FieldDelimiter)
		}
		options.OutputSerialization.CSV = output
	}
	if json := members.OutputSerialization.JSON; json != nil {
		output := &minio.JSONOutputOptions{}
		output.SetRecordDelimiter(*json.RecordDelimiter)
		options.OutputSerialization.JSON = output
	}
	if members.RequestProgress != nil {
		options.RequestProgress.Enabled = members.RequestProgress.Enabled
	}
	return options
}

func (c *calls) delete() (answer, error) {
	err := c.s3.RemoveObject(background, c.Bucket, "list/z.txt", minio.RemoveObjectOptions{})
	if err != nil {
		return nil, err
	}
	all := minio.ListObjectsOptions{Recursive: true}
	left, err := c.keys(all)
	if err != nil {
		return nil, err
	}
	if slices.Contains(left, "list/z.txt") {
		return nil, errors.New("list/z.txt is still there")
	}
	objects := make(chan minio.ObjectInfo, len(left))
	for _, key := range left {
		objects <- minio.ObjectInfo{Key: key}
	}
	close(objects)
	for failed := range c.s3.RemoveObjects(background, c.Bucket, objects, minio.RemoveObjectsOptions{}) {
		return nil, failed.Err
	}
	left, err = c.keys(all)
	return answer{"keys": left}, err
}

func (c *calls) deleteBucket() (answer, error) {
	if err := c.s3.RemoveBucket(background, c.Bucket); err != nil {
		return nil, err
	}
	_, err := c.keys(minio.ListObjectsOptions{Recursive: true})
	return refused(err), nil
}

func (c *calls) core() minio.Core {
	return minio.Core{Client: c.s3}
}

func (c *calls) keys(listing minio.ListObjectsOptions) ([]string, error) {
	keys := []string{}
	for entry := range c.s3.ListObjects(background, c.Bucket, listing) {
		if entry.Err != nil {
			return nil, entry.Err
		}
		keys = append(keys, entry.Key)
	}
	return keys, nil
}

func (c *calls) text(key string) (string, error) {
	object, err := c.s3.GetObject(background, c.Bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return "", err
	}
	return program.Text(object)
}

func lowered(metadata map[string]string) map[string]string {
	names := map[string]string{}
	for name, value := range metadata {
		names[strings.ToLower(name)] = value
	}
	return names
}

func refused(err error) answer {
	if err == nil {
		return answer{"code": nil}
	}
	return answer{"code": minio.ToErrorResponse(err).Code}
}
