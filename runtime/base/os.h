// What Mica asks of the operating system. One implementation file per system: os_linux.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace mica {

/// Cores this process may keep busy: those in its affinity mask, within the CPU quota of its control group (rounded
/// down). At least 1. Asks the system at every call.
int usable_cores();

/// Memory in bytes; 0 where the system does not tell.
struct Memory {
  size_t physical = 0;       ///< of the machine
  size_t available = 0;      ///< that programs can still get without swapping
  size_t peak_resident = 0;  ///< the most that this process has held
};
Memory memory();

/// Bytes of a huge page, of which a table of addresses holds more than of small ones.
inline constexpr size_t kHugePage = size_t{2} << 20;
/// Asks the system to use huge pages for those that lie whole within `bytes` bytes from `memory` on, which have not
/// been written yet. It may not.
void use_huge_pages(void* memory, size_t bytes);

/// Processor time in seconds that the calling thread has taken, from some start.
double thread_seconds();

/// Whether what is written to standard error is seen by a person on a terminal.
bool stderr_is_terminal();

/// A regular file, mapped read-only. The bytes stay valid and in place until the object that owns them is destroyed
/// or assigned to; a move passes them on. Another process that truncates the file meanwhile ends this one (SIGBUS).
class MappedFile {
 public:
  /// Throws Error(Io), with the path and the system's reason, when `path` is not a file that can be read.
  static MappedFile open(const std::string& path);

  MappedFile() = default;  ///< no bytes
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

  /// Says that `part` of `bytes()` is not needed soon: its whole pages leave memory and are read again when touched.
  void release(std::span<const std::byte> part) const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace mica
