"""Every failure s3sql reports: one exception, one table of AWS codes.

In: a code, what was found and where.  Out: an :class:`S3SelectError` that each way in renders in its
own form: an S3 XML document before the stream, an event-stream error message in it, a botocore
``ClientError`` or ``EventStreamError`` in process, a caret under the SQL on the command line.

    Exception
    └── S3SelectError      code, message, status, position, hint

Source of the codes: AWS S3 API Reference, "List of SELECT Object Content Error Codes".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the text of a query: line and column, both from 1."""

    line: int
    column: int

    @classmethod
    def at(cls, text: str, offset: int) -> Position:
        """The position of the character at *offset* (from 0) of *text*."""
        line_start = text.rfind("\n", 0, offset) + 1
        return cls(text.count("\n", 0, offset) + 1, offset - line_start + 1)

    def offset(self, text: str) -> int:
        """The offset (from 0) of this position in *text*."""
        start = 0
        for _ in range(self.line - 1):
            start = text.find("\n", start) + 1
        return start + self.column - 1

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class S3SelectError(Exception):
    """A request, query or object that S3 Select refuses, with AWS's code for it.

    ``code`` is AWS's spelling, quirks included; ``message`` says what was found, where, and what
    would work; ``status`` is the HTTP status when the error comes before the response stream;
    ``position`` is the place in the query when there is one; ``elements`` are further elements of S3's
    document for this code, such as the ``Region`` that would have been right.

    ``hint`` is advice for people, None where there is none that is surely of use. It is no part of the
    message and never sent to a client: the message is AWS's. Python shows it below a traceback.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        status: int | None = None,
        position: Position | None = None,
        elements: Mapping[str, str] | None = None,
        hint: str | None = None,
    ) -> None:
        self.code = code
        self.message = message or DEFAULT_MESSAGES.get(code, code)
        self.status = status or STATUSES.get(code, 400)
        self.position = position
        self.elements = dict(elements or {})
        self._hint: str | None = None
        super().__init__(f"{code}: {self.message}")
        if hint is not None:
            self.hint = hint

    @property
    def hint(self) -> str | None:
        """Advice for people; None: there is none."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        """A place that knows more than the one that raised the error replaces its advice."""
        self._hint = hint
        self.__notes__ = [f"hint: {hint}"]

    def suggest(self, hint: str | None) -> Self:
        """This error, with *hint* if it has none."""
        if hint is not None and self._hint is None:
            self.hint = hint
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.code, self.message, self.status, self.position, self.elements, self.hint))


def _rebuild(
    code: str,
    message: str,
    status: int,
    position: Position | None,
    elements: Mapping[str, str],
    hint: str | None,
) -> S3SelectError:
    """Rebuild an unpickled error; exceptions with keyword arguments need the help."""
    return S3SelectError(code, message, status=status, position=position, elements=elements, hint=hint)


#: HTTP statuses other than 400.
STATUSES: dict[str, int] = {
    "AccessDenied": 403,
    "BucketAlreadyOwnedByYou": 409,
    "BucketNotEmpty": 409,
    "Busy": 503,
    "GlacierExpeditedRetrievalNotAvailable": 503,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidObjectState": 403,
    "InvalidPartNumber": 416,
    "InvalidRange": 416,
    "InvalidSecurity": 403,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "NotImplemented": 501,
    "ObjectAlreadyInActiveTierError": 403,
    "OperationAborted": 409,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "RestoreAlreadyInProgress": 409,
    "ServiceUnavailable": 503,
    "SignatureDoesNotMatch": 403,
    "SlowDown": 503,
    "UnauthorizedAccess": 401,
}

_EVALUATION = "The query cannot be evaluated. Please check the query and file and try again."

#: Text used when the place of failure has nothing more exact to say: AWS's own where a reply of the service
#: has been seen, else ours.
DEFAULT_MESSAGES: dict[str, str] = {
    # Request and service
    "Busy": "The service is busy. Please try again.",
    "EmptyRequestBody": "The request has no body.",
    "ExpressionTooLong": "The SQL expression has more than 262,144 bytes.",
    "InternalError": "An internal error occurred. Please try again.",
    "InvalidCompressionFormat": (
        "The object is not in the declared compression. Please correct the request and try again."
    ),
    "InvalidDataSource": "The input must be CSV, JSON or Parquet.",
    "InvalidExpressionType": "The ExpressionType must be SQL.",
    "InvalidFileHeaderInfo": "The FileHeaderInfo must be NONE, USE or IGNORE.",
    "InvalidJsonType": "The JSON Type must be DOCUMENT or LINES.",
    "InvalidQuoteFields": "The QuoteFields must be ALWAYS or ASNEEDED.",
    "InvalidRequestParameter": "A parameter of the request has a value that is not valid.",
    "InvalidScanRange": "The scan range is not valid for this object.",
    "MalformedXML": (
        "The XML is not well formed or does not match the schema. Please check the service documentation "
        "and try again."
    ),
    "MethodNotAllowed": "The method is not allowed on this resource.",
    "MissingRequiredParameter": (
        "A required parameter is missing. Please check the service documentation and try again."
    ),
    "MultipleDataSourcesUnsupported": "A query has one data source.",
    "ObjectSerializationConflict": (
        "The request names more than one input format or more than one output format."
    ),
    "UnauthorizedAccess": "You are not authorised for this operation.",
    "UnrecognizedFormatException": "The type of the records is not valid.",
    "UnsupportedRangeHeader": "The Range header is not supported here. Use a scan range.",
    "UnsupportedScanRangeInput": (
        "A scan range needs uncompressed CSV without quoted record delimiters, JSON LINES or Parquet."
    ),
    "UnsupportedStorageClass": "Objects of this storage class cannot be queried.",
    # Data
    "AmbiguousFieldName": "A name in the query matches more than one field of the data.",
    "ColumnTooLong": "A column of the result is longer than 1 MB.",
    "CSVEscapingRecordDelimiter": (
        "A record delimiter stands inside quotes. Set AllowQuotedRecordDelimiter to allow it."
    ),
    "CSVParsingError": "The CSV could not be parsed. Please check the file and try again.",
    "CSVUnescapedQuote": "The CSV ends inside quotes. Please check the file, and AllowQuotedRecordDelimiter.",
    "InvalidColumnIndex": (
        "The column index is invalid. Please check the service documentation and try again."
    ),
    "InvalidKeyPath": "The key path in the query is not valid for this input.",
    "InvalidTableAlias": "Invalid table alias is specified. Please check the file and try again.",
    "InvalidTextEncoding": "UTF-8 encoding is required.",
    "JSONParsingError": "The JSON could not be parsed. Please check the file and try again.",
    "MissingHeaders": (
        "Some headers in the query are missing from the file. Please check the file and try again."
    ),
    "MissingHeaderName": (
        "Some headers in the query are missing from the file. Please check the file and try again."
    ),
    "OverMaxColumn": "The result has too many columns.",
    "OverMaxParquetBlockSize": "A row group of the Parquet file is larger than 512 MB.",
    "OverMaxRecordSize": "A record is longer than 1 MB.",
    "ParquetParsingError": "The Parquet file could not be parsed. Please check the file and try again.",
    "ParquetUnsupportedCompressionCodec": "The Parquet file uses a codec other than Snappy and GZIP.",
    "TruncatedInput": "The object ends too early. Please check the file and its compression.",
    "UnsupportedParquetType": "The Parquet file has a type that is not supported.",
    "UnsupportedTypeForQuerying": "The query uses a column of a type that cannot be queried.",
    # SQL, evaluation
    "CastFailed": "Attempt to convert from one data type to another failed.",
    "InvalidCast": "One data type cannot be converted to the other.",
    "EvaluatorBindingDoesNotExist": "A column or path of the query does not exist in the data.",
    "EvaluatorInvalidArguments": "A function was called with a wrong number of arguments.",
    "EvaluatorInvalidTimestampFormatPattern": "The timestamp format pattern is not valid.",
    "EvaluatorInvalidTimestampFormatPatternSymbol": "The timestamp format pattern has an unknown symbol.",
    "EvaluatorInvalidTimestampFormatPatternSymbolForParsing": (
        "The timestamp format pattern has a symbol that is for formatting only."
    ),
    "EvaluatorInvalidTimestampFormatPatternToken": (
        "The timestamp format pattern has a character that is not allowed."
    ),
    "EvaluatorLikePatternInvalidEscapeSequence": (
        "The LIKE pattern has an escape character that escapes nothing, or ESCAPE is not one character."
    ),
    "EvaluatorNegativeLimit": "LIMIT must not be negative.",
    "EvaluatorTimestampFormatPatternDuplicateFields": "The timestamp format pattern has one field twice.",
    "EvaluatorTimestampFormatPatternHourClockAmPmMismatch": (
        "The timestamp format pattern has a 12-hour clock without AM/PM, or a 24-hour clock with it."
    ),
    "EvaluatorUnterminatedTimestampFormatPatternToken": "The timestamp format pattern has an unclosed quote.",
    "ExternalEvalException": _EVALUATION,
    "IllegalSqlFunctionArgument": "A function was called with a value it does not take.",
    "IncorrectSqlFunctionArgumentType": "A function was called with an argument of the wrong type.",
    "IntegerOverflow": "An integer does not fit 64 bits.",
    "InvalidDataType": "A data type in the query is not one of S3 Select's.",
    "LikeInvalidInputs": "LIKE takes texts only.",
    "NumberFormatError": "A number could not be parsed.",
    "UnsupportedFunction": "A function in the query is not supported.",
    "UnsupportedSqlOperation": "The operation is not supported; SELECT is.",
    "UnsupportedSqlStructure": "The structure of the query is not supported.",
    "UnsupportedSyntax": "The syntax of the query is not supported.",
    "ValueParseFailure": "The text is not a timestamp.",
    # SQL, lexer and parser
    "LexerInvalidChar": "The query has a character that starts no token.",
    "LexerInvalidIONLiteral": "The query has an Ion literal that is not valid.",
    "LexerInvalidLiteral": "The query has a literal that is not valid.",
    "LexerInvalidOperator": "The query has an operator that is not valid.",
    "MaxOperatorsExceeded": "The expression is too complex.",
    "ParseAsteriskIsNotAloneInSelectList": "* must stand alone in the select list.",
    "ParseCannotMixSqbAndWildcardInSelectList": (
        "Brackets and * cannot be mixed in an item of the select list."
    ),
    "ParseCastArity": "The type in CAST has a wrong number of parameters.",
    "ParseEmptySelect": "The select list is empty.",
    "ParseExpected2TokenTypes": "One of two tokens was expected.",
    "ParseExpectedArgumentDelimiter": "FROM or a comma was expected between the arguments.",
    "ParseExpectedDatePart": "A date part was expected.",
    "ParseExpectedExpression": "An expression was expected.",
    "ParseExpectedIdentForAlias": "An identifier was expected for the alias.",
    "ParseExpectedIdentForAt": "An identifier was expected after AT.",
    "ParseExpectedIdentForGroupName": "An identifier was expected after GROUP AS.",
    "ParseExpectedKeyword": "A keyword was expected.",
    "ParseExpectedLeftParenAfterCast": "A left parenthesis was expected after CAST.",
    "ParseExpectedLeftParenBuiltinFunctionCall": "A left parenthesis was expected after the function's name.",
    "ParseExpectedLeftParenValueConstructor": "A left parenthesis was expected for a row of VALUES.",
    "ParseExpectedMember": "A member was expected.",
    "ParseExpectedNumber": "A number was expected.",
    "ParseExpectedRightParenBuiltinFunctionCall": "A right parenthesis was expected after the arguments.",
    "ParseExpectedTokenType": "Another token was expected.",
    "ParseExpectedTypeName": "A type name was expected.",
    "ParseExpectedWhenClause": "A WHEN clause was expected.",
    "ParseInvalidContextForWildcardInSelectList": "The wildcard does not belong there in the select list.",
    "ParseInvalidPathComponent": "The step of the path is not valid.",
    "ParseInvalidTypeParam": "A parameter of the type is not an unsigned integer.",
    "ParseMalformedJoin": "Joins are not supported.",
    "ParseMissingIdentAfterAt": "An identifier was expected after @.",
    "ParseNonUnaryAgregateFunctionCall": "An aggregate takes one argument.",
    "ParseSelectMissingFrom": "FROM was expected after the select list.",
    "ParseUnExpectedKeyword": "A keyword was found where none belongs.",
    "ParseUnexpectedOperator": "An operator was found where none belongs.",
    "ParseUnexpectedTerm": "A term was found where none belongs.",
    "ParseUnexpectedToken": "A token was found where none belongs.",
    "ParseUnknownOperator": "The operator is not known.",
    "ParseUnsupportedAlias": "The alias is not supported there.",
    "ParseUnsupportedCallWithStar": "Only COUNT takes *.",
    "ParseUnsupportedCase": "The form of CASE is not supported.",
    "ParseUnsupportedCaseClause": "The clause of CASE is not supported.",
    "ParseUnsupportedLiteralsGroupBy": "GROUP BY takes no literal.",
    "ParseUnsupportedSelect": "The form of SELECT is not supported.",
    "ParseUnsupportedSyntax": "The syntax is not supported.",
    "ParseUnsupportedToken": "The token is not supported.",
    # General S3 errors that a query meets
    "AccessDenied": "Access Denied",
    "InvalidAccessKeyId": "The AWS access key id is not known.",
    "InvalidArgument": "An argument is not valid.",
    "InvalidBucketName": "The specified bucket is not valid.",
    "InvalidEncryptionAlgorithmError": "The encryption algorithm is not valid; AES256 is.",
    "InvalidObjectState": "The operation is not valid for the object's storage class.",
    "InvalidRequest": "The request is not valid for this object.",
    "KeyTooLongError": "The key has more than 1,024 bytes.",
    "NoSuchBucket": "The specified bucket does not exist",
    "NoSuchKey": "The specified key does not exist.",
    "NoSuchVersion": "The specified version does not exist.",
    "NotImplemented": "A functionality that the request needs is not implemented.",
    "PreconditionFailed": "At least one of the preconditions did not hold.",
    "RequestTimeout": "The object's bytes were not received in time.",
    "ServiceUnavailable": "The service is unavailable. Please try again.",
    "SignatureDoesNotMatch": "The signature of the request does not match.",
    "SlowDown": "Please reduce your request rate.",
    # General S3 errors that only a server gives
    "AuthorizationHeaderMalformed": "The Authorization header is not valid.",
    "AuthorizationQueryParametersError": "The query string of a presigned URL is not valid.",
    "BadDigest": "The bytes that came do not have the digest that was sent with them.",
    "BucketAlreadyOwnedByYou": "The bucket exists already, and you own it.",
    "BucketNotEmpty": "The bucket you tried to delete is not empty.",
    "EntityTooLarge": "The object is larger than one request may bring.",
    "EntityTooSmall": "A part other than the last one is smaller than 5 MiB.",
    "ExpiredToken": "The credentials have expired.",
    "IncompleteBody": "The body ended before as many bytes as Content-Length says had come.",
    "InvalidBucketOwnerAWSAccountID": "The expected bucket owner must be an account of 12 digits.",
    "InvalidDigest": "The Content-MD5 is not the base64 text of 16 bytes.",
    "InvalidLocationConstraint": "The location constraint is not valid.",
    "InvalidPart": "A part that was named was not uploaded, or its ETag is another.",
    "InvalidPartNumber": "The object has no part of this number.",
    "InvalidPartOrder": "The parts must be named in ascending order.",
    "InvalidRange": "The requested range lies outside the object.",
    "InvalidSecurity": "The security credentials are not valid.",
    "InvalidStorageClass": "The storage class is not one of S3's.",
    "InvalidTag": "A tag is not valid.",
    "InvalidToken": "The session token is not valid.",
    "InvalidURI": "The request target could not be parsed.",
    "MalformedTrailerError": "The trailer behind the body is not valid.",
    "MaxMessageLengthExceeded": "The request was too large.",
    "MetadataTooLarge": "The user metadata has more than 2,048 bytes.",
    "MissingContentLength": "The request must say the length of its body in Content-Length.",
    "MissingRequestBodyError": "The request has no body.",
    "NoSuchUpload": "The upload does not exist: it was completed or aborted, or its id is wrong.",
    "ObjectAlreadyInActiveTierError": "The object is not archived; query it with SelectObjectContent.",
    "OperationAborted": "Another request for the same resource is under way. Please try again.",
    "RequestHeaderSectionTooLarge": "The request line and the headers are too long.",
    "RequestTimeTooSkewed": "The time of the request differs too much from the server's.",
    "RestoreAlreadyInProgress": "The object is being restored already.",
    "UnsupportedSignature": "The signature is of a version or algorithm that is not supported.",
    "XAmzContentSHA256Mismatch": "The body does not have the SHA-256 that x-amz-content-sha256 says.",
    "GlacierExpeditedRetrievalNotAvailable": "Expedited retrievals are not available now. Please try again.",
}
