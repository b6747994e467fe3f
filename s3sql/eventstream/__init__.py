"""The response stream of S3 Select: messages of the ``vnd.amazon.event-stream`` format, both ways.

``frame`` is the format itself, ``messages`` the six kinds of messages S3 Select sends, ``writer`` turns
the chunks of an answer into messages, ``reader`` reads them back.  Source: AWS S3 API Reference,
"SelectObjectContent", appendix "Response".
"""
