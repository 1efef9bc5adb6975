"""Sends blobs that the server lacks. Content already there is not sent again; a cut upload goes on
where it stopped."""

from xp.v1 import blobs_pb2

from .errors import Error

_NAMES_A_CALL = 10_000
_DATA_BYTES = 512 << 10  # the protocol allows 1 MiB a message
_ATTEMPTS = 4


def upload(blobs_stub, blobs, progress=lambda sent, total: None):
    """`blobs`: files.Blob in any number; each content is sent once. The server checks each SHA-256.
    Raises Error; on UNAVAILABLE asks what is held and goes on, up to 4 times."""
    wanted = {blob.sha256: blob for blob in blobs}
    for attempt in range(1, _ATTEMPTS + 1):
        missing = _missing(blobs_stub, list(wanted))
        if not missing:
            return
        try:
            blobs_stub.UploadBlobs(_messages(wanted, missing, progress))
        except Error as error:
            if error.code != "UNAVAILABLE" or attempt == _ATTEMPTS:
                raise
    left = _missing(blobs_stub, list(wanted))
    if left:
        raise Error("UNAVAILABLE", f"{len(left)} of {len(wanted)} files did not arrive; try again")


def _missing(stub, names):
    found = []
    for begin in range(0, len(names), _NAMES_A_CALL):
        request = blobs_pb2.FindMissingBlobsRequest(sha256=names[begin : begin + _NAMES_A_CALL])
        found.extend(stub.FindMissingBlobs(request).missing)
    return found


def _messages(wanted, missing, progress):
    total = sum(wanted[m.sha256].size - m.held_bytes for m in missing)
    sent = 0
    for item in missing:
        blob = wanted[item.sha256]
        header = blobs_pb2.UploadBlobsRequest.Header(
            sha256=blob.sha256, size=blob.size, offset=item.held_bytes
        )
        yield blobs_pb2.UploadBlobsRequest(header=header)
        with blob.open() as file:
            file.seek(item.held_bytes)
            while chunk := file.read(_DATA_BYTES):
                yield blobs_pb2.UploadBlobsRequest(data=chunk)
                sent += len(chunk)
                progress(sent, total)
