# mica_layer(name folder DEPENDS layers...): a static library of the sources below a folder, less the vector loops
# (*.simd.cpp), which are compiled once per instruction set.

set(MICA_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})

function(mica_layer name folder)
  cmake_parse_arguments(ARG "" "" "DEPENDS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "\\.simd\\.cpp$")
  foreach(pattern IN LISTS ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  add_library(mica_${name} STATIC ${sources})
  target_include_directories(mica_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  foreach(layer IN LISTS ARG_DEPENDS)
    target_link_libraries(mica_${name} PUBLIC mica_${layer})
  endforeach()
endfunction()

# Writes `<target>_<what>.cpp` with the script <what>_table.cmake from lines in the files of the folders whose names match
# the pattern, and adds it to the target.
function(mica_collected_table target what pattern)
  set(files)
  foreach(folder IN LISTS ARGN)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${folder}/${pattern})
    list(APPEND files ${found})
  endforeach()
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${target}_${what}s.cpp)
  string(JOIN "|" joined ${files})
  add_custom_command(
    OUTPUT ${table}
    COMMAND ${CMAKE_COMMAND} -DFILES=${joined} -DTABLE=${table} -P ${MICA_CMAKE_DIR}/${what}_table.cmake
    DEPENDS ${files} ${MICA_CMAKE_DIR}/${what}_table.cmake ${MICA_CMAKE_DIR}/collected_names.cmake
    COMMENT "Collecting ${what}s"
    VERBATIM)
  target_sources(${target} PRIVATE ${table})
endfunction()

# Generates `operators()` from the MICA_OP lines in the *.op.cpp files below the folders and adds it to the target.
function(mica_operator_table target)
  mica_collected_table(${target} operator *.op.cpp ${ARGN})
endfunction()

# Generates `rules()` from the MICA_RULE lines in the sources below the folders and adds it to the target.
function(mica_rule_table target)
  mica_collected_table(${target} rule *.cpp ${ARGN})
endfunction()

# Generates `upgrades()` from the MICA_UPGRADE lines in the sources below the folders and adds it to the target.
function(mica_upgrade_table target)
  mica_collected_table(${target} upgrade *.cpp ${ARGN})
endfunction()

# Generates `kernel_families()` from the families and peers in the sources below the folders and adds it to the target.
function(mica_kernel_family_table target)
  mica_collected_table(${target} measured_kernel *.cpp ${ARGN})
endfunction()

# Generates `backends()` from the backends in the sources below the folders and adds it to the target.
function(mica_backend_table target)
  mica_collected_table(${target} backend *_backend.cpp ${ARGN})
endfunction()

# Generates `device_kernels()` from the *.cuda.cpp files below the folders and adds it to the target.
function(mica_device_kernel_table target)
  mica_collected_table(${target} device_kernel *.cuda.cpp ${ARGN})
endfunction()

# Generates `provider_kernels()` from the sources below the folders and adds it to the target.
function(mica_provider_kernel_table target)
  mica_collected_table(${target} provider_kernel *.cpp ${ARGN})
endfunction()
