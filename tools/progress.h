// A bar on stderr that shows how far a long command is.
#pragma once

#include <cstddef>
#include <string>

namespace mica::tools {

/// Drawn at most ten times a second, and only where somebody sees it: on a terminal. Gone when destroyed.
class Progress {
 public:
  Progress(std::string title, bool wanted);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `part` from 0 to 1.
  void show(double part);

 private:
  std::string title_;
  bool is_shown_;
  double last_ = -1;  ///< seconds of the clock
};

}  // namespace mica::tools
