// A library that is loaded when it is first wanted. One implementation file per system: shared_library_linux.cpp.
#pragma once

#include <string>

namespace mica {

/// Stays loaded as long as the program runs.
class SharedLibrary {
 public:
  /// `name` is that of a file, where the system looks for libraries or in `folder`.
  static SharedLibrary load(const std::string& name, const std::string& folder);

  bool loaded() const { return handle_ != nullptr; }
  /// A function of it; null when it has none of that name.
  void* find(const char* symbol) const;

 private:
  void* handle_ = nullptr;
};

}  // namespace mica
