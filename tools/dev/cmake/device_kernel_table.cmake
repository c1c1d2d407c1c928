# cmake -DFILES=a.cuda.cpp|b.cuda.cpp -DTABLE=out.cpp -P device_kernel_table.cmake
# Writes the table of the kernels that the lines `void cuda_kernels_<name>(DeviceKernelTable& table) {` of FILES add.

include(${CMAKE_CURRENT_LIST_DIR}/collected_names.cmake)
collected_names(names "^void cuda_kernels_([a-z0-9_]+)\\(")
set(declarations)
set(rows)
foreach(name IN LISTS names)
  string(APPEND declarations "void cuda_kernels_${name}(DeviceKernelTable& table);\n")
  string(APPEND rows "  cuda_kernels_${name}(cuda);\n")
endforeach()
set(cuda)
if(names)
  set(cuda "  DeviceKernelTable cuda(\"cuda\");\n${rows}  all.append(std::move(cuda));\n")
endif()
set(text "// Generated from the *.cuda.cpp files in this build.
#include <utility>

#include \"kernels/device_kernel.h\"

namespace mica {

${declarations}
static DeviceKernelTable table() {
  DeviceKernelTable all;
${cuda}  return all;
}

const DeviceKernelTable& device_kernels() {
  static const DeviceKernelTable all = table();
  return all;
}

}  // namespace mica
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
