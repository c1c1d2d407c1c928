# cmake -DFILES=a.cpp|b.cpp -DTABLE=out.cpp -P kernel_family_table.cmake
# Writes the table of the families that the lines `KernelFamily kernel_family_<name>() {` of FILES define, by name.

string(REPLACE "|" ";" files "${FILES}")
set(names)
foreach(file IN LISTS files)
  file(STRINGS ${file} lines REGEX "^KernelFamily kernel_family_[a-z0-9_]+\\(\\)")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^KernelFamily kernel_family_([a-z0-9_]+).*" "\\1" name "${line}")
    list(APPEND names ${name})
  endforeach()
endforeach()
list(SORT names)
set(declarations)
set(rows)
foreach(name IN LISTS names)
  string(APPEND declarations "KernelFamily kernel_family_${name}();\n")
  string(APPEND rows "      kernel_family_${name}(),\n")
endforeach()
set(text "// Generated from the families of tools/kernels/families in this build.
#include \"tools/kernels/family.h\"

namespace mica::tools {

${declarations}
std::span<const KernelFamily> kernel_families() {
  static const std::vector<KernelFamily> families = {
${rows}  };
  return families;
}

}  // namespace mica::tools
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
