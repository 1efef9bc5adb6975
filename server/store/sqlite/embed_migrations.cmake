# cmake -DOUT=migrations.cc -DFILES=a.sql;b.sql -P embed_migrations.cmake
# Writes the migrations as raw string literals, in the order given. MSVC's limit on the length of a
# literal does not concern us; GCC and clang have none.
set(text "#include \"server/store/sqlite/schema.h\"\n\nnamespace xp::store {\n\n")
string(APPEND text "const std::vector<Migration>& Migrations() {\n  static const std::vector<Migration> migrations = {\n")
foreach(file IN LISTS FILES)
  file(READ "${file}" sql)
  get_filename_component(name "${file}" NAME)
  string(APPEND text "      {\"${name}\", R\"sql(${sql})sql\"},\n")
endforeach()
string(APPEND text "  };\n  return migrations;\n}\n\n}  // namespace xp::store\n")
file(WRITE "${OUT}" "${text}")
