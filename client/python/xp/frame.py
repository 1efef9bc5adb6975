"""The frame: CompareTrials' rows as SageMaker's ExperimentAnalytics lays them out (docs/python.md).

Pure: messages in, DataFrame out.
"""

import datetime
import re

import pandas

_STATISTICS = (  # SageMaker's names and order, and the field of Summary
    ("Min", "min"),
    ("Max", "max"),
    ("Avg", "avg"),
    ("StdDev", "stddev"),
    ("Last", "last"),
    ("Count", "count"),
)
_LEADING = ("TrialComponentName", "DisplayName")
_TRAILING = ("Trials", "Experiments", "State", "Reason", "CreateTime", "StartTime", "EndTime", "Worker", "Attempt")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OUTPUT_NAMES = {"model": "SageMaker.ModelArtifact", "output": "SageMaker.OutputArtifact"}


def experiment_frame(columns, rows, inputs, outputs):
    """`columns`, `rows`: of CompareTrialsResponse, all pages. `inputs`: "E/T" -> its InputChannels.
    `outputs`: "E/T" -> its ArtifactFolders. One row per trial, the newest changed first."""
    ordered = sorted(enumerate(rows), key=lambda item: (_changed(item[1]), item[0]), reverse=True)
    rows = [row for _, row in ordered]
    metric_names = [f"{column.metric} - {label}" for column in columns for label, _ in _STATISTICS]
    input_names = _artifact_names({c.name for row in rows for c in inputs.get(row.name, ())})
    folders = {folder.path for row in rows for folder in outputs.get(row.name, ())}
    output_names = _artifact_names({name for path, name in _OUTPUT_NAMES.items() if path in folders})
    taken = {*_LEADING, *metric_names, *input_names, *output_names, *_TRAILING}
    params = {key: _param_column(key, taken) for key in sorted({p.name for row in rows for p in row.params})}
    header = [*_LEADING, *params.values(), *metric_names, *input_names, *output_names, *_TRAILING]
    header = list(dict.fromkeys(header))
    cells = [
        _row(row, columns, params, inputs.get(row.name, ()), outputs.get(row.name, ())) for row in rows
    ]
    return pandas.DataFrame(cells, columns=header)


def utc(timestamp):
    """protobuf Timestamp -> pandas.Timestamp in UTC, to the millisecond; NaT when unset."""
    if timestamp.seconds == 0 and timestamp.nanos == 0:
        return pandas.NaT
    whole = datetime.datetime.fromtimestamp(timestamp.seconds, datetime.timezone.utc)
    return pandas.Timestamp(whole.replace(microsecond=timestamp.nanos // 1_000_000 * 1000))


def number_or_text(text):
    """5e-5 -> 5e-05, "12" -> 12, anything else as it is."""
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if re.fullmatch(r"[-+]?[0-9]+", text) else float(text)


def _row(row, columns, params, inputs, outputs):
    cell = {"TrialComponentName": f"{row.experiment}-{row.trial}", "DisplayName": row.trial}
    cell.update((params[p.name], number_or_text(p.value)) for p in row.params)
    for column, found in zip(columns, row.cells):
        if not found.present:
            continue
        for label, field in _STATISTICS:
            if found.summary.count or field == "count":
                cell[f"{column.metric} - {label}"] = getattr(found.summary, field)
    for channel in inputs:
        cell[f"{channel.name} - MediaType"] = None
        cell[f"{channel.name} - Value"] = _input_value(channel)
    for folder in outputs:
        if name := _OUTPUT_NAMES.get(folder.path):
            cell[f"{name} - MediaType"] = None
            cell[f"{name} - Value"] = f"xp://{row.name}/{folder.attempt}/{folder.path}"
    cell.update(
        {
            "Trials": [row.trial],
            "Experiments": [row.experiment],
            "State": row.state,
            "Reason": row.reason,
            "CreateTime": utc(row.create_time),
            "StartTime": utc(row.start_time),
            "EndTime": utc(row.end_time),
            "Worker": row.worker,
            "Attempt": row.attempt,
        }
    )
    return cell


def _changed(row):
    """When the row changed last, as far as its times tell (SageMaker sorts by LastModifiedTime)."""
    return max((t.seconds, t.nanos) for t in (row.create_time, row.start_time, row.end_time))


def _artifact_names(names):
    return [f"{name} - {part}" for name in sorted(names) for part in ("MediaType", "Value")]


def _param_column(key, taken):
    """A parameter never overwrites another column (SageMaker's does, silently)."""
    return f"params.{key}" if key in taken else key


def _input_value(channel):
    source = channel.WhichOneof("source")
    if source == "dataset":
        return f"dataset:{channel.dataset}"
    if source == "worker_path":
        return f"file://{channel.worker_path}"
    return f"sha256:{channel.manifest_sha256}"
