# cmake -DFILES=a.cpp|b.cpp -DTABLE=out.cpp -P rule_table.cmake
# Writes the table of the rules that the MICA_RULE(name, Stage) lines of FILES define, by name.

string(REPLACE "|" ";" files "${FILES}")
set(rules)
foreach(file IN LISTS files)
  file(STRINGS ${file} lines REGEX "^MICA_RULE\\(")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^MICA_RULE\\(([a-z0-9_]+), *([A-Za-z]+)\\)")
      message(FATAL_ERROR "${file}: cannot read ${line}")
    endif()
    list(APPEND rules "${CMAKE_MATCH_1}=${CMAKE_MATCH_2}")
  endforeach()
endforeach()
list(SORT rules)
set(declarations)
set(rows)
foreach(rule IN LISTS rules)
  string(REGEX MATCH "^([a-z0-9_]+)=(.*)$" matched "${rule}")
  string(APPEND declarations "Rule mica_rule_${CMAKE_MATCH_1}();\n")
  string(APPEND rows "  add(\"${CMAKE_MATCH_1}\", Stage::${CMAKE_MATCH_2}, mica_rule_${CMAKE_MATCH_1}());\n")
endforeach()
set(text "// Generated from the MICA_RULE lines of the rules in this build.
#include \"graph/rule.h\"

namespace mica {

${declarations}
static std::vector<Rule> table() {
  std::vector<Rule> rules;
  const auto add = [&rules](const char* name, Stage stage, Rule rule) {
    rule.name = name;
    rule.stage = stage;
    rules.push_back(std::move(rule));
  };
${rows}  return rules;
}

std::span<const Rule> rules() {
  static const std::vector<Rule> all = table();
  return all;
}

}  // namespace mica
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
