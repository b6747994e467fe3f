// minio-js. Of a query's answer it keeps the last Records event only, and of one that fails nothing but the code.

import { join } from "node:path";
import { createRequire } from "node:module";

import { Client, CopyConditions } from "minio";

import { given, sha256, smallObjects, take } from "./program.mjs";

const bucket = given.bucket;

function connected(secretKey) {
  const { hostname, port } = new URL(given.endpoint);
  // No region is given, so that the client asks for the bucket's, as it does with everyone.
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: given.access_key,
    secretKey,
    partSize: given.part_bytes,
  });
}

const s3 = connected(given.secret_key);

async function createBucket() {
  await s3.makeBucket(bucket, given.region);
  if (!(await s3.bucketExists(bucket))) throw new Error("the bucket is not there");
  const found = await s3.listBuckets();
  return { buckets: found.filter(({ name }) => name === bucket).length };
}

async function put() {
  for (const [key, path] of smallObjects()) await s3.fPutObject(bucket, key, path, {});
  const metadata = { "Content-Type": given.content_type };
  for (const [name, value] of Object.entries(given.metadata)) metadata[`X-Amz-Meta-${name}`] = value;
  const { etag } = await s3.fPutObject(bucket, given.plain, join(given.folder, given.plain), metadata);
  return { etag };
}

async function list() {
  const found = await listed("list/", false);
  return {
    keys: found.filter(({ name }) => name).map(({ name }) => name),
    prefixes: found.filter(({ prefix }) => prefix).map(({ prefix }) => prefix),
  };
}

async function listPages() {
  // Pages of 2 keys: its listing has no option for that, the request below it has.
  const keys = [];
  let token = "";
  do {
    const page = await s3.listObjectsV2Query(bucket, "list/", token, "", 2, "");
    keys.push(...page.objects.map(({ name }) => name));
    token = page.isTruncated ? page.nextContinuationToken : "";
  } while (token);
  return { keys };
}

async function head() {
  const { size, etag, metaData } = await s3.statObject(bucket, given.plain);
  const { "content-type": content_type, ...metadata } = metaData;
  return { size, etag, content_type, metadata };
}

async function get() {
  return { text: (await contents(await s3.getObject(bucket, given.plain))).toString() };
}

async function getRange() {
  const [first, last] = given.range;
  const answer = await s3.getPartialObject(bucket, given.plain, first, last - first + 1);
  const size = Number(answer.headers["content-range"].split("/")[1]);
  return { text: (await contents(answer)).toString(), size };
}

async function getMissing() {
  return { code: await refusal(() => s3.getObject(bucket, "no such key")) };
}

async function copy() {
  const key = "copied ü+.csv";
  await s3.copyObject(bucket, key, `/${bucket}/${given.plain}`, new CopyConditions());
  const { metaData } = await s3.statObject(bucket, key);
  const names = Object.keys(given.metadata);
  return {
    text: (await contents(await s3.getObject(bucket, key))).toString(),
    metadata: Object.fromEntries(names.map((name) => [name, metaData[name]])),
  };
}

async function multipart() {
  const { etag } = await s3.fPutObject(bucket, given.large, join(given.folder, given.large), {});
  const { size } = await s3.statObject(bucket, given.large);
  return { etag, size };
}

async function getLarge() {
  return { sha256: sha256(await contents(await s3.getObject(bucket, given.large))) };
}

async function presignedGet() {
  const answer = await fetch(await s3.presignedGetObject(bucket, given.plain, 60));
  return { status: answer.status, text: await answer.text() };
}

async function wrongSecret() {
  const stranger = connected("not the secret");
  return { code: await refusal(() => stranger.getObject(bucket, given.plain)) };
}

async function select(name) {
  const members = given.selects[name];
  const told = { records: "", code: null, stats: null, progress: false, ended: false };
  const options = {
    expression: members.Expression,
    expressionType: "SQL",
    inputSerialization: members.InputSerialization,
    outputSerialization: members.OutputSerialization,
  };
  if (members.RequestProgress) options.requestProgress = members.RequestProgress;
  if (members.ScanRange) options.scanRange = members.ScanRange;
  try {
    const results = await s3.selectObjectContent(bucket, members.Key, options);
    told.ended = results !== undefined;
    told.records = results.getRecords()?.toString() ?? "";
    told.progress = results.getProgress() !== undefined;
    const counted = results.getStats().matchAll(/<(Bytes\w+)>(\d+)</g);
    const counters = Object.fromEntries([...counted].map(([, counter, bytes]) => [counter, Number(bytes)]));
    told.stats = [counters.BytesScanned, counters.BytesProcessed, counters.BytesReturned];
  } catch (error) {
    // An error before the stream has a code; one inside it is text: code:"message".
    told.code = error.code ?? error.message.split(":")[0];
    if (name === "select_error_inside") delete told.records;
  }
  return told;
}

async function remove() {
  await s3.removeObject(bucket, "list/z.txt");
  const left = await keys();
  if (left.includes("list/z.txt")) throw new Error("list/z.txt is still there");
  await s3.removeObjects(bucket, left);
  return { keys: await keys() };
}

async function removeBucket() {
  await s3.removeBucket(bucket);
  return { code: await refusal(keys) };
}

async function keys() {
  return (await listed("", true)).map(({ name }) => name);
}

async function listed(prefix, recursive) {
  const found = [];
  for await (const entry of s3.listObjectsV2(bucket, prefix, recursive)) found.push(entry);
  return found;
}

async function contents(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return error.code;
  }
  return null;
}

const { version } = createRequire(import.meta.url)("minio/package.json");
await take("minio", version, {
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
  presigned_get: presignedGet,
  wrong_secret: wrongSecret,
  ...Object.fromEntries(Object.keys(given.selects).map((name) => [name, () => select(name)])),
  delete: remove,
  delete_bucket: removeBucket,
});
