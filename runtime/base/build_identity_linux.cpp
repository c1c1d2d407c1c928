// The note that the linker leaves in a program or library, of which it is a hash: see elf(5), NT_GNU_BUILD_ID.
#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "runtime/base/os.h"

namespace mica {
namespace {

bool contains(const dl_phdr_info& module, uintptr_t address) {
  for (size_t i = 0; i < module.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module.dlpi_phdr[i];
    const uintptr_t begin = module.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && address >= begin && address - begin < segment.p_memsz) return true;
  }
  return false;
}

// Of a segment of notes: each a header, a name and a description, both padded to 4 bytes.
std::string_view build_id(std::string_view notes) {
  const auto padded = [](size_t bytes) { return (bytes + 3) / 4 * 4; };
  ElfW(Nhdr) header;
  while (notes.size() >= sizeof(header)) {
    std::memcpy(&header, notes.data(), sizeof(header));
    notes.remove_prefix(sizeof(header));
    const size_t name = padded(header.n_namesz), all = name + padded(header.n_descsz);
    if (all > notes.size()) return {};
    if (header.n_type == NT_GNU_BUILD_ID && notes.substr(0, header.n_namesz) == std::string_view("GNU", 4)) {
      return notes.substr(name, header.n_descsz);
    }
    notes.remove_prefix(all);
  }
  return {};
}

int find_own(dl_phdr_info* module, size_t, void* result) {
  if (!contains(*module, reinterpret_cast<uintptr_t>(&build_identity))) return 0;
  for (size_t i = 0; i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const char*>(module->dlpi_addr + segment.p_vaddr);
    const std::string_view id = build_id({notes, segment.p_memsz});
    if (!id.empty()) *static_cast<std::string*>(result) = id;
  }
  return 1;
}

}  // namespace

std::string build_identity() {
  std::string identity;
  ::dl_iterate_phdr(find_own, &identity);
  return identity;
}

}  // namespace mica
