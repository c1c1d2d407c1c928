// A file that appears under its name only when it is complete.
#pragma once

#include <fstream>
#include <string>

namespace mica {

/// Written beside its place as `<path>.part`. `finish` moves it there, over a file of that name; without it nothing
/// is left behind.
class NewFile {
 public:
  /// Throws Io.
  explicit NewFile(std::string path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  std::ofstream& stream() { return stream_; }
  /// Closes it; says whether all could be written. Throws Io.
  void close();
  /// Closes it and gives it its name. Throws Io.
  void finish();

 private:
  std::string path_, part_;
  std::ofstream stream_;
};

}  // namespace mica
