// AWS SDK for JavaScript, version 3.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  SelectObjectContentCommand,
  UploadPartCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

import { given, sha256, smallObjects, take } from "./program.mjs";

const Bucket = given.bucket;
const plain = { Bucket, Key: given.plain };
const large = { Bucket, Key: given.large };

function connected(secretAccessKey) {
  return new S3Client({
    endpoint: given.endpoint,
    region: given.region,
    credentials: { accessKeyId: given.access_key, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
}

const s3 = connected(given.secret_key);

async function createBucket() {
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new HeadBucketCommand({ Bucket }));
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  return { buckets: Buckets.filter(({ Name }) => Name === Bucket).length };
}

async function put() {
  for (const [Key, path] of smallObjects()) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: readFileSync(path) }));
  }
  const Body = readFileSync(join(given.folder, given.plain));
  const { ETag } = await s3.send(
    new PutObjectCommand({ ...plain, Body, ContentType: given.content_type, Metadata: given.metadata }),
  );
  return { etag: unquoted(ETag) };
}

async function list() {
  const { Contents, CommonPrefixes } = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: "list/", Delimiter: "/" }),
  );
  return {
    keys: Contents.map(({ Key }) => Key),
    prefixes: CommonPrefixes.map(({ Prefix }) => Prefix),
  };
}

async function listPages() {
  const keys = [];
  for await (const { Contents } of paginateListObjectsV2(
    { client: s3, pageSize: 2 },
    { Bucket, Prefix: "list/" },
  )) {
    keys.push(...Contents.map(({ Key }) => Key));
  }
  return { keys };
}

async function head() {
  const { ContentLength, ETag, ContentType, Metadata } = await s3.send(new HeadObjectCommand(plain));
  return { size: ContentLength, etag: unquoted(ETag), content_type: ContentType, metadata: Metadata };
}

async function get() {
  const { Body } = await s3.send(new GetObjectCommand(plain));
  return { text: await Body.transformToString() };
}

async function getRange() {
  const [first, last] = given.range;
  const { Body, ContentRange } = await s3.send(
    new GetObjectCommand({ ...plain, Range: `bytes=${first}-${last}` }),
  );
  return { text: await Body.transformToString(), size: Number(ContentRange.split("/")[1]) };
}

async function getMissing() {
  return { code: await refusal(s3, new GetObjectCommand({ Bucket, Key: "no such key" })) };
}

async function copy() {
  const copied = { Bucket, Key: "copied ü+.csv" };
  await s3.send(new CopyObjectCommand({ ...copied, CopySource: `${Bucket}/${given.plain}` }));
  const { Body, Metadata } = await s3.send(new GetObjectCommand(copied));
  return { text: await Body.transformToString(), metadata: Metadata };
}

async function multipart() {
  const contents = readFileSync(join(given.folder, given.large));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(large));
  const Parts = [];
  for (let start = 0; start < contents.length; start += given.part_bytes) {
    const PartNumber = Parts.length + 1;
    const Body = contents.subarray(start, start + given.part_bytes);
    const { ETag } = await s3.send(new UploadPartCommand({ ...large, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  const { ETag } = await s3.send(
    new CompleteMultipartUploadCommand({ ...large, UploadId, MultipartUpload: { Parts } }),
  );
  const { ContentLength } = await s3.send(new HeadObjectCommand(large));
  return { etag: unquoted(ETag), size: ContentLength };
}

async function getLarge() {
  const { Body } = await s3.send(new GetObjectCommand(large));
  return { sha256: sha256(await Body.transformToByteArray()) };
}

async function getPart() {
  const { Body, PartsCount } = await s3.send(new GetObjectCommand({ ...large, PartNumber: 3 }));
  return { sha256: sha256(await Body.transformToByteArray()), parts: PartsCount };
}

async function presignedGet() {
  const url = await getSignedUrl(s3, new GetObjectCommand(plain), { expiresIn: 60 });
  const answer = await fetch(url);
  return { status: answer.status, text: await answer.text() };
}

async function wrongSecret() {
  return { code: await refusal(connected("not the secret"), new GetObjectCommand(plain)) };
}

async function select(members) {
  const told = { records: "", code: null, stats: null, progress: false, ended: false };
  const payloads = [];
  try {
    const { Payload } = await s3.send(
      new SelectObjectContentCommand({ Bucket, ExpressionType: "SQL", ...members }),
    );
    for await (const { Records, Stats, Progress, End } of Payload) {
      if (Records) payloads.push(Records.Payload);
      if (Stats) {
        const { BytesScanned, BytesProcessed, BytesReturned } = Stats.Details;
        told.stats = [BytesScanned, BytesProcessed, BytesReturned];
      }
      if (Progress) told.progress = true;
      if (End) told.ended = true;
    }
  } catch (error) {
    told.code = error.name;
  }
  told.records = Buffer.concat(payloads).toString();
  return told;
}

async function remove() {
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "list/z.txt" }));
  const left = await keys();
  if (left.includes("list/z.txt")) throw new Error("list/z.txt is still there");
  const Objects = left.map((Key) => ({ Key }));
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  return { keys: await keys() };
}

async function removeBucket() {
  await s3.send(new DeleteBucketCommand({ Bucket }));
  return { code: await refusal(s3, new ListObjectsV2Command({ Bucket })) };
}

async function keys() {
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return (Contents ?? []).map(({ Key }) => Key);
}

async function refusal(client, command) {
  try {
    await client.send(command);
  } catch (error) {
    return error.name;
  }
  return null;
}

function unquoted(etag) {
  return etag.replaceAll('"', "");
}

const { version } = createRequire(import.meta.url)("@aws-sdk/client-s3/package.json");
await take("@aws-sdk/client-s3", version, {
  create_bucket: createBucket,
  put,
  list,
  list_pages: listPages,
  head,
  get,
  get_range: getRange,
  get_missing: getMissing,
  copy,
  multipart,
  get_large: getLarge,
  get_part: getPart,
  presigned_get: presignedGet,
  wrong_secret: wrongSecret,
  ...Object.fromEntries(
    Object.entries(given.selects).map(([name, members]) => [name, () => select(members)]),
  ),
  delete: remove,
  delete_bucket: removeBucket,
});
