#include "tools/progress.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/base/os.h"

namespace mica::tools {

Progress::Progress(std::string title, bool wanted)
    : title_(std::move(title)), is_shown_(wanted && stderr_is_terminal()) {}

Progress::~Progress() {
  if (is_shown_) fmt::print(stderr, "\r\033[K");
}

void Progress::show(double part) {
  if (!is_shown_) return;
  const double now = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  if (last_ >= 0 && now - last_ < 0.1) return;
  last_ = now;
  constexpr size_t kWidth = 30;
  const size_t filled = static_cast<size_t>(std::clamp(part, 0.0, 1.0) * kWidth);
  fmt::print(stderr, "\r{} [{}{}] {:3.0f} %", title_, std::string(filled, '#'), std::string(kWidth - filled, ' '),
             100 * std::clamp(part, 0.0, 1.0));
  std::fflush(stderr);
}

}  // namespace mica::tools
