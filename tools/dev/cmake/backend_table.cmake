# cmake -DFILES=a.cpp|b.cpp -DTABLE=out.cpp -P backend_table.cmake
# Writes the table of the backends that the lines `Backend& <name>_backend() {` of FILES define.

string(REPLACE "|" ";" files "${FILES}")
set(names)
foreach(file IN LISTS files)
  file(STRINGS ${file} lines REGEX "^Backend& [a-z0-9]+_backend\\(\\)")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^Backend& ([a-z0-9]+)_backend.*" "\\1" name "${line}")
    list(APPEND names ${name})
  endforeach()
endforeach()
list(SORT names)
set(declarations)
set(list "  return {};\n")
set(rows)
foreach(name IN LISTS names)
  string(APPEND declarations "Backend& ${name}_backend();\n")
  string(APPEND rows "&${name}_backend(), ")
endforeach()
if(names)
  set(list "  static Backend* const kBackends[] = {${rows}};\n  return kBackends;\n")
endif()
set(text "// Generated from the backends in this build.
#include \"backends/backend.h\"

namespace mica {

${declarations}
std::span<Backend* const> backends() {
${list}}

}  // namespace mica
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
