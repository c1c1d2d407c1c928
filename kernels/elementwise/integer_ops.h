// The parameters of Mod and BitShift.
#pragma once

#include <string>

namespace mica {

struct Mod {
  bool fmod = false;
};

struct BitShift {
  std::string direction;
  bool left = false;
};

}  // namespace mica
