# cmake -DFILES=a.cpp|b.cpp -DTABLE=out.cpp -P measured_kernel_table.cmake
# Writes the table of the families that the lines `KernelFamily kernel_family_<name>() {` of FILES define, by name, each with
# the peers of the lines `KernelPeer kernel_peer_<name>_<library>() {`.

include(${CMAKE_CURRENT_LIST_DIR}/collected_names.cmake)
collected_names(names "^KernelFamily kernel_family_([a-z0-9_]+)\\(\\)")
collected_names(peers "^KernelPeer (kernel_peer_[a-z0-9]+_[a-z0-9]+)\\(\\)")
foreach(peer IN LISTS peers)
  string(REGEX MATCH "^kernel_peer_([a-z0-9]+)" matched ${peer})
  list(APPEND peers_of_${CMAKE_MATCH_1} ${peer})
endforeach()
set(declarations)
set(rows)
foreach(name IN LISTS names)
  string(APPEND declarations "KernelFamily kernel_family_${name}();\n")
  set(peers)
  foreach(peer IN LISTS peers_of_${name})
    string(APPEND declarations "KernelPeer ${peer}();\n")
    string(APPEND peers "${peer}(), ")
  endforeach()
  string(APPEND rows "      with_peers(kernel_family_${name}(), {${peers}}),\n")
endforeach()
set(text "// Generated from the families of tools/kernels/families in this build.
#include \"tools/kernels/family.h\"

namespace mica::tools {

${declarations}
static KernelFamily with_peers(KernelFamily family, std::vector<KernelPeer> peers) {
  family.peers = std::move(peers);
  return family;
}

std::span<const KernelFamily> kernel_families() {
  static const std::vector<KernelFamily> families = {
${rows}  };
  return families;
}

}  // namespace mica::tools
")
file(WRITE ${TABLE}.new "${text}")
file(COPY_FILE ${TABLE}.new ${TABLE} ONLY_IF_DIFFERENT)
