# cmake -DFILES=a.cpp|b.cpp -DTABLE=out.cpp -P provider_kernel_table.cmake
# Writes the table of the kernels that the lines `void provider_kernels_<name>(ProviderKernels& table) {` of FILES add.

include(${CMAKE_CURRENT_LIST_DIR}/collected_names.cmake)
collected_names(names "^void provider_kernels_([a-z0-9_]+)\\(")
set(declarations)
set(rows)
foreach(name IN LISTS names)
  string(APPEND declarations "void provider_kernels_${name}(ProviderKernels& table);\n")
  string(APPEND rows "  provider_kernels_${name}(all);\n")
endforeach()
set(text "// Generated from the providers in this build.
#include \"kernels/provider.h\"

namespace mica {

${declarations}
static ProviderKernels table() {
  ProviderKernels all;
${rows}  return all;
}

const ProviderKernels& provider_kernels() {
  static const ProviderKernels all = table();
  return all;
}

}  // namespace mica
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
