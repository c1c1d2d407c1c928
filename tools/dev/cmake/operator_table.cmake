# cmake -DFILES=a.op.cpp|b.op.cpp -DTABLE=out.cpp -P operator_table.cmake
# Writes the table of the operators that the MICA_OP(name, since[, domain]) lines of FILES define.

string(REPLACE "|" ";" files "${FILES}")
set(declarations)
set(rows)
foreach(file IN LISTS files)
  file(STRINGS ${file} lines REGEX "^MICA_OP\\(")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^MICA_OP\\(([A-Za-z0-9_]+), *([0-9]+)(, *([a-z_]+))?\\)")
      message(FATAL_ERROR "${file}: cannot read ${line}")
    endif()
    set(op ${CMAKE_MATCH_1})
    set(since ${CMAKE_MATCH_2})
    set(domain "${CMAKE_MATCH_4}")
    string(REPLACE "_" "." dotted "${domain}")
    set(function mica_op_${domain}_${op}_${since})
    string(APPEND declarations "OpDef* ${function}();\n")
    string(APPEND rows "    {\"${dotted}\", \"${op}\", ${since}, ${function}},\n")
  endforeach()
endforeach()
set(text "// Generated from the MICA_OP lines of the *.op.cpp files in this build.
#include <algorithm>
#include <array>

#include \"kernels/op.h\"

namespace mica {

${declarations}
static constexpr auto sorted() {
  std::array all = std::to_array<Operator>({
${rows}  });
  std::ranges::sort(all, Operator::before);
  return all;
}

const OpTable& operators() {
  static constexpr auto kOperators = sorted();
  static const OpTable table(kOperators);
  return table;
}

}  // namespace mica
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
