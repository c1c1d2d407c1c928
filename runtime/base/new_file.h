// A file that appears under its name only when it is complete.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace mica {

/// Written beside its place as `<path>.part`. `finish` moves it there, over a file of that name; without it nothing
/// is left behind.
class NewFile {
 public:
  enum class Part : uint8_t {
    Plain,
    Unique,  ///< `<path>.<random>.part`: several processes may write it at once, and the last one is kept
  };

  /// Throws Io.
  explicit NewFile(std::string path, Part part = Part::Plain);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  std::ofstream& stream() { return stream_; }
  /// Closes it; says whether all could be written. Throws Io.
  void close();
  /// Closes it and gives it its name. Throws Io.
  void finish();
  /// Waits until all is on disk before: whatever happens to the machine, the file is complete if it is there.
  void finish_on_disk();

 private:
  std::string path_, part_;
  std::ofstream stream_;
};

}  // namespace mica
