# cmake -DFILES=a.cpp|b.cpp -DTABLE=out.cpp -P backend_table.cmake
# Writes the table of the backends that the lines `Backend& <name>_backend() {` of FILES define.

include(${CMAKE_CURRENT_LIST_DIR}/collected_names.cmake)
collected_names(names "^Backend& ([a-z0-9]+)_backend\\(\\)")
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
