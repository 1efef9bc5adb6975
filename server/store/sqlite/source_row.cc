#include "server/store/sqlite/source_row.h"

#include "proto/status.h"

namespace xp::store {
namespace {

#define XP_SOURCE_COLUMNS                                                                   \
  "attempt_id, kind, writer_id, generation, held, inside_over_long_line, end_generation, "  \
  "end_offset, bytes, lines, points, series, over_long_lines, bad_lines, bad_line_sample, " \
  "bytes_not_kept FROM sources "

SourceRow ReadRow(const Query& query) {
  SourceRow row;
  int column = 0;
  row.attempt_id = query.Int(column++);
  row.kind = static_cast<v1::SourceKind>(query.Int(column++));
  row.writer_id = query.Text(column++);
  row.generation = query.Int32(column++);
  row.held = query.Uint(column++);
  row.inside_over_long_line = query.Bool(column++);
  row.end_generation = query.MaybeInt(column++);
  row.end_offset = query.MaybeInt(column++);
  row.bytes = query.Uint(column++);
  row.lines = query.Uint(column++);
  row.points = query.Uint(column++);
  row.series = query.Uint(column++);
  row.over_long_lines = query.Uint(column++);
  row.bad_lines = query.Uint(column++);
  row.bad_line_sample = query.Text(column++);
  row.bytes_not_kept = query.Uint(column++);
  return row;
}

}  // namespace

absl::StatusOr<SourceRow> FindSource(Database& db, int64_t attempt_id, v1::SourceKind kind,
                                     std::string_view writer_id) {
  Query query(db, "SELECT " XP_SOURCE_COLUMNS "WHERE attempt_id = ? AND kind = ? AND writer_id = ?",
              attempt_id, static_cast<int>(kind), writer_id);
  if (query.Next()) return ReadRow(query);
  XP_RETURN_IF_ERROR(query.status());
  SourceRow row;
  row.attempt_id = attempt_id;
  row.kind = kind;
  row.writer_id = std::string(writer_id);
  return row;
}

absl::StatusOr<std::vector<SourceRow>> ListSources(Database& db, int64_t attempt_id) {
  std::vector<SourceRow> rows;
  Query query(db, "SELECT " XP_SOURCE_COLUMNS "WHERE attempt_id = ? ORDER BY kind, writer_id",
              attempt_id);
  while (query.Next()) rows.push_back(ReadRow(query));
  XP_RETURN_IF_ERROR(query.status());
  return rows;
}

absl::Status SaveSource(Database& db, const SourceRow& row) {
  return db.Run(
      "INSERT OR REPLACE INTO sources (attempt_id, kind, writer_id, generation, held, "
      "inside_over_long_line, end_generation, end_offset, bytes, lines, points, series, "
      "over_long_lines, bad_lines, bad_line_sample, bytes_not_kept) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.attempt_id, static_cast<int>(row.kind), row.writer_id, row.generation, row.held,
      row.inside_over_long_line, row.end_generation, row.end_offset, row.bytes, row.lines,
      row.points, row.series, row.over_long_lines, row.bad_lines, row.bad_line_sample,
      row.bytes_not_kept);
}

v1::SourceOffset ToOffset(const SourceRow& row) {
  v1::SourceOffset offset;
  offset.set_source(row.kind);
  offset.set_generation(row.generation);
  offset.set_offset(row.held);
  offset.set_inside_over_long_line(row.inside_over_long_line);
  return offset;
}

}  // namespace xp::store
