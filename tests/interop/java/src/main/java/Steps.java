import java.io.ByteArrayInputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** AWS SDK for Java, version 2. */
public final class Steps {
    private interface Step {
        Map<String, ?> answer() throws Exception;
    }

    private final Given given;
    private final String bucket;
    private final String plain;
    private final String large;
    private final StaticCredentialsProvider credentials;
    private final S3Client s3;

    private Steps(Given given) {
        this.given = given;
        bucket = given.text("bucket");
        plain = given.text("plain");
        large = given.text("large");
        credentials = credentials(given.text("secret_key"));
        s3 = connected(credentials);
    }

    public static void main(String[] arguments) throws Exception {
        new Steps(new Given(Path.of(arguments[0]))).take();
    }

    private void take() {
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(Given.json(Map.of("client", "aws-sdk-java", "version", VersionInfo.SDK_VERSION)));
        try (S3AsyncClient client = S3AsyncClient.builder()
                .endpointOverride(URI.create(given.text("endpoint")))
                .region(Region.of(given.text("region")))
                .credentialsProvider(credentials)
                .forcePathStyle(true)
                .overrideConfiguration(options -> options.retryStrategy(retries -> retries.maxAttempts(1)))
                .build()) {
            var steps = steps(new Selects(client, bucket));
            for (var name : given.array("steps")) {
                var step = steps.get(name.asString());
                if (step != null) {
                    out.println(Given.json(taken(name.asString(), step)));
                }
            }
        }
    }

    private static Map<String, ?> taken(String name, Step step) {
        try {
            return Map.of("step", name, "answer", step.answer());
        } catch (Exception error) {
            var trace = new StringWriter();
            error.printStackTrace(new PrintWriter(trace));
            return Map.of("step", name, "failed", trace.toString());
        }
    }

    private Map<String, Step> steps(Selects selects) {
        var steps = new LinkedHashMap<String, Step>();
        steps.put("create_bucket", this::createBucket);
        steps.put("put", this::put);
        steps.put("list", this::list);
        steps.put("list_pages", this::listPages);
        steps.put("head", this::head);
        steps.put("get", () -> Map.of("text", s3.getObjectAsBytes(get -> get.bucket(bucket).key(plain)).asUtf8String()));
        steps.put("get_range", this::getRange);
        steps.put("get_missing", () -> refusal(s3, "no such key"));
        steps.put("copy", this::copy);
        steps.put("multipart", this::multipart);
        steps.put("get_large", this::getLarge);
        steps.put("get_part", this::getPart);
        steps.put("presigned_get", this::presignedGet);
        steps.put("wrong_secret", () -> refusal(connected(credentials("not the secret")), plain));
        given.object("selects").forEach((name, members) -> steps.put(name, () -> selects.answer(members)));
        steps.put("delete", this::delete);
        steps.put("delete_bucket", this::deleteBucket);
        return steps;
    }

    private Map<String, ?> createBucket() {
        s3.createBucket(create -> create.bucket(bucket));
        s3.headBucket(head -> head.bucket(bucket));
        var found = s3.listBuckets().buckets().stream().filter(entry -> entry.name().equals(bucket));
        return Map.of("buckets", found.count());
    }

    private Map<String, ?> put() throws Exception {
        for (var object : given.smallObjects().entrySet()) {
            s3.putObject(put -> put.bucket(bucket).key(object.getKey()), object.getValue());
        }
        var done = s3.putObject(
                put -> put.bucket(bucket)
                        .key(plain)
                        .contentType(given.text("content_type"))
                        .metadata(given.metadata()),
                given.file("plain"));
        return Map.of("etag", unquoted(done.eTag()));
    }

    private Map<String, ?> list() {
        var listed = s3.listObjectsV2(list -> list.bucket(bucket).prefix("list/").delimiter("/"));
        var prefixes = listed.commonPrefixes().stream().map(CommonPrefix::prefix).toList();
        return Map.of("keys", listed.contents().stream().map(S3Object::key).toList(), "prefixes", prefixes);
    }

    private Map<String, ?> listPages() {
        var pages = s3.listObjectsV2Paginator(list -> list.bucket(bucket).prefix("list/").maxKeys(2));
        return Map.of("keys", pages.contents().stream().map(S3Object::key).toList());
    }

    private Map<String, ?> head() {
        var found = s3.headObject(head -> head.bucket(bucket).key(plain));
        return Map.of(
                "size", found.contentLength(),
                "etag", unquoted(found.eTag()),
                "content_type", found.contentType(),
                "metadata", found.metadata());
    }

    private Map<String, ?> getRange() {
        var range = given.array("range");
        var asked = "bytes=" + range.get(0).asNumber() + "-" + range.get(1).asNumber();
        var got = s3.getObjectAsBytes(get -> get.bucket(bucket).key(plain).range(asked));
        var size = Long.valueOf(got.response().contentRange().split("/")[1]);
        return Map.of("text", got.asUtf8String(), "size", size);
    }

    private Map<String, ?> copy() {
        var key = "copied ü+.csv";
        s3.copyObject(copy -> copy.sourceBucket(bucket)
                .sourceKey(plain)
                .destinationBucket(bucket)
                .destinationKey(key));
        var got = s3.getObjectAsBytes(get -> get.bucket(bucket).key(key));
        return Map.of("text", got.asUtf8String(), "metadata", got.response().metadata());
    }

    private Map<String, ?> multipart() throws Exception {
        var contents = Files.readAllBytes(given.file("large"));
        var upload = s3.createMultipartUpload(create -> create.bucket(bucket).key(large)).uploadId();
        var parts = new ArrayList<CompletedPart>();
        for (int start = 0; start < contents.length; start += given.number("part_bytes")) {
            var part = Arrays.copyOfRange(
                    contents, start, Math.min(start + given.number("part_bytes"), contents.length));
            int number = parts.size() + 1;
            // A stream, so that the signature is made while it is sent.
            var body = RequestBody.fromInputStream(new ByteArrayInputStream(part), part.length);
            var done = s3.uploadPart(
                    put -> put.bucket(bucket).key(large).uploadId(upload).partNumber(number), body);
            parts.add(CompletedPart.builder()
                    .partNumber(number)
                    .eTag(done.eTag())
                    .checksumCRC32(done.checksumCRC32())
                    .build());
        }
        var done = s3.completeMultipartUpload(complete -> complete.bucket(bucket)
                .key(large)
                .uploadId(upload)
                .multipartUpload(completed -> completed.parts(parts)));
        var found = s3.headObject(head -> head.bucket(bucket).key(large));
        return Map.of("etag", unquoted(done.eTag()), "size", found.contentLength());
    }

    private Map<String, ?> getLarge() throws Exception {
        var got = s3.getObjectAsBytes(get -> get.bucket(bucket).key(large));
        return Map.of("sha256", sha256(got.asByteArray()));
    }

    private Map<String, ?> getPart() throws Exception {
        var got = s3.getObjectAsBytes(get -> get.bucket(bucket).key(large).partNumber(3));
        return Map.of("sha256", sha256(got.asByteArray()), "parts", got.response().partsCount());
    }

    private Map<String, ?> presignedGet() throws Exception {
        try (S3Presigner presigner = S3Presigner.builder()
                .endpointOverride(URI.create(given.text("endpoint")))
                .region(Region.of(given.text("region")))
                .credentialsProvider(credentials)
                .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(true).build())
                .build()) {
            var presigned = presigner.presignGetObject(options -> options.signatureDuration(Duration.ofMinutes(1))
                    .getObjectRequest(get -> get.bucket(bucket).key(plain)));
            var request = HttpRequest.newBuilder(presigned.url().toURI()).build();
            var answer = HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            return Map.of("status", answer.statusCode(), "text", answer.body());
        }
    }

    private Map<String, ?> delete() {
        s3.deleteObject(one -> one.bucket(bucket).key("list/z.txt"));
        var left = keys();
        if (left.contains("list/z.txt")) {
            throw new IllegalStateException("list/z.txt is still there");
        }
        var objects = left.stream().map(key -> ObjectIdentifier.builder().key(key).build()).toList();
        s3.deleteObjects(several -> several.bucket(bucket).delete(delete -> delete.objects(objects)));
        return Map.of("keys", keys());
    }

    private Map<String, ?> deleteBucket() {
        s3.deleteBucket(delete -> delete.bucket(bucket));
        try {
            keys();
            return Map.of();
        } catch (S3Exception error) {
            return Map.of("code", error.awsErrorDetails().errorCode());
        }
    }

    private List<String> keys() {
        return s3.listObjectsV2(list -> list.bucket(bucket)).contents().stream().map(S3Object::key).toList();
    }

    private Map<String, ?> refusal(S3Client client, String key) {
        try {
            client.getObjectAsBytes(get -> get.bucket(bucket).key(key));
            return Map.of();
        } catch (S3Exception error) {
            return Map.of("code", error.awsErrorDetails().errorCode());
        }
    }

    private S3Client connected(StaticCredentialsProvider provider) {
        return S3Client.builder()
                .endpointOverride(URI.create(given.text("endpoint")))
                .region(Region.of(given.text("region")))
                .credentialsProvider(provider)
                .forcePathStyle(true)
                .overrideConfiguration(options -> options.retryStrategy(retries -> retries.maxAttempts(1)))
                .build();
    }

    private StaticCredentialsProvider credentials(String secret) {
        return StaticCredentialsProvider.create(AwsBasicCredentials.create(given.text("access_key"), secret));
    }

    private static String sha256(byte[] contents) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(contents));
    }

    private static String unquoted(String etag) {
        return etag.replace("\"", "");
    }
}
