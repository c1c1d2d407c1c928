// What Trilu is given.
#pragma once

namespace mica {

struct Trilu {
  bool upper = true;
};

}  // namespace mica
