"""The one error of this package, and how gRPC's errors become it."""

import grpc


class Error(Exception):
    """What the server, or a check before it, refused.

    code     the canonical gRPC status code by name: "NOT_FOUND", "INVALID_ARGUMENT", "UNAVAILABLE",
             "FAILED_PRECONDITION", "ALREADY_EXISTS", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", ...
    message  for people: what was found, where, and what to do next; as the server sent it
    """

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self):  # two arguments, one string in args: pickle needs to be told
        return (Error, (self.code, self.message))


def invalid(path, problem):
    """An INVALID_ARGUMENT that names the field's path, as the server's do."""
    return Error("INVALID_ARGUMENT", f"{path}: {problem}")


def from_rpc(error):
    """grpc.RpcError -> Error, keeping the server's words."""
    if not isinstance(error, grpc.Call):
        return Error("UNKNOWN", str(error))
    return Error(error.code().name, error.details() or "the server gave no message")
