import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.CSVInput;
import software.amazon.awssdk.services.s3.model.CSVOutput;
import software.amazon.awssdk.services.s3.model.ExpressionType;
import software.amazon.awssdk.services.s3.model.InputSerialization;
import software.amazon.awssdk.services.s3.model.JSONInput;
import software.amazon.awssdk.services.s3.model.JSONOutput;
import software.amazon.awssdk.services.s3.model.OutputSerialization;
import software.amazon.awssdk.services.s3.model.ParquetInput;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.SelectObjectContentEventStream;
import software.amazon.awssdk.services.s3.model.SelectObjectContentRequest;
import software.amazon.awssdk.services.s3.model.SelectObjectContentResponse;
import software.amazon.awssdk.services.s3.model.SelectObjectContentResponseHandler;

/** Queries: only the client that does not block can make them. */
final class Selects {
    private final S3AsyncClient s3;
    private final String bucket;

    Selects(S3AsyncClient s3, String bucket) {
        this.s3 = s3;
        this.bucket = bucket;
    }

    Map<String, Object> answer(JsonNode members) {
        var events = new Events();
        try {
            s3.selectObjectContent(request(members.asObject()), events).join();
        } catch (CompletionException error) {
            // What went wrong, the events were told.
        }
        return events.told();
    }

    private SelectObjectContentRequest request(Map<String, JsonNode> members) {
        var request = SelectObjectContentRequest.builder()
                .bucket(bucket)
                .key(members.get("Key").asString())
                .expression(members.get("Expression").asString())
                .expressionType(ExpressionType.SQL)
                .inputSerialization(input(members.get("InputSerialization").asObject()))
                .outputSerialization(output(members.get("OutputSerialization").asObject()));
        if (members.containsKey("ScanRange")) {
            var range = members.get("ScanRange").asObject();
            request.scanRange(scan -> scan.start(Long.parseLong(range.get("Start").asNumber()))
                    .end(Long.parseLong(range.get("End").asNumber())));
        }
        if (members.containsKey("RequestProgress")) {
            var enabled = members.get("RequestProgress").asObject().get("Enabled").asBoolean();
            request.requestProgress(progress -> progress.enabled(enabled));
        }
        return request.build();
    }

    private static InputSerialization input(Map<String, JsonNode> members) {
        var input = InputSerialization.builder().compressionType(members.get("CompressionType").asString());
        if (members.containsKey("CSV")) {
            var header = members.get("CSV").asObject().get("FileHeaderInfo").asString();
            input.csv(CSVInput.builder().fileHeaderInfo(header).build());
        }
        if (members.containsKey("JSON")) {
            var type = members.get("JSON").asObject().get("Type").asString();
            input.json(JSONInput.builder().type(type).build());
        }
        if (members.containsKey("Parquet")) {
            input.parquet(ParquetInput.builder().build());
        }
        return input.build();
    }

    private static OutputSerialization output(Map<String, JsonNode> members) {
        if (members.containsKey("JSON")) {
            var delimiter = members.get("JSON").asObject().get("RecordDelimiter").asString();
            return OutputSerialization.builder()
                    .json(JSONOutput.builder().recordDelimiter(delimiter).build())
                    .build();
        }
        var given = members.get("CSV").asObject();
        var csv = CSVOutput.builder();
        if (given.containsKey("RecordDelimiter")) {
            csv.recordDelimiter(given.get("RecordDelimiter").asString());
        }
        if (given.containsKey("FieldDelimiter")) {
            csv.fieldDelimiter(given.get("FieldDelimiter").asString());
        }
        return OutputSerialization.builder().csv(csv.build()).build();
    }

    /** What comes back, in the order in which it comes. */
    private static final class Events implements SelectObjectContentResponseHandler {
        private final ByteArrayOutputStream records = new ByteArrayOutputStream();
        private Throwable failure;
        private List<Long> stats;
        private boolean progress;
        private boolean ended;

        @Override
        public void responseReceived(SelectObjectContentResponse response) {
            // The answer's head has nothing to tell.
        }

        @Override
        public void onEventStream(SdkPublisher<SelectObjectContentEventStream> stream) {
            stream.subscribe(event -> event.accept(Visitor.builder()
                    .onRecords(found -> records.writeBytes(found.payload().asByteArray()))
                    .onStats(found -> {
                        var details = found.details();
                        stats = List.of(details.bytesScanned(), details.bytesProcessed(), details.bytesReturned());
                    })
                    .onProgress(found -> progress = true)
                    .onEnd(found -> ended = true)
                    .build()));
        }

        @Override
        public void exceptionOccurred(Throwable error) {
            failure = error instanceof CompletionException ? error.getCause() : error;
        }

        @Override
        public void complete() {
            // So says End.
        }

        Map<String, Object> told() {
            if (failure != null && !(failure instanceof S3Exception)) {
                throw new IllegalStateException(failure);
            }
            var told = new LinkedHashMap<String, Object>();
            told.put("records", records.toString(StandardCharsets.UTF_8));
            // An error inside the stream is an exception of the service's without a code: the SDK looks for one
            // in the message's payload, and it is in the headers.
            var refusal = (S3Exception) failure;
            if (refusal == null || refusal.awsErrorDetails().errorCode() != null) {
                told.put("code", refusal == null ? null : refusal.awsErrorDetails().errorCode());
            }
            told.put("stats", stats);
            told.put("progress", progress);
            told.put("ended", ended);
            return told;
        }
    }
}
