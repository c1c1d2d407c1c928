# cmake -DFILES=a.cpp|b.cpp -DTABLE=out.cpp -P upgrade_table.cmake
# Writes the table of the steps that the MICA_UPGRADE(Operator, version) lines of FILES define, by operator and version.

string(REPLACE "|" ";" files "${FILES}")
set(steps)
foreach(file IN LISTS files)
  file(STRINGS ${file} lines REGEX "^MICA_UPGRADE\\(")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^MICA_UPGRADE\\(([A-Za-z0-9]+), *([0-9]+)\\)")
      message(FATAL_ERROR "${file}: cannot read ${line}")
    endif()
    list(APPEND steps "${CMAKE_MATCH_1}=${CMAKE_MATCH_2}")
  endforeach()
endforeach()
list(SORT steps COMPARE NATURAL)
set(declarations)
set(rows)
foreach(step IN LISTS steps)
  string(REGEX MATCH "^(.*)=([0-9]+)$" matched "${step}")
  set(function mica_upgrade_${CMAKE_MATCH_1}_${CMAKE_MATCH_2})
  string(APPEND declarations "void ${function}(Upgrade& u);\n")
  string(APPEND rows "    {\"${CMAKE_MATCH_1}\", ${CMAKE_MATCH_2}, ${function}},\n")
endforeach()
set(text "// Generated from the MICA_UPGRADE lines of the steps in this build.
#include \"graph/upgrade.h\"

namespace mica {

${declarations}
std::span<const UpgradeStep> upgrades() {
  static constexpr UpgradeStep kSteps[] = {
${rows}  };
  return kSteps;
}

}  // namespace mica
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
